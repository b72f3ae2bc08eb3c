"""Matchers: what they say as conditions, on rows, through the reader."""

from __future__ import annotations

from datetime import date

import pytest

from guerdon.rules import program_from_canonical, read_programme
from guerdon.rules.condition import All, AnyOf, Condition, NoneOf, Test
from guerdon.rules.match.python import compile_test

Test.__test__ = False  # type: ignore[attr-defined]

FILES = {
    "business.yaml": """\
business:
  id: corner
  currency: EUR
  time_zone: Europe/Nicosia
  attributes:
    event: {weather: string, score: integer}
    line: {organic: boolean, best_before: date, weight: decimal}
    contact: {birth_date: date}
"""
}


def condition(matcher: str, scope: str = "lines") -> Condition:
    offer = f"scheme: {{id: s}}\noffers:\n  - {{id: o, goal: spend, award: {{amount: 1.00}}, {scope}: {matcher}}}\n"
    reading = read_programme(None, {**FILES, "s.yaml": offer})
    assert reading.program is not None, "\n".join(map(str, reading.problems))
    assert program_from_canonical(reading.program.canonical) == reading.program
    found = reading.program.offers[0]
    compiled = {"lines": found.lines, "event": found.event, "who": found.contact}[scope]
    assert compiled is not None
    return compiled


@pytest.mark.parametrize(
    ("matcher", "meeting", "failing"),
    [
        ("{sku: 00123}", {"sku": "00123"}, {"sku": "123"}),
        ("{brand: [Own, Private]}", {"brand": "Own"}, {"brand": "own"}),
        ("{brand: {not_in: [Own]}}", {}, {"brand": "Own"}),
        ("{brand: {not: Own}}", {"brand": "own"}, {"brand": "Own"}),
        ("{total: {min: 10.00, below: 20}}", {"total": 1000}, {"total": 2000}),
        ("{total: {above: -1.50}}", {"total": -149}, {"total": -150}),
        ("{quantity: {min: 0.5}}", {"quantity": 500}, {"quantity": 499}),
        ("{weight: {max: 0.000001}}", {"weight": 1}, {"weight": 2}),
        ("{organic: true}", {"organic": True}, {"organic": False}),
        ("{organic: {exists: false}}", {}, {"organic": False}),
        ("{best_before: {below: 1970-01-03}}", {"best_before": 1}, {"best_before": 2}),
        ("{unit_price: {max: 1.00}}", {"total": 33, "quantity": 333}, {"total": 34, "quantity": 333}),
        ("{any_of: [{brand: Own}, {organic: true}]}", {"organic": True}, {}),
        ("{none_of: [{brand: Own, organic: true}]}", {"brand": "Own"}, {"brand": "Own", "organic": True}),
        ("{sku: {like: 'BREW-[0-9]*', not: BREW-9}}", {"sku": "BREW-1"}, {"sku": "BREW-9"}),
        ("{sku: {like_any_case: 'caf?-*'}}", {"sku": "CAFÉ-1"}, {"sku": "CAFFE-1"}),
    ],
)
def test_a_matcher_on_rows(matcher: str, meeting: dict[str, int], failing: dict[str, int]) -> None:
    test = compile_test(condition(matcher))
    assert (test(meeting), test(failing)) == (True, False)


def test_attributes_of_events_and_contacts() -> None:
    assert compile_test(condition("{weather: rain, score: {min: 3}}", "event"))({"weather": "rain", "score": 3})
    in_month = compile_test(condition("{contact: {birth_date: this_month, referred: false}}", "who"))
    born = (date(1990, 3, 31) - date(1970, 1, 1)).days
    row = {"birth_date": born, "referred": False, "_year": 2026, "_day": 1}
    assert in_month({**row, "_month": 3})
    assert not in_month({**row, "_month": 4})


def test_this_month_is_a_text_where_no_date_of_birth_is() -> None:
    found = condition("{weather: this_month}", "event")
    assert isinstance(found, Test)
    assert (found.op, found.values) == ("equals", ("this_month",))


def test_the_tree_is_as_flat_as_it_can_be() -> None:
    assert isinstance(condition("{any_of: [{brand: Own}]}"), Test)
    both = condition("{brand: Own, any_of: [{sku: A}, {sku: B}], none_of: [{organic: true}]}")
    assert isinstance(both, All)
    assert {type(child) for child in both.children} == {Test, AnyOf, NoneOf}
