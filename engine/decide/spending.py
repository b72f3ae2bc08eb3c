"""Spend, wallet fee and payout on a purchase (spec 4, steps 5 and 11 to 13)."""

from __future__ import annotations

from typing import Any

from guerdon.engine.codes import Reason, Status, TransferKind
from guerdon.engine.decide.amounts import in_units
from guerdon.engine.decide.arithmetic import HALF_UP, muldiv
from guerdon.engine.decide.booking import (
    FEE_INCOME,
    OPEN,
    PAYABLE,
    PAYABLE_OUT,
    PAYOUT,
    RECEIVABLE,
    SPENT,
    book,
    of_contact,
    of_merchant,
    refuse_request,
)
from guerdon.engine.decide.calendar import DAY, to_local
from guerdon.engine.decide.funding import NO_TERMS, fee_part, permission, terms_at
from guerdon.engine.decide.layout import ON_PAYOUT, ON_SPEND, SHARE_AMOUNT, SHARE_NONE
from guerdon.engine.decide.windows import slot_at, window_at
from guerdon.engine.rows import REQUEST_PAYOUT, REQUEST_SPEND, SPEND_AMOUNT, SPEND_NONE, TOKEN_BAD

SPEND, WALLET_FEE, SPEND_FEE = int(TransferKind.SPEND), int(TransferKind.WALLET_FEE), int(TransferKind.SPEND_FEE)
PAYOUT_KIND = int(TransferKind.PAYOUT)
SPEND_BLOCKED, REGISTRATION_REQUIRED = int(Reason.SPEND_BLOCKED), int(Reason.REGISTRATION_REQUIRED)
TOKEN_MISMATCH, LIMIT_REACHED = int(Reason.TOKEN_MISMATCH), int(Reason.LIMIT_REACHED)
INSUFFICIENT_FUNDS, NO_PAYMENT_METHOD = int(Reason.INSUFFICIENT_FUNDS), int(Reason.NO_PAYMENT_METHOD)
STATUS_PENDING = int(Status.PENDING)


def requested(d: Any, i: int, c: int) -> int:
    """Units asked for, at most the purchase's total; what ``auto_spend`` asks for without a request; 0 for none."""
    e = d.b_event[i]
    total = in_units(d, e.total if e.total > 0 else 0)
    if e.spend_kind == SPEND_NONE:
        return 0
    if e.spend_kind == SPEND_AMOUNT:
        amount = in_units(d, e.spend_amount)
        return amount if amount < total else total
    return total


def asked_by_rule(d: Any, i: int, c: int) -> int:
    """What ``auto_spend`` spends of the money there is now; 0 when the event has its own request."""
    head = d.r_head[0]
    if head.has_auto_spend == 0 or d.b_event[i].spend_kind != SPEND_NONE:
        return 0
    k = d.s_contact[c]
    funds = k.open + k.payable
    if funds < head.auto_min_balance:
        return 0
    total = in_units(d, d.b_event[i].total if d.b_event[i].total > 0 else 0)
    most = head.auto_max if head.auto_max < total else total
    amount = affordable(d, ON_SPEND, most, funds)
    return amount if amount >= head.auto_min else 0


def fee_of(d: Any, on: int, amount: int) -> int:
    """The wallet's fee on a spend or payout of ``amount`` units."""
    fee = 0
    for f in range(d.r_head[0].fees):
        row = d.r_fee[f]
        if row.on == on:
            fee += row.num if row.kind == SHARE_AMOUNT else muldiv(amount, row.num, row.den, HALF_UP)
    return fee


def affordable(d: Any, on: int, want: int, funds: int) -> int:
    """The largest amount, at most ``want``, that fits into the funds together with its fee."""
    if want <= 0:
        return 0
    if want + fee_of(d, on, want) <= funds:
        return want
    low, high = 0, want
    while high - low > 1:
        middle = (low + high) >> 1
        if middle + fee_of(d, on, middle) <= funds:
            low = middle
        else:
            high = middle
    return low


def within_limits(d: Any, c: int, on: int, want: int, seq: int) -> int:
    """What the wallet's limits leave of ``want``; -1 when a limit refuses it."""
    if want > (d.w_head[0].own_spend if on == ON_SPEND else d.w_head[0].own_payout):
        return -1
    day = to_local(d, d.w_head[0].now) // DAY
    for r in range(d.r_head[0].limits):
        limit = d.r_limit[r]
        if limit.on != on:
            continue
        slot_at(d, c, limit.slot, window_at(d, day, limit.window, seq))
        row = d.s_slot[c, limit.slot]
        if limit.has_times == 1 and row.wins + 1 > limit.times:
            return -1
        if limit.has_amount == 1 and row.amount + want > limit.amount:
            if limit.clips == 0 or row.amount >= limit.amount:
                return -1
            want = limit.amount - row.amount
    return want


