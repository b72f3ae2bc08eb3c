"""Posting one award: debt first, then the lot, each by its funders; and the fee on it (spec 5, the table)."""

from __future__ import annotations

from typing import Any

from guerdon.engine.codes import TransferKind
from guerdon.engine.decide.booking import (
    BUDGET,
    COMMERCE,
    DEBT,
    FEE_INCOME,
    PAYABLE,
    PENDING,
    RECEIVABLE,
    REWARDS_COST,
    book,
    of_contact,
    of_merchant,
)
from guerdon.engine.decide.calendar import STEP_NONE, stepped
from guerdon.engine.decide.funding import NO_TERMS, fee_part, merchant_part, part_of_award, terms_at
from guerdon.engine.decide.layout import FORM_PRODUCT, SHARE_AMOUNT, SHARE_NONE, VALID_FOR, VALID_UNTIL
from guerdon.engine.decide.lots import due_of, insert_pending, insert_usable, new_lot
from guerdon.engine.rows import FOREVER

AWARD, AWARD_FEE, PRODUCT = int(TransferKind.AWARD), int(TransferKind.AWARD_FEE), int(TransferKind.PRODUCT)


def grant(d: Any, i: int, c: int, o: int, cause: int) -> None:
    """Post what the offer gives: the award's row, its transfers and its lot."""
    e = d.b_event[i]
    offer = d.r_offer[o]
    w = d.w_offer[o]
    name_n = d.w_head[0].n + 1
    part = part_of_award(d, o, w.amount)
    row = d.o_award[d.o_head[0].awards]
    d.o_head[0].awards += 1
    row.seq = e.seq
    row.n = name_n
    row.offer = offer.number
    row.contact = d.s_contact[c].number
    row.merchant = d.r_merchant[e.merchant].number if e.merchant >= 0 else 0
    row.pool = 0 if offer.form == FORM_PRODUCT else offer.pool_number
    row.cause = cause
    row.scheme = d.w_head[0].scheme
    row.clipped_by = w.clipped_by
    row.amount = w.amount
    row.merchant_part = part
    row.clipped = w.formed - w.amount if w.clipped_by != 0 else 0
    row.earning = w.earning
    row.wins = w.wins
    row.window = w.window
    row.debt_repaid = 0
    row.earned_at = e.time
    row.usable_at = (
        e.time if offer.pending_unit == STEP_NONE else stepped(d, e.time, offer.pending_unit, offer.pending_n)
    )
    row.expires_at = expiry_of(d, o, e.time)
    if offer.form == FORM_PRODUCT:
        _post_product(d, i, o, part)
    else:
        row.debt_repaid = _post_money(d, i, c, o, cause, name_n, row.usable_at, row.expires_at)
    _post_fee(d, i, o, w.amount, name_n)


def expiry_of(d: Any, o: int, time: int) -> int:
    """The last instant of an award's validity."""
    offer = d.r_offer[o]
    if offer.valid == VALID_FOR:
        return stepped(d, time, offer.valid_unit, offer.valid_n)
    if offer.valid == VALID_UNTIL:
        return offer.valid_until - 1
    return FOREVER


def _funder_account(d: Any, o: int, terms: int) -> int:
    """Where the merchant's part comes from: its receivable, or its budget when its terms are prepaid."""
    number = d.r_merchant[d.w_offer[o].funder].number
    if terms != NO_TERMS and d.r_terms[terms].prepaid == 1:
        return of_merchant(number, BUDGET)
    return of_merchant(number, RECEIVABLE)


