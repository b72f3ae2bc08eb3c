"""Who bears an award and who pays its fees: the merchant's part of any running total, terms, budgets (spec 4, 6)."""

from __future__ import annotations

from typing import Any

from guerdon.engine.codes import Reason
from guerdon.engine.decide.arithmetic import FLOOR, HALF_DOWN, HALF_UP, has_bit, muldiv
from guerdon.engine.decide.layout import SHARE_AMOUNT, SHARE_NONE, SHARE_RATE
from guerdon.engine.decide.windows import shared_at, window_at

NO_TERMS = -1
TERMS_INACTIVE, TERMS_FORBID = int(Reason.TERMS_INACTIVE), int(Reason.TERMS_FORBID)
NO_LIMIT = 1 << 62


def merchant_part(x: int, num: int, den: int) -> int:
    """The merchant's part of a running total: half_down(x × num ÷ den); a den of 0 means none."""
    if den == 0 or x <= 0:
        return 0
    return muldiv(x, num, den, HALF_DOWN)


def fee_part(x: int, num: int, den: int) -> int:
    """The fee on a running total: half_up(x × num ÷ den); a den of 0 means none."""
    if den == 0 or x <= 0:
        return 0
    return muldiv(x, num, den, HALF_UP)


def terms_at(d: Any, merchant: int, time: int) -> int:
    """Row of the merchant's terms in force at an instant, or NO_TERMS."""
    m = d.r_merchant[merchant]
    for t in range(m.terms_first, m.terms_first + m.terms_count):
        row = d.r_terms[t]
        if row.active == 1 and row.since <= time < row.until:
            return t
    return NO_TERMS


def permission(d: Any, merchant: int, terms: int, owner_number: int, scheme: int, spend: bool) -> int:
    """0, or why the merchant's terms do not let this contact be awarded (by this scheme) or spend."""
    if terms == NO_TERMS:
        return TERMS_INACTIVE
    t = d.r_terms[terms]
    own = owner_number == d.r_merchant[merchant].number
    if spend:
        allowed = t.spend_own if own else t.spend_others
        return 0 if allowed == 1 else TERMS_FORBID
    allowed = t.award_own if own else t.award_others
    if allowed == 0 or not has_bit(t.schemes, scheme):
        return TERMS_FORBID
    return 0


def set_funder(d: Any, o: int, merchant: int, terms: int) -> None:
    """Who bears the award here: the offer's funding, else contribution, else the scheme's, else all merchant."""
    offer = d.r_offer[o]
    w = d.w_offer[o]
    w.part_kind = SHARE_RATE
    w.part_num = 1
    w.part_den = 1
    w.funder = offer.owner if offer.owner >= 0 else merchant
    if w.funder < 0:
        w.part_kind = SHARE_NONE
        w.part_den = 0
        return
    if offer.funding != SHARE_NONE:
        w.part_kind = offer.funding
        w.part_num = offer.fund_num
        w.part_den = offer.fund_den
    elif offer.owner >= 0:
        return
    elif terms != NO_TERMS and d.r_terms[terms].contribution != SHARE_NONE:
        w.part_kind = d.r_terms[terms].contribution
        w.part_num = d.r_terms[terms].contribution_num
        w.part_den = d.r_terms[terms].contribution_den
    elif d.r_scheme[offer.scheme].funding != SHARE_NONE:
        w.part_kind = d.r_scheme[offer.scheme].funding
        w.part_num = d.r_scheme[offer.scheme].num
        w.part_den = d.r_scheme[offer.scheme].den


def part_of_award(d: Any, o: int, x: int) -> int:
    """The merchant's part of an award of ``x`` by the offer."""
    w = d.w_offer[o]
    if w.part_kind == SHARE_NONE:
        return 0
    if w.part_kind == SHARE_AMOUNT:
        return w.part_num if w.part_num < x else x
    return merchant_part(x, w.part_num, w.part_den)


def bears_part(d: Any, o: int) -> bool:
    """Whether a merchant bears anything of the offer's award."""
    w = d.w_offer[o]
    return w.part_kind != SHARE_NONE and w.part_num > 0


def budget_left(d: Any, merchant: int, time: int, day: int) -> int:
    """What the merchant's budget still bears, in units of the wallet; NO_LIMIT without one."""
    terms = terms_at(d, merchant, time)
    if terms == NO_TERMS:
        return NO_LIMIT
    t = d.r_terms[terms]
    if t.has_budget == 0:
        return NO_LIMIT
    slot = d.r_merchant[merchant].budget_slot
    if t.prepaid == 1:
        return d.s_shared[slot].amount
    shared_at(d, slot, window_at(d, day, t.budget_window, 0))
    return t.budget - d.s_shared[slot].amount


def use_budget(d: Any, merchant: int, terms: int, part: int) -> None:
    """Take a part off the merchant's budget (a negative one gives back)."""
    t = d.r_terms[terms]
    if t.has_budget == 0:
        return
    slot = d.s_shared[d.r_merchant[merchant].budget_slot]
    if t.prepaid == 1:
        slot.amount -= part
    else:
        slot.amount += part


def fitting(d: Any, o: int, x: int, left: int) -> int:
    """The largest award, at most ``x``, whose merchant part is within ``left``."""
    if part_of_award(d, o, x) <= left:
        return x
    if left <= 0:
        return 0
    w = d.w_offer[o]
    if w.part_kind == SHARE_AMOUNT:
        return left
    a = muldiv(2 * left + 1, w.part_den, 2 * w.part_num, FLOOR)
    if a > x:
        a = x
    while a > 0 and part_of_award(d, o, a) > left:
        a -= 1
    return a