def count_limits(d: Any, c: int, on: int, amount: int) -> None:
    """Move the limits' counters by a spend or payout."""
    for r in range(d.r_head[0].limits):
        if d.r_limit[r].on == on:
            row = d.s_slot[c, d.r_limit[r].slot]
            row.amount += amount
            row.wins += 1


def why_not(d: Any, i: int, c: int) -> int:
    """0, or the first reason for which this contact may not spend here now, limits and funds apart."""
    e = d.b_event[i]
    k = d.s_contact[c]
    if e.merchant >= 0:
        why = permission(d, e.merchant, terms_at(d, e.merchant, e.time), k.owner, 0, True)
        if why != 0:
            return why
    if k.spend_blocked == 1:
        return SPEND_BLOCKED
    if k.status == STATUS_PENDING:
        return REGISTRATION_REQUIRED
    if e.token == TOKEN_BAD:
        return TOKEN_MISMATCH
    return 0


def spend(d: Any, i: int, c: int, want: int) -> None:
    """Pay the purchase with open money: the fee first, open before open:payable."""
    e = d.b_event[i]
    k = d.s_contact[c]
    head = d.w_head[0]
    allowed = within_limits(d, c, ON_SPEND, want, e.seq)
    if allowed < 0:
        head.spend_reason = LIMIT_REACHED
        refuse_request(d, e.seq, REQUEST_SPEND, LIMIT_REACHED, want, 0)
        return
    amount = affordable(d, ON_SPEND, allowed, k.open + k.payable)
    if amount <= 0:
        head.spend_reason = INSUFFICIENT_FUNDS
        refuse_request(d, e.seq, REQUEST_SPEND, INSUFFICIENT_FUNDS, allowed, k.open + k.payable)
        return
    fee = fee_of(d, ON_SPEND, amount)
    target = SPENT if e.merchant < 0 else of_merchant(d.r_merchant[e.merchant].number, PAYABLE)
    _pay(d, e.seq, c, WALLET_FEE, FEE_INCOME, fee)
    _pay(d, e.seq, c, SPEND, target, amount)
    head.spent = amount
    count_limits(d, c, ON_SPEND, amount)
    if e.merchant >= 0:
        _merchant_fee(d, i, amount)


def _pay(d: Any, seq: int, c: int, kind: int, credit: int, amount: int) -> None:
    """Take an amount from open, then from open:payable."""
    k = d.s_contact[c]
    first = k.open if k.open < amount else amount
    book(d, seq, kind, of_contact(k.number, OPEN), credit, first, d.w_head[0].now, 0, 0, 0)
    book(d, seq, kind, of_contact(k.number, PAYABLE_OUT), credit, amount - first, d.w_head[0].now, 0, 0, 0)
    k.open -= first
    k.payable -= amount - first


def _merchant_fee(d: Any, i: int, amount: int) -> None:
    """The fee that the merchant pays for a spend at it."""
    e = d.b_event[i]
    terms = terms_at(d, e.merchant, e.time)
    if terms == NO_TERMS or d.r_terms[terms].spend_fee == SHARE_NONE:
        return
    t = d.r_terms[terms]
    fee = t.spend_fee_num if t.spend_fee == SHARE_AMOUNT else fee_part(amount, t.spend_fee_num, t.spend_fee_den)
    debit = of_merchant(d.r_merchant[e.merchant].number, RECEIVABLE)
    book(d, e.seq, SPEND_FEE, debit, FEE_INCOME, fee, d.w_head[0].now, 0, 0, 0)


def pay_out(d: Any, i: int, c: int) -> None:
    """What was redeemed from payout pools leaves for the contact's payment method; without one it stays."""
    k = d.s_contact[c]
    if k.payable <= 0:
        return
    e = d.b_event[i]
    if k.payment_method == 0 or k.spend_blocked == 1:
        why = SPEND_BLOCKED if k.spend_blocked == 1 else NO_PAYMENT_METHOD
        refuse_request(d, e.seq, REQUEST_PAYOUT, why, k.payable, 0)
        return
    want = within_limits(d, c, ON_PAYOUT, k.payable, e.seq)
    if want < 0:
        refuse_request(d, e.seq, REQUEST_PAYOUT, LIMIT_REACHED, k.payable, 0)
        return
    amount = affordable(d, ON_PAYOUT, want, k.payable)
    if amount <= 0:
        return
    fee = fee_of(d, ON_PAYOUT, amount)
    source = of_contact(k.number, PAYABLE_OUT)
    book(d, e.seq, WALLET_FEE, source, FEE_INCOME, fee, d.w_head[0].now, 0, 0, 0)
    book(d, e.seq, PAYOUT_KIND, source, of_contact(k.number, PAYOUT), amount, d.w_head[0].now, 0, 0, 0)
    k.payable -= amount + fee
    k.payout += amount
    count_limits(d, c, ON_PAYOUT, amount)
