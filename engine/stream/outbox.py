"""What subscribers are told of a chunk: how each event ended, and what it moved in whose wallet."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from guerdon.engine.codes import EventType, Outcome, OwnerKind, Reason, Role, account_parts
from guerdon.engine.events.fields import TYPE_NAMES
from guerdon.engine.events.times import text
from guerdon.engine.ledger.chunk import Chunk, Message
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.ledger.store import as_list
from guerdon.rules.program import Program

OUTCOME, WALLET = "outcome", "wallet"


class Outbox:
    """Makes the messages of chunks for one programme; the ledger writes them in the chunk's transaction."""

    def __init__(self, program: Program, ledger: Ledger) -> None:
        self._names = ledger.names
        self._digits = {0: program.business.unit.digits, 1: program.business.digits}

    def messages(self, chunk: Chunk) -> list[Message]:
        """The messages about a chunk's events, in the order of the log; the event's outcome before what it moved."""
        awards, moves = self._awards(chunk), self._moves(chunk)
        found: list[Message] = []
        told = zip(chunk.log, as_list(chunk.ids), strict=True)
        for row, id in told:
            if row["type"] != EventType.PROGRAMME:
                found += self._of_event(row, id, awards, moves)
        for seq in sorted(set(moves) - set(chunk.log["seq"].tolist())):  # of events that had waited
            found += self._wallets(seq, 1, moves.pop(seq), {})
        return found

    def _of_event(self, row: Any, id: str, awards: dict[int, list[Any]], moves: dict[int, Any]) -> Iterator[Message]:
        seq, contact = int(row["seq"]), int(row["contact"])
        event = {
            "source": self._names.id("source", int(row["source"])),
            "id": id,
            "type": TYPE_NAMES.get(EventType(int(row["type"]))) if row["type"] else None,
            "time": text(int(row["time"])),
        }
        told = {
            "kind": OUTCOME,
            "seq": seq,
            "event": event,
            "contact": self._names.id("contact", contact) or None,
            "outcome": Outcome(int(row["outcome"])).name.lower(),
            "reason": Reason(int(row["reason"])).name.lower() if row["reason"] else None,
            "awards": awards.get(seq, []),
        }
        yield Message(seq, 1, contact, OUTCOME, _json(told))
        yield from self._wallets(seq, 2, moves.pop(seq, {}), event)

    def _wallets(self, seq: int, first: int, moved: dict[int, Any], event: dict[str, Any]) -> Iterator[Message]:
        for n, (contact, changes) in enumerate(sorted(moved.items()), first):
            told = {"kind": WALLET, "seq": seq, "event": event, "contact": self._names.id("contact", contact) or None}
            shown = {pot: self._amount(minor, unit) for (pot, unit), minor in sorted(changes.items()) if minor}
            if shown:
                yield Message(seq, n, contact, WALLET, _json({**told, "changes": shown}))

    def _awards(self, chunk: Chunk) -> dict[int, list[Any]]:
        """Awards by the seq of their event."""
        found: dict[int, list[Any]] = defaultdict(list)
        for award in chunk.awards:
            told = {
                "offer": self._names.id("offer", int(award["offer"])),
                "contact": self._names.id("contact", int(award["contact"])),
                "amount": self._amount(int(award["amount"]), 0),
                "pool": self._names.id("pool", int(award["pool"])) or None,
            }
            found[int(award["seq"])].append(told)
        return found

    def _moves(self, chunk: Chunk) -> dict[int, dict[int, dict[tuple[str, int], int]]]:
        """What moved in wallets: seq → contact → (pot, unit) → minor units, in less out."""
        found: dict[int, dict[int, dict[tuple[str, int], int]]] = {}
        for transfer in chunk.transfers:
            for side, sign in (("debit", -1), ("credit", 1)):
                kind, owner, role = account_parts(int(transfer[side]))
                if kind == OwnerKind.CONTACT:
                    pots = found.setdefault(int(transfer["seq"]), {}).setdefault(owner, {})
                    pot = (self._pot(role), int(transfer["unit"]))
                    pots[pot] = pots.get(pot, 0) + sign * int(transfer["amount"])
        return found

    def _pot(self, role: int) -> str:
        if role >= Role.COMMERCE:
            return f"commerce:{self._names.id('pool', role - Role.COMMERCE)}"
        return {Role.OPEN_PAYABLE: "open:payable"}.get(Role(role), Role(role).name.lower())

    def _amount(self, minor: int, unit: int) -> str:
        return f"{Decimal(minor).scaleb(-self._digits[unit]):f}"


def _json(told: dict[str, Any]) -> str:
    return json.dumps(told, separators=(",", ":"), ensure_ascii=False)
