"""The back-ends of the condition tree agree on every tree and row, missing values included."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from guerdon.rules.condition import All, AnyOf, Condition, Field, FieldType, NoneOf, Test, Value, fields
from guerdon.rules.match.polars import expression
from guerdon.rules.match.python import Row, compile_test

Test.__test__ = False  # type: ignore[attr-defined]

TEXTS = st.sampled_from(
    ["", "a", "A", "COFFEE", "Coffee", "café", "CAFÉ", "ß", "ẞ", "é*", "İ", "\u017f", "\u212a", "a-b", "[x]", "a\nb"]
)
PATTERNS = st.one_of(
    st.sampled_from(["*", "?", "C*", "c?f*", "[a-c]*", "[!a]*", "*É", "ß", "[]x]*", "[z-a]", "[!z-a]", "a*b", "["]),
    st.text(alphabet="aAcCfFéÉß*?[]!-\\.^&~{}()|+$ \u212a", max_size=7),
)
SMALL = st.integers(-3, 40)
COLUMNS: dict[str, tuple[FieldType, st.SearchStrategy[Value]]] = {
    "sku": (FieldType.TEXT, TEXTS),
    "brand": (FieldType.TEXT, TEXTS),
    "total": (FieldType.MONEY, st.one_of(SMALL, st.integers(-(10**12), 10**12))),
    "quantity": (FieldType.QUANTITY, st.one_of(st.sampled_from([0, 333, 1000, 3000]), st.integers(-(10**9), 10**9))),
    "organic": (FieldType.BOOLEAN, st.booleans()),
    "weight": (FieldType.DECIMAL, SMALL),
    "birth_date": (FieldType.DATE, st.integers(-30000, 30000)),
    "birth_month": (FieldType.INTEGER, st.integers(1, 12)),
    "birth_day": (FieldType.INTEGER, st.integers(1, 31)),
}
FIELDS = {name: Field("line", name, kind) for name, (kind, _) in COLUMNS.items()}
UNIT_PRICE = Field("line", "unit_price", FieldType.UNIT_PRICE)
ORDERED = ("at_least", "at_most", "above", "below")


@st.composite
def single_tests(draw: st.DrawFn) -> Condition:
    name = draw(st.sampled_from([*COLUMNS, "unit_price"]))
    values: st.SearchStrategy[Value]
    if name == "unit_price":
        field, values = UNIT_PRICE, st.one_of(SMALL, st.sampled_from([100, 10**12, -(10**12)]))
    else:
        field, values = FIELDS[name], COLUMNS[name][1]
    ops = ["equals", "not_equals", "one_of", "not_one_of", "exists", "missing"]
    if field.type is FieldType.TEXT:
        ops += ["like", "like_any_case"]
    elif field.type is not FieldType.BOOLEAN:
        ops += ORDERED
    ops += {"birth_date": ["this_month", "today"], "birth_month": ["this_month"], "birth_day": ["today"]}.get(name, [])
    op = draw(st.sampled_from(ops))
    if op in ("exists", "missing", "this_month", "today"):
        return Test(field, op)
    if op in ("like", "like_any_case"):
        return Test(field, op, (draw(PATTERNS),))
    several = op in ("one_of", "not_one_of")
    return Test(field, op, tuple(draw(st.lists(values, min_size=1, max_size=3 if several else 1))))


TREES: st.SearchStrategy[Condition] = st.recursive(
    single_tests(),
    lambda inner: st.one_of(
        *(st.lists(inner, max_size=3).map(tuple).map(join) for join in (All, AnyOf, NoneOf)),
    ),
    max_leaves=6,
)
DAYS = st.dates(date(1999, 1, 1), date(2030, 12, 31)) | st.sampled_from(
    [date(2023, 2, 28), date(2024, 2, 28), date(2024, 2, 29), date(2100, 2, 28)]
)


@st.composite
def rows(draw: st.DrawFn) -> Row:
    row: dict[str, Value | None] = {name: draw(st.one_of(st.none(), values)) for name, (_, values) in COLUMNS.items()}
    if draw(st.booleans()):
        row["birth_date"] = (date(2000, 2, 29) - date(1970, 1, 1)).days
        row["birth_month"], row["birth_day"] = 2, 29
    day = draw(DAYS)
    return row | {"_year": day.year, "_month": day.month, "_day": day.day}


def frame(some: list[Row]) -> pl.DataFrame:
    types = {FieldType.TEXT: pl.String, FieldType.BOOLEAN: pl.Boolean}
    schema = {name: types.get(kind, pl.Int64) for name, (kind, _) in COLUMNS.items()}
    dates = {"_year": pl.Int64, "_month": pl.Int64, "_day": pl.Int64}
    return pl.DataFrame([dict(row) for row in some], schema={**schema, **dates}, orient="row")


@settings(max_examples=200, deadline=None)
@given(TREES, st.lists(rows(), min_size=1, max_size=6))
def test_python_and_polars_agree(condition: Condition, some: list[Row]) -> None:
    plain = compile_test(condition)
    one_by_one = [plain(row) for row in some]

    at_once = frame(some).with_columns(met=expression(condition))["met"]

    assert at_once.null_count() == 0
    assert at_once.to_list() == one_by_one
    assert set(fields(condition)) <= set(frame(some).columns)


def test_a_missing_field_fails_all_but_negations() -> None:
    sku = FIELDS["sku"]
    held = {
        op
        for op in ("equals", "one_of", "not_equals", "not_one_of", "like", "like_any_case", "exists", "missing")
        if compile_test(Test(sku, op, () if op in ("exists", "missing") else ("a",)))({})
    }
    assert held == {"not_equals", "not_one_of", "missing"}


def test_the_leap_day_is_celebrated_on_the_28th_in_common_years() -> None:
    born = {"birth_date": (date(2000, 2, 29) - date(1970, 1, 1)).days}
    today = compile_test(Test(FIELDS["birth_date"], "today"))
    days = [day for n in range(60) if today(born | _local(day := date(2023, 1, 1) + timedelta(n)))]
    leap = [day for n in range(60) if today(born | _local(day := date(2024, 1, 1) + timedelta(n)))]
    assert (days, leap) == ([date(2023, 2, 28)], [date(2024, 2, 29)])


def _local(day: date) -> dict[str, int]:
    return {"_year": day.year, "_month": day.month, "_day": day.day}
