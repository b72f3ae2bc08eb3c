"""A value that stands for another passes and fails the same tests, and is the same for all that do."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guerdon.rules.alike import BIRTH_DATE, Alike
from guerdon.rules.condition import Field, FieldType, Value
from guerdon.rules.condition import Test as FieldTest
from guerdon.rules.match.python import compile_test
from guerdon.rules.match.shortest import Shortest

EPOCH = date(1970, 1, 1)
LETTERS = "aAbkKß[]*?!-ω\x01"
ORDERED = ("at_least", "at_most", "above", "below")
TEXTS = st.text(LETTERS, max_size=6)
FIGURES = st.integers(-5, 12)
DAYS = st.dates(date(1895, 1, 1), date(2030, 12, 31)).map(lambda day: (day - EPOCH).days)


def some_tests(kind: FieldType, values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[FieldTest, ...]]:
    """Some tests of one attribute, of every operator that its type takes."""
    field = Field("contact", "thing", kind, attribute=True)
    one, several = st.tuples(values), st.lists(values, min_size=2, max_size=3, unique=True).map(tuple)
    kinds: list[tuple[tuple[str, ...], st.SearchStrategy[Any]]] = [
        (("equals", "not_equals"), one),
        (("one_of", "not_one_of"), several),
        (("exists", "missing"), st.just(())),
    ]
    if kind is FieldType.TEXT:
        kinds.append((("like", "like_any_case"), one))
    elif kind is not FieldType.BOOLEAN:
        kinds.append((ORDERED, one))
    if kind is FieldType.DATE:
        kinds.append((("this_month", "today"), st.just(())))
    each = st.one_of(*(st.builds(FieldTest, st.just(field), st.sampled_from(ops), bounds) for ops, bounds in kinds))
    return st.lists(each, max_size=6, unique=True).map(tuple)


def outcomes(tests: tuple[FieldTest, ...], value: Value) -> list[bool]:
    """How the engine's own back-end decides them, on every day that tells two birthdays apart."""
    days = ((2024, 2, 28), (2024, 2, 29), (2023, 2, 28), (2024, 5, 4), (2024, 5, 30))
    if any(test.op in ("this_month", "today") for test in tests):
        born = date.fromordinal(int(value) + EPOCH.toordinal())
        days += ((2024, born.month, born.day),)
    told = [{"thing": value, "_year": year, "_month": month, "_day": day} for year, month, day in days]
    return [compile_test(test)(fields) for test in tests for fields in told]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (FieldType.TEXT, TEXTS),
        (FieldType.INTEGER, FIGURES),
        (FieldType.DECIMAL, st.integers(-3_000_000, 3_000_000)),
        (FieldType.BOOLEAN, st.booleans()),
        (FieldType.DATE, DAYS),
    ],
)
def test_no_test_tells_it_from_the_value(kind: FieldType, values: st.SearchStrategy[Any]) -> None:
    @given(some_tests(kind, values), values, values)
    def holds(tests: tuple[FieldTest, ...], value: Value, other: Value) -> None:
        alike = Alike("thing", tests)
        found = alike.of(value)
        assert type(found) is type(value) and outcomes(tests, found) == outcomes(tests, value)
        assert alike.of(found) == found
        by_day = any(test.op in ("this_month", "today") for test in tests)
        if outcomes(tests, other) == outcomes(tests, value) and not by_day:
            assert alike.of(other) == found

    holds()


@given(DAYS, some_tests(FieldType.DATE, DAYS))
def test_a_date_of_birth_keeps_its_day(day: int, tests: tuple[FieldTest, ...]) -> None:
    found = Alike(BIRTH_DATE, tests).of(day)
    kept, told = (date.fromordinal(int(each) + EPOCH.toordinal()) for each in (found, day))
    assert (kept.month, kept.day) == (told.month, told.day)


def test_only_what_a_test_names_is_left_as_it_is() -> None:
    name = Field("contact", "name", FieldType.TEXT, attribute=True)
    alike = Alike("name", (FieldTest(name, "one_of", ("Ann", "Bob")), FieldTest(name, "like", ("A*",))))
    assert [alike.of(told) for told in ("Ann", "Anouk", "Aurelia Fitzgerald", "Carl", "")] == ["Ann", "A", "A", "", ""]


def test_where_the_search_is_given_up_the_text_is_cut_down() -> None:
    from guerdon.rules.match.patterns import tokens

    needles = [tuple(tokens(f"*{letter}{letter}*", any_case=False)) for letter in "abcdefghijklmnopqrst"]
    shortest = Shortest(needles)
    text = "ooaabbccddeeffgghhiijjkk-Anouk-Lee-of-12-Elm-Street-oo"
    cut = shortest.like(text)
    assert "Anouk" not in cut and "12" not in cut
    assert shortest.like(cut) == cut
