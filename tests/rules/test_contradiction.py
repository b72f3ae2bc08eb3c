"""A condition that is said never to hold holds on no row."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guerdon.rules.condition import All, AnyOf, Condition, Field, FieldType, NoneOf, Test
from guerdon.rules.contradiction import never_holds
from guerdon.rules.match.python import compile_test

Test.__test__ = False  # type: ignore[attr-defined]

TOTAL = Field("line", "total", FieldType.MONEY)
QUANTITY = Field("line", "quantity", FieldType.QUANTITY)
UNIT_PRICE = Field("line", "unit_price", FieldType.UNIT_PRICE)
BRAND = Field("line", "brand", FieldType.TEXT)
NUMBERS = st.integers(0, 3)
OPS = ("equals", "not_equals", "at_least", "at_most", "above", "below", "exists", "missing", "one_of", "not_one_of")


def single(field: Field, values: st.SearchStrategy[int]) -> st.SearchStrategy[Condition]:
    def build(op: str, some: list[int]) -> Condition:
        if op in ("exists", "missing"):
            return Test(field, op)
        return Test(field, op, tuple(some if op in ("one_of", "not_one_of") else some[:1]))

    return st.builds(build, st.sampled_from(OPS), st.lists(values, min_size=1, max_size=2))


TREES = st.recursive(
    st.one_of(single(TOTAL, NUMBERS), single(UNIT_PRICE, NUMBERS), single(QUANTITY, st.sampled_from([500, 1000]))),
    lambda inner: st.builds(
        lambda join, children: join(tuple(children)),
        st.sampled_from([All, AnyOf, NoneOf]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=6,
)
ROWS = [
    {"total": total, "quantity": quantity}
    for total in (None, 0, 1, 2, 3, 4)
    for quantity in (None, 250, 500, 1000, 2000)
]


@settings(max_examples=400, deadline=None)
@given(TREES)
def test_nothing_meets_what_never_holds(condition: Condition) -> None:
    if never_holds(condition):
        test = compile_test(condition)
        assert not any(test(row) for row in ROWS)


@pytest.mark.parametrize(
    ("tests", "never"),
    [
        ((Test(TOTAL, "at_least", (2,)), Test(TOTAL, "below", (2,))), True),
        ((Test(TOTAL, "above", (1,)), Test(TOTAL, "below", (3,))), False),
        ((Test(UNIT_PRICE, "above", (1,)), Test(UNIT_PRICE, "below", (2,))), False),
        ((Test(TOTAL, "above", (1,)), Test(TOTAL, "below", (2,))), True),
        ((Test(BRAND, "equals", ("A",)), Test(BRAND, "one_of", ("B", "C"))), True),
        ((Test(BRAND, "equals", ("A",)), Test(BRAND, "missing")), True),
        ((Test(BRAND, "not_equals", ("A",)), Test(BRAND, "missing")), False),
        ((Test(BRAND, "one_of", ("A", "B")), Test(BRAND, "not_equals", ("A",))), False),
    ],
)
def test_what_excludes_each_other(tests: tuple[Condition, ...], never: bool) -> None:
    assert never_holds(All(tests)) is never
