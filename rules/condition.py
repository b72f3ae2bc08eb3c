"""The one typed condition tree: what `event`, `lines`, `who.contact`, segments and pools test.

A tree is data: tests of one field, joined by ``All``, ``AnyOf`` and ``NoneOf``. The back-ends in ``match/`` evaluate it
(polars, plain Python, durable_rules) and agree on everything.

Values are held the way the engine holds the field: text as str, money as minor units of the currency, quantity as
thousandths, a declared decimal as millionths, a date as days since 1970-01-01, integer and boolean as themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum


class FieldType(Enum):
    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"  # millionths
    MONEY = "money"  # minor units
    QUANTITY = "quantity"  # thousandths
    UNIT_PRICE = "unit_price"  # minor units; compared as total against bound × quantity, exactly
    BOOLEAN = "boolean"
    DATE = "date"  # days since 1970-01-01


@dataclass(frozen=True, slots=True)
class Field:
    """``scope``: event, line or contact. ``attribute``: declared by the business."""

    scope: str
    name: str
    type: FieldType
    attribute: bool = False


Value = str | int | bool


@dataclass(frozen=True, slots=True)
class Test:
    """One test of one field.

    ``op``: equals, one_of, not_equals, not_one_of, at_least, at_most, above, below, like, like_any_case, exists,
    missing, this_month, today (the last two for dates of birth, against the event's local date; ``birth_month`` takes
    this_month too, ``birth_day`` today, which reads ``birth_month`` as well).
    A missing field fails every test but not_equals, not_one_of and missing.
    """

    field: Field
    op: str
    values: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class All:
    children: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    children: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class NoneOf:
    children: tuple[Condition, ...]


Condition = Test | All | AnyOf | NoneOf


def conjuncts(condition: Condition) -> Iterator[Condition]:
    """What must hold together: the children of an ``All`` and of those within it; else the condition itself."""
    if isinstance(condition, All):
        for child in condition.children:
            yield from conjuncts(child)
    else:
        yield condition


def fields(condition: Condition) -> tuple[str, ...]:
    """The names that a row must bear for this condition, in order of first use; the local date's ``_year`` too.

    >>> price = Field("line", "unit_price", FieldType.UNIT_PRICE)
    >>> fields(All((Test(price, "at_most", (100,)), Test(Field("line", "sku", FieldType.TEXT), "exists"))))
    ('total', 'quantity', 'sku')
    """
    names: dict[str, None] = {}
    pending = [condition]
    while pending:
        node = pending.pop(0)
        if isinstance(node, Test):
            names.update(dict.fromkeys(_read_by(node)))
        else:
            pending[:0] = node.children
    return tuple(names)


def _read_by(test: Test) -> tuple[str, ...]:
    if test.field.type is FieldType.UNIT_PRICE:
        return ("total", "quantity")
    if test.op == "this_month":
        return (test.field.name, "_month")
    if test.op == "today":
        birth = ("birth_month", "birth_day") if test.field.name == "birth_day" else (test.field.name,)
        return (*birth, "_month", "_day", "_year")
    return (test.field.name,)
