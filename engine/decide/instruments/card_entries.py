"""What an event did to a card, as later events name it by ``of``: loads, spends and captures, holds.

A record of kind ``card_entry``, its id the event's place in the log; a row of a batch has the card's name behind it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from guerdon.engine.decide.earlier import record_named, seqs_named
from guerdon.engine.rows import Record

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider
    from guerdon.engine.decide.instruments.acting import Act

ENTRY = "card_entry"
LOAD, SPEND, HOLD = "load", "spend", "hold"


class Part(NamedTuple):
    """One transfer of a spend. ``lot``: of the promo money, (0, 0): paid money; ``back``: what was put back of it."""

    n: int
    amount: int
    back: int
    lot: tuple[int, int]
    expires_at: int
    funder: int

    def row(self) -> list[int]:
        """As it is kept."""
        return [self.n, self.amount, self.back, *self.lot, self.expires_at, self.funder]

    @classmethod
    def of(cls, row: list[int]) -> Part:
        """From what was kept."""
        return cls(row[0], row[1], row[2], (row[3], row[4]), row[5], row[6])


def note(act: Act, card: str, fields: dict[str, Any], row: bool = False) -> None:
    """Keep what the event did to a card; ``row``: the card is one of a batch."""
    act.decider.records.put(ENTRY, f"{act.seq}/{card}" if row else str(act.seq), {"card": card, **fields})


def change(decider: Decider, entry: Record, **fields: Any) -> None:
    """Change what is kept of an event."""
    decider.records.put(ENTRY, entry.id, {**entry.fields, **fields})


def entry_named(act: Act) -> Record | None:
    """What the event is ``of``: the entry of an event of that id, or of a row of a batch (``b1/c1``)."""
    named = str(act.event.fields.get("of", ""))
    found = record_named(act.decider, ENTRY, act.event, named)
    at = named.find("/")
    while found is None and at > 0:
        for seq in seqs_named(act.decider, act.event, named[:at]):
            found = found or act.decider.records.get(ENTRY, f"{seq}/{named[at + 1 :]}")
        at = named.find("/", at + 1)
    return found


def seq_of(entry: Record) -> int:
    """Place in the log of the event that made the entry."""
    return int(entry.id.partition("/")[0])
