"""Selectors: each distinct line test once; the base of a bundle; matchers of a bundle that exclude each other."""

from __future__ import annotations

from guerdon.rules import read_programme
from guerdon.rules.match.python import Row, compile_test
from guerdon.rules.selection import ALL_LINES, Selection, select

FILES = {
    "business.yaml": "business: {id: corner, currency: EUR, time_zone: Europe/Nicosia}\n",
    "pools.yaml": "pools: [{id: coffee, lines: {family: COFFEE}}]\n",
}


def selection(*offers: str) -> Selection:
    entries = "".join(
        f"  - {{id: o{n}, goal: spend, priority: {n}, award: {{amount: 1.00}}, {says}}}\n"
        for n, says in enumerate(offers)
    )
    reading = read_programme(None, {**FILES, "s.yaml": f"scheme: {{id: s}}\noffers:\n{entries}"})
    assert reading.program is not None, "\n".join(map(str, reading.problems))
    return select(reading.program)


def test_offers_and_pools_with_the_same_lines_share_a_selector() -> None:
    found = selection("lines: {family: COFFEE}", "lines: {family: [COFFEE]}", "title: all", "lines: {sku: A}")
    assert found.base == (0, 0, ALL_LINES, 1)
    assert found.pool_selector == (ALL_LINES, 0)  # anywhere, coffee
    assert len(found.selectors) == 2


def test_the_base_of_a_bundle_is_what_any_of_its_matchers_or_lines_match() -> None:
    found = selection("lines: {sku: C}, needs: {all: [{sku: A}, {sku: B}]}")
    base = compile_test(found.selectors[found.base[0]])
    assert [sku for sku in "ABCD" if base({"sku": sku})] == ["A", "B", "C"]
    alone = selection("needs: {all: [{sku: A}, {sku: B}]}")
    base = compile_test(alone.selectors[alone.base[0]])
    assert [sku for sku in "ABCD" if base({"sku": sku})] == ["A", "B"]


def test_each_line_counts_for_the_first_matcher_it_fits() -> None:
    found = selection("needs: {all: [{family: COFFEE}, {total: {min: 1.00}}, {}]}")
    tests = [compile_test(found.selectors[number]) for number in found.bundle[0]]
    rows: list[Row] = [
        {"family": "COFFEE", "total": 500},
        {"family": "TEA", "total": 500},
        {"family": "TEA", "total": 50},
    ]
    assert [[test(row) for test in tests] for row in rows] == [
        [True, False, False],
        [False, True, False],
        [False, False, True],
    ]
