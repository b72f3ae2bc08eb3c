"""A condition that is said to be met whenever another is, is; and the plain cases are seen."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings

from guerdon.rules.condition import All, AnyOf, Condition, NoneOf, Test
from guerdon.rules.implication import implies
from guerdon.rules.match.python import compile_test

from .test_contradiction import BRAND, ROWS, TOTAL, TREES, UNIT_PRICE

_VALUES = (1, 2, 3)
_ONES = [Test(TOTAL, op, (value,)) for op in ("equals", "at_least", "at_most", "above", "below") for value in _VALUES]
_SETS = [Test(TOTAL, op, some) for op in ("one_of", "not_one_of") for some in ((1, 2), (2, 3), (1, 2, 3))]
_TESTS: list[Condition] = [*_ONES, *_SETS, Test(TOTAL, "exists"), *(Test(TOTAL, "not_equals", (v,)) for v in _VALUES)]
_TOTALS = [{"total": total} for total in (None, *range(-1, 7))]
_OUT = ("not_equals", "not_one_of")


@settings(max_examples=600, deadline=None)
@given(TREES, TREES)
def test_what_is_implied_holds(narrow: Condition, wide: Condition) -> None:
    if implies(narrow, wide):
        first, second = compile_test(narrow), compile_test(wide)
        assert all(second(row) for row in ROWS if first(row))


@pytest.mark.parametrize(("narrow", "wide"), list(product(_TESTS, _TESTS)))
def test_of_two_tests_of_a_figure_nothing_is_missed(narrow: Test, wide: Test) -> None:
    first, second = compile_test(narrow), compile_test(wide)
    holds = all(second(row) for row in _TOTALS if first(row))
    if narrow.op not in ("equals", "one_of", *_OUT) and wide.op in ("equals", "one_of", *_OUT):
        assert not implies(narrow, wide) or holds  # bounds against values are not looked into
    else:
        assert implies(narrow, wide) is holds


@pytest.mark.parametrize(
    ("narrow", "wide", "holds"),
    [
        (None, Test(BRAND, "exists"), False),
        (None, None, True),
        (Test(BRAND, "exists"), None, True),
        (None, All(()), True),
        (Test(BRAND, "equals", ("A",)), Test(BRAND, "like", ("A*",)), False),
        (Test(BRAND, "equals", ("A",)), Test(TOTAL, "equals", ("A",)), False),
        (Test(UNIT_PRICE, "above", (1,)), Test(UNIT_PRICE, "at_least", (2,)), False),
        (Test(TOTAL, "above", (1,)), Test(TOTAL, "at_least", (2,)), True),
        (NoneOf((Test(BRAND, "exists"),)), NoneOf((Test(BRAND, "exists"),)), True),
        (All((NoneOf((Test(BRAND, "exists"),)), Test(TOTAL, "exists"))), NoneOf((Test(BRAND, "exists"),)), True),
        (Test(TOTAL, "exists"), NoneOf((Test(BRAND, "exists"),)), False),
        (Test(TOTAL, "equals", (1,)), AnyOf((Test(TOTAL, "equals", (2,)), Test(TOTAL, "at_most", (1,)))), True),
        (AnyOf((Test(TOTAL, "equals", (1,)), Test(TOTAL, "equals", (5,)))), Test(TOTAL, "at_most", (4,)), False),
    ],
)
def test_of_other_shapes(narrow: Condition | None, wide: Condition | None, holds: bool) -> None:
    assert implies(narrow, wide) is holds
