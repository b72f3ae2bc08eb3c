"""Two-step spends (spec 3, 5): a hold sets open money aside, a capture spends it, a void or its lapse gives it back.

A hold is a record of kind ``hold``, named by its event's place in the log; it belongs to its contact while it is open.
What its wallet fee will be is set aside with it, so that a capture never lacks it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from guerdon.engine.codes import Reason, Role, TransferKind
from guerdon.engine.decide import booking, spending
from guerdon.engine.decide.amounts import in_units
from guerdon.engine.decide.calendar import stepped
from guerdon.engine.decide.earlier import record_named
from guerdon.engine.decide.funding import NO_TERMS, fee_part, permission, terms_at
from guerdon.engine.decide.layout import ON_SPEND, SHARE_AMOUNT, SHARE_NONE
from guerdon.engine.decide.opening import Opening, posted
from guerdon.engine.decide.requests import begun, caught_up, not_found, of_wallet, refuse_request, why_shut
from guerdon.engine.decide.specials import Special
from guerdon.engine.decide.tables import STEPS
from guerdon.engine.events.event import Event
from guerdon.engine.rows import FOREVER, REQUEST_SPEND, Record

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

HOLD = "hold"
NOWHERE = -1
_HOLD, _CAPTURE, _VOID = int(TransferKind.HOLD), int(TransferKind.CAPTURE), int(TransferKind.VOID)
_HELD, _OPEN, _PAYABLE = int(Role.HELD), int(Role.OPEN), int(Role.OPEN_PAYABLE)


class Parts(NamedTuple):
    """Where held money came from, in the order in which it was taken; units of the wallet."""

    open: int
    payable: int


# ---- a hold


def hold(decider: Decider, i: int, event: Event) -> None:
    """Set an amount of open money aside, all of it or nothing."""
    o = begun(decider, i, event)
    if o is None:
        return
    want = in_units(decider.desk, int(event.fields["amount"]))
    why = why_shut(decider, o)
    if why:
        refuse_request(decider, o, REQUEST_SPEND, why, want, 0)
        return
    caught_up(decider, o)
    d = decider.desk
    allowed = spending.within_limits(d, o.c, ON_SPEND, want, o.seq)
    if allowed < 0:
        refuse_request(decider, o, REQUEST_SPEND, Reason.LIMIT_REACHED, want, 0)
        return
    funds = int(d.s_contact[o.c].open + d.s_contact[o.c].payable)
    if allowed == 0 or allowed + spending.fee_of(d, ON_SPEND, allowed) > funds:
        refuse_request(decider, o, REQUEST_SPEND, Reason.INSUFFICIENT_FUNDS, allowed, funds)
        return
    set_aside(decider, o, allowed, event.fields.get("hold_for"))
    posted(decider, o)


def set_aside(decider: Decider, o: Opening, amount: int, hold_for: str | None) -> None:
    """Post a hold of ``amount`` and of its fee, which the caller has seen to be there; it uses the spend limits."""
    d = decider.desk
    k = d.s_contact[o.c]
    whole = int(amount + spending.fee_of(d, ON_SPEND, amount))
    first = min(int(k.open), whole)
    _move(decider, o, _HOLD, _OPEN, _HELD, first)
    _move(decider, o, _HOLD, _PAYABLE, _HELD, whole - first)
    k.open -= first
    k.payable -= whole - first
    k.held += whole
    spending.count_limits(d, o.c, ON_SPEND, amount)
    merchant = int(d.b_event[o.i].merchant)
    until = last_instant(decider, o.now, hold_for)
    fields = {
        "state": "open",
        "contact": o.number,
        "amount": int(amount),
        "open": first,
        "payable": whole - first,
        "merchant": int(d.r_merchant[merchant].number) if merchant >= 0 else 0,
        "at": o.now,
    }
    decider.records.put(HOLD, str(o.seq), fields, o.number, FOREVER if until == FOREVER else until + 1)


def last_instant(decider: Decider, at: int, duration: str | None) -> int:
    """The last instant of what lives for a duration (``15min``) from ``at`` on; FOREVER without one."""
    if duration is None:
        return FOREVER
    unit, times = STEPS[duration.lstrip("0123456789")]
    count = int(duration[: len(duration) - len(duration.lstrip("0123456789"))])
    return int(stepped(decider.desk, at, unit, count * times))


# ---- capture and void


def capture(decider: Decider, i: int, event: Event) -> None:
    """Spend held money, all of it or ``amount``; the rest is freed."""
    found = _held(decider, i, event)
    if found is None:
        return
    o, record = found
    merchant = _merchant_of(decider, o, record)
    amount = int(record.fields["amount"])
    if "amount" in event.fields:
        amount = in_units(decider.desk, int(event.fields["amount"]))
    if amount > record.fields["amount"]:
        refuse_request(decider, o, REQUEST_SPEND, Reason.LIMIT_REACHED, amount, int(record.fields["amount"]))
        return
    if amount == 0:
        refuse_request(decider, o, REQUEST_SPEND, Reason.BAD_AMOUNT, 0, 0)
        return
    if merchant >= 0 and not record.fields["merchant"]:
        owner = int(decider.desk.s_contact[o.c].owner)
        terms = terms_at(decider.desk, merchant, o.time)
        why = permission(decider.desk, merchant, terms, owner, 0, True)
        if why:
            refuse_request(decider, o, REQUEST_SPEND, Reason(why), amount, 0)
            return
    _free(decider, o, record, amount)
    _spend_held(decider, o, merchant, amount)
    _close(decider, record, "captured")
    posted(decider, o)


def _spend_held(decider: Decider, o: Opening, merchant: int, amount: int) -> None:
    """The wallet fee from what was freed, the spend from what is held, and the merchant's fee for it."""
    d = decider.desk
    k = d.s_contact[o.c]
    fee = spending.fee_of(d, ON_SPEND, amount)
    first = min(int(k.open), fee)
    for role, part in ((_OPEN, first), (_PAYABLE, fee - first)):
        debit = booking.of_contact(o.number, role)
        booking.book(d, o.seq, spending.WALLET_FEE, debit, booking.FEE_INCOME, part, o.now, 0, 0, 0)
    k.open -= first
    k.payable -= fee - first
    target = booking.SPENT
    if merchant >= 0:
        target = booking.of_merchant(int(d.r_merchant[merchant].number), booking.PAYABLE)
    booking.book(d, o.seq, _CAPTURE, booking.of_contact(o.number, _HELD), target, amount, o.now, 0, 0, 0)
    k.held -= amount
    terms = terms_at(d, merchant, o.time) if merchant >= 0 else NO_TERMS
    if terms == NO_TERMS or d.r_terms[terms].spend_fee == SHARE_NONE:
        return
    t = d.r_terms[terms]
    rate = int(t.spend_fee_num), int(t.spend_fee_den)
    charge = rate[0] if t.spend_fee == SHARE_AMOUNT else fee_part(amount, *rate)
    debit = booking.of_merchant(int(d.r_merchant[merchant].number), booking.RECEIVABLE)
    booking.book(d, o.seq, spending.SPEND_FEE, debit, booking.FEE_INCOME, charge, o.now, 0, 0, 0)


