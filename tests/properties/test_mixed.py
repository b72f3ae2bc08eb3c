"""Everything at once held to the judge: whatever meets whatever, the two agree."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from . import holding
from .holding import READ_TWO_WAYS, Events, examples
from .mixed import mixed_histories, mixed_programmes

pytestmark = [pytest.mark.usefixtures("engine"), pytest.mark.long]

quietly = examples(20)
hold = partial(holding.hold, readings=READ_TWO_WAYS)


@quietly
@given(mixed_programmes(), mixed_histories())
def test_in_one_batch(files: dict[str, str], events: Events) -> None:
    hold(files, events, "batch")


@quietly
@given(mixed_programmes(), mixed_histories(late=True), st.integers(1, 19))
def test_late_and_cut_in_two(files: dict[str, str], events: Events, cut: int) -> None:
    hold(files, events, "cut", min(cut, len(events) - 1))


@quietly
@given(mixed_programmes(), mixed_histories(late=True))
def test_event_by_event(files: dict[str, str], events: Events) -> None:
    hold(files, events, "single")
