"""A generated year of the town: awards, spends, returns, expiries, payouts, a prepaid budget, settled months."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from .shop import FILES, OTHER_IBAN, Town, bought

PREPAID = FILES | {
    "terms.yaml": FILES["terms.yaml"].replace("settle: {every: week}", "settle: {every: month, mode: prepaid}"),
    "town.yaml": FILES["town.yaml"].replace("redeem: instant}\n  - {id: gym", "valid: {for: 30d}}\n  - {id: gym"),
}
CONTACTS = ("ann", "ben", "cleo", "dan")


def events(seed: int, purchases: int = 400) -> Iterator[dict[str, Any]]:
    """The year's events in the order of their times."""
    chance = random.Random(seed)
    told: list[tuple[datetime, dict[str, Any]]] = []
    opened = datetime(2025, 1, 1, 8)
    for contact in CONTACTS:
        method = {"kind": "iban", "reference": OTHER_IBAN}
        told.append((opened, {"id": f"r-{contact}", "type": "register", "contact": contact, "payment_method": method}))
    told.append((opened, {"id": "load", "type": "budget_loaded", "merchant": "cinema", "amount": "900.00"}))
    for number in range(purchases):
        at = datetime(2025, 1, 1, 9) + timedelta(minutes=chance.randrange(364 * 24 * 60))
        merchant, contact = chance.choice(("bakery", "bakery", "cinema", "gym")), chance.choice(CONTACTS)
        total = f"{chance.randrange(100, 9_000) / 100:.2f}"
        more = {"spend": "max"} if chance.random() < 0.4 else {}
        told.append((at, bought(f"p{number}", "", total, merchant, contact, **more)))
        back = {"contact": contact, "merchant": merchant, "of": f"p{number}"}
        if chance.random() < 0.1:
            later = at + timedelta(days=chance.randrange(1, 40))
            kind = chance.choice(({"type": "cancel"}, {"type": "return", "amount": "0.75"}))
            told.append((later, {"id": f"k{number}", **kind, **back}))
    told += [(datetime(2025, month, 1), {"id": f"t{month}", "type": "tick"}) for month in range(2, 13)]
    for at, event in sorted(told, key=lambda pair: pair[0]):
        if at < datetime(2025, 12, 31, 23):
            yield {**event, "time": at.isoformat(" ", "minutes")}


def lived(folder: Path, seed: int = 7, purchases: int = 400) -> Town:
    """The town after the year: each month's statements are closed as it goes, and most are paid."""
    town = Town(folder, files=PREPAID)
    waiting = list(events(seed, purchases))
    for month in range(1, 13):
        ends = date(2025 + month // 12, month % 12 + 1, 1).isoformat()
        town.tell(*[event for event in waiting if event["time"] < ends])
        waiting = [event for event in waiting if event["time"] >= ends]
        steps = [["approve", "send", "pay"], ["approve", "send", "fail"], ["approve"], []][month % 4]
        town.settle(f"2025-{month:02d}", steps, at=f"{ends} 06:00")
    return town
