"""Statements and budgets (spec 6, 7b): closing a period, and the steps of each merchant's statement until it is paid.

Closing fixes, once, what each merchant owes and is owed over the period: whatever comes later stands on a later one.
A statement is a record of kind ``statement``; without one, that of a closed period is a draft over nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from guerdon.engine.codes import EventType, Outcome, Reason, Role, TransferKind, account, account_parts
from guerdon.engine.codes import OwnerKind as Owner
from guerdon.engine.decide import booking
from guerdon.engine.decide.back import make_room
from guerdon.engine.decide.funding import NO_TERMS, terms_at
from guerdon.engine.decide.terms_tables import units
from guerdon.engine.events.event import Event
from guerdon.engine.periods import BadPeriod, Period, period
from guerdon.engine.settling import (
    CLOSING,
    DRAFT,
    MERCHANT_ACCOUNTS,
    NETTED,
    STATEMENT,
    Closing,
    Stretch,
    closed_spans,
    closings_in,
    moved_by,
    rhythms,
    statement_id,
    stretch_of,
)

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

_DAY = 86_400_000_000
_BANK = account(Owner.BUSINESS, 0, Role.BANK)
# From which states each event leads, and to which.
STEPS: dict[EventType, tuple[tuple[str, ...], str]] = {
    EventType.STATEMENT_APPROVED: ((DRAFT, "failed"), "approved"),
    EventType.STATEMENT_SENT: (("approved",), "sent"),
    EventType.STATEMENT_PAID: (("sent",), "paid"),
    EventType.STATEMENT_FAILED: (("sent",), "failed"),
}


def budget_loaded(decider: Decider, i: int, event: Event) -> None:
    """Fill a prepaid merchant's budget from the bank, or, below 0, give back of it what is there."""
    d = decider.desk
    e = d.b_event[i]
    merchant = d.r_merchant[e.merchant]
    amount = units(decider.program, int(event.fields["amount"]))
    if not _is_prepaid(d, int(e.merchant), int(e.time)):
        _end(decider, i, Reason.INVALID_TRANSITION)
        return
    slot = d.s_shared[merchant.budget_slot]
    if slot.amount + amount < 0:
        _end(decider, i, Reason.INSUFFICIENT_FUNDS)
        return
    booking.begin(d, event.seq, int(e.time))
    budget = booking.of_merchant(int(merchant.number), booking.BUDGET)
    if amount > 0:
        _book(decider, event, TransferKind.BUDGET_LOAD, _BANK, budget, amount, 0)
    else:
        _book(decider, event, TransferKind.BUDGET_REFUND, budget, _BANK, -amount, 0)
    slot = decider.desk.s_shared[merchant.budget_slot]
    slot.window = 0
    slot.amount += amount
    _end(decider, i, Reason.NONE)


def _is_prepaid(d: Any, merchant: int, time: int) -> bool:
    """Whether the merchant's terms are prepaid: those in force, or any of them when none is."""
    if merchant < 0 or d.r_merchant[merchant].budget_slot < 0:
        return False
    terms = terms_at(d, merchant, time)
    if terms != NO_TERMS:
        return bool(d.r_terms[terms].prepaid == 1)
    first = int(d.r_merchant[merchant].terms_first)
    rows = range(first, first + int(d.r_merchant[merchant].terms_count))
    return any(d.r_terms[row].prepaid == 1 for row in rows)


# ---- closing


def closings_of(decider: Decider) -> list[Closing]:
    """The closings so far, in the order of the log."""
    return closings_in((record.id, record.fields) for record in decider.records.of_kind(CLOSING))


def statement_closed(decider: Decider, i: int, event: Event) -> None:
    """Close a period that is over, and every period of any merchant that ends with it or before it."""
    time = int(decider.desk.b_event[i].time)
    closed = _period(event)
    closings = closings_of(decider)
    if closed is None or time < _begins(decider, closed.end_day) or (closings and closed.end_day <= closings[-1].until):
        _end(decider, i, Reason.INVALID_TRANSITION)
        return
    since = closings[0].since if closings else min(closed.first_day, _first_day(decider, closed.first_day))
    closing = Closing(event.seq, since, closed.end_day, rhythms(decider.program, closed.end_day - 1))
    told = {**closing._asdict(), "time": time, "actor": event.actor}
    decider.records.put(CLOSING, closed.text, {name: value for name, value in told.items() if value})
    _draw_up(decider, [*closings, closing])
    _end(decider, i, Reason.NONE)


def _period(event: Event) -> Period | None:
    """The period that an event names; None: it names none."""
    try:
        return period(str(event.fields.get("period", "")))
    except BadPeriod:
        return None


def _begins(decider: Decider, day: int) -> int:
    """The instant at which a day begins: local midnight."""
    return int(decider.tables.zone.utc(day * _DAY))


def _first_day(decider: Decider, otherwise: int) -> int:
    """The local day of the earliest transfer of a merchant."""
    earliest = decider.store.settlement.first_effective_at()
    fresh, _ = _fresh(decider)
    times = [int(fresh["effective_at"].min())] if len(fresh) else []
    times += [earliest] if earliest is not None else []
    return int(decider.tables.zone.local(min(times))) // _DAY if times else otherwise


