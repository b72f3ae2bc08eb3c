"""Whether whatever meets one condition meets another too. Says yes only where that is certain."""

from __future__ import annotations

from guerdon.rules.condition import All, AnyOf, Condition, FieldType, NoneOf, Test, conjuncts


def implies(narrow: Condition | None, wide: Condition | None) -> bool:
    """Whether every row that meets ``narrow`` meets ``wide``; None is no test.

    >>> from guerdon.rules.condition import Field
    >>> total = Field("event", "total", FieldType.MONEY)
    >>> implies(Test(total, "at_least", (2000,)), Test(total, "above", (1500,)))
    True
    >>> implies(Test(total, "at_least", (1500,)), Test(total, "above", (1500,)))
    False
    """
    if wide is None or narrow == wide:
        return True
    if narrow is None:
        return isinstance(wide, All) and not wide.children
    if isinstance(narrow, AnyOf):
        return all(implies(child, wide) for child in narrow.children)
    if isinstance(wide, All):
        return all(implies(narrow, child) for child in wide.children)
    if isinstance(wide, AnyOf):
        return any(implies(narrow, child) for child in wide.children)
    parts = list(conjuncts(narrow))
    if isinstance(wide, NoneOf):
        return any(part == wide for part in parts)
    return any(part == wide or (isinstance(part, Test) and _test_implies(part, wide)) for part in parts)


def _test_implies(narrow: Test, wide: Test) -> bool:
    """Of two tests of one field."""
    if narrow.field != wide.field:
        return False
    if wide.op == "exists":
        return narrow.op not in ("missing", "not_equals", "not_one_of")  # these are met by a missing field
    if narrow.op in ("equals", "one_of"):
        return all(_meets(value, wide) for value in narrow.values)
    if narrow.op in ("not_equals", "not_one_of") and wide.op in ("not_equals", "not_one_of"):
        return set(wide.values) <= set(narrow.values)
    return _bound_implies(narrow, wide)


def _meets(value: str | int | bool, test: Test) -> bool:
    """Whether a row with this value surely meets the test."""
    match test.op:
        case "equals" | "one_of":
            return value in test.values
        case "not_equals" | "not_one_of":
            return value not in test.values
        case "at_least" | "above" | "at_most" | "below" if not isinstance(value, str):
            return _bound_implies(
                Test(test.field, "at_least" if test.op in ("at_least", "above") else "at_most", (value,)), test
            )
    return False


def _bound_implies(narrow: Test, wide: Test) -> bool:
    """Of two bounds on the same side; bounds of whole numbers, so that above 4 is at least 5."""
    if wide.op in ("at_least", "above") and narrow.op in ("at_least", "above"):
        return _edge(narrow, +1) >= _edge(wide, +1)
    if wide.op in ("at_most", "below") and narrow.op in ("at_most", "below"):
        return _edge(narrow, -1) <= _edge(wide, -1)
    return False


def _edge(test: Test, step: int) -> int:
    """Where what the bound allows begins, doubled: between two whole numbers a unit price may lie."""
    value = 2 * int(test.values[0])
    if test.op in ("at_least", "at_most"):
        return value
    return value + step * (1 if test.field.type is FieldType.UNIT_PRICE else 2)
