"""Figures in text: decimals, percentages, durations, dates, hours; exact, never through a float."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from guerdon.rules.program import Duration, Hours, Rate, Share

LARGEST_MINOR = 10**15
LARGEST_RATE_PART = 10**9
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_DECIMAL = re.compile(r"(-?)([0-9]{1,18})(?:\.([0-9]{1,18}))?")
_DURATION = re.compile(r"([0-9]{1,5})(min|h|d|w|mo|q|y)")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_HOURS = re.compile(r"([0-9]{1,2}):([0-9]{2})-([0-9]{1,2}):([0-9]{2})")


class NoFigure(ValueError):
    """The text is no figure of this kind; its message says what is wrong, ``hint`` what to write."""

    def __init__(self, message: str, hint: str = "", code: str = "") -> None:
        super().__init__(message)
        self.hint = hint
        self.code = code


@dataclass(frozen=True, slots=True)
class Digits:
    """Digits after the point of the currency and of the wallet's unit."""

    currency: int
    unit: int

    def money(self, text: str) -> int:
        """Minor units of the currency."""
        return minor(text, self.currency)

    def units(self, text: str) -> int:
        """Minor units of the wallet's unit."""
        return minor(text, self.unit, of="the wallet's unit")


def plain_decimal(text: str) -> str:
    """The shortest text of the same decimal.

    >>> plain_decimal("05.00"), plain_decimal("-0.50")
    ('5', '-0.5')
    """
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise NoFigure(f"'{text}' is no decimal", "write digits with a point, such as 5.00")
    sign, whole, rest = match[1], match[2].lstrip("0") or "0", (match[3] or "").rstrip("0")
    plain = f"{whole}.{rest}" if rest else whole
    return plain if plain == "0" else sign + plain


def minor(text: str, digits: int, *, of: str = "the currency") -> int:
    """A decimal in units of 10^-digits.

    Raises:
        NoFigure: no decimal, more digits than there are, or too large.

    >>> minor("20.50", 2)
    2050
    """
    plain = plain_decimal(text)
    scale: int = 10**digits
    whole, _, rest = plain.removeprefix("-").partition(".")
    if len(rest) > digits:
        some = f"at most {digits} digits after the point" if digits else "no digits after the point"
        raise NoFigure(f"{text} has more digits than {of}: it has {some}", f"round it to {some}")
    value = int(whole) * scale + int(rest.ljust(digits, "0") or "0")
    if value > LARGEST_MINOR:
        raise NoFigure(f"{text} is too large", "the largest amount is 10^15 minor units")
    return -value if plain.startswith("-") else value


def rate(text: str, per: int = 1) -> Rate:
    """A decimal divided by ``per``, in lowest terms; 2.5 per 100 is 1/40.

    Raises:
        NoFigure: no decimal, below 0, or its parts pass 10^9.
    """
    fraction = Fraction(plain_decimal(text)) / per
    if fraction < 0:
        raise NoFigure(f"{text} is below 0", "a rate is 0 or more")
    if max(fraction.numerator, fraction.denominator) > LARGEST_RATE_PART:
        raise NoFigure(f"{text} is too fine or too large for a rate", "its fraction has at most 10^9 above and below")
    return Rate(fraction.numerator, fraction.denominator)


def lowest(num: int, den: int) -> Rate:
    """A fraction in lowest terms."""
    fraction = Fraction(num, den)
    return Rate(fraction.numerator, fraction.denominator)


def percent(text: str) -> Rate:
    """``2.5`` or ``2.5%`` as a rate."""
    return rate(text.removesuffix("%").rstrip(), 100)


def share(text: str, digits: int) -> Share:
    """``60%`` is a rate, ``0.20`` an amount."""
    if text.endswith("%"):
        return Share(rate=percent(text))
    return Share(amount_minor=minor(text, digits))


def duration(text: str) -> Duration:
    """``15min 6h 14d 2w 1mo 1q 1y``."""
    match = _DURATION.fullmatch(text)
    if match is None or int(match[1]) == 0:
        raise NoFigure(f"'{text}' is no duration", "write one of 15min 6h 14d 2w 1mo 1q 1y")
    return Duration(int(match[1]), match[2])


def local_date(text: str) -> date:
    """``2026-03-01``."""
    match = _DATE.fullmatch(text)
    if match is None:
        raise NoFigure(f"'{text}' is no date", "write a date as 2026-03-01")
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        raise NoFigure(f"{text} is not in the calendar", "check the month and the day") from None


def hours(text: str) -> tuple[int, int]:
    """``19:00-02:00`` as minutes after midnight; an end at or before the start is on the next day."""
    match = _HOURS.fullmatch(text)
    if match is None:
        raise NoFigure(f"'{text}' are no hours", 'write hours as "09:00-12:00", the end exclusive')
    start, end = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
    if int(match[2]) > 59 or int(match[4]) > 59 or start >= 1440 or end > 1440:
        raise NoFigure(f"'{text}' are no hours of a day", "hours run from 00:00 to 24:00")
    if start == end:
        raise NoFigure(f"'{text}' ends when it begins", "leave hours out for the whole day")
    return start, end if end > start else end + 1440


def span(weekdays: list[str], text: str | None) -> Hours:
    """Weekdays and hours; none of either means all."""
    days = tuple(sorted({WEEKDAYS.index(day) for day in weekdays})) or tuple(range(7))
    start, end = (0, 1440) if text is None else hours(text)
    return Hours(days, start, end)
