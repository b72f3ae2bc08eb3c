"""Whatever is asked of a wallet, in whatever order: one ledger however it is fed, and its invariants hold."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from guerdon.engine.cases.playing import Play
from guerdon.rules import read_programme

from ..engines import new
from .request_histories import Event, files, history

pytestmark = [pytest.mark.usefixtures("engine"), pytest.mark.long]

SIZE = 60


def fed(program: Any, events: list[Event], stops: Sequence[int], single: bool = False) -> tuple[str, dict[str, Any]]:
    with Play(program, events, single=single, url=new()) as play:
        for stop in stops:
            play.feed(stop)
        assert play.verify() == []
        return play.ledger.digest(), dict(play.outcomes)


@pytest.mark.parametrize("seed", range(5))
def test_one_ledger_however_it_is_fed(seed: int) -> None:
    draw = Random(seed)
    reading = read_programme(None, files(draw))
    assert reading.program is not None, reading.errors
    events = history(draw, SIZE)
    size = len(events)
    whole = fed(reading.program, events, [size])
    assert fed(reading.program, events, range(1, size + 1), single=True) == whole
    assert fed(reading.program, events, [draw.randrange(1, size), size]) == whole


def test_histories_reach_what_they_are_about() -> None:
    reached = set()
    for seed in range(5):
        draw = Random(seed)
        program = read_programme(None, files(draw)).program
        events = history(draw, SIZE)
        kinds = {event["id"]: event["type"] for event in events}
        outcomes = fed(program, events, [len(events)])[1]
        reached |= {kinds[name] for name, outcome in outcomes.items() if outcome == "posted"}
    wanted = {"hold", "capture", "void", "token", "redeem", "estimate", "statement_closed", "budget_loaded"}
    assert reached >= wanted
