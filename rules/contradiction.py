"""Whether a condition can ever hold: bounds that leave nothing, values that exclude each other."""

from __future__ import annotations

from guerdon.rules.condition import All, AnyOf, Condition, FieldType, NoneOf, Test, Value, conjuncts


def never_holds(condition: Condition) -> bool:
    """True only if no row can meet it; what is not looked into counts as possible.

    >>> from guerdon.rules.condition import Field, FieldType
    >>> total = Field("event", "total", FieldType.MONEY)
    >>> never_holds(All((Test(total, "at_least", (2000,)), Test(total, "below", (2000,)))))
    True
    """
    if isinstance(condition, AnyOf):
        return all(never_holds(child) for child in condition.children)
    if isinstance(condition, NoneOf):
        return any(isinstance(child, All) and not child.children for child in condition.children)
    tests: dict[str, list[Test]] = {}
    for part in conjuncts(condition):
        if isinstance(part, Test):
            tests.setdefault(part.field.name, []).append(part)
        elif never_holds(part):
            return True
    return any(_exclude(each) for each in tests.values())


def _exclude(tests: list[Test]) -> bool:
    """Whether these tests of one field exclude each other."""
    ops = {test.op for test in tests}
    if "missing" in ops and ops - {"missing", "not_equals", "not_one_of"}:
        return True
    allowed: set[Value] | None = None
    for test in tests:
        if test.op in ("equals", "one_of"):
            allowed = set(test.values) if allowed is None else allowed & set(test.values)
    forbidden = {value for test in tests if test.op in ("not_equals", "not_one_of") for value in test.values}
    if allowed is not None:
        return not any(value not in forbidden and _within(value, tests) for value in allowed)
    return _empty_between(tests)


def _empty_between(tests: list[Test]) -> bool:
    lows = [test for test in tests if test.op in ("at_least", "above")]
    highs = [test for test in tests if test.op in ("at_most", "below")]
    return any(_apart(low, high) for low in lows for high in highs)


def _apart(low: Test, high: Test) -> bool:
    """Whether nothing lies between two bounds. Values are integers, but a unit price may lie between two of them."""
    least, most = int(low.values[0]), int(high.values[0])
    if low.field.type is FieldType.UNIT_PRICE:
        return least > most or (least == most and (low.op == "above" or high.op == "below"))
    return least + (low.op == "above") > most - (high.op == "below")


def _within(value: Value, tests: list[Test]) -> bool:
    """Whether a value meets the bounds among the tests; of a text nothing is known here."""
    if isinstance(value, str):
        return True
    point = (Test(tests[0].field, "at_least", (value,)), Test(tests[0].field, "at_most", (value,)))
    return not _empty_between([*tests, *point])
