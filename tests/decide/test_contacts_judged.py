"""Members held to the judge: contact offers, states, adjustments, transfers and merges, in every way of feeding."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from ..engines import new
from ..properties.comparing import differences, engine_says, judged, normal
from ..properties.holding import examples
from .contact_histories import FILES, histories

pytestmark = [pytest.mark.usefixtures("engine"), pytest.mark.long]

# Refusals of what the calendar brings are stored without its date, so the two sides name them differently.
CALENDAR = ("cake", "loyal")
quietly = settings(examples(8), phases=[Phase.explicit, Phase.reuse, Phase.generate])  # a history shrinks slowly
Events = list[dict[str, Any]]


def hold(events: Events, way: str, cut: int | None = None) -> None:
    ours, theirs = engine_says(FILES, events, way, cut), judged(FILES, events)
    for side in (ours, theirs):
        side["refusals"] = Counter({key: n for key, n in side["refusals"].items() if key[1] not in CALENDAR})
    found = differences(ours, theirs)
    assert not found, f"{found}\n" + "\n".join(map(str, events))


@quietly
@given(histories())
def test_in_one_batch(events: Events) -> None:
    hold(events, "batch")


@quietly
@given(histories(), st.integers(1, 20))
def test_cut_in_two(events: Events, cut: int) -> None:
    hold(events, "cut", min(cut, len(events) - 1))


@quietly
@given(histories())
def test_fed_one_by_one_it_is_the_same_ledger(events: Events) -> None:
    from guerdon.engine.cases.running import run_events

    told = [dict(event) for event in events]
    batch, single = (run_events(dict(FILES), told, way=way, url=new()) for way in ("batch", "single"))
    assert normal(single.found, events) == normal(batch.found, events)
    assert single.digest == batch.digest


@quietly
@given(histories())
def test_ticks_change_nothing(events: Events) -> None:
    """Without the ticks between the others the awards, tiers and, after the last tick, the balances are the same."""
    fewer = [event for event in events if event["type"] != "tick" or event["id"] == "last"]
    with_ticks, without = (engine_says(FILES, told, "batch", None) for told in (events, fewer))
    for part in ("awards", "spends", "wallets", "accounts", "progress"):
        assert with_ticks[part] == without[part], part
