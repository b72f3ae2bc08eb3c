"""The promise: the same log gives the same ledger, in one admission, event by event, and cut at every place.

And of the clock: ticks added to a log in order change no award and, after a last tick, no balance.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guerdon.engine.cases.playing import Play
from guerdon.engine.cases.running import read_program
from guerdon.engine.events.admission import admit
from guerdon.engine.events.normalise import CASE, Normaliser
from guerdon.engine.ledger import verify
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.pipeline import Run
from guerdon.engine.replaying import replay
from guerdon.rules.program import Program

from ..engines import new
from ..properties.histories import histories
from ..properties.holding import examples
from ..properties.strategies import programmes
from .ledgers import expect_same, tables_of
from .soak import SOAK, rounds

pytestmark = [pytest.mark.usefixtures("engine"), pytest.mark.long]

quietly = examples(rounds(6, 200))
Events = list[dict[str, Any]]
Content = dict[str, pl.DataFrame]
everything = histories(late=True, returns=True, members=True)


def compiled(files: dict[str, str]) -> Program:
    program, problems = read_program(None, files)
    assert program is not None, problems
    return program


def played(program: Program, events: Events, counts: Iterable[int], *, single: bool = False) -> Content:
    """What the ledger holds after the events were admitted up to each of ``counts``, each time by a new run."""
    with Play(program, events, single=single, url=new()) as play:
        for count in counts:
            play.feed(count)
        return tables_of(play.ledger)


@quietly
@given(programmes(), everything, st.lists(st.integers(1, 13), min_size=2, max_size=2))
def test_event_by_event_and_cut_anywhere(files: dict[str, str], events: Events, places: list[int]) -> None:
    """In a soak at every place, else at two of them and at all at once."""
    program, count = compiled(files), len(events)
    whole = played(program, events, [count])
    expect_same(played(program, events, [count], single=True), whole)
    for cut in range(1, count) if SOAK else sorted({min(place, count - 1) for place in places}):
        expect_same(played(program, events, [cut, count]), whole)
    expect_same(played(program, events, range(1, count + 1)), whole)


@quietly
@given(programmes(), everything, st.integers(1, 13))
def test_a_replay_of_what_was_admitted_in_parts(files: dict[str, str], events: Events, cut: int) -> None:
    program = compiled(files)
    normaliser = Normaliser(program, CASE)
    items = [normaliser.normalise(event, 0) for event in events]
    with Ledger.open(new()) as ledger:
        for part in (items[:cut], items[cut:]):
            Run.open(program, ledger, rows=64).admit(admit(part, sort=False))
        found = verify(ledger, replay=replay).findings
    assert not found, "\n".join(map(str, found))


@quietly
@given(programmes(), histories(returns=True), st.lists(st.integers(0, 60 * 24 * 150), max_size=6))
def test_ticks_change_no_award_and_after_the_last_no_balance(
    files: dict[str, str], events: Events, minutes: list[int]
) -> None:
    program = compiled(files)
    events = [event for event in events if event["type"] != "tick"]
    begin = datetime.fromisoformat(events[0]["time"]) - timedelta(days=20) if events else datetime(2026, 1, 1)
    ticks = [
        {"type": "tick", "id": f"t{n}", "source": "clock", "time": (begin + timedelta(minutes=at)).isoformat(sep=" ")}
        for n, at in enumerate(sorted(minutes))
    ]
    last = {"type": "tick", "id": "very-last", "source": "clock", "time": "2029-01-01 00:00"}
    expect_equal(settled(program, [*events, *ticks, last]), settled(program, [*events, last]))


def settled(program: Program, events: Events) -> dict[str, Any]:
    """Awards by event, and all balances, after the events in the order of an admission."""
    with Play(program, events, sort=True, url=new()) as play:
        play.feed(len(events))
        awards = play.result().found["awards"]
        return {"awards": sorted(map(repr, awards)), "balances": balances(play.ledger)}


def balances(ledger: Ledger) -> list[tuple[Any, ...]]:
    return ledger.frame("balance").filter(pl.col("minor") != 0).sort("account", "unit").rows()


def expect_equal(found: dict[str, Any], expected: dict[str, Any]) -> None:
    for name, value in expected.items():
        gone = [entry for entry in value if entry not in found[name]]
        new = [entry for entry in found[name] if entry not in value]
        assert not gone and not new, f"{name}: only without ticks {gone}, only with ticks {new}"
