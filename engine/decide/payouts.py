"""Payouts (spec 4): payable money leaves for the contact's bank; the bank says that it came, or sends it back.

What is on its way of one event (a payout, or a purchase that paid out what it redeemed) is its PAYOUT transfers less
what has ended since, which a record of kind ``payout`` keeps under the event's place in the log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guerdon.engine.codes import EventType, Reason, Role, Status, TransferKind, account_parts
from guerdon.engine.decide import booking, history, spending
from guerdon.engine.decide.addressing import followed
from guerdon.engine.decide.earlier import seqs_named
from guerdon.engine.decide.layout import ON_PAYOUT
from guerdon.engine.decide.opening import Opening, posted, status_of
from guerdon.engine.decide.requests import begun, caught_up, not_found, of_wallet, refuse_request
from guerdon.engine.decide.statuses import SHUT
from guerdon.engine.events.event import Event
from guerdon.engine.rows import REQUEST_PAYOUT

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

PAYOUT = "payout"
_BANK = booking.BUSINESS | int(Role.BANK)
_CONFIRMED, _FAILED = int(TransferKind.PAYOUT_CONFIRMED), int(TransferKind.PAYOUT_FAILED)


def payout(decider: Decider, i: int, event: Event) -> None:
    """Pay out an amount of payable money, all of it without one; its fee comes on top, its limits are payout's."""
    o = begun(decider, i, event)
    if o is None:
        return
    d = decider.desk
    k = d.s_contact[o.c]
    want = int(event.fields.get("amount", k.payable))
    status = status_of(decider, o.c)
    why = Reason.SPEND_BLOCKED if k.spend_blocked == 1 else SHUT.get(status, Reason.NONE)
    if not why and status is Status.PENDING:
        why = Reason.REGISTRATION_REQUIRED
    if why:
        refuse_request(decider, o, REQUEST_PAYOUT, why, want, int(k.payable))
        return
    caught_up(decider, o)
    _pay_out(decider, o, int(event.fields.get("amount", decider.desk.s_contact[o.c].payable)))


def _pay_out(decider: Decider, o: Opening, want: int) -> None:
    d = decider.desk
    k = d.s_contact[o.c]
    funds = int(k.payable)
    allowed = spending.within_limits(d, o.c, ON_PAYOUT, want, o.seq) if want else 0
    why = Reason.NONE
    if allowed < 0:
        why = Reason.LIMIT_REACHED
    elif k.payment_method == 0:
        why = Reason.NO_PAYMENT_METHOD
    elif funds < want or funds == 0:
        why = Reason.NOT_PAYABLE
    amount = spending.affordable(d, ON_PAYOUT, allowed, funds) if not why else 0
    if amount <= 0:
        refuse_request(decider, o, REQUEST_PAYOUT, why or Reason.NOT_PAYABLE, want, funds)
        return
    fee = spending.fee_of(d, ON_PAYOUT, amount)
    source = booking.of_contact(o.number, booking.PAYABLE_OUT)
    out = booking.of_contact(o.number, booking.PAYOUT)
    booking.book(d, o.seq, spending.WALLET_FEE, source, booking.FEE_INCOME, fee, o.now, 0, 0, 0)
    booking.book(d, o.seq, spending.PAYOUT_KIND, source, out, amount, o.now, 0, 0, 0)
    k.payable -= amount + fee
    k.payout += amount
    spending.count_limits(d, o.c, ON_PAYOUT, amount)
    decider.records.put(PAYOUT, str(o.seq), {"ended": 0}, o.number)
    posted(decider, o)


def payout_ended(decider: Decider, i: int, event: Event) -> None:
    """What a payout sent has come (to the bank) or has failed (back to payable money); each cent ends once."""
    named = str(event.fields.get("of", ""))
    for seq in seqs_named(decider, event, named):
        rows = history.transfers_of(decider, seq)
        sent = rows[rows["kind"] == spending.PAYOUT_KIND]
        if len(sent):
            break
    else:
        not_found(decider, i, event, named)
        return
    record = decider.records.get(PAYOUT, str(seq))
    ended = int(record.fields["ended"]) if record is not None else 0
    holder = record.contact if record is not None else followed(decider, account_parts(int(sent["credit"][0]))[1])
    o = of_wallet(decider, i, event, holder)
    if o is None:
        return
    caught_up(decider, o)
    left = int(sent["amount"].sum()) - ended
    amount = int(event.fields.get("amount", left))
    k = decider.desk.s_contact[o.c]
    if amount > left or left == 0:
        refuse_request(decider, o, REQUEST_PAYOUT, Reason.INVALID_TRANSITION, amount, left)
        return
    source = booking.of_contact(o.number, booking.PAYOUT)
    if event.type is EventType.PAYOUT_CONFIRMED:
        booking.book(decider.desk, o.seq, _CONFIRMED, source, _BANK, amount, o.now, 0, 0, 0)
    else:
        target = booking.of_contact(o.number, booking.PAYABLE_OUT)
        booking.book(decider.desk, o.seq, _FAILED, source, target, amount, o.now, 0, 0, 0)
        k.payable += amount
    k.payout -= amount
    decider.records.put(PAYOUT, str(seq), {"ended": ended + amount}, o.number)
    posted(decider, o)
