"""Local time in the step: windows, calendar steps and the business's zone, on integers alone.

Times are µs UTC, *local* times µs of wall time since 1970-01-01 00:00, days are days since then. The zone comes as two
arrays: the UTC instants at which its offset changes, and the offset from each of them on.
"""

from __future__ import annotations

from typing import Any

from guerdon.engine.rows import FOREVER

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WINDOW_EVENT, WINDOW_DAY, WINDOW_WEEK, WINDOW_MONTH, WINDOW_QUARTER, WINDOW_YEAR, WINDOW_LIFETIME, WINDOW_ROLLING = (
    range(8)
)
WINDOWS = {
    "event": WINDOW_EVENT,
    "day": WINDOW_DAY,
    "week": WINDOW_WEEK,
    "month": WINDOW_MONTH,
    "quarter": WINDOW_QUARTER,
    "year": WINDOW_YEAR,
    "lifetime": WINDOW_LIFETIME,
    "rolling": WINDOW_ROLLING,
}
ZONE_FROM = -2_208_988_800 * SECOND  # 1900; hints begin here, a step of some 100 days each
ZONE_SHIFT = 43
STEP_NONE, STEP_MINUTES, STEP_HOURS, STEP_DAYS, STEP_MONTHS = range(5)


def civil(day: int) -> tuple[int, int, int]:
    """Year, month and day of the month of a day number (proleptic Gregorian).

    >>> civil(0), civil(19782)
    ((1970, 1, 1), (2024, 2, 29))
    """
    shifted = day + 719468
    era = shifted // 146097
    of_era = shifted - era * 146097
    year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    of_month = of_year - (153 * month + 2) // 5 + 1
    month = month + 3 if month < 10 else month - 9
    return year + era * 400 + (1 if month <= 2 else 0), month, of_month


def day_number(year: int, month: int, of_month: int) -> int:
    """The day number of a date.

    >>> day_number(2024, 2, 29)
    19782
    """
    if month <= 2:
        year -= 1
    era = year // 400
    of_era_year = year - era * 400
    of_year = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + of_month - 1
    return era * 146097 + of_era_year * 365 + of_era_year // 4 - of_era_year // 100 + of_year - 719468


def window_of(day: int, kind: int, seq: int) -> int:
    """The number of the window of ``kind`` that holds the local day; windows of one kind count up with time.

    >>> window_of(0, WINDOW_MONTH, 1), window_of(4, WINDOW_WEEK, 1) - window_of(3, WINDOW_WEEK, 1)
    (23640, 1)
    """
    if kind == WINDOW_EVENT:
        return seq
    if kind == WINDOW_DAY or kind == WINDOW_ROLLING:  # noqa: SIM109 - compiled: no tuple
        return day
    if kind == WINDOW_WEEK:
        return (day + 3) // 7
    if kind == WINDOW_LIFETIME:
        return 0
    year, month, _ = civil(day)
    if kind == WINDOW_MONTH:
        return year * 12 + month - 1
    if kind == WINDOW_QUARTER:
        return year * 4 + (month - 1) // 3
    return year


def days_in_month(year: int, month: int) -> int:
    """28 to 31."""
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month == 4 or month == 6 or month == 9 or month == 11 else 31


def _span(d: Any, time: int) -> int:
    """Index of the zone's last change at or before ``time``; the hint is never past it and at most a few before."""
    place = (time - ZONE_FROM) >> ZONE_SHIFT
    last = d.zone_hint.shape[0] - 1
    k = d.zone_hint[0 if place < 0 else (last if place > last else place)]
    changes = d.zone_at.shape[0]
    while k + 1 < changes and d.zone_at[k + 1] <= time:
        k += 1
    return k


def offset_at(d: Any, time: int) -> int:
    """The zone's offset (µs, local = UTC + offset) at an instant."""
    return d.zone_offset[_span(d, time)]


def to_local(d: Any, time: int) -> int:
    """Wall time of an instant."""
    return time + offset_at(d, time)


def to_utc(d: Any, local: int) -> int:
    """The instant of a wall time: one that does not exist is the next that does, one that occurs twice is the first."""
    earlier = offset_at(d, local - DAY)
    later = offset_at(d, local + DAY)
    if earlier == later or offset_at(d, local - earlier) == earlier:
        return local - earlier
    if offset_at(d, local - later) == later:
        return local - later
    return d.zone_at[_span(d, local + DAY)]


def stepped(d: Any, time: int, unit: int, n: int) -> int:
    """``step_of``, worked out once for several that ask for the same."""
    head = d.w_head[0]
    if head.step_from != time or head.step_unit != unit or head.step_n != n:
        head.step_to = step_of(d, time, unit, n)
        head.step_from = time
        head.step_unit = unit
        head.step_n = n
    return head.step_to


def step_of(d: Any, time: int, unit: int, n: int) -> int:
    """The instant ``n`` steps later: minutes and hours by the clock, days and months at the same wall time."""
    if unit == STEP_NONE:
        return FOREVER
    if unit == STEP_MINUTES:
        return time + n * MINUTE
    if unit == STEP_HOURS:
        return time + n * HOUR
    local = to_local(d, time)
    day = local // DAY
    of_day = local - day * DAY
    if unit == STEP_DAYS:
        return to_utc(d, (day + n) * DAY + of_day)
    year, month, of_month = civil(day)
    months = year * 12 + month - 1 + n
    year, month = months // 12, months % 12 + 1
    last = days_in_month(year, month)
    return to_utc(d, day_number(year, month, of_month if of_month < last else last) * DAY + of_day)


def year_end(d: Any, time: int) -> int:
    """The instant at which the local calendar year of ``time`` is over."""
    year, _, _ = civil(to_local(d, time) // DAY)
    return to_utc(d, day_number(year + 1, 1, 1) * DAY)
