"""The condition tree in plain Python: one function a condition, for one row at a time."""

from __future__ import annotations

import re
from calendar import isleap
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from guerdon.rules.condition import All, AnyOf, Condition, FieldType, Test, Value
from guerdon.rules.match.patterns import python_regex

Row = Mapping[str, "Value | None"]
Compiled = Callable[[Row], bool]

_EPOCH = date(1970, 1, 1).toordinal()
_COMPARISON = {"at_least": ">=", "at_most": "<=", "above": ">", "below": "<", "equals": "==", "not_equals": "!="}


def compile_test(condition: Condition) -> Compiled:
    """A function of a row (field name → value, absent or None where missing) that says whether ``condition`` holds.

    The row of a contact bears the event's local date as ``_year``, ``_month`` and ``_day`` beside its fields.

    >>> from guerdon.rules.condition import Field
    >>> family = Field("line", "family", FieldType.TEXT)
    >>> coffee = compile_test(Test(family, "one_of", ("COFFEE", "TEA")))
    >>> coffee({"family": "TEA"}), coffee({})
    (True, False)
    """
    writer = _Writer()
    expression = writer.write(condition)
    source = f"def test(row):\n    get = row.get\n    return {expression}\n"
    # Every text and number of the rule file enters as a constant, never as source.
    names: dict[str, Any] = dict(writer.constants)
    exec(compile(source, "<condition>", "exec"), names)
    test: Compiled = names["test"]
    return test


class _Writer:
    """Writes one condition as a Python expression; constants go into ``constants`` under made-up names."""

    def __init__(self) -> None:
        self.constants: dict[str, Any] = {"__builtins__": {}, "is_month": _is_month, "is_today": _is_today}
        self.variables = 0

    def write(self, condition: Condition) -> str:
        if isinstance(condition, Test):
            return self.test(condition)
        if isinstance(condition, All):
            return self.joined(condition.children, " and ", "True")
        if isinstance(condition, AnyOf):
            return self.joined(condition.children, " or ", "False")
        return f"(not {self.joined(condition.children, ' or ', 'False')})"

    def joined(self, children: tuple[Condition, ...], word: str, empty: str) -> str:
        return f"({word.join(self.write(child) for child in children)})" if children else empty

    def test(self, test: Test) -> str:
        if test.op in ("this_month", "today"):
            return self.birth(test)
        if test.field.type is FieldType.UNIT_PRICE:
            return self.unit_price(test)
        value = f"get({self.constant(test.field.name)})"
        if test.op in ("equals", "not_equals"):
            return f"({value} {_COMPARISON[test.op]} {self.constant(test.values[0])})"
        if test.op in ("one_of", "not_one_of"):
            word = "in" if test.op == "one_of" else "not in"
            return f"({value} {word} {self.constant(frozenset(test.values))})"
        if test.op in ("exists", "missing"):
            return f"({value} is {'not ' if test.op == 'exists' else ''}None)"
        name = self.variable()
        return f"(({name} := {value}) is not None and {self.compared(test, name)})"

    def compared(self, test: Test, name: str) -> str:
        if test.op in ("like", "like_any_case"):
            regex = re.compile(python_regex(str(test.values[0]), any_case=test.op == "like_any_case"))
            return f"{self.constant(regex.fullmatch)}({name}) is not None"
        return f"{name} {_COMPARISON[test.op]} {self.constant(test.values[0])}"

    def unit_price(self, test: Test) -> str:
        """Total (minor units) × 1000 against bound × quantity (thousandths): exact, without a division."""
        total, quantity = self.variable(), self.variable()
        there = f"({total} := get('total')) is not None and ({quantity} := get('quantity')) is not None"
        if test.op in ("exists", "missing"):
            return f"({'' if test.op == 'exists' else 'not '}({there}))"
        negative = test.op in ("not_equals", "not_one_of")
        sign = "==" if test.op in ("equals", "one_of", "not_equals", "not_one_of") else _COMPARISON[test.op]
        bounds = (f"{total} * 1000 {sign} {self.constant(value)} * {quantity}" for value in test.values)
        met = f"({there} and ({' or '.join(bounds) or 'False'}))"
        return f"(not {met})" if negative else met

    def birth(self, test: Test) -> str:
        value = f"get({self.constant(test.field.name)})"
        if test.field.type is not FieldType.INTEGER:
            check = "is_month" if test.op == "this_month" else "is_today"
            return f"{check}({value}, get)"
        if test.op == "this_month":
            return f"({value} is not None and {value} == get('_month'))"
        return f"(get('birth_month') is not None and is_today({value}, get, get('birth_month')))"

    def variable(self) -> str:
        self.variables += 1
        return f"v{self.variables}"

    def constant(self, value: object) -> str:
        name = f"c{len(self.constants)}"
        self.constants[name] = value
        return name


def _is_month(days: int | None, get: Callable[[str], Any]) -> bool:
    return days is not None and bool(_date(days).month == get("_month"))


def _is_today(day: int | None, get: Callable[[str], Any], month: int | None = None) -> bool:
    """Whether the birthday is the event's local date; 29 February is 28 February in common years.

    ``day`` counts from 1970-01-01 unless ``month`` is given.
    """
    if day is None:
        return False
    if month is None:
        born = _date(day)
        month, day = born.month, born.day
    if (month, day) == (2, 29) and not isleap(get("_year")):
        day = 28
    return bool(month == get("_month") and day == get("_day"))


def _date(days: int) -> date:
    return date.fromordinal(days + _EPOCH)
