"""Room in what collects decisions: each output grows before an event can write more than it holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from guerdon.engine.cases.playing import Play
from guerdon.engine.cases.running import read_program
from guerdon.engine.decide.decider import Decider
from guerdon.engine.decide.desk import Outputs

FILES = {
    "business.yaml": "business: {id: corner, currency: EUR, time_zone: Europe/Nicosia}",
    "everyday.yaml": """
scheme: {id: everyday}
offers:
  - {id: often, goal: spend, award: {amount: 1.00}, caps: [{amount: 9.00, per: contact, each: day}]}
  - {id: seldom, goal: spend, goals: {of: [{spend: 900.00, per: day}]}, award: {amount: 1.00}}
  - {id: everybody, goal: spend, award: {amount: 0.10}, caps: [{amount: 9.00, per: offer, each: day}]}
""",
}


@pytest.fixture(params=["o_transfer", "o_award", "o_refusal", "o_outcome", "o_past", "o_closed"])
def _no_room(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Uncompiled, so that a row too many is an IndexError; one of the outputs begins with one row."""
    decider, outputs = Decider.__init__, Outputs.__init__

    def plain(self: Decider, *rest: Any, **named: Any) -> None:
        decider(self, *rest, **{**named, "plain": True})

    def small(self: Outputs, *rest: Any, **named: Any) -> None:
        outputs(self, *rest, **named)
        self.arrays[request.param] = np.empty(1, self.arrays[request.param].dtype)

    monkeypatch.setattr(Decider, "__init__", plain)
    monkeypatch.setattr(Outputs, "__init__", small)
    monkeypatch.setattr(Outputs, "expect", lambda self, events: None)


@pytest.mark.usefixtures("_no_room")
def test_an_output_of_one_row_grows_in_time() -> None:
    program, problems = read_program(None, FILES)
    assert program is not None, problems
    told = [
        {"id": f"p{day}", "source": "case", "type": "purchase", "contact": "ann", "total": "1.10",
         "time": f"2026-03-{day:02d} 09:00"}
        for day in range(1, 29)
    ]  # fmt: skip
    with Play(program, told) as play:
        play.feed(len(told))
        assert len(play.ledger.frame("award")) == 2 * len(told)
        assert len(play.ledger.frame("refusal")) == len(told)
        assert play.verify() == []
