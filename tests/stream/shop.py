"""A small programme with money in it, events for it, and ledgers to stream into."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from guerdon.engine.events.event import Event, Parked, Refused
from guerdon.engine.events.normalise import Door, Normaliser
from guerdon.rules import read_programme
from guerdon.rules.program import Program

FILES = {
    "business.yaml": """
business:
  id: corner
  name: Corner
  currency: EUR
  time_zone: Europe/Berlin
  redeem: automatic
  attributes:
    event: {weather: string}
merchants:
  - {id: bakery, name: Bakery, venues: [{id: bakery-north}]}
""",
    "pools.yaml": """
pools:
  - {id: anywhere, valid: {for: 30d}}
""",
    "everyday.yaml": """
scheme: {id: everyday, title: Everyday, state: active, sign_up: auto, funding: {merchant: 0%}}
offers:
  - {id: ten-percent, title: Ten percent, state: active, goal: spend, award: {percent: 10}}
  - id: rainy
    title: Rainy
    state: active
    goal: spend
    event: {weather: rain, total: {min: 10.00}}
    award: {amount: 1.00}
    caps: [{amount: 50.00, per: offer}]
  - id: fifth
    title: Every fifth
    state: active
    goal: visits
    goals: {of: [{visits: 5, per: month}], repeat: true}
    award: {amount: 2.00}
""",
}
START = "2026-03-05T08:00:00Z"


@cache
def program() -> Program:
    """The programme, compiled."""
    reading = read_programme(None, FILES)
    assert reading.program is not None, reading.errors
    return reading.program


def write_programme(folder: Any) -> Any:
    """The programme as a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return folder


def purchase(number: int, contacts: int = 20, **told: Any) -> dict[str, Any]:
    """The ``number``-th purchase of a feed; one a minute, contacts in turn."""
    day, minute = divmod(number, 600)
    time = f"2026-03-{5 + day % 20:02d}T{8 + minute // 60:02d}:{minute % 60:02d}:00Z"
    weather = {"attributes": {"weather": "rain" if number % 3 else "sun"}}
    purchased = {"id": f"p{number}", "source": "tills", "type": "purchase", "contact": f"c{number % contacts}"}
    return purchased | {"time": time, "total": f"{5 + number % 37}.50"} | weather | told


def lines(records: list[dict[str, Any]]) -> bytes:
    """Records as JSON Lines."""
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def events(records: list[dict[str, Any]]) -> list[Event | Refused | Parked]:
    """Records, normalised; the operator tells them."""
    normaliser = Normaliser(program(), Door(permits_all=True, from_now=False))
    return [normaliser.normalise(record, 1_800_000_000_000_000) for record in records]
