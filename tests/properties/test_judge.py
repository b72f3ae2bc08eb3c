"""The engine is held to the judge, to the cent: in one batch, event by event, and cut in two anywhere."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .comparing import differences, engine_says, judged
from .histories import histories
from .strategies import programmes

pytest.importorskip("guerdon.engine.cases.running")

EXAMPLES = int(os.environ.get("GUERDON_EXAMPLES", "25"))
quietly = settings(
    max_examples=EXAMPLES,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
Events = list[dict[str, Any]]


def hold(files: dict[str, str], events: Events, way: str, cut: int | None = None) -> None:
    found = differences(engine_says(files, events, way, cut), judged(files, events))
    assert not found, f"{found}\n{programme_text(files)}\n{events}"


def programme_text(files: dict[str, str]) -> str:
    return "\n".join(f"# {name}\n{text}" for name, text in files.items())


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
