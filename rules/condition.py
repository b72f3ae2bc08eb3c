"""The one typed condition tree: what `event`, `lines`, `who.contact`, segments and pools test.

A tree is data: tests of one field, joined by ``All``, ``AnyOf`` and ``NoneOf``. The back-ends in ``match/`` evaluate it
(polars, plain Python, durable_rules) and agree on everything.

Values are held the way the engine holds the field: text as str, money as minor units of the currency, quantity as
thousandths, a declared decimal as millionths, a date as days since 1970-01-01, integer and boolean as themselves.
"""

from __future__ import annotations

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

    ``op``: equals, one_of, not_equals, not_one_of, at_least, at_most, above, below, like, like_any_case, exists, missing,
    this_month, today (the last two for dates of birth, against the event's local date; ``birth_month`` and ``birth_day``
    take them too). A missing field fails every test but not_equals, not_one_of and missing.
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
