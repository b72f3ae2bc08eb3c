"""Rows that meet a condition, made up for examples. What can't be met this way shows when the example is played."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from guerdon.rules.condition import All, AnyOf, Condition, FieldType, Test, Value

_EPOCH = date(1970, 1, 1)
_STEP = {"above": 1, "below": -1}


def row_meeting(condition: Condition | None) -> dict[str, Value]:
    """Field → value, as the engine holds it, of a row that meets the condition as far as it asks for something.

    >>> from guerdon.rules.condition import Field
    >>> total = Field("event", "total", FieldType.MONEY)
    >>> row_meeting(All((Test(total, "above", (2000,)), Test(Field("event", "channel", FieldType.TEXT), "exists"))))
    {'total': 2001, 'channel': 'any'}
    """
    row: dict[str, Value] = {}
    for test in _tests(condition):
        value = _value(test)
        if value is not None and (test.field.name not in row or test.op not in ("at_most", "below")):
            row[test.field.name] = value
    return row


def _tests(condition: Condition | None) -> list[Test]:
    """Its tests, of alternatives those of the first."""
    match condition:
        case Test():
            return [condition]
        case All(children=children):
            return [test for child in children for test in _tests(child)]
        case AnyOf(children=(first, *_)):
            return _tests(first)
    return []


def _value(test: Test) -> Value | None:
    match test.op:
        case "equals" | "one_of" if test.values:
            return test.values[0]
        case "at_least" | "at_most":
            return test.values[0]
        case "above" | "below":
            return int(test.values[0]) + _STEP[test.op]
        case "like" | "like_any_case":
            return _fitting(str(test.values[0]))
        case "exists":
            return "any" if test.field.type is FieldType.TEXT else 1
    return None


def _fitting(pattern: str) -> str:
    """A text that fits a shell-style pattern: of a set its first member."""
    text, rest = "", pattern
    while rest:
        if rest[0] == "[" and "]" in rest[2:]:
            end = rest.index("]", 2)
            text, rest = text + rest[1], rest[end + 1 :]
        else:
            text, rest = text + {"*": "", "?": "x"}.get(rest[0], rest[0]), rest[1:]
    return text


def told(value: Value, kind: FieldType, digits: int) -> Any:
    """A value as an event tells it."""
    match kind:
        case FieldType.MONEY | FieldType.UNIT_PRICE:
            return f"{Decimal(int(value)).scaleb(-digits):f}"
        case FieldType.QUANTITY:
            return f"{Decimal(int(value)).scaleb(-3):f}"
        case FieldType.DECIMAL:
            return f"{Decimal(int(value)).scaleb(-6):f}"
        case FieldType.DATE:
            return (_EPOCH + timedelta(days=int(value))).isoformat()
        case FieldType.BOOLEAN:
            return bool(value)
    return value
