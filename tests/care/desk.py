"""A ledger in a file that events of a programme are fed to, as cases write them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from guerdon.engine.events.admission import admit
from guerdon.engine.events.normalise import CASE, Normaliser
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.pipeline import Run
from guerdon.rules import read_programme
from guerdon.rules.program import Program

from ..engines import ledger_at

ROOT = Path(__file__).resolve().parents[2]
CARDS = ROOT / "schemes" / "gift_cards"
CERTIFICATES = ROOT / "schemes" / "certificates"
NOW = 1_800_000_000_000_000

SHOP = """
business:
  id: shop
  name: The Shop
  currency: EUR
  time_zone: Europe/Nicosia
  redeem: on_request
  attributes: {contact: {birth_date: {type: date, personal: true}, nickname: {type: string, personal: true}}}
  adjust: {reasons: [goodwill, missing_points], agent_cap: {each: day, amount: 50.00}}
merchants: [{id: bakery}, {id: cafe}]
terms: [{merchant: bakery}, {merchant: cafe}]
rewards: [{id: mug, title: A mug, price: 5.00, stock: 10, terms: t1, cancel_within: 24h}]
scheme: {id: club, sign_up: auto}
offers:
  - {id: ten-back, goal: spend, award: {percent: 10}}
"""


def programme(folder: Path, text: str = SHOP) -> Path:
    """A programme in a folder of its own."""
    made = folder / "programme"
    made.mkdir(exist_ok=True)
    (made / "all.yaml").write_text(text, encoding="utf-8")
    return made


def compiled(folder: Path) -> Program:
    """The programme in a folder; it must be right."""
    reading = read_programme(folder)
    assert [str(problem) for problem in reading.errors] == []
    assert reading.program is not None
    return reading.program


class Desk:
    """A programme, a ledger in a file, and a run that stays open."""

    def __init__(self, folder: Path, source: Path) -> None:
        self.folder, self.source = folder, source
        self.program = compiled(source)
        self.url = ledger_at(folder / "ledger.db")
        self.ledger = Ledger.open(self.url)
        self.run = Run.open(self.program, self.ledger, rows=64)
        self.count = 0

    def feed(self, *told: Mapping[str, Any]) -> dict[str, str]:
        """Feed events in the order told: id → outcome, or outcome and reason."""
        normaliser = Normaliser(self.program, CASE, self.ledger.codes)
        ended = {}
        for fields in told:
            self.count += 1
            record = {"id": f"e{self.count}", "source": "desk", **fields}
            item = normaliser.normalise(record, NOW)
            end = self.run.admit(admit([item])).outcomes[0]
            reason = f" {end.reason.name.lower()}" if end.reason else ""
            ended[str(record["id"])] = end.outcome.name.lower() + reason
        return ended

    def close(self) -> None:
        """Give the ledger up, so that a command can write to it."""
        self.ledger.close()

    def reopen(self) -> None:
        """Take it up again."""
        self.ledger = Ledger.open(self.url)
        self.run = Run.open(self.program, self.ledger, rows=64)
