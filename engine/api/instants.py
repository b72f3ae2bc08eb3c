"""Times and amounts as the API says them: RFC 3339 in UTC, decimal text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from guerdon.engine.report.naming import amount_text
from guerdon.engine.rows import FOREVER

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def rfc3339(time: int) -> str:
    """µs UTC as text.

    >>> rfc3339(0), rfc3339(1_500_000)
    ('1970-01-01T00:00:00Z', '1970-01-01T00:00:01.500000Z')
    """
    moment = _EPOCH + timedelta(microseconds=time)
    return moment.isoformat().replace("+00:00", "Z")


def until(time: int) -> str | None:
    """A last instant as text; None: for ever."""
    return None if time == FOREVER else rfc3339(time)


def money(minor: Any, digits: int) -> str:
    """Minor units as decimal text."""
    return amount_text(int(minor), digits)
