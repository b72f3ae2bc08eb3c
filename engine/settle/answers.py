"""What the bank answers, read back: pain.002 (status of payments) and camt.053 (what was booked on the account).

Each answer becomes the event of what happened to a statement or a payout: paid, or failed and so to be paid again. A
file is taken whole or not at all, and once; a payment that nobody told the bank of is an error.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

from guerdon.engine.events.admission import FeedMark
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.settle.pain import end_to_end_id
from guerdon.engine.settle.payouts import OnItsWay, Told, on_their_way, told_payouts
from guerdon.engine.settle.source import Due, SettleError, Source
from guerdon.engine.settle.statement import net_units
from guerdon.engine.settle.steps import FAIL, PAY, STEPS, Teller, step_event, tell
from guerdon.rules.program import Program

PAID, FAILED, UNDERWAY = "paid", "failed", "underway"
# ISO 20022 statuses: settled on the creditor's or debtor's account; refused or given back; on its way, or asked.
_STATUS: Final = {
    "ACSC": PAID, "ACCC": PAID, "RJCT": FAILED, "CANC": FAILED, "BLCK": FAILED,
    "ACTC": UNDERWAY, "ACCP": UNDERWAY, "ACSP": UNDERWAY, "ACWC": UNDERWAY, "ACFC": UNDERWAY, "RCVD": UNDERWAY,
    "PDNG": UNDERWAY, "PART": UNDERWAY, "ACWP": UNDERWAY, "PATC": UNDERWAY,
}  # fmt: skip
BANK = "bank"  # the feed as which files of the bank are marked as read
_NONE = ("", "NOTPROVIDED")
_MEBIBYTES = 64


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bank says of one payment. ``amount``: None where it does not say; above 0 where the business paid it."""

    end_to_end: str
    outcome: str
    amount: Decimal | None
    currency: str
    why: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file: the events told, and how many of its payments are still under way or not ours."""

    paid: tuple[str, ...]
    failed: tuple[str, ...]
    underway: int
    others: int


def take_answers(ledger: Ledger, program: Program, path: Path, teller: Teller, *, skip_unknown: bool = False) -> Taken:
    """Take a file of the bank: an event for each payment that it decides, all in one chunk.

    ``skip_unknown``: payments that are not ours are left alone, as on an account that pays for other things too.
    SettleError, and nothing was changed: it is no such file, was read before, or says what can't be.
    """
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if ledger.file_progress(digest)[1]:
        raise SettleError("this file was read before", code="already-read", place=str(path), hint="each is read once")
    source = Source(ledger, program)
    answers, others = list(read_answers(content, str(path), source)), 0
    known = _Known(source)
    told: list[dict[str, Any]] = []
    seen: dict[str, str] = {}
    for answer in answers:
        if not known.has(answer.end_to_end):
            if not skip_unknown and answer.end_to_end not in _NONE:
                hint = "--skip-unknown leaves payments alone that are not ours"
                place = f"{path}: {answer.end_to_end}"
                raise SettleError(
                    "nobody told the bank of this payment", code="unknown-payment", place=place, hint=hint
                )
            others += 1
        elif answer.outcome != UNDERWAY:
            if seen.setdefault(answer.end_to_end, answer.outcome) != answer.outcome:
                raise SettleError("it is paid and failed at once", code="contradiction", place=answer.end_to_end)
            event = known.event(answer)
            if event not in told:
                told.append(event)
    mark = FeedMark(BANK, path.name, digest, len(told), True)
    tell(ledger, program, told, teller, [mark])
    ended = {outcome: tuple(name for name, each in seen.items() if each == outcome) for outcome in (PAID, FAILED)}
    underway = sum(1 for answer in answers if answer.outcome == UNDERWAY and known.has(answer.end_to_end))
    return Taken(ended[PAID], ended[FAILED], underway, others)


class _Known:
    """The payments that the bank was told of, and the debts of merchants that it may tell of, by end-to-end id."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._statements: dict[str, Due] = {}
        for merchant in source.merchants(source.closings[-1]) if source.closings else ():
            spans = source.spans(merchant)
            for place, span in enumerate(spans):
                due = Due(merchant, span, spans, place)
                self._statements[end_to_end_id(due.id)] = due
        self._payouts: Mapping[str, Told] = {told.end_to_end: told for told in told_payouts(source)}
        self._out: Mapping[int, OnItsWay] = {payout.seq: payout for payout in on_their_way(source)}

    def has(self, end_to_end: str) -> bool:
        """Whether it is one of ours: a payout in a bank file, or a closed statement."""
        return end_to_end in self._payouts or end_to_end in self._statements

    def event(self, answer: Answer) -> dict[str, Any]:
        """The event that an answer tells. SettleError: it can't be of this payment, as it stands."""
        if answer.currency and answer.currency != self._source.business.currency:
            raise SettleError(f"it is in {answer.currency}", code="wrong-currency", place=answer.end_to_end)
        if answer.end_to_end in self._payouts:
            return self._payout(answer, self._payouts[answer.end_to_end])
        return self._statement(answer, self._statements[answer.end_to_end])

    def _statement(self, answer: Answer, due: Due) -> dict[str, Any]:
        step = PAY if answer.outcome == PAID else FAIL
        state = self._source.state(due.id)
        if state not in STEPS[step][1]:
            hint = "the bank answers once for each sending; nothing of the file was taken"
            message = f"this statement is {state}, and cannot be {STEPS[step][2]}"
            raise SettleError(message, code="wrong-state", place=due.id, hint=hint)
        record = self._source.records.get(due.id)
        units = net_units(record.fields if record else {})
        net = self._source.amount(self._source.money(units[0], units[1]))
        if answer.amount is not None and answer.amount != net:
            message = f"the bank says {answer.amount}, the statement {net}"
            raise SettleError(message, code="wrong-amount", place=due.id)
        return step_event(self._source, step, due, answer.why)

    def _payout(self, answer: Answer, told: Told) -> dict[str, Any]:
        out = self._out.get(told.seq)
        if out is None:
            raise SettleError("this payout has ended already", code="wrong-state", place=answer.end_to_end)
        if answer.amount is not None and answer.amount != self._source.amount(told.amount):
            message = f"the bank says {answer.amount}, the payout {self._source.amount(told.amount)}"
            raise SettleError(message, code="wrong-amount", place=answer.end_to_end)
        event = self._source.ledger.events([told.seq])[0]
        type_ = "payout_confirmed" if answer.outcome == PAID else "payout_failed"
        names = self._source.ledger.names
        found = {"id": f"bank/{told.end_to_end}/{type_}", "source": names.id("source", event.source), "of": event.id}
        found |= {"type": type_, "contact": names.id("contact", out.contact)}
        return {**found, "note": answer.why} if answer.why else found


