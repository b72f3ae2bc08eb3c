"""Caps and cooldowns: what is left of each, and moving them by what is finally given (spec 4)."""

from __future__ import annotations

from typing import Any

from guerdon.engine.codes import Reason
from guerdon.engine.decide.arithmetic import has_bit
from guerdon.engine.decide.booking import refuse
from guerdon.engine.decide.calendar import WINDOW_ROLLING, stepped
from guerdon.engine.decide.layout import CAP_TIMES, PER_EVENT, PER_OFFER
from guerdon.engine.decide.windows import ring_add, ring_sum, shared_at, slot_at, window_at

CAP_REACHED, COOLDOWN = int(Reason.CAP_REACHED), int(Reason.COOLDOWN)
WINDOW_TIER = 8
NO_CAP = 1 << 62
BUSINESS_ROW = 0  # the row of the state arrays that no contact has


def used(d: Any, c: int, k: int, seq: int, day: int) -> int:
    """What has been used of a cap in the window of the event."""
    cap = d.r_cap[k]
    if cap.per == PER_EVENT:
        return 0
    if cap.window == WINDOW_ROLLING:
        return ring_sum(d, BUSINESS_ROW if cap.per == PER_OFFER else c, cap.slot, day, cap.days)
    if cap.window == WINDOW_TIER:
        tier = d.s_contact[c].tier
        return 1 if tier >= 0 and has_bit(d.s_slot[c, cap.slot].amount, d.r_tier[tier].number) else 0
    window = window_at(d, day, cap.window, seq)
    if cap.per == PER_OFFER:
        shared_at(d, cap.slot, window)
        return int(d.s_shared[cap.slot].amount)
    slot_at(d, c, cap.slot, window)
    return int(d.s_slot[c, cap.slot].amount)


def use(d: Any, c: int, k: int, seq: int, day: int, amount: int) -> None:
    """Move a cap's counter; the window is on the desk already."""
    cap = d.r_cap[k]
    if cap.per == PER_EVENT:
        return
    if cap.window == WINDOW_ROLLING:
        ring_add(d, BUSINESS_ROW if cap.per == PER_OFFER else c, cap.slot, day, amount)
    elif cap.window == WINDOW_TIER:
        tier = d.s_contact[c].tier
        if tier >= 0:
            slot = d.s_slot[c, cap.slot]
            slot.window = 0  # a counter in no window counts as one that never moved
            slot.amount = slot.amount | (1 << d.r_tier[tier].number)
    elif cap.per == PER_OFFER:
        d.s_shared[cap.slot].amount += amount
    else:
        d.s_slot[c, cap.slot].amount += amount


def cooling(d: Any, c: int, o: int, time: int) -> bool:
    """Whether the offer's cooldown for this contact still runs."""
    slot = d.r_offer[o].cooldown_slot
    return slot >= 0 and time < d.s_slot[c, slot].amount


def start_cooldown(d: Any, c: int, o: int, time: int) -> None:
    """An award was given: none to this contact until the same local time a step later."""
    offer = d.r_offer[o]
    if offer.cooldown_slot < 0:
        return
    row = d.s_slot[c, offer.cooldown_slot]
    until = stepped(d, time, offer.cooldown_unit, offer.cooldown_n)
    row.window = 0
    if until > row.amount:
        row.amount = until


def cut(d: Any, c: int, o: int, seq: int, day: int, lost: int) -> bool:
    """Cut the wins to what the caps leave and note the room for the amount; False when a cap is reached."""
    offer = d.r_offer[o]
    w = d.w_offer[o]
    w.room = NO_CAP
    for k in range(offer.cap_first, offer.cap_first + offer.cap_count):
        cap = d.r_cap[k]
        so_far = used(d, c, k, seq, day)
        left = cap.limit - so_far
        if left <= 0:
            refuse(d, seq, o, CAP_REACHED, cap.limit, so_far, lost, 0)
            return False
        if cap.measure == CAP_TIMES:
            w.wins = left if left < w.wins else w.wins
        else:
            w.room = left if left < w.room else w.room
    return True


def count(d: Any, c: int, o: int, seq: int, day: int) -> None:
    """Move the offer's caps by what it finally gives."""
    offer = d.r_offer[o]
    w = d.w_offer[o]
    for k in range(offer.cap_first, offer.cap_first + offer.cap_count):
        use(d, c, k, seq, day, w.wins if d.r_cap[k].measure == CAP_TIMES else w.amount)
