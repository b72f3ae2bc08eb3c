"""Which offers are in play for an event, tested in the order of the refusals (spec 4) up to the needs of each.

The tests that many offers share are words of 64 offers; what falls at a mask is refused for that mask's reason.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from guerdon.engine.codes import Reason
from guerdon.engine.decide.arithmetic import U0, has_bit
from guerdon.engine.decide.booking import refuse, refuse_all
from guerdon.engine.decide.calendar import DAY, MINUTE, civil, days_in_month
from guerdon.engine.decide.layout import NEEDS_ALL, NEEDS_AMOUNT, NEEDS_NONE, NEEDS_QUANTITY, TIER_NOW

OFFER_INACTIVE, SCHEME_INACTIVE = int(Reason.OFFER_INACTIVE), int(Reason.SCHEME_INACTIVE)
NOT_A_MEMBER, HOLDOUT, NOT_AVAILABLE = int(Reason.NOT_A_MEMBER), int(Reason.HOLDOUT), int(Reason.NOT_AVAILABLE)
OUTSIDE_HOURS, WRONG_PLACE = int(Reason.OUTSIDE_HOURS), int(Reason.WRONG_PLACE)
NOT_IN_AUDIENCE, WRONG_TIER = int(Reason.NOT_IN_AUDIENCE), int(Reason.WRONG_TIER)
EVENT_MISMATCH, NO_MATCHING_LINES = int(Reason.EVENT_MISMATCH), int(Reason.NO_MATCHING_LINES)
NEEDS_NOT_MET = int(Reason.NEEDS_NOT_MET)


def select_lines(d: Any, i: int) -> None:
    """Lay out what the event's lines add up to, by selector."""
    e = d.b_event[i]
    stamp = d.w_head[0].stamp
    everything = d.w_selected[0]
    everything.total = e.total
    everything.net = e.net
    everything.quantity = e.quantity
    everything.stamp = stamp
    for w in range(d.r_head[0].words):
        d.w_mask[1, w] = d.r_selector_mask[0, w]
    for r in range(e.selector_first, e.selector_first + e.selector_count):
        found = d.b_selector[r]
        place = found.selector + 1
        chosen = d.w_selected[place]
        chosen.total = found.total
        chosen.net = found.net
        chosen.quantity = found.quantity
        chosen.stamp = stamp
        for w in range(d.r_head[0].words):
            d.w_mask[1, w] |= d.r_selector_mask[place, w]


def select_nothing(d: Any) -> None:
    """A derived event has no lines: only offers that look at none of them stay."""
    d.w_head[0].stamp += 1
    everything = d.w_selected[0]
    everything.total = 0
    everything.net = 0
    everything.quantity = 0
    everything.stamp = d.w_head[0].stamp
    for w in range(d.r_head[0].words):
        d.w_mask[1, w] = d.r_selector_mask[0, w]


def birthday_row(d: Any, c: int, day: int) -> int:
    """Which audience row holds on the local day: 2 other months, 3 the month of birth, 4 the day of birth."""
    k = d.s_contact[c]
    if k.birth_month == 0:
        return 2
    year, month, of_month = civil(day)
    if month != k.birth_month:
        return 2
    last = days_in_month(year, month)
    born = k.birth_day if k.birth_day < last else last
    return 4 if of_month == born else 3


def sift(d: Any, seq: int, word: int, mask: np.uint64, keep: np.uint64, reason: int) -> np.uint64:
    """Refuse what is not kept and return the rest."""
    fallen = mask & ~keep
    if fallen != U0:
        refuse_all(d, seq, word, fallen, reason)
    return mask & keep


def sift_word(d: Any, i: int, c: int, word: int, mask: np.uint64, derived: bool) -> np.uint64:
    """All tests that are words, in order, on one word of offers."""
    e = d.b_event[i]
    seq = e.seq
    day = e.local // DAY
    row = day - d.r_head[0].first_day + 1
    days = d.r_day.shape[0]
    row = 0 if row < 0 else (days - 1 if row >= days else row)
    minute = (day + 3) % 7 * 1440 + (e.local - day * DAY) // MINUTE
    tier = d.s_contact[c].tier if d.w_head[0].tier_view == TIER_NOW or derived else d.w_head[0].tier_view
    mask = sift(d, seq, word, mask, d.r_standing[0, word], OFFER_INACTIVE)
    mask = sift(d, seq, word, mask, d.r_standing[1, word], SCHEME_INACTIVE)
    mask = sift(d, seq, word, mask, d.s_mask[c, 0, word], NOT_A_MEMBER)
    mask = sift(d, seq, word, mask, d.s_mask[c, 1, word], HOLDOUT)
    mask = sift(d, seq, word, mask, d.r_day[row, word], NOT_AVAILABLE)
    mask = sift(d, seq, word, mask, d.r_minute[minute, word], OUTSIDE_HOURS)
    mask = sift(d, seq, word, mask, d.b_place_mask[e.place, word], WRONG_PLACE)
    mask = sift(d, seq, word, mask, d.s_mask[c, birthday_row(d, c, day), word], NOT_IN_AUDIENCE)
    mask = sift(d, seq, word, mask, d.r_tier_mask[tier + 1, word], WRONG_TIER)
    if derived:
        mask = sift(d, seq, word, mask, d.r_standing[2, word], EVENT_MISMATCH)
    else:
        mask = sift(d, seq, word, mask, d.b_event_mask[i, word], EVENT_MISMATCH)
    return sift(d, seq, word, mask, d.w_mask[1, word], NO_MATCHING_LINES)


def needs_wins(d: Any, o: int) -> int:
    """Wins that the offer's ``needs`` give on this event; 0 when they are not met."""
    offer = d.r_offer[o]
    if offer.needs == NEEDS_NONE:
        return 1
    stamp = d.w_head[0].stamp
    if offer.needs == NEEDS_ALL:
        sets = 1 << 40
        for r in range(offer.needs_first, offer.needs_first + offer.needs_count):
            chosen = d.w_selected[d.r_needs[r]]
            if chosen.stamp != stamp:
                return 0
            whole = chosen.quantity // 1000
            sets = whole if whole < sets else sets
        return sets if offer.needs_each == 1 else 1
    chosen = d.w_selected[offer.selector]
    if chosen.stamp != stamp:
        return 0
    have = chosen.quantity if offer.needs == NEEDS_QUANTITY else chosen.total
    if have < offer.needs_threshold:
        return 0
    return have // offer.needs_threshold if offer.needs_each == 1 else 1


def refuse_needs(d: Any, seq: int, o: int) -> None:
    """The needs are not met: with the figures where there are any."""
    offer = d.r_offer[o]
    chosen = d.w_selected[offer.selector]
    have = 0
    if offer.needs == NEEDS_QUANTITY:
        have = chosen.quantity
    elif offer.needs == NEEDS_AMOUNT:
        have = chosen.total
    refuse(d, seq, o, NEEDS_NOT_MET, offer.needs_threshold, have, 0, 0)


def joined_now(d: Any, c: int, scheme: int) -> bool:
    """Whether the contact is a member of the scheme."""
    return has_bit(d.s_member[c, 0], scheme)
