"""The served process: starts, answers, stops when told with nothing half-done, and refuses what can't be served."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from guerdon.engine.ledger.audit import verify
from guerdon.engine.ledger.ledger import Ledger
from tests.api.served import program_in, purchase
from tests.cli.door import guerdon

from ..engines import ledger_at

pytestmark = pytest.mark.usefixtures("engine")

pytest.importorskip("uvicorn", reason="guerdon[api] is not installed")


@contextmanager
def process(folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """``guerdon serve`` over a ledger in the folder, and its address."""
    command = [sys.executable, "-m", "guerdon.engine.cli.main", "serve", str(folder / "mall"), "--port", "0"]
    log = (folder / "serve.log").open("w+")
    url = ledger_at(folder / "guerdon.db")
    it = subprocess.Popen([*command, "--ledger", url, *options], stderr=log, stdout=log, text=True)
    try:
        for _ in range(600):
            found = re.search(r"listening on (http://\S+)", (folder / "serve.log").read_text())
            if found or it.poll() is not None:
                break
            time.sleep(0.1)
        assert found, (folder / "serve.log").read_text()
        yield it, found[1]
    finally:
        it.kill()
        it.wait()
        log.close()


def given_key(folder: Path, *words: str) -> str:
    ended = guerdon("keys", "add", *words, "--ledger", ledger_at(folder / "guerdon.db"))
    assert ended.code == 0, ended.err
    return ended.out.strip()


def test_told_to_stop_it_answers_what_is_under_way_and_ends_well(tmp_path: Path) -> None:
    program_in(tmp_path)
    key = given_key(tmp_path, "till", "--role", "client")
    answered: list[str] = []
    with process(tmp_path) as (server, address):
        stop = threading.Event()

        def tell(worker: int) -> None:
            with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=30) as client:
                for number in range(10_000):
                    if stop.is_set():
                        return
                    try:
                        answer = client.post("/events", json=purchase(f"{worker}-{number}", f"c{worker}", "1.00"))
                    except httpx.TransportError:
                        return
                    if answer.status_code == 200:
                        answered.append(f"{worker}-{number}")

        workers = [threading.Thread(target=tell, args=(worker,)) for worker in range(4)]
        for worker in workers:
            worker.start()
        for _ in range(1_000):
            if len(answered) >= 40:
                break
            time.sleep(0.02)
        second = given_key(tmp_path, "boss", "--role", "admin")  # beside a writer
        assert httpx.get(f"{address}/audit/check", headers={"Authorization": f"Bearer {second}"}).json()["holds"]
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0
        stop.set()
        for worker in workers:
            worker.join()
    with Ledger.open(ledger_at(tmp_path / "guerdon.db"), read_only=True) as ledger:
        known = set(ledger.frame("event")["id"].to_list())
        assert set(answered) <= known  # what was answered is there
        assert verify(ledger).findings == []


def test_killed_it_has_everything_it_answered(tmp_path: Path) -> None:
    program_in(tmp_path)
    key = given_key(tmp_path, "till", "--role", "client")
    answered = []
    with process(tmp_path) as (server, address):
        with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}) as client:
            for number in range(30):
                answer = client.post("/events", json=[purchase(f"{number}-{n}", total="1.00") for n in range(20)])
                answered += [each["id"] for each in answer.json()["outcomes"]]
        os.kill(server.pid, signal.SIGKILL)
        server.wait()
    with Ledger.open(ledger_at(tmp_path / "guerdon.db"), read_only=True) as ledger:
        assert set(answered) <= set(ledger.frame("event")["id"].to_list())
        assert verify(ledger).findings == []
    with process(tmp_path) as (_, address):  # and begins again
        again = httpx.get(f"{address}/events/default/29-19", headers={"Authorization": f"Bearer {key}"})
        assert again.json()["outcome"] == "posted"


def test_a_ledger_that_another_process_writes_to_is_not_served(tmp_path: Path) -> None:
    program_in(tmp_path)
    url = ledger_at(tmp_path / "guerdon.db")
    with Ledger.open(url):
        ended = subprocess.run(
            [sys.executable, "-m", "guerdon.engine.cli.main", "serve", str(tmp_path / "mall"), "--port", "0",
             "--ledger", url], capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert ended.returncode == 4
    assert "ledger_busy" in ended.stderr and "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("serve", "nowhere"), 2, "no-such-path"),
        (("serve", "mall", "--ledger", "sqlite://"), 2, "bad-option"),
        (("serve", "mall", "--rate", "many", "--ledger", "x.db"), 2, "bad-option"),
        (("keys", "add", "x", "--role", "emperor", "--ledger", "x.db"), 2, "bad-option"),
        (("keys", "add", "x", "--role", "merchant", "--ledger", "x.db"), 2, "bad-option"),
        (("keys", "add", "x", "--role", "agent", "--contact", "ann", "--ledger", "x.db"), 2, "bad-option"),
        (("keys", "add", "x", "--role", "partner", "--merchant", "baker", "--programme", "mall", "--ledger", "x.db"),
         2, "bad-option"),
        (("keys", "revoke", "none", "--ledger", "x.db"), 1, "unknown-id"),
        (("keys", "list", "--ledger", "never.db"), 4, "ledger_unreachable"),
    ],
)  # fmt: skip
def test_wrong_use_is_told_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: Any, code: int, said: str
) -> None:
    program_in(tmp_path)
    monkeypatch.chdir(tmp_path)
    ended = guerdon(*words)
    assert (ended.code, said in ended.err) == (code, True), ended.err


def test_keys_are_listed_without_secrets_and_revoked(tmp_path: Path) -> None:
    url = ledger_at(tmp_path / "guerdon.db")
    key = given_key(tmp_path, "till", "--role", "merchant", "--merchant", "bakery", "--days", "30")
    listed = guerdon("keys", "list", "--json", "--ledger", url).out
    assert '"bound_to": "bakery"' in listed and key.split("_", 2)[2] not in listed
    assert guerdon("keys", "revoke", key, "--ledger", url).code == 0
    assert '"revoked_at": "2' in guerdon("keys", "list", "--json", "--ledger", url).out
    assert guerdon("verify", "--ledger", url).code == 0
