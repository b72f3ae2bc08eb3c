"""Missing points: a customer names a receipt and a day, and says that nothing came of it (spec 7).

What the ledger knows of the receipt decides what can be done; only where nothing of it has arrived is there something
to give, by an ``adjust`` that names the receipt, so that the purchase, when it comes, takes it back.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, select

from guerdon.engine.codes import EventType, Outcome, Reason
from guerdon.engine.decide.kept import RETURNED
from guerdon.engine.events.reading import compared
from guerdon.engine.events.times import zone
from guerdon.engine.ledger import tables
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.ledger.reading import LoggedEvent
from guerdon.engine.report.journal import Journal, JournalReader
from guerdon.engine.report.naming import date_text
from guerdon.rules.program import Program

CREDITED, NOTHING_GIVEN, CANCELLED = "credited", "nothing_given", "cancelled"
COMPENSATED, ANOTHERS, OTHER_DAY = "compensated", "anothers", "other_day"
REFUSED, NOT_RECEIVED = "refused", "not_received"

_ADVICE = {
    CREDITED: "the purchase is here and was awarded; tell the customer what it gave",
    NOTHING_GIVEN: "the purchase is here and gave nothing; guerdon explain says why",
    CANCELLED: "the purchase is here and was cancelled",
    COMPENSATED: "this receipt was compensated already; the purchase itself has not come",
    ANOTHERS: "the receipt is another contact's; nothing can be given for it",
    OTHER_DAY: "the receipt is here, but of another day; ask for the right one",
    REFUSED: "the purchase came and was not taken; its reason says why",
    NOT_RECEIVED: "nothing of it has come; it can be given by an adjust that names the receipt",
}
_E = tables.event.c
_TOLD = (
    select(_E.seq)
    .where(
        _E.reference == bindparam("told"),
        _E.type == int(EventType.PURCHASE),
    )
    .order_by(_E.seq)
)


@dataclass(frozen=True, slots=True)
class Claim:
    """What is known of a receipt. ``finding``: a word above; ``awarded``: what it gave, reversals left out."""

    finding: str
    advice: str
    event: str | None = None
    time: str | None = None
    contact: str | None = None
    outcome: str | None = None
    reason: str | None = None
    awarded: Decimal | None = None
    adjust: dict[str, str] | None = None

    def as_json(self) -> dict[str, Any]:
        """The object that ``claim --json`` prints."""
        return {name: getattr(self, name) for name in self.__slots__}


def claim(
    ledger: Ledger, program: Program, contact: str, reference: str, *, merchant: str = "", series: str = "",
    day: str | None = None, journals: JournalReader | None = None,
) -> Claim:  # fmt: skip
    """Look a receipt up by merchant ('' the business itself), series and reference; ``day`` as 2026-03-06, local.

    Without a holder of the receipt, purchases that were told of it and not taken are looked at too. ``journals``: who
    reads the event, if its time is to be said otherwise than in local time.
    """
    number = ledger.names.find("merchant", merchant) if merchant else 0
    journals = journals or JournalReader(ledger, program)
    known = bool(number) or not merchant
    seq = ledger.event_by_reference(number, compared(series), compared(reference)) if known else 0
    if not seq:
        return _never_taken(journals, contact, reference, number, merchant, series)
    event = ledger.events([seq])[0]
    journal = journals.read(event)
    return _of(_finding(ledger, program, event, journal, contact, day), journal)


def _finding(
    ledger: Ledger, program: Program, event: LoggedEvent, journal: Journal, contact: str, day: str | None
) -> str:
    if journal.contact != contact:
        return ANOTHERS
    if event.type == EventType.ADJUST:
        return COMPENSATED
    local = zone(program.business.time_zone).local(event.time)
    if day is not None and date_text(local) != day:
        return OTHER_DAY
    if not journal.given:
        return NOTHING_GIVEN
    returned = ledger.records.one(RETURNED, str(event.seq))
    return CANCELLED if returned is not None and returned.fields.get("cancelled") else CREDITED


def _never_taken(
    journals: JournalReader, contact: str, reference: str, number: int, merchant: str, series: str
) -> Claim:
    """A purchase of that receipt that was refused or waits; else nothing of it has come."""
    ledger, program = journals.ledger, journals.program
    for (seq,) in ledger.store.rows(_TOLD, told=reference.strip()):
        event = ledger.events([int(seq)])[0]
        if event.merchant != number or event.series != series or event.outcome == Outcome.POSTED:
            continue
        journal = journals.read(event)
        if journal.contact in (contact, None) and event.reason != Reason.SAME_REFERENCE:
            return _of(REFUSED, journal)
    told = {"type": "adjust", "contact": contact, "reference": reference}
    told |= {"merchant": merchant} if merchant else {}
    told |= {"series": series} if series else {}
    if "missing_points" in program.business.adjust_reasons:
        told["reason"] = "missing_points"
    return Claim(NOT_RECEIVED, _ADVICE[NOT_RECEIVED], adjust=told)


def _of(finding: str, journal: Journal) -> Claim:
    mine = finding != ANOTHERS  # of another contact nothing is told
    return Claim(
        finding,
        _ADVICE[finding],
        event=journal.id if mine else None,
        time=journal.time if mine else None,
        contact=journal.contact if mine else None,
        outcome=journal.outcome if mine else None,
        reason=journal.reason if mine else None,
        awarded=sum((given.amount for given in journal.given), Decimal(0)) if mine else None,
    )
