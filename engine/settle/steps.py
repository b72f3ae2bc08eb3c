"""Closing a period and taking its statements further: each step an event, admitted like any other.

What a command asks for is admitted together, in one chunk: a crash leaves all of it or none. Before anything is
admitted every step is looked at, so that a wrong one changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from guerdon.engine.codes import Outcome
from guerdon.engine.events.admission import Admission, FeedMark, admit
from guerdon.engine.events.event import Event
from guerdon.engine.events.normalise import Door, Normaliser
from guerdon.engine.events.times import text
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.periods import Period, day_date
from guerdon.engine.pipeline import Run
from guerdon.engine.settle.bank_files import message_id
from guerdon.engine.settle.source import Due, SettleError, Source
from guerdon.engine.settling import DRAFT, statement_id
from guerdon.rules.program import Program

SOURCE = "settle"  # who tells these events
APPROVE, SEND, PAY, FAIL = "approve", "send", "pay", "fail"
# What each step asks for: its event, the states it is taken in, the state it leads to.
STEPS: dict[str, tuple[str, tuple[str, ...], str]] = {
    APPROVE: ("statement_approved", ("draft", "failed"), "approved"),
    SEND: ("statement_sent", ("approved",), "sent"),
    PAY: ("statement_paid", ("sent",), "paid"),
    FAIL: ("statement_failed", ("sent",), "failed"),
}
_DONE = {"paid": "it is paid, and stays so", "sent": "it is with the bank"}


@dataclass(frozen=True, slots=True)
class Teller:
    """Who tells the events of a command, and when: ``now`` is µs UTC."""

    now: int
    actor: str | None = None
    approver: str | None = None


def close(ledger: Ledger, program: Program, wanted: Period, teller: Teller) -> bool:
    """Close a period that is over, and all before it. False: it was closed already, nothing was changed."""
    source = Source(ledger, program)
    if source.is_closed(wanted):
        return False
    ends = source.starts_at(wanted.end_day)
    if teller.now < ends:
        message = f"{wanted.text} is not over: {day_date(wanted.end_day - 1).isoformat()} is its last day"
        raise SettleError(message, code="period-not-over", place=wanted.text, hint="settle it after that")
    told = {"id": f"close/{wanted.text}", "type": "statement_closed", "period": wanted.text}
    _tell(ledger, program, [told], teller)
    return True


def chosen(due: Sequence[Due], merchants: Sequence[str]) -> list[Due]:
    """The statements of some merchants, of all if none is named. SettleError: a merchant has none."""
    _known(merchants, {each.merchant for each in due})
    return [each for each in due if not merchants or each.merchant in merchants]


def _known(merchants: Sequence[str], known: set[str]) -> None:
    for merchant in merchants:
        if merchant not in known:
            near = f"it settles {', '.join(sorted(known)[:8])}" if known else "no merchant is settled in it"
            raise SettleError("this merchant has no statement", code="unknown-merchant", place=merchant, hint=near)


def foresee(source: Source, wanted: Period, steps: Sequence[str], merchants: Sequence[str]) -> None:
    """Whether the steps of a command can be taken, before the first is. SettleError: one can't, of a merchant named."""
    if source.is_closed(wanted):
        states = {each.id: source.state(each.id) for each in chosen(source.due(wanted), merchants)}
    else:
        _known(merchants, {merchant.id for merchant in source.program.merchants})
        states = {statement_id(merchant, wanted.text): DRAFT for merchant in merchants}
    for step in steps:
        ready = _ready(step, states, named=bool(merchants))
        states |= dict.fromkeys(ready, STEPS[step][2])


def take(ledger: Ledger, program: Program, step: str, due: Sequence[Due], teller: Teller, named: bool) -> list[Due]:
    """Take statements one step further. ``named``: each must be ready for it; else those that are not are left alone.

    Returns those that took it. SettleError: one that was named is not ready, or none is.
    """
    source = Source(ledger, program)
    names = _ready(step, {each.id: source.state(each.id) for each in due}, named)
    ready = [each for each in due if each.id in names]
    if ready:
        note = message_id(source, ready[0].span.period) if step == SEND else ""
        _tell(ledger, program, [step_event(source, step, each, note) for each in ready], teller)
    return ready


def _ready(step: str, states: Mapping[str, str], named: bool) -> set[str]:
    """Which statements can take a step as they stand."""
    _, taken_in, leads_to = STEPS[step]
    ready = {id for id, state in states.items() if state in taken_in}
    for id, state in states.items() if named else ():
        if state not in taken_in and state != leads_to:
            why = _DONE.get(state, f"only one that is {' or '.join(taken_in)} can")
            message = f"a statement that is {state} cannot be {leads_to}"
            raise SettleError(message, code="wrong-state", place=id, hint=why)
    if named and states and not ready:
        again = f"{'it is' if len(states) == 1 else 'they are'} {leads_to} already"
        raise SettleError(again, code=f"already-{leads_to}", place=", ".join(list(states)[:3]))
    return ready


def step_event(source: Source, step: str, due: Due, note: str = "") -> dict[str, Any]:
    """The event of a step. Its id counts the steps of the statement, so that one told twice is one."""
    number, type_ = len(source.steps(due.id)) + 1, STEPS[step][0]
    told = {"id": f"{due.id}/{number}/{type_}", "type": type_, "merchant": due.merchant, "period": due.span.period}
    return {**told, "note": note} if note else told


def _tell(ledger: Ledger, program: Program, told: Sequence[dict[str, Any]], teller: Teller) -> None:
    tell(ledger, program, told, teller, [])


def tell(
    ledger: Ledger, program: Program, told: Sequence[dict[str, Any]], teller: Teller, marks: Sequence[FeedMark]
) -> None:
    """Admit events as one chunk, with the file that they came from marked as read. SettleError: one was refused."""
    normaliser = Normaliser(program, Door(permits_all=True, actor=teller.actor, approver=teller.approver))
    events = []
    for record in told:
        event = normaliser.normalise({"source": SOURCE, "time": text(teller.now), **record}, teller.now)
        if not isinstance(event, Event):
            raise SettleError(event.detail, code="bad-event", place=str(record["id"]))
        events.append(event)
    run = Run.open(program, ledger)
    run.chunk_events = max(run.chunk_events, len(events) + 1)
    admission = admit(events)
    admitted = run.admit(Admission(admission.told, admission.asides, list(marks)))
    for event, ended in zip(admission.told.to_events(), admitted.outcomes, strict=True):
        if ended.outcome not in (Outcome.POSTED, Outcome.IGNORED):
            reason = ended.reason.name.lower()
            raise SettleError(f"{event.type.name.lower()} was refused: {reason}", code="refused", place=event.id)
