"""docs/faults.md leaves none out, and what it names is there."""

from __future__ import annotations

import re

import pytest

from tests.pages import ROOT, check_held

PAGE = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
ROWS = [line.removeprefix("| ").removesuffix(" |").split(" | ") for line in PAGE.splitlines() if line.startswith("| F")]
# Every fourth number, from 3 on, was given to nothing.
EXPECTED = [f"F{n}" for n in range(1, 113) if n % 4 != 3]


def test_every_fault_has_its_row_and_only_one() -> None:
    assert [row[0] for row in ROWS] == EXPECTED
    assert all(len(row) == 3 for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row[0]))
def test_it_is_held_by_what_is_there_or_was_left_out_for_a_reason(row: list[str]) -> None:
    check_held(row[2], least_signs=40)
    assert all("::" in place for place in re.findall(r"`(tests/[^`]+\.py[^`]*)`", row[2]))
