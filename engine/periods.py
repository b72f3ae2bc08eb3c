"""Settlement periods: calendar weeks, months, quarters and years of the business's zone, and how people write them.

Days are numbers since 1970-01-01. Weeks begin on Monday and are numbered as ISO 8601 does.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import NamedTuple

EVERY = ("week", "month", "quarter", "year")
MONTH = "month"

_EPOCH = date(1970, 1, 1)
_TEXT = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>0[1-9]|1[0-2])|-?[Qq](?P<quarter>[1-4])|-W(?P<week>\d\d))?\Z", re.ASCII
)


class Period(NamedTuple):
    """A stretch of whole days that statements are drawn up for; ``end_day`` is the first day after it."""

    text: str
    first_day: int
    end_day: int


class BadPeriod(Exception):
    """A text that is no period; the message says why."""


def period(text: str) -> Period:
    """The period of a text. BadPeriod: it is none.

    >>> period("1970-02"), period("1970q2").text, period("1970").end_day, period("1970-W01").first_day
    (Period(text='1970-02', first_day=31, end_day=59), '1970-Q2', 365, -3)
    """
    found = _TEXT.match(text)
    if found is None:
        raise BadPeriod(f"'{text}' is no period; a month is 2026-03, a quarter 2026-Q1, a week 2026-W05, a year 2026")
    year = int(found["year"])
    try:
        if found["week"]:
            return period_at(_day(date.fromisocalendar(year, int(found["week"]), 1)), "week")
        month = int(found["month"] or 3 * int(found["quarter"] or 1) - 2)
        every = "month" if found["month"] else "quarter" if found["quarter"] else "year"
        return period_at(_day(date(year, month, 1)), every)
    except (ValueError, OverflowError):
        raise BadPeriod(f"there is no period '{text}'") from None


def period_at(day: int, every: str) -> Period:
    """The week, month, quarter or year in which a day lies.

    >>> period_at(40, "week").text, period_at(40, "month").text, period_at(40, "quarter").text
    ('1970-W07', '1970-02', '1970-Q1')
    """
    moment = day_date(day)
    if every == "week":
        year, week, weekday = moment.isocalendar()
        monday = day - weekday + 1
        return Period(f"{year:04d}-W{week:02d}", monday, monday + 7)
    months = {"month": 1, "quarter": 3, "year": 12}[every]
    first = moment.month - 1 - (moment.month - 1) % months
    label = {1: f"-{first + 1:02d}", 3: f"-Q{first // 3 + 1}", 12: ""}[months]
    year, after = moment.year + (first + months) // 12, (first + months) % 12
    end = date(year, after + 1, 1)
    return Period(f"{moment.year:04d}{label}", _day(date(moment.year, first + 1, 1)), _day(end))


def day_date(day: int) -> date:
    """The date of a day number."""
    return _EPOCH + timedelta(days=day)


def _day(moment: date) -> int:
    return (moment - _EPOCH).days
