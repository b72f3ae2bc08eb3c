"""Everything at once held to the judge: whatever meets whatever, the two agree."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .comparing import differences, engine_says, judged
from .mixed import mixed_histories, mixed_programmes

EXAMPLES = int(os.environ.get("GUERDON_EXAMPLES", "20"))
quietly = settings(
    max_examples=EXAMPLES,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
Events = list[dict[str, Any]]
# Read in two ways, see tests/decide/returns.
READ_TWO_WAYS = {
    ("refused already_cancelled", "refused returns_too_much"),
    ("refused unknown_purchase", "waiting"),
}


def hold(files: dict[str, str], events: Events, way: str, cut: int | None = None) -> None:
    found = differences(engine_says(files, events, way, cut), judged(files, events))
    outcomes = {name: both for name, both in found.pop("outcomes", {}).items() if both not in READ_TWO_WAYS}
    assert not found and not outcomes, f"{found} {outcomes}\n{files}\n" + "\n".join(map(str, events))


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
