"""The awards of one event, from its candidates to what each offer finally gives (spec 4, steps 6 to 9).

One round serves the event itself and each event derived from it; they differ in lines, trigger and cause.
"""

from __future__ import annotations

from typing import Any

from guerdon.engine.codes import EventType, Reason
from guerdon.engine.decide.amounts import formed
from guerdon.engine.decide.arithmetic import FLOOR, U0, U1, has_bit, lowest_bit, muldiv
from guerdon.engine.decide.booking import refuse
from guerdon.engine.decide.calendar import DAY
from guerdon.engine.decide.candidates import needs_wins, refuse_needs, sift_word
from guerdon.engine.decide.caps import COOLDOWN, cooling, count, cut, start_cooldown
from guerdon.engine.decide.funding import (
    NO_TERMS,
    bears_part,
    budget_left,
    fitting,
    part_of_award,
    permission,
    set_funder,
    terms_at,
    use_budget,
)
from guerdon.engine.decide.granting import grant
from guerdon.engine.decide.layout import FORM_DRAW, FORM_MULTIPLY, FORM_PRODUCT
from guerdon.engine.decide.progress import advance, refuse_goal
from guerdon.engine.decide.resolution import resolve

BUDGET_USED, ROUNDS_TO_ZERO = int(Reason.BUDGET_USED), int(Reason.ROUNDS_TO_ZERO)
CAP_REACHED, AWARD_SHARE_REACHED = int(Reason.CAP_REACHED), int(Reason.AWARD_SHARE_REACHED)
GOAL_NOT_REACHED = int(Reason.GOAL_NOT_REACHED)
PURCHASE, SIGN_UP = int(EventType.PURCHASE), int(EventType.SIGN_UP)


def award_round(d: Any, i: int, c: int, trigger: int, cause: int, scheme: int) -> None:
    """Decide and post the awards of one event or derived event; scratch holds what its lines add up to."""
    list_candidates(d, i, c, trigger, cause, scheme)
    if d.w_head[0].listed == 0:
        return
    resolve(d, d.b_event[i].seq)
    if d.r_head[0].multiplies == 1:
        multiply_all(d, i, c)
    settle_finals(d, i, cause)
    give_all(d, i, c, cause, scheme)


def list_candidates(d: Any, i: int, c: int, trigger: int, cause: int, scheme: int) -> None:
    """Test every offer that the trigger can win; those with an amount are listed in their order."""
    d.w_head[0].listed = 0
    d.w_head[0].cause = cause
    d.w_head[0].scheme = d.r_scheme[scheme].number if trigger == SIGN_UP else 0
    merchant = d.b_event[i].merchant
    d.w_head[0].terms = terms_at(d, merchant, d.b_event[i].time) if merchant >= 0 else NO_TERMS
    for word in range(d.r_head[0].words):
        mask = d.r_trigger[trigger, word]
        if trigger == SIGN_UP:
            mask = mask & d.r_scheme_mask[scheme, word]
        if mask == U0:
            continue
        mask = sift_word(d, i, c, word, mask, cause != 0)
        while mask != U0:
            o = word * 64 + lowest_bit(mask)
            mask = mask & (mask - U1)
            if weigh(d, i, c, o):
                d.w_list[d.w_head[0].listed] = o
                d.w_head[0].listed += 1


def weigh(d: Any, i: int, c: int, o: int) -> bool:
    """The tests that are an offer's own, in order, ending with its amount; True for a candidate with an amount."""
    e = d.b_event[i]
    seq = e.seq
    offer = d.r_offer[o]
    w = d.w_offer[o]
    day = e.local // DAY
    w.alive = 0
    w.clipped_by = 0
    w.window = 0
    wins = needs_wins(d, o)
    if wins == 0:
        refuse_needs(d, seq, o)
        return False
    if e.merchant >= 0:
        why = permission(d, e.merchant, d.w_head[0].terms, d.s_contact[c].owner, offer.scheme, False)
        if why != 0:
            refuse(d, seq, o, why, 0, 0, 0, 0)
            return False
    if offer.form == FORM_DRAW:
        _enter_draw(d, c, o, e.time)
        refuse(d, seq, o, GOAL_NOT_REACHED, 0, 0, 0, 0)
        return False
    if offer.goal_count > 0:
        wins = advance(d, c, o, seq, day)
        if wins == 0:
            refuse_goal(d, c, o, seq)
            return False
    w.wins = wins
    w.goals = offer.goal_count
    set_funder(d, o, e.merchant, d.w_head[0].terms)
    if cooling(d, c, o, e.time):
        refuse(d, seq, o, COOLDOWN, d.s_slot[c, offer.cooldown_slot].amount, e.time, _lost(d, i, o), 0)
        return False
    if not cut(d, c, o, seq, day, _lost(d, i, o)):
        return False
    if bears_part(d, o) and budget_left(d, w.funder, e.time, day) <= 0:
        refuse(d, seq, o, BUDGET_USED, 0, 0, _lost(d, i, o), 0)
        return False
    w.alive = 1
    if offer.form == FORM_MULTIPLY:
        return True
    return clip(d, i, o, formed(d, i, o))


