"""A contact's history in one ordered list: what happened, what was awarded, redeemed, spent, expired."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.report.journal import Journal, JournalReader
from guerdon.engine.report.wallet import contact_number
from guerdon.rules.program import Program

# What a member reads of a transfer of their own wallet; the others are the business's affair.
_VERBS = {
    "vest": "became usable",
    "redeem": "redeemed",
    "spend": "spent",
    "wallet_fee": "fee",
    "hold": "held",
    "capture": "captured",
    "void": "freed",
    "payout": "sent to payment",
    "payout_confirmed": "paid out",
    "payout_failed": "payment failed, back",
    "expiry": "expired",
    "award_reversal": "award taken back",
    "redeem_reversal": "redeem put back",
    "spend_reversal": "spend given back",
    "wallet_fee_reversal": "fee given back",
    "adjust": "adjusted",
    "transfer": "transferred",
    "merge": "merged",
    "forfeit": "forfeited",
    "exchange": "exchanged for a reward",
    "exchange_reversal": "exchange cancelled",
    "compensation": "compensation taken back",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One event in a contact's history. ``parts`` are (what, amount, offer or pool)."""

    time: str
    event: str
    type: str
    outcome: str
    reason: str | None
    parts: tuple[tuple[str, Decimal, str], ...]

    def as_json(self) -> dict[str, Any]:
        """One entry of ``timeline --json``."""
        whole = {name: getattr(self, name) for name in self.__slots__}
        whole["parts"] = [{"what": what, "amount": amount, "of": of} for what, amount, of in self.parts]
        return whole


def journals_of(ledger: Ledger, program: Program, contact: str) -> list[Journal]:
    """The journals of every event that names or touches a contact, in the order of the log."""
    number = contact_number(ledger, contact)
    reader = JournalReader(ledger, program)
    return [reader.read(event) for event in ledger.events(ledger.events_of_contact(number))]


def timeline_of(ledger: Ledger, program: Program, contact: str) -> list[Entry]:
    """The history of a contact, oldest first. Events that moved nothing of theirs are kept: they happened."""
    return [entry_of(journal, contact) for journal in journals_of(ledger, program, contact)]


def entry_of(journal: Journal, contact: str) -> Entry:
    """What one event was to a contact."""
    parts: list[tuple[str, Decimal, str]] = [
        ("awarded", given.amount, given.offer) for given in journal.given if given.contact == contact
    ]
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    mine = f"{contact}/"
    for moved in journal.moved:
        if moved.kind in _VERBS and (moved.debit.startswith(mine) or moved.credit.startswith(mine)):
            sums[_VERBS[moved.kind], moved.offer or ""] += moved.amount
    parts += [(what, amount, of) for (what, of), amount in sums.items()]
    parts += [(f"{item.request} refused: {item.code}", item.lost, "") for item in journal.withheld if item.request]
    return Entry(journal.time, journal.id, journal.type, journal.outcome, journal.reason, tuple(parts))
