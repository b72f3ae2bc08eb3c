"""The journal of one event as people read it: awards, refusals and transfers, every number turned into a name."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from guerdon.engine.codes import EventType, Outcome, Reason, TransferKind
from guerdon.engine.events.times import zone
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.ledger.reading import LoggedEvent
from guerdon.engine.report.naming import account_name, amount_text, decimal_of, derived_id, local_text
from guerdon.engine.report.reasons import Measures, figures, sentence
from guerdon.engine.rows import FOREVER, REQUEST_CARD
from guerdon.rules.program import Offer, Program

CURRENCY_UNIT = 1  # rows.TRANSFER.unit, where the wallet holds points
REQUESTS = {1: "spend", 2: "redeem", 3: "payout", 4: "card", 5: "exchange"}


@dataclass(frozen=True, slots=True)
class Given:
    """One award: what it gave, from what, who bore it. ``earning`` is the money that its form was computed from."""

    award: str
    event: str
    offer: str
    title: str
    contact: str
    pool: str
    amount: Decimal
    earning: Decimal
    wins: int
    funders: dict[str, Decimal]
    clipped: Decimal
    clipped_by: str | None
    debt_repaid: Decimal
    usable: str
    expires: str | None


@dataclass(frozen=True, slots=True)
class Withheld:
    """One refusal of an offer or a request, in words and figures."""

    event: str
    offer: str | None
    request: str | None
    code: str
    why: str
    figures: str
    winner: str | None
    lost: Decimal


@dataclass(frozen=True, slots=True)
class Moved:
    """One transfer."""

    transfer: str
    kind: str
    debit: str
    credit: str
    amount: Decimal
    offer: str | None
    at: str


@dataclass(frozen=True, slots=True)
class Journal:
    """One event of the log with everything that it caused."""

    seq: int
    source: str
    id: str
    type: str
    time: str
    contact: str | None
    merchant: str | None
    outcome: str
    reason: str | None
    programme: str
    given: tuple[Given, ...]
    withheld: tuple[Withheld, ...]
    moved: tuple[Moved, ...]

    def as_json(self) -> dict[str, Any]:
        """The object that ``explain --json`` prints."""
        return {name: _plain(getattr(self, name)) for name in self.__slots__}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [{name: getattr(item, name) for name in item.__slots__} for item in value]
    return value


class JournalReader:
    """Reads journals of one ledger under one programme."""

    def __init__(self, ledger: Ledger, program: Program) -> None:
        self.ledger = ledger
        self.program = program
        self.digits = program.business.unit.digits
        self.currency_digits = program.business.digits
        self.local = zone(program.business.time_zone).local
        self.offers: dict[str, Offer] = {offer.id: offer for offer in program.offers}
        self.measures = Measures.of(program, self.instant)

    def instant(self, time: int) -> str:
        """µs UTC as local text."""
        return local_text(self.local(time))

    def name_of(self, kind: str, number: int) -> str:
        """The name of a registered number; '' for none."""
        return self.ledger.names.id(kind, number)

    def read(self, event: LoggedEvent, refusals: np.ndarray | None = None) -> Journal:
        """The journal of an event. ``refusals`` (REFUSAL) stand for the stored ones where all were worked out."""
        stored = self.ledger.refusals_of(event.seq) if refusals is None else refusals
        version = self.ledger.programmes()[event.version][0] if event.version else ""
        return Journal(
            seq=event.seq,
            source=self.name_of("source", event.source),
            id=event.id,
            type=EventType(event.type).name.lower() if event.type else "unknown",
            time=self.instant(event.time),
            contact=self.name_of("contact", event.contact) or None,
            merchant=self.name_of("merchant", event.merchant) or None,
            outcome=Outcome(event.outcome).name.lower(),
            reason=Reason(event.reason).name.lower() if event.reason else None,
            programme=version,
            given=tuple(self.given(event, row) for row in self.ledger.awards_of(event.seq)),
            withheld=tuple(self.withheld(event, row) for row in stored),
            moved=tuple(self.moved(row) for row in self.ledger.transfers_of(event.seq)),
        )

    def given(self, event: LoggedEvent, row: np.void) -> Given:
        """An award of the event in words."""
        offer = self.name_of("offer", int(row["offer"]))
        amount, part = int(row["amount"]), int(row["merchant_part"])
        known = self.offers.get(offer)
        funder = (known.owner if known else None) or self.name_of("merchant", int(row["merchant"]))
        shares = {"business": amount - part, funder: part}
        contact = self.name_of("contact", int(row["contact"]))
        scheme = self.name_of("scheme", int(row["scheme"]))
        return Given(
            award=f"{event.seq}:{row['n']}",
            event=derived_id(event.id, int(row["cause"]), scheme, contact, self.local(int(row["earned_at"]))),
            offer=offer,
            title=known.title if known else offer,
            contact=contact,
            pool=self.name_of("pool", int(row["pool"])),
            amount=decimal_of(amount, self.digits),
            earning=decimal_of(int(row["earning"]), self.currency_digits),
            wins=int(row["wins"]),
            funders={name: decimal_of(minor, self.digits) for name, minor in shares.items() if minor},
            clipped=decimal_of(int(row["clipped"]), self.digits),
            clipped_by=Reason(int(row["clipped_by"])).name.lower() if row["clipped_by"] else None,
            debt_repaid=decimal_of(int(row["debt_repaid"]), self.digits),
            usable=self.instant(int(row["usable_at"])),
            expires=None if row["expires_at"] == FOREVER else self.instant(int(row["expires_at"])),
        )

    def withheld(self, event: LoggedEvent, row: np.void) -> Withheld:
        """A refusal of the event in words."""
        offer = self.name_of("offer", int(row["offer"])) or None
        reason = int(row["reason"])
        known = self.offers.get(offer or "")
        scheme = self.name_of("scheme", int(row["scheme"]))
        measures = self.measures.in_currency() if row["request"] == REQUEST_CARD else self.measures
        return Withheld(
            event=derived_id(event.id, int(row["cause"]), scheme, "", self.local(event.time)),
            offer=offer,
            request=REQUESTS.get(int(row["request"])),
            code=Reason(reason).name.lower(),
            why=sentence(reason),
            figures=figures(measures, known, reason, int(row["needed"]), int(row["had"])),
            winner=self.name_of("offer", int(row["winner"])) or None,
            lost=decimal_of(int(row["lost"]), self.digits),
        )

    def moved(self, row: np.void) -> Moved:
        """A transfer in words."""
        digits = self.currency_digits if row["unit"] == CURRENCY_UNIT else self.digits
        return Moved(
            transfer=f"{row['seq']}:{row['n']}",
            kind=TransferKind(int(row["kind"])).name.lower(),
            debit=account_name(int(row["debit"]), self.name_of),
            credit=account_name(int(row["credit"]), self.name_of),
            amount=decimal_of(int(row["amount"]), digits),
            offer=self.name_of("offer", int(row["offer"])) or None,
            at=self.instant(int(row["effective_at"])),
        )

    def amount(self, minor: int) -> str:
        """An amount of the wallet as text."""
        return amount_text(minor, self.digits)
