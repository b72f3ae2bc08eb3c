"""Many events at once and a few in plain Python give the same rows, array by array, and the right ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from guerdon.engine.codes import EventType
from guerdon.engine.events.event import Event
from guerdon.engine.events.framing import frames_from_events
from guerdon.engine.match.matcher import Matcher
from guerdon.engine.rows import Batch
from guerdon.rules import read_programme
from guerdon.rules.selection import select
from tests.events.programme import BUSINESS, event, programme

money = st.integers(-500, 2000).map(lambda cents: f"{cents / 100:.2f}")
lines = st.lists(
    st.fixed_dictionaries(
        {"total": money},
        optional={
            "sku": st.sampled_from("ABC"),
            "family": st.sampled_from(["COFFEE", "TEA"]),
            "quantity": st.sampled_from(["1", "2", "0", "-1", "0.333"]),
            "department": st.sampled_from("ABC"),
            "organic": st.booleans(),
            "grade": st.integers(1, 5).map(str),
        },
    ),
    min_size=1,
    max_size=6,
).filter(lambda told: sum(round(float(line["total"]) * 100) for line in told) >= 0)
purchases = st.fixed_dictionaries(
    {"lines": lines},
    optional={
        "tap": st.sampled_from(["t1", "t2"]),
        "channel": st.sampled_from(["web", "till"]),
        "currency": st.just("EUR"),
        "time": st.sampled_from(
            ["2026-03-06 09:59", "2026-03-06 10:00", "2026-03-07 23:00", "2026-10-25 03:30", "2026-03-08 01:00"]
        ),
        "attributes": st.fixed_dictionaries(
            {}, optional={"weather": st.sampled_from(["rain", "sun"]), "heat": st.sampled_from(["30.5", "30.500001"])}
        ),
        "spend": st.sampled_from(["max", "full"]),
    },
)
others = st.sampled_from(
    [
        {"type": "tick"},
        {"type": "achievement", "classification": "like"},
        {"type": "achievement", "classification": "visit", "merchant": "butcher"},
        {"type": "register", "venue": "kiosk"},
    ]
)


def same(one: Batch, other: Batch) -> None:
    for name, left, right in zip(one._fields, one, other, strict=True):
        assert left.dtype == right.dtype and left.shape == right.shape, name
        assert (left == right).all(), name


@settings(max_examples=60, deadline=None)
@given(st.lists(purchases | others, min_size=1, max_size=8))
def test_frames_and_events_give_the_same_rows(told: list[dict[str, Any]]) -> None:
    events = [event(**each) for each in told]
    contacts = np.arange(len(events), dtype=np.int32)
    many = Matcher(programme())
    many.terms.splits_spend = True  # else nobody looks at single lines, and they are not laid
    same(Matcher(programme()).events(events, contacts), many.frames(frames_from_events(events), contacts))


@settings(max_examples=40, deadline=None)
@given(st.lists(purchases, min_size=1, max_size=5))
def test_sums_are_those_of_the_lines(told: list[dict[str, Any]]) -> None:
    events = [event(**each) for each in told]
    batch = Matcher(programme()).frames(frames_from_events(events))
    coffee = select(programme()).base[offer("coffee")]
    for row, bought in zip(batch.events, events, strict=True):
        rows = selector_rows(batch, row)
        found = {int(each["selector"]): (int(each["total"]), int(each["quantity"])) for each in rows}
        wanted = [line for line in bought.lines if line.family == "COFFEE"]
        assert found.get(coffee) == (
            (sum(line.total for line in wanted), sum(line.quantity for line in wanted)) if wanted else None
        )
        assert list(rows["selector"]) == sorted(found)
        check_buckets(batch, row, bought)


def check_buckets(batch: Batch, row: Any, bought: Event) -> None:
    pools = {pool.id: 1 << index for index, pool in enumerate(programme().pools)}
    values: dict[int, list[int]] = {}
    for line in bought.lines:
        bits = (
            pools["anywhere"]
            | (pools["coffee"] if line.family == "COFFEE" else 0)
            | (pools["pairs"] if line.quantity >= 2000 else 0)
        )
        if bought.merchant == "bakery" and morning(int(row["local"])):
            bits |= pools["morning"]
        values.setdefault(bits, [0, line.number])[0] += line.total
    first = int(row["bucket_first"])
    buckets = batch.buckets[first : first + int(row["bucket_count"])]
    assert [(int(b["pools"]), int(b["total"]), int(b["first_line"])) for b in buckets] == [
        (bits, total, number) for bits, (total, number) in values.items()
    ]


def morning(local: int) -> bool:
    """Friday and Saturday 22:00 to 10:00 of the next day."""
    minute = local // 60_000_000 % 1440
    weekday = (local // 86_400_000_000 + 3) % 7
    return (weekday in (4, 5) and minute >= 22 * 60) or (weekday in (5, 6) and minute < 10 * 60)


def selector_rows(batch: Batch, row: Any) -> np.ndarray:
    first = int(row["selector_first"])
    rows: np.ndarray = batch.selectors[first : first + int(row["selector_count"])]
    return rows


def offer(name: str) -> int:
    return next(index for index, each in enumerate(programme().offers) if each.id == name)


def has(masks: np.ndarray, row: int, name: str) -> bool:
    return bool(int(masks[row, offer(name) // 64]) >> (offer(name) % 64) & 1)


def test_event_tests() -> None:
    batch = Matcher(programme()).events(
        [
            event(total="5.00", attributes={"weather": "rain", "heat": "31"}, currency="USD", rate="1"),
            event(total="4.99", currency="GBP", rate="1"),
            event(type="achievement", classification="like"),
        ]
    )
    names = ("coffee", "again", "sunny", "hot", "like", "dollars")
    assert [[has(batch.event_masks, row, name) for name in names] for row in range(3)] == [
        [True, True, False, True, False, True],
        [True, False, True, False, False, False],
        [True, False, True, False, True, False],
    ]


def test_places() -> None:
    matcher = Matcher(programme())
    first = matcher.events([event(merchant="bakery", channel="web"), event(merchant="bakery"), event(venue="kiosk")])
    later = matcher.events([event(merchant="bakery"), event(venue="bakery-south", channel="web")])
    assert [has(later.place_masks, int(row["place"]), "big") for row in (*first.events, *later.events)] == [
        True, False, False, False, True,
    ]  # fmt: skip
    assert [has(first.place_masks, int(row["place"]), "dear") for row in first.events] == [False, False, True]
    assert later.events["place"][0] == first.events["place"][1]


def test_a_price_is_compared_exactly() -> None:
    dear = select(programme()).base[offer("dear")]
    batch = Matcher(programme()).events(
        [
            event(lines=[{"quantity": quantity, "total": total}])
            for quantity, total in (("3", "4.50"), ("3", "4.49"), ("0.333", "0.50"))
        ]
    )
    assert [dear in selector_rows(batch, row)["selector"] for row in batch.events] == [True, False, True]


def test_more_selectors_than_fit_at_first() -> None:
    many = [event(lines=[{"total": "2", "family": "COFFEE", "department": "A", "quantity": "2"}] * 3)] * 2000
    batch = Matcher(programme()).frames(frames_from_events(many))
    assert (batch.events["selector_count"] == batch.events["selector_count"][0]).all()
    assert int(batch.events["selector_first"][-1] + batch.events["selector_count"][-1]) == len(batch.selectors)


def test_who_registers() -> None:
    batch = Matcher(programme()).events([event(), event(type="cancel", of="p1"), event(type="tick")])
    assert batch.events["auto_registers"].tolist() == [1, 0, 0]
    assert batch.events["type"].tolist() == [EventType.PURCHASE, EventType.CANCEL, EventType.TICK]
    assert batch.events["contact"].tolist() == [-1, -1, -1]


def test_the_compiled_fold_is_the_function_that_is_written() -> None:
    """The same rows without the compiler."""
    from guerdon.engine.match import matcher as module

    events = [event(lines=[{"total": "2", "family": "COFFEE"}, {"total": "3", "quantity": "2"}]), event()]
    compiled = Matcher(programme()).events(events)
    kept, module.compiled = module.compiled, plain  # type: ignore[assignment]
    try:
        same(compiled, Matcher(programme()).events(events))
    finally:
        module.compiled = kept


def plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """The loop as it is written; its records as numpy shows them with attributes."""

    def run(*arguments: Any) -> Any:
        views = [a.view(np.recarray) if isinstance(a, np.ndarray) and a.dtype.names else a for a in arguments]
        with np.errstate(over="ignore"):
            return function(*views)

    return run


def test_a_programme_that_tests_only_figures_of_lines() -> None:
    offer = "{id: o, goal: spend, lines: {quantity: {min: 2}}, award: {percent: 5}}"
    scheme = f"scheme: {{id: s}}\noffers: [{offer}]"
    reading = read_programme(None, {"business.yaml": BUSINESS, "s.yaml": scheme})
    assert reading.program is not None
    events = [event(lines=[{"total": "2", "quantity": "2"}, {"total": "1"}])]
    many = Matcher(reading.program)
    many.terms.splits_spend = True
    batch = many.frames(frames_from_events(events))
    same(Matcher(reading.program).events(events), batch)
    assert batch.selectors["total"].tolist() == [200]
