"""What gives as much: once against each multiple, and step by step."""

from __future__ import annotations

import pytest

from .test_outranked import outranked

WEAK = "goal: spend, group: basket, needs: {quantity: 2, each: true}, award: {amount: 1.00}"


@pytest.mark.parametrize(
    ("strong", "is_outranked"),
    [
        ("award: {amount: 2.00}", False),
        ("needs: {quantity: 2}, award: {amount: 2.00}", False),
        ("needs: {quantity: 2, each: true}, award: {amount: 2.00}", True),
    ],
)
def test_with_each_multiple(strong: str, is_outranked: bool) -> None:
    assert outranked(f"goal: spend, group: basket, {strong}", WEAK) is is_outranked


@pytest.mark.parametrize(("give", "is_outranked"), [("0.05", True), ("0.01", False)])
def test_for_each_step_only_the_same_award_is_as_much(give: str, is_outranked: bool) -> None:
    strong = f"goal: spend, group: basket, award: {{per: 1.00, give: {give}}}"
    assert outranked(strong, "goal: spend, group: basket, award: {per: 1.00, give: 0.05}") is is_outranked
