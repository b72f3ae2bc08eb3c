"""The engine is held to the judge, to the cent: in one batch, event by event, and cut in two anywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .histories import histories
from .holding import Events, examples, hold
from .strategies import programmes

pytestmark = [pytest.mark.usefixtures("engine"), pytest.mark.long]

pytest.importorskip("guerdon.engine.cases.running")

quietly = examples(25)


@quietly
@given(programmes(), histories())
def test_in_one_batch(files: dict[str, str], events: Events) -> None:
    hold(files, events, "batch")


@quietly
@given(programmes(), histories())
def test_event_by_event(files: dict[str, str], events: Events) -> None:
    hold(files, events, "single")


@quietly
@given(programmes(), histories(), st.integers(1, 13))
def test_cut_in_two(files: dict[str, str], events: Events, cut: int) -> None:
    hold(files, events, "cut", min(cut, len(events) - 1))


@quietly
@given(programmes(), histories(late=True))
def test_late_events(files: dict[str, str], events: Events) -> None:
    hold(files, events, "batch")
