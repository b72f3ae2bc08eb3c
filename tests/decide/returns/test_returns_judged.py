"""Returns held to the judge, and to the invariants of the ledger they leave."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guerdon.engine.cases.running import run_events
from guerdon.engine.ledger.audit import verify

from ...engines import new
from ...properties import holding
from ...properties.histories import histories
from ...properties.holding import READ_TWO_WAYS, Events, examples
from ...properties.strategies import programmes

pytestmark = [pytest.mark.usefixtures("engine"), pytest.mark.long]

quietly = examples(20)
hold = partial(holding.hold, readings=READ_TWO_WAYS)


@quietly
@given(programmes(), histories(returns=True, members=True))
def test_in_one_batch(files: dict[str, str], events: Events) -> None:
    hold(files, events, "batch")


@quietly
@given(programmes(), histories(late=True, returns=True, members=True), st.integers(1, 13))
def test_late_and_cut_in_two(files: dict[str, str], events: Events, cut: int) -> None:
    hold(files, events, "cut", min(cut, len(events) - 1))


@quietly
@given(programmes(), histories(late=True, returns=True, members=True))
def test_every_way_the_same_ledger(files: dict[str, str], events: Events) -> None:
    told = [dict(event) for event in events]
    ways = ("batch", "single", "cut")
    assert len({run_events(dict(files), told, way=way, cut=3, url=new()).digest for way in ways}) == 1


@quietly
@given(programmes(), histories(late=True, returns=True))
def test_the_ledger_keeps_its_invariants(files: dict[str, str], events: Events) -> None:
    from guerdon.engine.cases.playing import Play
    from guerdon.engine.cases.running import read_program

    program, problems = read_program(None, files)
    assert program is not None, problems
    with Play(program, events, single=False, url=new()) as play:
        play.feed(len(events))
        report = verify(play.ledger)
        assert report.ok, report.findings