def _draw_up(decider: Decider, closings: list[Closing]) -> None:
    """Fix what moved on each merchant's accounts by the transfers of each period just closed, as drafts."""
    closed: dict[Stretch, dict[int, str]] = defaultdict(dict)  # the merchants (numbers) and periods of each stretch
    names = decider.store.names
    for owner, merchant in enumerate(names.ids("merchant")):
        spans = closed_spans(closings, merchant)
        for place, span in enumerate(spans):
            if owner and span.seq == closings[-1].seq:
                stretch = stretch_of(spans, place, lambda day: _begins(decider, day))
                closed[stretch][owner] = span.period
    for stretch, periods in closed.items():
        for owner, moved in _moved(decider, stretch).items():
            if owner in periods:
                name = statement_id(names.id("merchant", owner), periods[owner])
                decider.records.put(STATEMENT, name, {"state": DRAFT, **moved})


def _moved(decider: Decider, stretch: Stretch) -> dict[int, dict[str, dict[str, int]]]:
    """By merchant: how the transfers of a period moved its receivable and its payable, by unit."""
    sums = dict(decider.store.settlement.moved(stretch))
    for key, minor in moved_by(*_fresh(decider), stretch).items():
        sums[key] = sums.get(key, 0) + minor
    found: dict[int, dict[str, dict[str, int]]] = defaultdict(lambda: {"receivable": {}, "payable": {}})
    for (number, unit), minor in sorted(sums.items()):
        _, owner, role = account_parts(number)
        if role in NETTED and minor:
            found[owner][Role(role).name.lower()][str(unit)] = minor
    return found


def _fresh(decider: Decider) -> tuple[np.ndarray, np.ndarray]:
    """The transfers of this chunk on merchants' accounts, and where in the log each was posted."""
    rows = decider.outputs.arrays["o_transfer"][: int(decider.outputs.head["transfers"][0])]
    low, high = MERCHANT_ACCOUNTS
    mine = ((rows["debit"] >= low) & (rows["debit"] < high)) | ((rows["credit"] >= low) & (rows["credit"] < high))
    rows = rows[mine]
    places = rows["seq"].copy()
    for end in decider.resolved:
        places[rows["seq"] == end.seq] = end.at_seq
    return rows, places


# ---- a statement's steps


def statement_stepped(decider: Decider, i: int, event: Event) -> None:
    """One step of a merchant's statement; approval, payment and failure post over what its closing fixed."""
    merchant, closed = str(event.merchant), _period(event)
    name = statement_id(merchant, closed.text if closed else "")
    record = decider.records.get(STATEMENT, name)
    fields: dict[str, Any] = {"state": "open", "receivable": {}, "payable": {}}
    if record is not None:
        fields = dict(record.fields)
    elif closed and any(span.period == closed.text for span in closed_spans(closings_of(decider), merchant)):
        fields["state"] = DRAFT
    taken_in, leads_to = STEPS[event.type]
    if fields["state"] not in taken_in:
        _end(decider, i, Reason.INVALID_TRANSITION)
        return
    booking.begin(decider.desk, event.seq, int(decider.desk.b_event[i].time))
    number = int(decider.desk.r_merchant[decider.desk.b_event[i].merchant].number)
    for unit in sorted({*fields["receivable"], *fields["payable"]}):
        moved = (int(fields[side].get(unit, 0)) for side in ("receivable", "payable"))
        _post(decider, event, number, int(unit), *moved)
    who = {"actor": event.actor, "approver": event.approver, "note": event.fields.get("note")}
    told = {key: value for key, value in who.items() if value is not None}
    steps = [*fields.get("steps", ()), {"to": leads_to, "seq": event.seq, "time": event.time, **told}]
    decider.records.put(STATEMENT, name, {**fields, "state": leads_to, "steps": steps})
    _end(decider, i, Reason.NONE)


def _post(decider: Decider, event: Event, merchant: int, unit: int, receivable: int, payable: int) -> None:
    """The transfers of a step in one unit; ``receivable`` and ``payable``: how the period moved these balances."""
    settled, owing, owed = (
        booking.of_merchant(merchant, int(role)) for role in (Role.SETTLED, Role.RECEIVABLE, Role.PAYABLE)
    )
    if event.type is EventType.STATEMENT_APPROVED:
        _book(decider, event, TransferKind.STATEMENT_APPROVED, settled, owing, -receivable, unit)
        _book(decider, event, TransferKind.STATEMENT_APPROVED, owed, settled, payable, unit)
    elif event.type is EventType.STATEMENT_FAILED:
        _book(decider, event, TransferKind.STATEMENT_FAILED, settled, owed, payable, unit)
        _book(decider, event, TransferKind.STATEMENT_FAILED, owing, settled, -receivable, unit)
    elif event.type is EventType.STATEMENT_PAID:
        _book(decider, event, TransferKind.STATEMENT_PAID, settled, _BANK, receivable + payable, unit)


def _book(decider: Decider, event: Event, kind: TransferKind, debit: int, credit: int, amount: int, unit: int) -> None:
    """Book one transfer at the event's time, the other way round for an amount below 0."""
    if amount == 0:
        return
    if amount < 0:
        debit, credit, amount = credit, debit, -amount
    make_room(decider)
    d = decider.desk
    booking.book(d, event.seq, int(kind), debit, credit, amount, event.time, 0, 0, 0)
    d.o_transfer[d.o_head[0].transfers - 1].unit = unit


def _end(decider: Decider, i: int, reason: Reason) -> None:
    """How the event ended: posted, or refused with a reason."""
    e = decider.desk.b_event[i]
    booking.begin(decider.desk, int(e.seq), int(e.time))
    booking.outcome(decider.desk, int(e.seq), Outcome.REFUSED if reason else Outcome.POSTED, reason)


HANDLERS: dict[EventType, Callable[[Any, int, Any], None]] = {
    EventType.BUDGET_LOADED: budget_loaded,
    EventType.STATEMENT_CLOSED: statement_closed,
    **dict.fromkeys(STEPS, statement_stepped),
}
