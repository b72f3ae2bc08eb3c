"""Instants: RFC 3339 text, and the business's zone as a table of offsets for single times and whole columns."""

from __future__ import annotations

import re
from bisect import bisect_right
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

SECOND = 1_000_000
DAY = 86_400 * SECOND
_EPOCH = datetime(1970, 1, 1)
_EPOCH_UTC = datetime(1970, 1, 1, tzinfo=UTC)
_RFC = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?P<offset>[Zz]|[+-]\d\d:\d\d)?\Z", re.ASCII)
_DURATION = re.compile(r"([1-9][0-9]{0,5})(min|h|d|w|mo|q|y)\Z")
_YEARS = (1900, 2200)


class BadTime(Exception):
    """Not an instant; the message says why."""


def instant(value: object, zone: Zone | None = None) -> int:
    """µs UTC of an RFC 3339 text. Without an offset it is a local time of ``zone``; without that, an error.

    >>> instant("1970-01-02T02:00:00+02:00") == DAY
    True
    """
    if not isinstance(value, str):
        raise BadTime("time must be text like 2026-03-06T09:00:00+02:00")
    match = _RFC.match(value)
    if match is None:
        raise BadTime(f"time {value[:40]!r} is not RFC 3339, like 2026-03-06T09:00:00+02:00")
    if match["offset"] is None and zone is None:
        raise BadTime(f"time {value[:40]!r} has no offset, like +02:00 or Z")
    try:
        moment = datetime.fromisoformat(value.upper().replace(",", "."))
    except ValueError as error:
        raise BadTime(f"time {value[:40]!r}: {error}") from None
    if moment.tzinfo is None:
        assert zone is not None
        return zone.utc(microseconds(moment))
    return (moment - _EPOCH_UTC) // timedelta(microseconds=1)


def microseconds(moment: datetime) -> int:
    """µs since 1970-01-01 of a date-time without a zone."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def text(time: int) -> str:
    """An instant as RFC 3339 in UTC.

    >>> text(0)
    '1970-01-01T00:00:00Z'
    """
    return (_EPOCH + timedelta(microseconds=time)).isoformat() + "Z"


def is_duration(value: object) -> bool:
    """Whether a text is a duration of spec 2, like ``15min`` or ``1mo``."""
    return isinstance(value, str) and _DURATION.match(value) is not None


class Zone:
    """A time zone as the instants at which its offset changes and the offset from each of them on, in µs.

    The table is built once for 1900 to 2200; outside it the nearest offset holds.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.starts, self.offsets = _table(name)
        # Local wall times from which each offset holds: from the later of both readings of the change on, so that a
        # time that does not exist is read by the old offset (and so moves on) and one that occurs twice is the first.
        before = np.concatenate(([self.offsets[0]], self.offsets[:-1]))
        self.local_starts = self.starts + np.maximum(before, self.offsets)
        self.local_starts[0] = self.starts[0]
        self._starts = self.starts.tolist()
        self._local_starts = self.local_starts.tolist()
        self._offsets = self.offsets.tolist()

    def local(self, time: int) -> int:
        """Local wall time of an instant, as µs since 1970-01-01 00:00."""
        return time + int(self._offsets[bisect_right(self._starts, time) - 1])

    def locals(self, times: np.ndarray) -> np.ndarray:
        """``local`` of a column, int64 to int64."""
        row = self._one_row(self.starts, times)
        rows = np.searchsorted(self.starts, times, side="right") - 1 if row is None else row
        local: np.ndarray = times + self.offsets[rows]
        return local

    def utc(self, local: int) -> int:
        """The instant of a local wall time; the next that exists, the first of two."""
        row = bisect_right(self._local_starts, local) - 1
        time = local - self._offsets[row]
        skipped = row + 1 < len(self._starts) and time >= self._starts[row + 1]
        return int(self._starts[row + 1] if skipped else time)

    def utcs(self, local: np.ndarray) -> np.ndarray:
        """``utc`` of a column, int64 to int64. It keeps the order of what it is given."""
        alone = self._one_row(self.local_starts, local)
        if alone is not None and (
            alone + 1 == len(self.starts) or local.max() - self.offsets[alone] < self.starts[alone + 1]
        ):
            shifted: np.ndarray = local - self.offsets[alone]
            return shifted
        row = np.searchsorted(self.local_starts, local, side="right") - 1
        time = local - self.offsets[row]
        # Before its change a time belongs to the offset of the row before; only then can it lie past the change,
        # and that is a local time that the clocks skipped: the change itself is the next that exists.
        following = np.minimum(row + 1, len(self.starts) - 1)
        skipped = (following > row) & (time >= self.starts[following])
        return np.where(skipped, self.starts[following], time)

    @staticmethod
    def _one_row(starts: np.ndarray, times: np.ndarray) -> int | None:
        """The row that holds for all of ``times``: the usual case, and much faster than to look each up."""
        if len(times) == 0:
            return None
        low, high = np.searchsorted(starts, (times.min(), times.max()), side="right") - 1
        return int(low) if low == high else None


@lru_cache(maxsize=8)
def zone(name: str) -> Zone:
    """The zone of an IANA name, built once."""
    return Zone(name)


@lru_cache(maxsize=8)
def _table(name: str) -> tuple[np.ndarray, np.ndarray]:
    info = ZoneInfo(name)
    starts, offsets = [np.iinfo(np.int64).min // 2], [_offset(info, _seconds(_YEARS[0]))]
    at, end, step = _seconds(_YEARS[0]), _seconds(_YEARS[1]), 7 * 86_400
    while at < end:
        following = at + step
        if _offset(info, following) != offsets[-1]:
            change = _first_change(info, at, following)
            starts.append(change * SECOND)
            offsets.append(_offset(info, change))
            at = change
        else:
            at = following
    return np.array(starts, dtype=np.int64), np.array(offsets, dtype=np.int64)


def _seconds(year: int) -> int:
    return int((datetime(year, 1, 1) - _EPOCH).total_seconds())


def _offset(info: tzinfo, seconds: int) -> int:
    offset = info.utcoffset((_EPOCH_UTC + timedelta(seconds=seconds)).astimezone(info))
    assert offset is not None
    return offset // timedelta(microseconds=1)


def _first_change(info: tzinfo, low: int, high: int) -> int:
    """The first second after ``low`` at which the offset is no longer that of ``low``."""
    before = _offset(info, low)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(info, middle) == before:
            low = middle
        else:
            high = middle
    return high