def _post_money(d: Any, i: int, c: int, o: int, cause: int, name_n: int, usable_at: int, expires_at: int) -> int:
    """Debt is repaid first, the rest becomes a lot; returns what went to debt."""
    e = d.b_event[i]
    k = d.s_contact[c]
    offer = d.r_offer[o]
    w = d.w_offer[o]
    terms = terms_at(d, w.funder, e.time) if w.funder >= 0 else NO_TERMS
    merchant = _funder_account(d, o, terms) if w.funder >= 0 else 0
    repaid = k.debt if k.debt < w.amount else w.amount
    first = _running_part(d, o, repaid)
    _post_split(d, i, o, of_contact(k.number, DEBT), repaid, first, merchant, name_n)
    k.debt -= repaid
    rest = w.amount - repaid
    if rest == 0:
        return repaid
    pending = usable_at > e.time
    target = of_contact(k.number, PENDING) if pending else of_contact(k.number, COMMERCE + offer.pool_number)
    _post_split(d, i, o, target, rest, _running_part(d, o, w.amount) - first, merchant, name_n)
    row = new_lot(d)
    lot = d.s_lot[row]
    lot.seq = e.seq
    lot.n = name_n
    lot.pool = offer.pool_number
    lot.contact = k.number
    lot.remaining = rest
    lot.live = w.amount
    lot.earned_at = e.time
    lot.usable_at = usable_at
    lot.expires_at = expires_at
    lot.offer = offer.number
    lot.version = d.r_head[0].version
    lot.funder = d.r_merchant[w.funder].number if w.funder >= 0 else 0
    lot.part_num = part_of_award(d, o, w.amount) if w.part_kind == SHARE_AMOUNT else w.part_num
    lot.part_den = w.amount if w.part_kind == SHARE_AMOUNT else w.part_den
    lot.prepaid = d.r_terms[terms].prepaid if terms != NO_TERMS else 0
    lot.expiry_business = d.r_terms[terms].expiry_business if terms != NO_TERMS else 0
    lot.instant = offer.instant if cause == 0 else 0
    d.w_head[0].instants += lot.instant
    lot.pending = 1 if pending else 0
    lot.stored = 0
    lot.dirty = 1
    if pending:
        insert_pending(d, c, row)
    else:
        insert_usable(d, c, row)
    due = due_of(d, row)
    k.due_at = due if due < k.due_at else k.due_at
    return repaid


def _running_part(d: Any, o: int, x: int) -> int:
    """The merchant's part of a running total ``x`` of this award."""
    w = d.w_offer[o]
    if w.part_kind == SHARE_NONE or x == 0:
        return 0
    if w.part_kind == SHARE_AMOUNT:
        return merchant_part(x, part_of_award(d, o, w.amount), w.amount)
    return merchant_part(x, w.part_num, w.part_den)


def _post_split(d: Any, i: int, o: int, credit: int, amount: int, part: int, merchant: int, name_n: int) -> None:
    """One piece of an award: the business's transfer, then the merchant's."""
    e = d.b_event[i]
    number = d.r_offer[o].number
    book(d, e.seq, AWARD, REWARDS_COST, credit, amount - part, e.time, e.seq, name_n, number)
    book(d, e.seq, AWARD, merchant, credit, part, e.time, e.seq, name_n, number)


def _post_product(d: Any, i: int, o: int, part: int) -> None:
    """A free product: owed to its supplier by the funders; between the same merchant nothing moves."""
    e = d.b_event[i]
    w = d.w_offer[o]
    offer = d.r_offer[o]
    start = d.w_head[0].n
    if offer.supplier >= 0:
        supplier = of_merchant(d.r_merchant[offer.supplier].number, PAYABLE)
        book(d, e.seq, PRODUCT, REWARDS_COST, supplier, w.amount - part, e.time, 0, 0, offer.number)
        if w.funder >= 0 and w.funder != offer.supplier:
            debit = of_merchant(d.r_merchant[w.funder].number, RECEIVABLE)
            book(d, e.seq, PRODUCT, debit, supplier, part, e.time, 0, 0, offer.number)
    if d.w_head[0].n == start:
        d.w_head[0].n += 1


def _post_fee(d: Any, i: int, o: int, amount: int, name_n: int) -> None:
    """The fee that the merchant where the award is won pays for it."""
    e = d.b_event[i]
    terms = d.w_head[0].terms
    if e.merchant < 0 or terms == NO_TERMS or d.r_terms[terms].award_fee == SHARE_NONE:
        return
    t = d.r_terms[terms]
    fee = t.award_fee_num if t.award_fee == SHARE_AMOUNT else fee_part(amount, t.award_fee_num, t.award_fee_den)
    debit = of_merchant(d.r_merchant[e.merchant].number, RECEIVABLE)
    book(d, e.seq, AWARD_FEE, debit, FEE_INCOME, fee, e.time, e.seq, name_n, d.r_offer[o].number)
