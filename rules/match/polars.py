"""The condition tree as a polars expression: a whole frame at once."""

from __future__ import annotations

from functools import reduce
from operator import and_, or_

import polars as pl

from guerdon.rules.condition import All, AnyOf, Condition, FieldType, Test, Value
from guerdon.rules.match.patterns import rust_regex

# Up to this bound, bound × quantity (thousandths, at most 10^9) stays inside int64.
_INT64_BOUND = 9_000_000_000


def expression(condition: Condition) -> pl.Expr:
    """A Boolean expression, never null, over columns named as ``condition.fields`` says; a missing value is null.

    Integers only: nothing in it divides or rounds.

    >>> from guerdon.rules.condition import Field
    >>> other = expression(Test(Field("line", "family", FieldType.TEXT), "not_equals", ("TEA",)))
    >>> pl.DataFrame({"family": ["TEA", None]}).select(other).to_series().to_list()
    [False, True]
    """
    if isinstance(condition, Test):
        return _test(condition)
    children = [expression(child) for child in condition.children]
    if isinstance(condition, All):
        return reduce(and_, children) if children else pl.lit(True)
    either = reduce(or_, children) if children else pl.lit(False)
    return either if isinstance(condition, AnyOf) else ~either


def _test(test: Test) -> pl.Expr:
    if test.op in ("this_month", "today"):
        return _birth(test)
    if test.field.type is FieldType.UNIT_PRICE:
        return _unit_price(test)
    column = pl.col(test.field.name)
    match test.op:
        case "exists":
            return column.is_not_null()
        case "missing":
            return column.is_null()
        case "not_equals":
            return column.ne_missing(_literal(test.values[0]))
        case "one_of":
            return column.is_in(list(test.values)).fill_null(False)
        case "not_one_of":
            return ~column.is_in(list(test.values)).fill_null(False)
        case "like" | "like_any_case":
            regex = rust_regex(str(test.values[0]), any_case=test.op == "like_any_case")
            return column.cast(pl.String).str.contains(regex).fill_null(False)
    return _compared(test.op, column, _literal(test.values[0])).fill_null(False)


def _compared(op: str, left: pl.Expr, right: pl.Expr) -> pl.Expr:
    match op:
        case "equals":
            return left.eq(right)
        case "at_least":
            return left.ge(right)
        case "at_most":
            return left.le(right)
        case "above":
            return left.gt(right)
        case "below":
            return left.lt(right)
    raise ValueError(f"no such test: {op}")


def _literal(value: Value) -> pl.Expr:
    return pl.lit(value)


def _unit_price(test: Test) -> pl.Expr:
    """Total (minor units) × 1000 against bound × quantity (thousandths): exact, without a division."""
    total, quantity = pl.col("total").cast(pl.Int64), pl.col("quantity").cast(pl.Int64)
    there = total.is_not_null() & quantity.is_not_null()
    if test.op in ("exists", "missing"):
        return there if test.op == "exists" else ~there
    bounds = [int(value) for value in test.values]
    if any(abs(bound) > _INT64_BOUND for bound in bounds):
        total, quantity = total.cast(pl.Int128), quantity.cast(pl.Int128)
    several = test.op in ("one_of", "not_one_of", "not_equals")
    op = "equals" if several else test.op
    each = [_compared(op, total * 1000, quantity * bound).fill_null(False) for bound in bounds]
    met = reduce(or_, each) if each else pl.lit(False)
    return ~met if test.op in ("not_equals", "not_one_of") else met


def _birth(test: Test) -> pl.Expr:
    column = pl.col(test.field.name)
    if test.field.type is FieldType.INTEGER:
        month, day = pl.col("birth_month" if test.op == "today" else test.field.name), column
    else:
        born = column.cast(pl.Int32).cast(pl.Date)
        month, day = born.dt.month(), born.dt.day()
    in_month = month.cast(pl.Int64).eq(pl.col("_month").cast(pl.Int64)).fill_null(False)
    if test.op == "this_month":
        return in_month
    year = pl.col("_year").cast(pl.Int64)
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    day = day.cast(pl.Int64)
    kept = pl.when((month == 2) & (day == 29) & ~leap).then(pl.lit(28, pl.Int64)).otherwise(day)
    return in_month & kept.eq(pl.col("_day").cast(pl.Int64)).fill_null(False)
