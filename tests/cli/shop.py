"""A small shop and its events, for commands that need a ledger with something in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

BUSINESS = "business: {id: corner, name: Corner Grocers, currency: EUR, time_zone: Europe/Nicosia}\n"
EVERYDAY = """\
scheme: {id: everyday, title: Everyday rewards}
offers:
  - id: five-percent
    title: 5% on everything
    goal: spend
    award: {percent: 5}
    caps: [{amount: 2.00, per: event}]
  - id: every-100
    title: 10.00 for every 100.00
    goal: spend
    goals: {of: [{spend: 100.00, per: month}], repeat: true}
    award: {amount: 10.00}
  - id: asleep
    title: Not yet
    state: inactive
    goal: spend
    award: {amount: 1.00}
"""
EVENTS: tuple[dict[str, Any], ...] = (
    {"id": "p1", "type": "purchase", "contact": "ann", "time": "2026-03-02T09:00:00+02:00", "total": "60.00"},
    {"id": "p2", "type": "purchase", "contact": "ann", "time": "2026-03-03T09:00:00+02:00", "total": "50.00"},
    {
        "id": "p3",
        "type": "purchase",
        "contact": "ann",
        "time": "2026-03-04T09:00:00+02:00",
        "total": "3.00",
        "spend": {"amount": "1.50"},
    },
    {"id": "p4", "type": "purchase", "contact": "bob", "time": "2026-03-04T10:00:00+02:00", "total": "0.05"},
)


def write_shop(folder: Path) -> Path:
    """The programme's folder."""
    shop = folder / "shop"
    shop.mkdir()
    (shop / "business.yaml").write_text(BUSINESS)
    (shop / "everyday.yaml").write_text(EVERYDAY)
    return shop


def write_events(path: Path, *events: dict[str, Any]) -> Path:
    """A file of JSON Lines."""
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    return path
