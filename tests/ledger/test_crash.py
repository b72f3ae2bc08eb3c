"""A process killed in the middle of posting leaves whole chunks, and the next one goes on from there."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from guerdon.engine.ledger import Ledger, verify

from ..engines import ledger_at
from .small import CHUNKS, Script

pytestmark = pytest.mark.usefixtures("engine")

ROOT = Path(__file__).parents[2]
POSTER = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from guerdon.engine.ledger import Ledger
from tests.ledger.small import CHUNKS, Script

url, step, at = sys.argv[2], sys.argv[3], int(sys.argv[4])
ledger = Ledger.open(url)
script = Script(ledger)
posted = 0

def reached(name):
    if name == step and posted == at:
        os.kill(os.getpid(), signal.SIGKILL)

ledger.reached = reached
done = ledger.last_seq
for whos in CHUNKS * 40 if step == "any" else CHUNKS:
    chunk = script.purchases(whos)
    if chunk.log["seq"][-1] > done:
        ledger.post(chunk)
        posted += 1
        print(posted, flush=True)
print("done", flush=True)
"""
STEPS = ("begun", "events", "transfer", "award", "refusal", "state", "committing", "committed")


def post(url: str, step: str, at: int = 1) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", POSTER, str(ROOT), url, step, str(at)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )


def undisturbed(times: int = 1) -> str:
    ledger = Ledger.open("sqlite://")
    script = Script(ledger)
    for whos in CHUNKS * times:
        ledger.post(script.purchases(whos))
    return ledger.digest()


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_a_named_point(ledger_url: str, step: str) -> None:
    process = post(ledger_url, step)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    with Ledger.open(ledger_url, read_only=True) as ledger:
        assert ledger.last_seq == (5 if step == "committed" else 3)
        assert verify(ledger).findings == []
    again = post(ledger_url, "never")
    assert again.communicate(timeout=60)[0].endswith("done\n")
    with Ledger.open(ledger_url) as ledger:
        assert ledger.digest() == undisturbed()
        assert verify(ledger).findings == []


@pytest.mark.long
def test_killed_at_random_instants(tmp_path: Path) -> None:
    expected = undisturbed(40)
    for attempt in range(4):
        url = ledger_at(tmp_path / f"{attempt}.db")
        instants = random.Random(attempt)
        for _ in range(2):
            process = post(url, "any", -1)
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(instants.uniform(0, 0.12))
            process.kill()
            process.communicate(timeout=60)
            with Ledger.open(url, read_only=True) as ledger:
                assert [f for f in verify(ledger).findings if f.check != "V12"] == []
        final = post(url, "any", -1)
        assert final.communicate(timeout=60)[0].endswith("done\n")
        with Ledger.open(url) as ledger:
            assert ledger.digest() == expected
