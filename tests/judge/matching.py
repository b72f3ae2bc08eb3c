"""Matchers: whether the fields of an event, a line or a contact pass a mapping of tests.

Values are what `Fields` gives: fractions for amounts and numbers, text for the rest, None for a missing field.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import Any

from .money import decimal

Value = Fraction | str | None
NUMBERS = {"amount", "quantity", "integer", "decimal"}
RISING = {"min", "above", "equals", "in"}  # a fall of the value can only end these
FALLING = {"max", "below", "not", "not_in"}


class Fields:
    """The fields of one thing: `value(name)` and `kind(name)`; `today` is the event's local date."""

    def __init__(self, value: Callable[[str], Value], kind: Callable[[str], str], today: date) -> None:
        self.value = value
        self.kind = kind
        self.today = today


def holds(matcher: dict[str, Any] | None, fields: Fields, kept: bool = False, positive: bool = True) -> bool:
    """Whether all tests hold. With `kept`, tests that a fall of amounts could newly pass are taken as they stood."""
    for key, test in (matcher or {}).items():
        if key == "any_of":
            passed = any(holds(part, fields, kept, positive) for part in test)
        elif key == "none_of":
            passed = not any(holds(part, fields, kept, not positive) for part in test)
        else:
            passed = all(one(op, bound, key, fields, kept, positive) for op, bound in operations(test))
        if not passed:
            return False
    return True


def operations(test: Any) -> list[tuple[str, Any]]:
    if isinstance(test, dict):
        return list(test.items())
    if isinstance(test, list):
        return [("in", test)]
    return [("equals", test)]


def one(op: str, bound: Any, name: str, fields: Fields, kept: bool, positive: bool) -> bool:
    kind = fields.kind(name)
    if kept and kind in ("amount", "quantity"):
        if positive and op in FALLING:
            return True
        if not positive and op in RISING:
            return False
    return passes(op, bound, fields.value(name), kind, fields.today)


def passes(op: str, bound: Any, value: Value, kind: str, today: date) -> bool:
    if op == "exists":
        return (value is None) is (bound != "true")
    if op == "not":
        return value is None or not same(value, bound, kind, today)
    if op == "not_in":
        return value is None or not any(same(value, each, kind, today) for each in bound)
    if value is None:
        return False
    if op == "equals":
        return same(value, bound, kind, today)
    if op == "in":
        return any(same(value, each, kind, today) for each in bound)
    if op == "like":
        return fnmatch.fnmatchcase(str(value), bound)
    if op == "like_any_case":
        return fnmatch.fnmatchcase(str(value).casefold(), str(bound).casefold())
    limit: Any = decimal(bound) if kind in NUMBERS else bound
    held: Any = value
    return bool({"min": held >= limit, "max": held <= limit, "above": held > limit, "below": held < limit}[op])


def same(value: Value, bound: Any, kind: str, today: date) -> bool:
    if kind in ("date", "birth_month", "birth_day") and bound in ("today", "this_month"):
        return birthday_test(str(value), bound, today)
    if kind == "birth_month":
        return date.fromisoformat(str(value)).month == int(bound)
    if kind == "birth_day":
        return date.fromisoformat(str(value)).day == int(bound)
    if kind in NUMBERS:
        return value == decimal(bound)
    return bool(value == bound)


def birthday_test(born: str, test: str, today: date) -> bool:
    birth = date.fromisoformat(born)
    if test == "this_month":
        return birth.month == today.month
    return birthday_in(birth, today.year) == today


def birthday_in(birth: date, year: int) -> date:
    """The day of a birthday in a year; 29 February is 28 February in common years."""
    try:
        return birth.replace(year=year)
    except ValueError:
        return date(year, 2, 28)
