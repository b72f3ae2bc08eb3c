"""Agreements of one merchant may follow each other; at no time may two of them count."""

from __future__ import annotations

import pytest

from guerdon.rules import read_programme

BUSINESS = "business: {id: corner, currency: EUR, time_zone: Europe/Nicosia}\nmerchants: [{id: bakery}, {id: kiosk}]\n"


def problems(*entries: str, more: str = "") -> list[tuple[str, int, str]]:
    terms = "terms:\n" + "".join(f"  - {{merchant: {entry}}}\n" for entry in entries)
    files = {"business.yaml": BUSINESS, "terms.yaml": terms} | ({"more.yaml": more} if more else {})
    return [(problem.file, problem.line, problem.code) for problem in read_programme(None, files).errors]


def test_one_after_the_other() -> None:
    first, second = "bakery, effective: {until: 2026-03-15}", "bakery, effective: {from: 2026-03-15}"

    assert problems(first, second) == problems(second, first) == []
    assert problems(first, "kiosk", second, "bakery, effective: {from: 2026-05-01}") == [
        ("terms.yaml", 5, "duplicate-id")
    ]


@pytest.mark.parametrize(
    "second",
    [
        "bakery",
        "bakery, effective: {from: 2026-03-14}",
        "bakery, effective: {until: 2026-01-01}",
        "bakery, effective: {from: 2026-01-01, until: 2026-02-01}",
    ],
)
def test_two_at_once(second: str) -> None:
    assert problems("bakery, effective: {until: 2026-03-15}", second) == [("terms.yaml", 3, "duplicate-id")]


def test_all_of_them_stand_in_one_file() -> None:
    more = "terms: [{merchant: bakery, effective: {until: 2026-03-15}}]\n"

    assert problems("bakery, effective: {from: 2026-03-15}", more=more) == [("terms.yaml", 2, "duplicate-id")]