def _lost(d: Any, i: int, o: int) -> int:
    """The amount that goes with a win that is used up; 0 for offers without goals."""
    if d.r_offer[o].goal_count == 0:
        return 0
    return formed(d, i, o)


def _enter_draw(d: Any, c: int, o: int, time: int) -> None:
    """An event that passes all tests before the goal's is an entry of the lottery, unless the draw's time has come."""
    offer = d.r_offer[o]
    if time < offer.draw_at:
        d.s_slot[c, offer.entry_slot].window = 0
        d.s_slot[c, offer.entry_slot].amount += 1


def clip(d: Any, i: int, o: int, amount: int) -> bool:
    """Take what the form gave, clipped to the room that the caps leave; False when it rounds to zero."""
    w = d.w_offer[o]
    w.formed = amount
    if amount <= 0:
        w.alive = 0
        refuse(d, d.b_event[i].seq, o, ROUNDS_TO_ZERO, 0, w.earning, 0, 0)
        return False
    w.amount = amount
    if amount > w.room:
        w.amount = w.room
        w.clipped_by = CAP_REACHED
    return True


def multiply_all(d: Any, i: int, c: int) -> None:
    """Offers that multiply: (factor - 1) × what the named offers gave, after resolution and before merchant budgets."""
    for r in range(d.w_head[0].listed):
        o = d.w_list[r]
        offer = d.r_offer[o]
        if offer.form != FORM_MULTIPLY or d.w_offer[o].alive == 0:
            continue
        given = 0
        for q in range(d.w_head[0].listed):
            p = d.w_list[q]
            named = has_bit(d.r_multiplied[o, p // 64], p % 64)
            if named and d.w_offer[p].alive == 1 and d.r_offer[p].form != FORM_MULTIPLY:
                given += d.w_offer[p].amount
        d.w_offer[o].earning = given
        clip(d, i, o, muldiv(given, offer.num, offer.den, offer.rounding))


def settle_finals(d: Any, i: int, cause: int) -> None:
    """Clip to the merchants' budgets in the order (priority, id), then to the purchase's share from the other end."""
    e = d.b_event[i]
    day = e.local // DAY
    for r in range(d.w_head[0].listed):
        o = d.w_list[r]
        w = d.w_offer[o]
        if w.alive == 0 or not bears_part(d, o):
            continue
        left = budget_left(d, w.funder, e.time, day) - d.w_used[w.funder]
        amount = fitting(d, o, w.amount, left)
        if amount < w.amount:
            _clip_final(d, e.seq, o, amount, BUDGET_USED, left)
        d.w_used[w.funder] += part_of_award(d, o, w.amount)
    for r in range(d.w_head[0].listed):
        o = d.w_list[r]
        if d.w_offer[o].funder >= 0:
            d.w_used[d.w_offer[o].funder] = 0
    if d.r_head[0].has_share == 1 and cause == 0 and e.type == PURCHASE:
        _share_of_purchase(d, i)


def _clip_final(d: Any, seq: int, o: int, amount: int, reason: int, left: int) -> None:
    """Reduce an award after resolution; to nothing refuses it."""
    w = d.w_offer[o]
    if amount <= 0:
        w.alive = 0
        refuse(d, seq, o, reason, 0, left, w.amount, 0)
        w.amount = 0
        return
    w.amount = amount
    w.clipped_by = reason


def _share_of_purchase(d: Any, i: int) -> None:
    """``award_share_max``: offers with progress goals and products stand outside; the last is clipped first."""
    e = d.b_event[i]
    head = d.r_head[0]
    total = e.total if e.total > 0 else 0
    most = muldiv(total, head.share_num * head.worth_den, head.share_den * head.worth_num, FLOOR)
    given = 0
    for r in range(d.w_head[0].listed):
        o = d.w_list[r]
        if d.w_offer[o].alive == 1 and _shares(d, o):
            given += d.w_offer[o].amount
    for back in range(d.w_head[0].listed):
        o = d.w_list[d.w_head[0].listed - 1 - back]
        over = given - most
        if over <= 0:
            return
        if d.w_offer[o].alive == 1 and _shares(d, o):
            take = over if over < d.w_offer[o].amount else d.w_offer[o].amount
            given -= take
            _clip_final(d, e.seq, o, d.w_offer[o].amount - take, AWARD_SHARE_REACHED, most)


def _shares(d: Any, o: int) -> bool:
    form = d.r_offer[o].form
    return form != FORM_PRODUCT and (d.w_offer[o].goals == 0 or form == FORM_MULTIPLY)


def give_all(d: Any, i: int, c: int, cause: int, scheme: int) -> None:
    """Move the counters by what is finally given, and post it."""
    e = d.b_event[i]
    day = e.local // DAY
    for r in range(d.w_head[0].listed):
        o = d.w_list[r]
        w = d.w_offer[o]
        if w.alive == 0:
            continue
        count(d, c, o, e.seq, day)
        start_cooldown(d, c, o, e.time)
        if bears_part(d, o):
            terms = terms_at(d, w.funder, e.time)
            if terms != NO_TERMS:
                use_budget(d, w.funder, terms, part_of_award(d, o, w.amount))
        grant(d, i, c, o, cause)
