"""Four ``guerdon serve`` processes over one PostgreSQL ledger: what one may try is counted over all of them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from guerdon.engine.codes import EventType, Outcome
from guerdon.engine.ledger.audit import verify
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.replaying import replay

from ..cli.door import guerdon
from ..engines import Server
from .test_pins import PEPPER, PIN, SHOP, WRONG

pytest.importorskip("uvicorn", reason="guerdon[api] is not installed")
DOORS = 4


@contextmanager
def serving(folder: Path, number: int, url: str) -> Iterator[Path]:
    """One of the processes; the file that it writes its log to."""
    log = folder / f"serve-{number}.log"
    told = ["serve", str(folder / "shop"), "--port", "0", "--ledger", url, "--rate", "100000/minute", "--no-jobs"]
    with log.open("w") as file:
        it = subprocess.Popen(
            [sys.executable, "-m", "guerdon.engine.cli.main", *told],
            stdout=file, stderr=file, env={**os.environ, "GUERDON_PIN_PEPPER": PEPPER},
        )  # fmt: skip
        try:
            yield log
        finally:
            it.terminate()
            assert it.wait(30) == 0, log.read_text()


def address(log: Path) -> str:
    """Where a process listens, as soon as it does."""
    for _ in range(1_200):
        found = re.search(r"listening on (http://\S+)", log.read_text())
        if found:
            return found[1]
        time.sleep(0.1)
    raise AssertionError(log.read_text())


class Doors:
    """A client of each process, and the keys of a till and of the one who issues cards."""

    def __init__(self, url: str, clients: list[httpx.Client]) -> None:
        self.url, self.clients = url, clients
        self._keys = {"till": given(url, "merchant", "--merchant", "bakery"), "issuer": given(url, "client")}

    def tell(self, number: int, card: str, command: str, who: str = "till", **body: Any) -> httpx.Response:
        """A command about a card, told at the ``number``-th door, round and round."""
        headers = {"Authorization": f"Bearer {self._keys[who]}"}
        return self.clients[number % DOORS].post(f"/cards/{card}/{command}", json=body, headers=headers)

    def issue(self, card: str) -> None:
        """An active card with 50.00 and a PIN, each step at another door."""
        for number, (command, who, body) in enumerate(
            (
                ("card_issued", "issuer", {"kind": "mall-card"}),
                ("card_activated", "issuer", {"amount": "50.00"}),
                ("pin", "till", {"pin": PIN}),
            )
        ):
            answer = self.tell(number, card, command, who, **body)
            assert answer.status_code == 200, answer.text

    def at_once(self, tries: int, card: str, **body: Any) -> Counter[tuple[int, str]]:
        """So many spends at once over all doors: how they were answered."""
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda number: self.tell(number, card, "card_spent", **body), range(tries)))
        return Counter((answer.status_code, answer.json().get("code", "")) for answer in answers)


def given(url: str, role: str, *more: str) -> str:
    ended = guerdon("keys", "add", role, "--role", role, *more, "--ledger", url)
    assert ended.code == 0, ended.err
    return ended.out.strip()


@pytest.fixture(scope="module")
def doors(postgresql: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    folder, url = tmp_path_factory.mktemp("several"), postgresql.ledger()
    (folder / "shop").mkdir()
    (folder / "shop" / "all.yaml").write_text(SHOP)
    with ExitStack() as open_ones:
        logs = [open_ones.enter_context(serving(folder, number, url)) for number in range(DOORS)]
        clients = [open_ones.enter_context(httpx.Client(base_url=address(log), timeout=60)) for log in logs]
        yield Doors(url, clients)


def test_pins_are_guessed_at_all_doors_and_it_locks_for_all(doors: Doors) -> None:
    """Three may be wrong, the fourth locks; forty at once over four processes are no more than that."""
    doors.issue("c1")
    assert doors.at_once(DOORS, "c1", amount="1.00", pin=PIN) == {(200, ""): DOORS}
    assert doors.at_once(40, "c1", amount="1.00", pin=WRONG) == {(422, "pin_refused"): 40}
    assert doors.at_once(DOORS, "c1", amount="1.00", pin=PIN) == {(422, "pin_refused"): DOORS}
    with Ledger.open(doors.url, read_only=True) as ledger:
        ends = Counter(
            outcome
            for kind, outcome in ledger.frame("event", ["type", "outcome"]).iter_rows()
            if kind == EventType.CARD_PIN_FAILED
        )
        assert ends == {Outcome.POSTED: 4, Outcome.REFUSED: 40 - 4 + DOORS}
        assert verify(ledger, replay=replay).findings == []


def test_one_balance_is_spent_once_over_all_doors(doors: Doors) -> None:
    doors.issue("c2")
    ended = doors.at_once(40, "c2", amount="50.00", pin=PIN)
    assert ended == {(200, ""): 1, (422, "insufficient_funds"): 39}
    with Ledger.open(doors.url, read_only=True) as ledger:
        assert verify(ledger, replay=replay).findings == []
