"""What is remarked of goals, caps and funders, and what is not: one idea a line, each beside its nearest neighbour."""

from __future__ import annotations

import pytest

from guerdon.rules import read_programme

_BUSINESS = """\
business:
  id: corner
  currency: EUR
  time_zone: Europe/Nicosia
  venues: [shop]
  attributes: {contact: {birth_date: {type: date, personal: true}}}
merchants: [{id: bakery, venues: [{id: north}]}]
terms: [{merchant: bakery}]
"""


def remarks(offer: str, scheme: str = "") -> set[str]:
    """Codes of the lints of a programme with one offer."""
    club = f"scheme: {{id: club{scheme}}}\noffers:\n  - {{id: a, {offer}}}\n"
    reading = read_programme(None, {"business.yaml": _BUSINESS, "club.yaml": club})
    assert reading.program is not None, reading.problems
    return {problem.code for problem in reading.problems}


def goals(of: str, more: str = "", goal: str = "visits") -> str:
    return f"goal: {goal}, goals: {{of: [{of}]{more}}}, award: {{amount: 1.00}}"


@pytest.mark.parametrize(
    ("offer", "never"),
    [
        (goals("{visits: 7, per: week, distinct: day}"), False),
        (goals("{visits: 8, per: week, distinct: day}"), True),
        (goals("{visits: 8, per: week}"), False),
        (goals("{visits: 31, per: month, distinct: day}"), False),
        (goals("{visits: 32, per: month, distinct: day}"), True),
        (
            goals("{visits: 4, per: lifetime, distinct: day}") + ", available: {from: 2026-01-01, until: 2026-01-04}",
            True,
        ),
        (
            goals("{visits: 3, per: lifetime, distinct: day}") + ", available: {from: 2026-01-01, until: 2026-01-04}",
            False,
        ),
        (goals("{visits: 8, per: week, distinct: day}, {visits: 9, per: week}", ", reach: any"), False),
        (goals("{visits: 8, per: week, distinct: day}, {visits: 9, per: week}"), True),
        (
            goals("{streak: 3, per: week, each: {visits: 1}}") + ", available: {from: 2026-01-01, until: 2026-01-08}",
            True,
        ),
        (
            goals("{streak: 2, per: week, each: {visits: 1}}") + ", available: {from: 2026-01-01, until: 2026-01-08}",
            False,
        ),
    ],
)
def test_goals_that_no_window_holds(offer: str, never: bool) -> None:
    assert ("never-wins" in remarks(offer)) is never


REPEATED = goals("{visits: 3, per: month}", ", repeat: true")


@pytest.mark.parametrize(
    ("offer", "above"),
    [
        (f"{REPEATED}, caps: [{{times: 1, per: contact, each: month}}]", True),
        (f"{REPEATED}, caps: [{{times: 1, per: contact, each: year}}]", True),
        (f"{REPEATED}, caps: [{{times: 1, per: contact}}]", True),
        (f"{REPEATED}, caps: [{{times: 2, per: contact, each: month}}]", False),
        (f"{REPEATED}, caps: [{{times: 1, per: contact, each: week}}]", False),
        (f"{REPEATED}, caps: [{{times: 1, per: offer, each: month}}]", False),
        (f"{REPEATED}, caps: [{{times: 1, per: contact, each: {{rolling: 30d}}}}]", False),
        (goals("{visits: 3, per: month}") + ", caps: [{times: 1, per: contact, each: month}]", False),
        (goals("{visits: 3, per: week}", ", repeat: true") + ", caps: [{times: 1, per: contact, each: month}]", False),
        (goals("{visits: 3, per: week}", ", repeat: true") + ", caps: [{times: 1, per: contact, each: week}]", True),
    ],
)
def test_caps_that_let_one_win_of_many_through(offer: str, above: bool) -> None:
    assert ("goal-above-cap" in remarks(offer)) is above


@pytest.mark.parametrize(("cap", "above"), [("9.98", True), ("9.99", False), ("10.00", False)])
def test_caps_below_what_the_goal_gives(cap: str, above: bool) -> None:
    """10% of 100.00, less a cent for what is rounded."""
    offer = "goal: spend, goals: {of: [{spend: 100.00, per: month}]}, award: {percent: 10, of: progress}"
    assert ("goal-above-cap" in remarks(f"{offer}, caps: [{{amount: {cap}, per: contact, each: month}}]")) is above


@pytest.mark.parametrize(
    ("offer", "missing"),
    [
        ("goal: spend, at: {venues: [shop]}, funding: {merchant: 50%}, award: {percent: 1}", True),
        ("goal: spend, at: {venues: [shop, north]}, funding: {merchant: 50%}, award: {percent: 1}", False),
        ("goal: spend, at: {venues: [north]}, funding: {merchant: 50%}, award: {percent: 1}", False),
        ("goal: spend, at: {merchants: [bakery]}, funding: {merchant: 50%}, award: {percent: 1}", False),
        ("goal: spend, funding: {merchant: 50%}, award: {percent: 1}", False),
        ("goal: spend, at: {venues: [shop]}, funding: {merchant: 0%}, award: {percent: 1}", False),
        ("goal: membership, type: birthday, funding: {merchant: 50%}, award: {amount: 1.00}", True),
        ("goal: membership, type: birthday, owner: bakery, funding: {merchant: 50%}, award: {amount: 1.00}", False),
    ],
)
def test_funders_that_no_event_is_at(offer: str, missing: bool) -> None:
    assert ("missing-funder" in remarks(offer)) is missing