# ---- reading the files


def read_answers(content: bytes, place: str, source: Source) -> Iterator[Answer]:
    """The answers in a pain.002 or camt.053 file of any version. SettleError: it is neither."""
    root = _parsed(content, place)
    bodies = {_tag(child): child for child in root}
    if "CstmrPmtStsRpt" in bodies:
        yield from _statuses(bodies["CstmrPmtStsRpt"], place, source)
    elif "BkToCstmrStmt" in bodies:
        for statement in _all(bodies["BkToCstmrStmt"], "Stmt"):
            for entry in _all(statement, "Ntry"):
                yield from _entry(entry, place)
    else:
        raise SettleError("this is no pain.002 and no camt.053", code="not-from-a-bank", place=place)


def _parsed(content: bytes, place: str) -> ElementTree.Element:
    if len(content) > _MEBIBYTES << 20:
        raise SettleError(f"it has over {_MEBIBYTES} MiB", code="too-large", place=place)
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:  # no bank's file has one; they can be made to swell
        raise SettleError("it declares a document type", code="not-from-a-bank", place=place)
    try:
        return ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        raise SettleError(f"this is no XML: {error}", code="not-from-a-bank", place=place) from None


def _statuses(report: ElementTree.Element, place: str, source: Source) -> Iterator[Answer]:
    """One answer a transaction; a status of the whole file or of a batch is that of each payment told in it."""
    original = _text(report, "OrgnlGrpInfAndSts", "OrgnlMsgId")
    group = _text(report, "OrgnlGrpInfAndSts", "GrpSts")
    why = _text(report, "OrgnlGrpInfAndSts", "StsRsnInf", "Rsn", "Cd")
    single = False
    for batch in _all(report, "OrgnlPmtInfAndSts"):
        group = _text(batch, "PmtInfSts") or group
        for transaction in _all(batch, "TxInfAndSts"):
            single = True
            status = _text(transaction, "TxSts") or group
            name = _text(transaction, "OrgnlEndToEndId")
            yield Answer(name, _outcome(status, place), None, "", _text(transaction, "StsRsnInf", "Rsn", "Cd"))
    if not single and _outcome(group, place) != UNDERWAY:
        names = list(_payments_of(source, original))
        if not names:
            raise SettleError("nobody sent a file of this id", code="unknown-payment", place=f"{place}: {original}")
        for name in names:
            yield Answer(name, _outcome(group, place), None, "", why)