def void(decider: Decider, i: int, event: Event) -> None:
    """Give held money back to where it was taken from."""
    found = _held(decider, i, event)
    if found is not None:
        o, record = found
        free(decider, o, record, "voided")
        posted(decider, o)


def _held(decider: Decider, i: int, event: Event) -> tuple[Opening, Record] | None:
    """The event opened on the wallet that has the hold it names, and that hold, open; None if it ended otherwise."""
    named = str(event.fields.get("of", ""))
    record = record_named(decider, HOLD, event, named)
    if record is None:
        not_found(decider, i, event, named)
        return None
    o = of_wallet(decider, i, event, int(record.contact or record.fields["contact"]))
    if o is None:
        return None
    caught_up(decider, o)
    record = decider.records.get(HOLD, record.id)
    if record is None or record.fields["state"] != "open":
        refuse_request(decider, o, REQUEST_SPEND, Reason.INVALID_TRANSITION, 0, 0)
        return None
    return o, record


def _merchant_of(decider: Decider, o: Opening, record: Record) -> int:
    """Index of the merchant where held money is spent: the hold's, else the capture's; NOWHERE: the business itself."""
    d = decider.desk
    number = int(record.fields["merchant"])
    if not number:
        return int(d.b_event[o.i].merchant)
    for index in range(d.r_merchant.shape[0]):
        if d.r_merchant[index].number == number:
            return index
    return NOWHERE


def free(decider: Decider, o: Opening, record: Record, state: str) -> None:
    """All that is held goes back, what was taken last first; the spend limits that it used stay used."""
    _free(decider, o, record, 0)
    _close(decider, record, state)


def _free(decider: Decider, o: Opening, record: Record, kept: int) -> None:
    """What is held beyond ``kept`` goes back to its accounts, what was taken last first."""
    parts = Parts(int(record.fields["open"]), int(record.fields["payable"]))
    rest = parts.open + parts.payable - kept
    last = min(parts.payable, rest)
    _move(decider, o, _VOID, _HELD, _PAYABLE, last)
    _move(decider, o, _VOID, _HELD, _OPEN, rest - last)
    k = decider.desk.s_contact[o.c]
    k.payable += last
    k.open += rest - last
    k.held -= rest


def _close(decider: Decider, record: Record, state: str) -> None:
    """The hold is over: no longer one of its contact's, but known by its name for ever."""
    decider.records.put(HOLD, record.id, {**record.fields, "state": state, "contact": record.contact})


def _move(decider: Decider, o: Opening, kind: int, debit: int, credit: int, amount: int) -> None:
    """Book between two accounts of the contact."""
    accounts = booking.of_contact(o.number, debit), booking.of_contact(o.number, credit)
    booking.book(decider.desk, o.seq, kind, *accounts, amount, o.now, 0, 0, 0)


# ---- lapse


def _open_holds(decider: Decider, c: int) -> list[Record]:
    """The contact's open holds, in the order in which they lapse."""
    number = int(decider.desk.s_contact[c].number)
    return sorted(decider.records.of_contact(HOLD, number), key=lambda record: (record.due_at, int(record.id)))


def _due(decider: Decider, c: int) -> int:
    """When the contact's next hold lapses."""
    if not decider.state.arrays["s_contact"]["held"][c]:
        return FOREVER
    return min((record.due_at for record in _open_holds(decider, c)), default=FOREVER)


def _lapse(decider: Decider, seq: int, c: int, at: int) -> None:
    """The hold that is due first has lapsed."""
    record = _open_holds(decider, c)[0]
    number = int(decider.desk.s_contact[c].number)
    free(decider, Opening(NOWHERE, seq, c, number, at, at), record, "lapsed")


LAPSE = Special("hold lapses", True, _due, _lapse)
