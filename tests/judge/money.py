"""Amounts: decimal text to minor units and back, the roundings, and splitting an amount over weights."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from fractions import Fraction


class BadAmount(Exception):
    """A text that is no amount, or one with more digits than its currency has."""


def decimal(text: str) -> Fraction:
    """The exact value of a decimal text."""
    try:
        value = Decimal(str(text).strip())
    except InvalidOperation as error:
        raise BadAmount(text) from error
    if not value.is_finite():
        raise BadAmount(text)
    return Fraction(value)


def minor(text: str, digits: int) -> int:
    """Decimal text in minor units; more digits than there are is an error."""
    value = decimal(text) * 10**digits
    if value.denominator != 1:
        raise BadAmount(text)
    return int(value)


def percent(text: str) -> Fraction:
    """`5%`, `5` or `2.5` as a fraction of one."""
    return decimal(str(text).strip().removesuffix("%")) / 100


def written(amount: int | Fraction, digits: int) -> str:
    """Minor units as decimal text: 1234 with two digits is 12.34."""
    amount = Fraction(amount)
    if amount.denominator == 1:
        return f"{Decimal(int(amount)).scaleb(-digits):.{digits}f}"
    return f"{amount / 10**digits}"


def rounded(value: Fraction | int, mode: str) -> int:
    """Round an exact value; halves go where the mode says."""
    value = Fraction(value)
    floor = value.numerator // value.denominator
    rest = value - floor
    if rest == 0 or mode == "floor":
        return floor
    if mode == "ceil":
        return floor + 1
    if rest != Fraction(1, 2):
        return floor + (1 if rest > Fraction(1, 2) else 0)
    if mode == "half_up":
        return floor + (1 if value > 0 else 0)
    if mode == "half_down":
        return floor + (0 if value > 0 else 1)
    if mode == "half_even":
        return floor if floor % 2 == 0 else floor + 1
    raise ValueError(mode)


def split(amount: int, weights: Mapping[int, Fraction | int]) -> dict[int, int]:
    """Share an amount over keys in proportion to their weights, by largest remainder, ties to the lowest key."""
    total = sum(weights.values(), Fraction(0))
    if not weights or total == 0:
        return {}
    exact = {key: Fraction(amount) * weight / total for key, weight in weights.items()}
    shares = {key: rounded(value, "floor") for key, value in exact.items()}
    left = amount - sum(shares.values())
    by_remainder = sorted(exact, key=lambda key: (-(exact[key] - shares[key]), key))
    for key in by_remainder[:left]:
        shares[key] += 1
    return shares
