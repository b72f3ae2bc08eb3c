"""Decimal text to whole numbers, exactly: amounts, quantities, rates. No float takes part."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

from guerdon.rules.currencies import DIGITS

MAX_MINOR = 10**12
MAX_QUANTITY = 10**6 * 1000  # thousandths
MAX_RATE_DIGITS = 9

Number = str | int | Decimal
_PLAIN = re.compile(r"([+-]?)([0-9]{1,24})(?:\.([0-9]{1,24}))?\Z")


class BadAmount(Exception):
    """Not an amount that can be held; the message says why."""


def scaled(value: object, digits: int, what: str = "amount") -> int:
    """``value`` × 10^digits as a whole number.

    Text is plain decimal text; a JSON number comes as ``int`` or as ``Decimal`` of its own text.

    >>> scaled("12.5", 2), scaled(Decimal("-0.050"), 2)
    (1250, -5)
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value * int(10**digits)
    if isinstance(value, Decimal):
        value = _plain(value, what)
    match = _PLAIN.match(value) if isinstance(value, str) else None
    if match is None:
        raise BadAmount(f"{what} {_shown(value)} is not a decimal number")
    sign, whole, part = match.groups()
    part = part or ""
    if len(part) > digits:
        part = part.rstrip("0")  # 5.0000 says no more than 5.00
    if len(part) > digits:
        raise BadAmount(f"{what} {_shown(value)} has more than {digits} decimals")
    number = int(whole + part.ljust(digits, "0"))
    return -number if sign == "-" else number


def money(value: object, digits: int, what: str) -> int:
    """An amount in minor units, within ±10^12."""
    amount = scaled(value, digits, what)
    if not -MAX_MINOR <= amount <= MAX_MINOR:
        raise BadAmount(f"{what} {_shown(value)} is beyond 10^12 minor units")
    return amount


def quantity(value: object, what: str = "quantity") -> int:
    """A quantity in thousandths, within ±10^6 units."""
    amount = scaled(value, 3, what)
    if not -MAX_QUANTITY <= amount <= MAX_QUANTITY:
        raise BadAmount(f"{what} {_shown(value)} is beyond 10^6")
    return amount


def rate(value: object) -> Fraction:
    """An exchange rate: decimal text of at most nine digits, above zero.

    >>> rate("0.90")
    Fraction(9, 10)
    """
    if isinstance(value, Decimal):
        value = _plain(value, "rate")
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    match = _PLAIN.match(text) if isinstance(text, str) else None
    if match is None or match[1] == "-":
        raise BadAmount(f"rate {_shown(value)} is not a positive decimal number")
    if len((match[2] + (match[3] or "")).lstrip("0")) > MAX_RATE_DIGITS:
        raise BadAmount(f"rate {_shown(value)} has more than {MAX_RATE_DIGITS} digits")
    exact = Fraction(str(text))
    if exact == 0:
        raise BadAmount("rate is zero")
    return exact


def half_up(value: Fraction) -> int:
    """The nearest whole number, halves away from zero.

    >>> half_up(Fraction(5, 2)), half_up(Fraction(-5, 2))
    (3, -3)
    """
    whole = (2 * abs(value.numerator) + value.denominator) // (2 * value.denominator)
    return whole if value >= 0 else -whole


def shares(total: int, weights: list[int]) -> list[int]:
    """``total`` split in proportion to ``weights`` by largest remainder, ties to the first.

    >>> shares(10, [1, 1, 1])
    [4, 3, 3]
    """
    whole = sum(weights)
    if whole == 0:
        return [total] + [0] * (len(weights) - 1)
    parts = [divmod(total * weight, whole) for weight in weights]
    given = [quotient for quotient, _ in parts]
    rest = total - sum(given)
    order = sorted(range(len(weights)), key=lambda place: (-abs(parts[place][1]), place))
    for place in order[:rest]:
        given[place] += 1
    return given


def currency_digits(code: str) -> int | None:
    """Decimals of a currency; None if there is no such currency."""
    return DIGITS.get(code)


def _plain(value: Decimal, what: str) -> str:
    """Text without an exponent; numbers out of all range are refused before they are written out."""
    if not value.is_finite() or abs(value.adjusted()) > 24:
        raise BadAmount(f"{what} {value} is out of range")
    return format(value, "f")


def _shown(value: object) -> str:
    text = str(value)
    return text if len(text) <= 40 else text[:37] + "..."