def _payments_of(source: Source, message: str) -> Iterator[str]:
    """The end-to-end ids of what was sent in a message."""
    yield from (told.end_to_end for told in told_payouts(source) if told.message == message)
    for id in sorted(source.records):
        record = source.records[id]
        if any(step.get("note") == message for step in source.steps(id)) and sum(net_units(record.fields).values()) > 0:
            yield end_to_end_id(id)


def _outcome(status: str, place: str) -> str:
    if status not in _STATUS:
        raise SettleError(f"'{status}' is no status of a payment", code="not-from-a-bank", place=place)
    return _STATUS[status]


def _entry(entry: ElementTree.Element, place: str) -> Iterator[Answer]:
    """What a booked entry says of each payment in it. Money that comes back is one that failed."""
    status = _text(entry, "Sts", "Cd") or _text(entry, "Sts")
    if status != "BOOK":
        return
    sign = -1 if _text(entry, "CdtDbtInd") == "CRDT" else 1
    back = _text(entry, "RvslInd") in ("true", "1")
    transactions = [each for details in _all(entry, "NtryDtls") for each in _all(details, "TxDtls")]
    for each in transactions or [entry]:
        amount = _first(each, "Amt")
        if amount is None:
            amount = _first(each, "AmtDtls", "TxAmt", "Amt")
        if amount is None and len(transactions) <= 1:
            amount = _first(entry, "Amt")
        figure = None if amount is None else _figure(amount.text or "", place)
        returned = back or _first(each, "RtrInf") is not None
        currency = "" if amount is None else amount.get("Ccy", "")
        name = _text(each, "Refs", "EndToEndId")
        if name in _NONE:
            name = _text(each, "RmtInf", "Ustrd").removeprefix("Statement ").strip()
        signed = None if figure is None else figure * (-sign if returned else sign)
        why = _text(each, "RtrInf", "Rsn", "Cd") if returned else ""
        yield Answer(name, FAILED if returned else PAID, signed, currency, why)


def _figure(text: str, place: str) -> Decimal:
    try:
        return Decimal(text.strip())
    except InvalidOperation:
        raise SettleError(f"'{text[:40]}' is no amount", code="not-from-a-bank", place=place) from None


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _all(parent: ElementTree.Element, tag: str) -> list[ElementTree.Element]:
    return [child for child in parent if _tag(child) == tag]


def _first(parent: ElementTree.Element, *path: str) -> ElementTree.Element | None:
    for tag in path:
        found = next((child for child in parent if _tag(child) == tag), None)
        if found is None:
            return None
        parent = found
    return parent


def _text(parent: ElementTree.Element, *path: str) -> str:
    found = _first(parent, *path)
    return (found.text or "").strip() if found is not None else ""
