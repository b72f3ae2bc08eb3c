"""docs/behaviours.md leaves none out, and what it names is there."""

from __future__ import annotations

import re

import pytest

from tests.pages import ROOT, check_held

PAGE = (ROOT / "docs" / "behaviours.md").read_text(encoding="utf-8")
ROWS = [line.split(" | ", 2) for line in PAGE.splitlines() if re.match(r"\| [SR]\d+ \|", line)]
HELD = {row[0].removeprefix("| "): row[2].removesuffix(" |") for row in ROWS}
# Every fourth number of the lists, from 3 on, was given to nothing.
EXPECTED = [f"{letter}{n}" for letter, last in (("S", 134), ("R", 138)) for n in range(1, last + 1) if n % 4 != 3]


def test_every_behaviour_has_its_row_and_only_one() -> None:
    assert [row[0].removeprefix("| ") for row in ROWS] == EXPECTED


@pytest.mark.parametrize("number", EXPECTED)
def test_it_is_held_by_what_is_there_or_was_left_out_for_a_reason(number: str) -> None:
    check_held(HELD[number], least_signs=20)


def test_a_case_that_says_what_it_holds_is_not_forgotten() -> None:
    for path in (*ROOT.glob("tests/cases/own/care/*.yaml"), *ROOT.glob("schemes/*/cases/*.yaml")):
        found = re.search(r"^source: (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        for number in re.findall(r"\b[SR]\d+\b", found[1]) if found else ():
            assert number not in HELD or "`" in HELD[number], f"{path.name} holds {number}"
