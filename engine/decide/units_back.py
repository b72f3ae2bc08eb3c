"""What a return takes off tier units, and the upgrade that falls with them (spec 4, Tiers)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from guerdon.engine.codes import Cause
from guerdon.engine.decide import history
from guerdon.engine.decide.award_back import AwardBack
from guerdon.engine.decide.clawing import reverse_rest
from guerdon.engine.decide.merged_units import keep_began, merges_after
from guerdon.engine.decide.tiers import enter_tier, lowest_tier
from guerdon.engine.events.amounts import half_up

if TYPE_CHECKING:
    from guerdon.engine.decide.back import Back
    from guerdon.engine.decide.kept import Kept


def units_back(back: Back, kept: Kept) -> None:
    """Take the returned units off the counters they are still in; an upgrade no longer paid for is undone."""
    head = back.decider.tables.arrays["r_head"][0]
    if not head["tiers"]:
        return
    due = half_up(kept.net_back()) if head["tier_net"] else half_up(kept.event.total * kept.part())
    less = due - int(kept.taken.get("units", 0))
    kept.taken["units"] = due
    k = back.contact
    periods = history.tiers_of(back.decider, back.number)
    in_climb, in_keep = _still_in(back, kept, periods)
    k.lifetime -= less
    if in_climb:
        k.climb -= less
    if in_keep:
        k.keep -= less
    k.dirty = 1
    _fall(back, periods)


def _still_in(back: Back, kept: Kept, periods: np.ndarray) -> tuple[bool, bool]:
    """Whether the purchase's units are still in ``climb`` and in ``keep``: not set to 0 since they came there.

    Those of a contact that was merged came to the target with the merge, if they were still in the source's then.
    """
    k, time, seq = back.contact, kept.event.time, kept.seq
    in_climb = in_keep = True
    for at, counted in merges_after(back.decider, kept.event.contact_number, kept.seq):
        in_climb &= time >= counted.climb_from
        in_keep &= time >= counted.keep_from and seq > counted.keep_seq
        time, seq = counted.time, at
    in_climb &= bool(time >= k.window_from)
    in_keep &= bool(k.tier_from <= time < k.tier_until) and seq > keep_began(back.decider, back.c, periods)
    return in_climb, in_keep


def _fall(back: Back, periods: np.ndarray) -> None:
    """Down to the highest tier that ``climb`` pays for, not below the tier at the last window's end."""
    d, k = back.decider.desk, back.contact
    tier, lowest = int(k.tier), lowest_tier(d)
    if tier <= lowest or k.climb >= d.r_tier[tier].needs:
        return
    base = _tier_at_window_end(back, periods)
    fallen = tier
    while fallen > max(base, lowest) and k.climb < d.r_tier[fallen].needs:
        fallen -= 1
    if fallen == tier:
        return
    numbers = {int(t["number"]): index for index, t in enumerate(back.decider.tables.arrays["r_tier"])}
    enter_tier(d, back.seq, back.c, fallen, back.now)
    for period in periods[periods["starts_at"] >= k.window_from]:
        if numbers.get(int(period["tier"]), -1) > fallen:
            _celebration_back(back, int(period["seq"]))


def _tier_at_window_end(back: Back, periods: np.ndarray) -> int:
    """Index of the tier with which the running climb began."""
    numbers = {int(t["number"]): index for index, t in enumerate(back.decider.tables.arrays["r_tier"])}
    tier = lowest_tier(back.decider.desk)
    for period in periods:
        index = numbers.get(int(period["tier"]), -1)
        began = period["starts_at"] < back.contact.window_from
        if began or (period["starts_at"] == back.contact.window_from and index <= tier):
            tier = index
    return tier


def _celebration_back(back: Back, seq: int) -> None:
    """The award for reaching a tier goes with the tier."""
    mine = history.merged_from(back.decider, back.number)
    for award in history.awards_of(back.decider, seq):
        if award["cause"] == Cause.TIER_REACHED and int(award["contact"]) in mine:
            reverse_rest(back, AwardBack(back, back.purchase(seq), award))
