"""Calendar months of the business's zone as numbers, by which reports group: months since January 1970."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from guerdon.engine.events.times import DAY, Zone


def months_of(local: Zone, times: np.ndarray) -> np.ndarray:
    """The month of each instant (µs UTC), int64."""
    days = (local.locals(times) // DAY).astype("datetime64[D]")
    return np.asarray(days.astype("datetime64[M]").astype(np.int64))


def month_text(month: int) -> str:
    """A month as people write it.

    >>> month_text(0), month_text(567)
    ('1970-01', '2017-04')
    """
    return str(np.datetime64(month, "M"))


def month_of(day: date) -> int:
    """The month of a date.

    >>> month_text(month_of(date(2017, 4, 30)))
    '2017-04'
    """
    return (day.year - 1970) * 12 + day.month - 1


def month_end(month: int) -> date:
    """The last day of a month.

    >>> month_end(month_of(date(2016, 2, 1)))
    datetime.date(2016, 2, 29)
    """
    following = date(1970 + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return following - timedelta(days=1)
