"""Amounts, dates, durations and lists as the customers of a business read them: numbers in the manner of a locale."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from fractions import Fraction

from babel import Locale
from babel.core import UnknownLocaleError
from babel.dates import format_date, format_time, get_day_names
from babel.numbers import format_currency, format_decimal

from guerdon.rules.program import Business, Duration, Hours, Rate

WEEKDAYS = 7
_MINUTES = 1440
_UNITS = {"min": "minute", "h": "hour", "d": "day", "w": "week", "mo": "month", "q": "quarter", "y": "year"}
_WINDOWS = {"day": "calendar day", "week": "week (Monday to Sunday)", "month": "calendar month"} | {
    "quarter": "calendar quarter",
    "year": "calendar year",
}
_ORDINALS = {1: "st", 2: "nd", 3: "rd"}
_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def locale_named(name: str) -> Locale:
    """The locale of a name as ``en_GB`` or ``de-AT``.

    Raises:
        ValueError: there is none of that name.
    """
    try:
        return Locale.parse(name.replace("-", "_"))
    except (UnknownLocaleError, ValueError) as error:
        raise ValueError(f"there is no locale '{name}'") from error


@dataclass(frozen=True, slots=True)
class Words:
    """How one business's figures are written in one locale. Amounts are minor units."""

    business: Business
    locale: Locale

    def money(self, minor: int) -> str:
        """An amount of the currency."""
        amount = Decimal(minor).scaleb(-self.business.digits)
        return str(format_currency(amount, self.business.currency, locale=self.locale, currency_digits=True))

    def exact(self, minor: Fraction) -> str:
        """An amount of the currency that may lie between two minor units, with the digits that it needs."""
        amount = Decimal(minor.numerator) / Decimal(minor.denominator) / 10**self.business.digits
        if minor.denominator == 1:
            return self.money(int(minor))
        return str(format_currency(amount, self.business.currency, locale=self.locale, decimal_quantization=False))

    def reward(self, minor: int) -> str:
        """An amount of the wallet: of the currency, or points."""
        unit = self.business.unit
        if not unit.points:
            return self.money(minor)
        amount = Decimal(minor).scaleb(-unit.digits)
        pattern = "#,##0." + "0" * unit.digits if unit.digits else "#,##0"
        return f"{format_decimal(amount, format=pattern, locale=self.locale)} {unit.code}"

    def number(self, value: Decimal | int) -> str:
        """A number without a unit."""
        return str(format_decimal(value, locale=self.locale, decimal_quantization=False))

    def quantity(self, thousandths: int) -> str:
        """A quantity of lines, which has up to three digits."""
        return self.number((Decimal(thousandths) / 1000).normalize() + 0)

    def rate(self, rate: Rate) -> str:
        """A rate as a percentage with all its digits, as far as it has an end.

        >>> from guerdon.rules.program import Rate
        >>> Words(None, locale_named("de")).rate(Rate(1, 40))
        '2,5%'
        """
        exact = Decimal(100 * rate.num) / Decimal(rate.den)
        return f"{self.number(exact.quantize(Decimal('1.000000')).normalize() + 0)}%"

    def factor(self, rate: Rate) -> str:
        """A factor as a number."""
        exact = Decimal(rate.num) / Decimal(rate.den)
        return self.number(exact.quantize(Decimal("1.000000")).normalize() + 0)

    def date(self, day: date) -> str:
        """A day of the calendar."""
        return str(format_date(day, "long", locale=self.locale))

    def clock(self, minute: int) -> str:
        """A time of day, given in minutes after midnight; past midnight that of the next day."""
        at = minute % _MINUTES
        return str(format_time(time(at // 60, at % 60), "short", locale=self.locale))

    def hours(self, spans: Iterable[Hours]) -> str:
        """Weekdays and hours, any of which will do."""
        return either([self._span(span) for span in spans])

    def _span(self, span: Hours) -> str:
        days = "every day" if len(span.weekdays) == WEEKDAYS else f"on {each(self.weekdays(span.weekdays))}"
        if span.until_minute - span.from_minute >= _MINUTES:
            return days
        after = " of the next day" if span.until_minute > _MINUTES else ""
        until = "midnight" if span.until_minute == _MINUTES else self.clock(span.until_minute)
        return f"{days} from {self.clock(span.from_minute)} until {until}{after}"

    def weekdays(self, days: Sequence[int]) -> list[str]:
        """Names of weekdays, 0 Monday."""
        names = get_day_names("wide", locale=self.locale)
        return [str(names[day]) for day in days]


def window(name: str) -> str:
    """A window of the calendar.

    >>> window("month")
    'calendar month'
    """
    return _WINDOWS[name]


def within(name: str, days: int = 0) -> str:
    """In which windows a cap or a limit counts.

    >>> within("month"), within("rolling", 7), within("lifetime")
    ('in each calendar month', 'within any seven days in a row', 'in all')
    """
    if name == "lifetime":
        return "in all"
    if name == "rolling" and days > 1:
        return f"within any {count(days, 'day')} in a row"
    return f"in each {window('day' if name == 'rolling' else name)}"


def duration(step: Duration) -> str:
    """A step of the calendar or the clock.

    >>> duration(Duration(12, "mo")), duration(Duration(1, "y"))
    ('twelve months', 'one year')
    """
    return count(step.n, _UNITS[step.unit])


def count(n: int, word: str, several: str = "") -> str:
    """A number of things, small ones in words.

    >>> count(1, "visit"), count(2, "entry", "entries"), count(20, "visit")
    ('one visit', 'two entries', '20 visits')
    """
    named = _SMALL[n] if 0 <= n < len(_SMALL) else str(n)
    return f"{named} {word if n == 1 else several or word + 's'}"


def times(n: int) -> str:
    """How often.

    >>> times(1), times(2), times(5)
    ('once', 'twice', 'five times')
    """
    return {1: "once", 2: "twice"}.get(n, count(n, "time"))


def ordinal(n: int) -> str:
    """
    >>> ordinal(1), ordinal(12), ordinal(23)
    ('1st', '12th', '23rd')
    """
    return f"{n}{'th' if n % 100 in (11, 12, 13) else _ORDINALS.get(n % 10, 'th')}"


def each(parts: Sequence[str]) -> str:
    """
    >>> each(["a", "b", "c"])
    'a, b and c'
    """
    return _joined(parts, "and")


def either(parts: Sequence[str]) -> str:
    """
    >>> either(["a", "b", "c"])
    'a, b or c'
    """
    return _joined(parts, "or")


def _joined(parts: Sequence[str], word: str) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {word} {parts[-1]}" if parts else ""


def sentence(text: str) -> str:
    """With a capital and a full stop.

    >>> sentence("you get 5.00")
    'You get 5.00.'
    """
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?", ":")) else ".")
