"""A simulated stream with everything wrong at once: repeats, disorder, restarts, faults at every step of posting.

Each seed is a history and its faults; the ledger must end as that of an undisturbed run, and replay. A run of the
suite in which some fault never happened proves nothing, and fails.
"""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from guerdon.engine.codes import Outcome
from guerdon.engine.events.admission import admit, log_key
from guerdon.engine.events.event import Event as Told
from guerdon.engine.events.event import Parked, Refused
from guerdon.engine.events.normalise import Door, Normaliser
from guerdon.engine.ledger import Ledger, verify
from guerdon.engine.ledger.errors import LedgerError, LedgerUnwritable
from guerdon.engine.replaying import replay
from guerdon.engine.stream import turns as turns_module
from guerdon.engine.stream.turns import Turns
from guerdon.rules import read_programme
from guerdon.rules.program import Program

from ..engines import POSTGRESQL, at_hand, ledger_at, raw
from .soak import rounds
from .town import FILES, year

pytestmark = pytest.mark.usefixtures("engine")
STEPS = ("begun", "events", "transfer", "award", "refusal", "state", "committing", "committed")
MOMENTS = 24  # the most that go well before something happens
SEEDS = rounds(6, 10_000)
EVENTS = 250
HAPPENED: Counter[str] = Counter()
Items = list[Told | Refused | Parked]


class PowerGone(BaseException):
    """The process ends here, and says nothing."""


def program() -> Program:
    found = read_programme(None, FILES).program
    assert found is not None
    return found


class Faults:
    """What goes wrong at some step of posting."""

    def __init__(self, ledger: Ledger, chance: random.Random) -> None:
        self._ledger, self._chance = ledger, chance
        self._left = chance.randint(1, MOMENTS)

    def __call__(self, step: str) -> None:
        if step not in STEPS:
            return
        self._left -= 1
        if self._left:
            return
        kinds = ["gone", "unwritable"] if step != "committed" else ["gone"]
        if at_hand().name == POSTGRESQL:
            kinds.append("cut")
        kind = self._chance.choice(kinds)
        HAPPENED.update((step, kind))
        if kind == "gone":
            raise PowerGone
        if kind == "unwritable":
            raise LedgerUnwritable("the disk is full")
        self._left = self._chance.randint(1, MOMENTS)  # the worker goes on by itself
        raw(self._ledger).close()


def stream(program: Program, items: Items, url: str, chance: random.Random) -> None:
    """Tells all of it, from where the ledger stands or some way before, until nothing is left to tell."""
    sure = 0  # so many are committed
    while sure < len(items):
        with Ledger.open(url, shared=True) as ledger:
            ledger.reached = Faults(ledger, chance)
            turns = Turns(program, ledger, rows=64)
            try:
                while sure < len(items):
                    end = min(len(items), sure + chance.randint(1, 50))
                    part = items[max(0, sure - chance.choice((0, 0, 4, 40))) : end]
                    again = chance.sample(part, len(part) // 3)
                    HAPPENED["told again"] += len(again)
                    turns.admit(admit([*part, *again]))
                    sure = end
                    if chance.random() < 0.1:
                        HAPPENED["restart"] += 1
                        break
            except (PowerGone, LedgerError):
                HAPPENED["restart"] += 1


@pytest.mark.parametrize("seed", range(SEEDS))
def test_it_ends_as_if_nothing_had_happened(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns_module, "_PAUSE_SECONDS", 0.001)
    rules, chance = program(), random.Random(seed)
    normaliser = Normaliser(rules, Door(permits_all=True))
    told: list[dict[str, Any]] = year(EVENTS, 15, seed)
    received_at = 1_800_000_000_000_000
    items: Items = sorted((normaliser.normalise(record, received_at) for record in told), key=log_key)
    with Ledger.open("sqlite://") as undisturbed:
        Turns(rules, undisturbed, rows=64).admit(admit(items))
        expected = undisturbed.digest()
        HAPPENED.update(Outcome(each).name.lower() for each in undisturbed.frame("event")["outcome"].to_list())
    url = ledger_at(tmp_path / "a.db")
    stream(rules, items, url, chance)
    with Ledger.open(url, read_only=True) as ledger:
        assert ledger.digest() == expected
        assert verify(ledger, replay=replay).findings == []


def test_everything_that_can_go_wrong_went_wrong() -> None:
    """It stands last in this module, and looks back on the seeds of each engine."""
    if not HAPPENED:
        pytest.skip("the simulator did not run")
    wanted = {*STEPS, "gone", "unwritable", "restart", "told again", "posted", "refused"}
    if at_hand().name == POSTGRESQL:
        wanted.add("cut")
    assert {each for each in wanted if not HAPPENED[each]} == set()
