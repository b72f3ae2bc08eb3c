"""Small histories made up for an offer, played through the real engine: what an example says has happened."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from guerdon.engine.codes import TransferKind
from guerdon.engine.events.admission import admit
from guerdon.engine.events.event import Event
from guerdon.engine.events.normalise import CASE, Normaliser
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.pipeline import Run
from guerdon.rules.canonical import program_from_canonical
from guerdon.rules.program import Program

Told = Mapping[str, Any]
_IN_MEMORY = "sqlite://"
_RECEIVED_AT = 0
_ROWS = 16


@dataclass(frozen=True, slots=True)
class Given:
    """One award of the offer. ``place``: of the event that gave it, among those told; amounts in minor units."""

    place: int
    amount: int
    clipped: int


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of a history: the offer's awards, and what was taken back of them."""

    given: tuple[Given, ...]
    taken_back: int


def open_to_all(program: Program, scheme: str) -> Program:
    """The programme with one scheme running and open to everybody, so that its offers can be tried."""
    said = json.loads(program.canonical)
    said["business"].pop("register", None)
    for each in said["schemes"]:
        if each["id"] == scheme:
            for key in ("sign_up", "state", "holdout"):
                each.pop(key, None)
    return program_from_canonical(json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False))


def tried(program: Program, offer: str, told: Sequence[Told]) -> Trial:
    """Play a history in a ledger of its own, in memory. Costs some ten milliseconds."""
    normaliser = Normaliser(program, CASE)
    records = [{"id": f"e{place}", "source": "terms", **event} for place, event in enumerate(told)]
    items = [normaliser.normalise(record, _RECEIVED_AT) for record in records]
    if not all(isinstance(item, Event) for item in items):
        return Trial((), 0)
    with Ledger.open(_IN_MEMORY) as ledger:
        run = Run.open(program, ledger, rows=_ROWS)
        seqs = run.admit(admit(items, sort=False)).seqs.tolist()
        number = ledger.names.find("offer", offer)
        awards = ledger.frame("award", ["seq", "offer", "amount", "clipped"])
        given = tuple(
            Given(seqs.index(award["seq"]), award["amount"], award["clipped"])
            for award in awards.iter_rows(named=True)
            if award["offer"] == number
        )
        moved = ledger.frame("transfer", ["kind", "offer", "amount"])
        back = (int(TransferKind.AWARD_REVERSAL), int(TransferKind.PRODUCT_REVERSAL))
        taken = sum(
            row["amount"] for row in moved.iter_rows(named=True) if row["offer"] == number and row["kind"] in back
        )
    return Trial(given, taken)
