"""A small town: a programme that keeps all kinds of state, and a year of its purchases as files of JSON Lines.

The year has what a feed has: late returns, repeats, a reference told twice, refusals and lines that nobody can read.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

FILES = {
    "business.yaml": """\
business:
  id: town
  currency: EUR
  time_zone: Europe/Nicosia
  resolution: {mode: all, groups: [{id: basket, mode: best}]}
  wallet:
    limits: [{on: spend, each: day, amount: 6.00, over: clip}]
    fees: [{on: spend, amount: 0.05}]
merchants:
  - {id: bakery, owns_contacts: true, venues: [{id: north, taps: [t1]}]}
  - {id: kiosk, venues: [{id: pier}]}
""",
    "pools.yaml": """\
pools:
  - {id: anywhere, valid: {for: 90d}}
  - {id: coffee, lines: {family: COFFEE}, valid: {for: 30d}}
""",
    "terms.yaml": """\
terms:
  - {merchant: bakery, contribution: 60%, fees: {award: 5%, spend: 2%}, settle: {budget: 400.00}}
  - {merchant: kiosk, contribution: 0%}
""",
    "tiers.yaml": """\
tiers:
  unit_per: 1.00
  window: {from_achieved: 3mo}
  downgrade: one_step
  ladder: [{id: bronze, needs: 0}, {id: silver, needs: 150}, {id: gold, needs: 400}]
""",
    "everyday.yaml": """\
scheme: {id: everyday}
offers:
  - {id: hello, goal: membership, type: sign_up, award: {amount: 1.00}}
  - {id: four-percent, goal: spend, award: {percent: 4}, caps: [{amount: 3.00, per: contact, each: month}]}
  - {id: gold-more, goal: spend, who: {tiers: [gold]}, award: {multiply: 2, offers: [four-percent]}}
  - {id: each-50, goal: spend, goals: {of: [{spend: 50.00, per: month}], repeat: true}, award: {amount: 2.00}}
  - {id: third-visit, goal: visits, goals: {of: [{visits: 3, per: week, distinct: day}]}, award: {amount: 0.75},
     pending: {for: 14d}}
  - {id: coffee, goal: spend, lines: {family: COFFEE}, needs: {quantity: 2}, award: {percent: 20}, pool: coffee,
     group: basket}
  - {id: big, goal: spend, event: {total: {min: 30.00}}, award: {amount: 2.50}, redeem: instant, group: basket,
     caps: [{amount: 300.00, per: offer}], cooldown: 7d}
""",
}
FAMILIES = ("COFFEE", "TEA", "BREAD", "CHEESE")
PLACES: tuple[dict[str, str], ...] = ({}, {}, {"venue": "north"}, {"tap": "t1"}, {"merchant": "kiosk"})
START = datetime(2025, 1, 1, 6, tzinfo=UTC)
Event = dict[str, Any]


def write_programme(folder: Path, changed: dict[str, tuple[str, str]] | None = None) -> Path:
    """The programme's folder; ``changed``: in a file, one text in place of another."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in FILES.items():
        old, new = (changed or {}).get(name, ("", ""))
        assert old in text
        (folder / name).write_text(text.replace(old, new) if old else text)
    return folder


def year(events: int, contacts: int, seed: int = 1) -> list[Event]:
    """So many events from January to December, in the order of their times; the same for the same seed."""
    dice = random.Random(seed)
    minutes = sorted(dice.sample(range(350 * 24 * 60), events))
    told: list[Event] = []
    bought: list[Event] = []
    for number, minute in enumerate(minutes):
        event: Event = {"id": f"e{number}", "time": _at(minute), "contact": f"c{dice.randrange(contacts):03d}"}
        if dice.random() < 0.05 and bought:
            event |= _back(dice, dice.choice(bought[-40:]))
        elif number % 97 == 96:
            del event["contact"]
            event["type"] = "tick"
        else:
            event |= _purchase(dice, number)
            bought.append(event)
        told.append(event)
        if number % 101 == 100:
            told.append(dict(event))  # told twice
    return told


def _at(minute: int) -> str:
    return (START + timedelta(minutes=minute)).isoformat().replace("+00:00", "Z")


def _purchase(dice: random.Random, number: int) -> Event:
    lines = [
        {
            "sku": f"s{dice.randrange(30)}",
            "family": dice.choice(FAMILIES),
            "quantity": str(dice.randint(1, 3)),
            "total": f"{dice.randint(50, 1800) / 100:.2f}",
        }
        for _ in range(dice.randint(1, 3))
    ]
    event: Event = {"type": "purchase", "lines": lines, **dice.choice(PLACES)}
    if dice.random() < 0.3:
        event["spend"] = dice.choice(["max", {"amount": "1.00"}])
    if dice.random() < 0.2:
        event["reference"] = f"INV-{number // 3}"
    if dice.random() < 0.02:
        event["merchant"] = "nobody"
    return event


def _back(dice: random.Random, purchase: Event) -> Event:
    named = {"contact": purchase["contact"], "of": purchase["id"]}
    if dice.random() < 0.3:
        return {"type": "cancel", **named}
    return {"type": "return", **named, "lines": [{"line": 1, "total": purchase["lines"][0]["total"]}]}


def write_events(path: Path, events: Iterable[Event], broken: Sequence[int] = ()) -> Path:
    """A file of JSON Lines; before the events at the places ``broken`` stands a line that nobody can read."""
    lines = []
    for place, event in enumerate(events):
        if place in broken:
            lines.append('{"id": "half a li')
        lines.append(json.dumps(event))
    path.write_text("\n".join(lines) + "\n")
    return path


def by_month(events: Iterable[Event]) -> dict[str, list[Event]]:
    """The events of each month (UTC), in order."""
    months: dict[str, list[Event]] = {}
    for event in events:
        months.setdefault(event["time"][:7], []).append(event)
    return months
