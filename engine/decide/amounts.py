"""What an offer's award form gives on its base, rounded once (spec 2, award forms; spec 4, arithmetic)."""

from __future__ import annotations

from typing import Any

from guerdon.engine.decide.arithmetic import FLOOR, has_bit, muldiv, muldivmod, rounded
from guerdon.engine.decide.layout import (
    FORM_AMOUNT,
    FORM_BRACKETS,
    FORM_PER,
    FORM_PERCENT,
    FORM_PRODUCT,
    OF_EVENT,
    OF_PROGRESS,
)
from guerdon.engine.decide.progress import first_spend_target


def base_of(d: Any, i: int, o: int) -> int:
    """The money of the currency that the form is computed from; never below 0."""
    offer = d.r_offer[o]
    if offer.of == OF_PROGRESS:
        return d.w_offer[o].wins * first_spend_target(d, o)
    place = 0 if offer.of == OF_EVENT else offer.selector
    chosen = d.w_selected[place]
    total = chosen.net if offer.net == 1 else chosen.total
    if offer.less_spend == 1 and d.w_head[0].money_off > 0:
        total -= _spend_share(d, i, place)
    return total if total > 0 else 0


def _spend_share(d: Any, i: int, place: int) -> int:
    """The part of what less_spend takes off that lies on the lines of a selector (place 0: all lines)."""
    e = d.b_event[i]
    spread(d, i)
    share = 0
    for r in range(e.line_count):
        line = e.line_first + r
        if place == 0 or has_bit(d.b_line_selectors[line, (place - 1) // 64], (place - 1) % 64):
            share += d.w_share[r]
    return share


def spread(d: Any, i: int) -> None:
    """Spread what less_spend takes off over all lines by their totals, by largest remainder; once an event."""
    head = d.w_head[0]
    if head.share_stamp == head.stamp:
        return
    head.share_stamp = head.stamp
    e = d.b_event[i]
    whole = 0
    for r in range(e.line_count):
        total = d.b_line[e.line_first + r].total
        whole += total if total > 0 else 0
    given = 0
    for r in range(e.line_count):
        total = d.b_line[e.line_first + r].total
        quotient, remainder = muldivmod(head.money_off, total if total > 0 else 0, whole)
        d.w_share[r] = quotient
        d.w_share[r + e.line_count] = remainder
        given += quotient
    while given < head.money_off:
        best = 0
        for r in range(e.line_count):
            if d.w_share[r + e.line_count] > d.w_share[best + e.line_count]:
                best = r
        d.w_share[best] += 1
        d.w_share[best + e.line_count] = -1
        given += 1


def formed(d: Any, i: int, o: int) -> int:
    """The award of the form, before caps, in units of the wallet. Sets the offer's ``earning`` (its base)."""
    offer = d.r_offer[o]
    w = d.w_offer[o]
    w.earning = base_of(d, i, o)
    if offer.form == FORM_AMOUNT or offer.form == FORM_PRODUCT:
        return offer.amount * w.wins
    if offer.form == FORM_PERCENT:
        return muldiv(w.earning, offer.num, offer.den, offer.rounding)
    if offer.form == FORM_PER:
        return (w.earning // offer.step) * offer.amount
    if offer.form == FORM_BRACKETS:
        return _bracketed(d, o)
    return 0


def _bracketed(d: Any, o: int) -> int:
    """Marginal rates over the base, all over one denominator, rounded once."""
    offer = d.r_offer[o]
    earning = d.w_offer[o].earning
    below = 0
    quotient = 0
    remainder = 0
    for b in range(offer.bracket_first, offer.bracket_first + offer.bracket_count):
        bracket = d.r_bracket[b]
        upto = bracket.upto if bracket.upto < earning else earning
        if upto <= below:
            break
        whole, rest = muldivmod(upto - below, bracket.num, offer.den)
        quotient += whole
        remainder += rest
        below = upto
    quotient += remainder // offer.den
    return rounded(quotient, remainder % offer.den, offer.den, offer.rounding)


def in_units(d: Any, money: int) -> int:
    """The most units of the wallet that are worth at most ``money`` of the currency."""
    head = d.r_head[0]
    if head.worth_num == head.worth_den:
        return money
    return muldiv(money, head.worth_den, head.worth_num, FLOOR)


def in_money(d: Any, units: int, mode: int) -> int:
    """What units of the wallet are worth in minor units of the currency."""
    head = d.r_head[0]
    if head.worth_num == head.worth_den:
        return units
    return muldiv(units, head.worth_num, head.worth_den, mode)
