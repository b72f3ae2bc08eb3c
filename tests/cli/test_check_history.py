"""``check --events``: a history held against the budgets of the rules."""

from __future__ import annotations

import json
from pathlib import Path

from .door import guerdon
from .shop import write_events

BUSINESS = """\
business: {id: corner, currency: EUR, time_zone: Europe/Nicosia}
merchants: [{id: bakery, venues: [{id: b1}]}]
terms: [{merchant: bakery, contribution: 50%, settle: {every: month, budget: 4.00}}]
"""
EVERYDAY = """\
scheme: {id: everyday}
offers:
  - id: tenth
    goal: spend
    award: {percent: 10}
    caps:
      - {amount: 7.00, per: offer}
      - {amount: 50.00, per: offer, each: month}
"""


def shop(folder: Path) -> Path:
    programme = folder / "shop"
    programme.mkdir()
    (programme / "business.yaml").write_text(BUSINESS)
    (programme / "everyday.yaml").write_text(EVERYDAY)
    return programme


def bought(folder: Path, *days: tuple[int, str]) -> Path:
    events = (
        {
            "id": f"p{place}",
            "type": "purchase",
            "contact": "ann",
            "time": f"2026-03-{day:02}T23:30:00+02:00",
            "total": total,
            "merchant": "bakery",
        }
        for place, (day, total) in enumerate(days)
    )
    return write_events(folder / "history.jsonl", *events)


def test_a_budget_that_one_day_would_have_used_up_is_told_at_its_place(tmp_path: Path) -> None:
    programme, history = shop(tmp_path), bought(tmp_path, (2, "30.00"), (3, "50.00"), (3, "30.00"))
    ended = guerdon("check", programme, "--events", history)
    assert ended.code == 0, ended.err
    lints = [line for line in ended.out.splitlines() if "budget-below-a-day" in line]
    assert f"{programme}/everyday.yaml:7:10: lint[budget-below-a-day]: offer 'tenth' would have given 8.00" in lints[0]
    assert "on 2026-03-03 alone" in lints[0]
    assert ended.out.splitlines()[-1] == "0 errors, 1 lint; a history of 3 events was run in memory"


def test_a_merchants_ceiling_is_held_against_what_it_would_have_borne(tmp_path: Path) -> None:
    programme, history = shop(tmp_path), bought(tmp_path, (2, "60.00"), (2, "40.00"))
    said = json.loads(guerdon("check", programme, "--events", history, "--json").out)
    assert [(p["code"], p["file"], p["line"]) for p in said["problems"]] == [
        ("budget-below-a-day", "business.yaml", 3),
        ("budget-below-a-day", "everyday.yaml", 7),
    ]
    assert said["largest_days"] == {
        "offers": {"tenth": {"date": "2026-03-02", "amount": "10.00"}},
        "merchants": {"bakery": {"date": "2026-03-02", "amount": "5.00"}},
    }


def test_a_day_that_the_budget_just_bears_is_no_lint(tmp_path: Path) -> None:
    programme, history = shop(tmp_path), bought(tmp_path, (2, "70.00"), (3, "70.00"))
    said = json.loads(guerdon("check", programme, "--events", history, "--json").out)
    assert (said["lints"], said["events"]) == (0, 2)
