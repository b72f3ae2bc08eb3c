"""Which period a transfer stands on: calendar periods, rhythms of merchants, closings, late items."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guerdon.engine.periods import EVERY, BadPeriod, day_date, period, period_at
from guerdon.engine.rows import NEVER, TRANSFER
from guerdon.engine.settling import Closing, Span, Stretch, closed_spans, months_of, moved_by, places_among, stretch_of

DAY = 86_400_000_000
PAYABLE = 3 << 56 | 1 << 16 | 17  # of the first merchant


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-03", "2026-03-01", "2026-03-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2026-Q4", "2026-10-01", "2026-12-31"),
        ("2026q1", "2026-01-01", "2026-03-31"),
        ("2026-W01", "2025-12-29", "2026-01-04"),
        ("2026-W53", "2026-12-28", "2027-01-03"),
        ("2026", "2026-01-01", "2026-12-31"),
    ],
)
def test_a_period_has_the_days_of_its_calendar(text: str, first: str, last: str) -> None:
    found = period(text)
    assert (day_date(found.first_day).isoformat(), day_date(found.end_day - 1).isoformat()) == (first, last)


@pytest.mark.parametrize("text", ["2026-13", "2025-W53", "2026-W00", "2026-03-04", "", "march", "2026-Q5", "9999-12"])
def test_what_is_no_period_is_told(text: str) -> None:
    with pytest.raises(BadPeriod):
        period(text)


@given(st.integers(-20_000, 60_000), st.sampled_from(EVERY))
def test_a_day_lies_in_its_period_and_text_reads_back(day: int, every: str) -> None:
    found = period_at(day, every)
    assert found.first_day <= day < found.end_day
    assert period(found.text) == found


def closing(seq: int, since: str, until: str, **rhythms: str) -> Closing:
    """Everything up to the end of a month is closed."""
    return Closing(seq, period(since).first_day, period(until).end_day, rhythms)


def test_each_merchant_has_its_own_rhythm() -> None:
    closings = [
        closing(5, "2026-03", "2026-03", cinema="week", gym="quarter"),
        closing(9, "2026-03", "2026-04", gym="year"),
    ]
    assert [span.period for span in closed_spans(closings, "bakery")] == ["2026-03", "2026-04"]
    assert [span.period for span in closed_spans(closings[:1], "cinema")] == [f"2026-W{n:02d}" for n in range(9, 14)]
    assert [span.period for span in closed_spans(closings, "gym")] == ["2026-Q1"]  # of the year nothing is over


def test_a_change_of_rhythm_leaves_no_day_out_and_none_twice() -> None:
    closings = [
        closing(5, "2026-01", "2026-01", m="week"), closing(7, "2026-01", "2026-03"),
        closing(9, "2026-01", "2026-06", m="quarter"), closing(12, "2026-01", "2026-07", m="week"),
    ]  # fmt: skip
    spans = closed_spans(closings, "m")
    assert all(one.until == other.since for one, other in pairwise(spans))
    assert len({span.period for span in spans}) == len(spans)


def test_months_are_those_of_local_days() -> None:
    first = period("2026-03").first_day * DAY
    march = 2026 * 12 + 2
    assert months_of(np.array([first - 1, first, first + 31 * DAY])).tolist() == [march - 1, march, march + 1]


def test_late_transfers_move_the_first_open_period_only() -> None:
    rows = np.zeros(3, TRANSFER)
    rows["kind"], rows["credit"], rows["amount"] = 4, PAYABLE, [1, 2, 4]
    rows["effective_at"], places = [50, 50, 150], np.array([5, 15, 15])
    assert moved_by(rows, places, Stretch(100, 200, 10, NEVER, 20)) == {(PAYABLE, 0): 6}
    assert moved_by(rows, places, Stretch(100, 200, 10, 100, 20)) == {(PAYABLE, 0): 4}
    assert moved_by(rows, places, Stretch(100, 200, 10, NEVER, 14)) == {}  # both came after the period was closed
    rows["kind"][2] = 48  # an approval stands on no statement
    assert moved_by(rows, places, Stretch(100, 200, 10, NEVER, 20)) == {(PAYABLE, 0): 2}


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Closing], np.ndarray, np.ndarray]:
    """Closings with rhythms that change, and transfers (day, place in the log) around them."""
    months = sorted(draw(st.sets(st.integers(1, 11), min_size=1, max_size=4)))
    seqs = sorted(draw(st.sets(st.integers(1, 60), min_size=len(months), max_size=len(months))))
    since = period_at(period("2026-01").first_day, "month").first_day
    closings = [
        Closing(seq, since, period(f"2026-{month:02d}").end_day, {"m": draw(st.sampled_from(EVERY))})
        for month, seq in zip(months, seqs, strict=True)
    ]
    count = draw(st.integers(0, 30))
    days = draw(st.lists(st.integers(since - 40, since + 400), min_size=count, max_size=count))
    places = draw(st.lists(st.integers(1, 80), min_size=count, max_size=count))
    # before anything was closed nothing is effective earlier than the first closing begins
    first = closed_spans(closings, "m")
    floor = first[0].since if first else since
    days = [max(day, floor) if place <= closings[0].seq else day for day, place in zip(days, places, strict=True)]
    return closings, np.array(days, np.int64), np.array(places, np.int64)


@given(histories())
def test_what_a_closing_sums_is_what_stands_on_its_statement(
    history: tuple[list[Closing], np.ndarray, np.ndarray],
) -> None:
    closings, days, places = history
    spans = closed_spans(closings, "m")
    rows = np.zeros(len(days), TRANSFER)
    rows["kind"], rows["credit"], rows["amount"] = 4, PAYABLE, 1 << np.arange(len(days))
    rows["effective_at"] = days * DAY
    standing = places_among(days, places, spans)
    summed = 0
    for place in range(len(spans)):
        stretch = stretch_of(spans, place, lambda day: day * DAY)
        moved = moved_by(rows, places, stretch).get((PAYABLE, 0), 0)
        assert moved == int(rows["amount"][standing == place].sum())
        summed += moved
    assert summed == int(rows["amount"][standing < len(spans)].sum())


def test_spans_say_which_closing_closed_them() -> None:
    spans = closed_spans([closing(5, "2026-01", "2026-02"), closing(9, "2026-01", "2026-03")], "m")
    assert [span.seq for span in spans] == [5, 5, 9]
    assert isinstance(spans[0], Span)
