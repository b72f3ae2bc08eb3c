"""A shop whose offers test personal attributes in every way that there is, and a ledger that its events go to."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from guerdon.engine.events.admission import admit
from guerdon.engine.events.normalise import CASE, Normaliser
from guerdon.engine.ledger.audit import verify
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.pipeline import Run
from guerdon.engine.replaying import replay
from guerdon.rules.program import Program

from ..engines import new
from .desk import NOW, compiled, programme

BUSINESS = """
business:
  id: shop
  name: The Shop
  currency: EUR
  time_zone: Europe/Nicosia
  redeem: on_request
  attributes:
    contact:
      name: {type: string, personal: true}
      size: {type: integer, personal: true}
      score: {type: decimal, personal: true}
      keen: {type: boolean, personal: true}
      since: {type: date, personal: true}
      birth_date: {type: date, personal: true}
    event: {mood: {type: string, personal: true}, guests: {type: integer, personal: true}, weather: string}
    line: {engraving: {type: string, personal: true}, weight: {type: decimal, personal: true}, colour: string}
segments:
  - {id: ann, contacts: {name: {like: "An*"}}}
  - {id: tall, contacts: {any_of: [{size: {min: 44}}, {score: {above: 1.5}}]}}
scheme: {id: club, sign_up: auto}
offers:
"""
# What one test of a personal attribute may look like, by where it stands in an offer.
TESTS = {
    "contact": (
        "name: Ann", "name: [Bob, Cid]", "name: {not: Ann}", "name: {not_in: [Ann, Bob]}", 'name: {like: "?n*"}',
        'name: {like_any_case: "*[aeiou]*n"}', "name: {exists: true}", "name: {exists: false}", "size: 42",
        "size: {min: 41, below: 44}", "size: {above: 42}", "size: {max: 40}", "score: {above: 1.5}", "keen: true",
        "keen: {not: true}", "since: {min: 2020-02-01}", "since: today", "since: this_month", "birth_date: this_month",
        "birth_date: {below: 1990-05-04}", "birth_month: 2", "birth_day: today",
        "none_of: [{name: Ann}, {size: {min: 43}}]",
    ),
    "event": (
        "mood: gay", 'mood: {like: "*a*"}', "mood: {not: sad}", "guests: {min: 2}", "guests: [1, 3]",
        "any_of: [{mood: sad}, {guests: {exists: false}}]",
    ),
    "lines": (
        'engraving: {like: "For *"}', "engraving: {exists: true}", "weight: {min: 1.5}", "weight: {not: 2}",
        'engraving: {not_in: ["For Ann", x]}', "none_of: [{weight: 2}]",
    ),
}  # fmt: skip


def offers(start: int, step: int) -> str:
    """An offer for each ``step``-th test, each with an amount of its own."""
    where = [(place, test) for place, tests in TESTS.items() for test in tests][start::step]
    lines = []
    for n, (place, test) in enumerate(where, 1):
        matcher = f"who: {{contact: {{{test}}}}}" if place == "contact" else f"{place}: {{{test}}}"
        lines.append(f"  - {{id: o{start}-{n}, goal: spend, award: {{percent: {n}}}, {matcher}}}")
    return "\n".join(lines)


OF_BOTH = """
  - {id: of-ann, goal: spend, award: {amount: 0.07}, who: {segments: [ann, tall]}}
  - id: twice
    goal: visits
    goals: {of: [{visits: 2, per: year}]}
    award: {amount: 0.50}
    who: {contact: {size: {min: 41}}}
    event: {mood: {not: sad}}
"""
VERSIONS = (
    BUSINESS + offers(0, 2) + OF_BOTH,
    BUSINESS + offers(1, 2) + "\n  - {id: cake, goal: membership, type: birthday, award: {amount: 1.00}}",
    BUSINESS + offers(0, 3) + "\n  - {id: new, goal: spend, award: {amount: 0.03}, who: {contact: {name: Zoe}}}",
)


@cache
def version(place: int) -> Program:
    with tempfile.TemporaryDirectory() as folder:
        return compiled(programme(Path(folder), VERSIONS[place]))


class Shop:
    """A ledger in which time goes on by an hour an event."""

    def __init__(self, url: str = "") -> None:
        self.ledger = Ledger.open(url or new())
        self.hour = 0
        self.bought: list[tuple[str, str]] = []  # contact, id

    def enter(self, place: int) -> None:
        self.program = version(place)
        self.run = Run.open(self.program, self.ledger, rows=64)

    def tell(self, *told: tuple[str, dict[str, Any]]) -> list[str]:
        normaliser = Normaliser(self.program, CASE, self.ledger.codes)
        items = []
        for contact, fields in told:
            self.hour += 1
            day, hour = divmod(self.hour, 24)
            time = f"2026-{2 + day // 28:02}-{1 + day % 28:02} {hour:02}:00"
            record = {"id": f"e{self.hour}", "source": "desk", "time": time, **fields}
            items.append(
                normaliser.normalise(record if fields["type"] == "tick" else {**record, "contact": contact}, NOW)
            )
            if fields["type"] == "purchase":
                self.bought.append((contact, f"e{self.hour}"))
        return [end.outcome.name.lower() for end in self.run.admit(admit(items)).outcomes]

    def erase(self, contact: str) -> None:
        self.tell((contact, {"type": "register"}), (contact, {"type": "enrol"}), (contact, {"type": "close"}))
        assert self.tell((contact, {"type": "erase"})) == ["posted"]

    def give_back(self, contact: str, part: bool) -> None:
        for name, id in self.bought:
            if name == contact and part:
                self.tell((contact, {"type": "return", "of": id, "lines": [{"line": 1, "total": "0.50"}]}))
            elif name == contact:
                self.tell((contact, {"type": "cancel", "of": id}))

    def findings(self) -> list[str]:
        return [str(finding) for finding in verify(self.ledger, replay=replay).findings]
