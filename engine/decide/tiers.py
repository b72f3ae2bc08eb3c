"""Tiers (spec 4): units are kept as money; ``climb`` decides upgrades, ``keep`` what happens at a window's end."""

from __future__ import annotations

from typing import Any

from guerdon.engine.decide.calendar import stepped, year_end
from guerdon.engine.decide.layout import DOWN_NEVER, DOWN_ONE_STEP
from guerdon.engine.rows import FOREVER


def lowest_tier(d: Any) -> int:
    """The tier of a newcomer: the first of the ladder if it needs nothing, else none (-1)."""
    if d.r_head[0].tiers == 0 or d.r_tier[0].needs > 0:
        return -1
    return 0


def enter_tier(d: Any, seq: int, c: int, tier: int, at: int) -> None:
    """The contact's tier from an instant on; the history gets a row."""
    k = d.s_contact[c]
    k.tier = tier
    row = d.o_tier[d.o_head[0].tiers]
    d.o_head[0].tiers += 1
    row.contact = k.number
    row.tier = d.r_tier[tier].number if tier >= 0 else 0
    row.starts_at = at
    row.ends_at = FOREVER
    row.seq = seq


def start_tiers(d: Any, seq: int, c: int, at: int) -> None:
    """A contact has registered: the lowest tier and its first window."""
    k = d.s_contact[c]
    k.window_from = at
    k.tier_from = at
    if d.r_head[0].tiers == 0:
        k.tier_until = FOREVER
        return
    k.tier_until = window_end(d, at)
    enter_tier(d, seq, c, lowest_tier(d), at)


def window_end(d: Any, at: int) -> int:
    """The end of a tier window that begins at an instant."""
    head = d.r_head[0]
    if head.tier_calendar == 1:
        return year_end(d, at)
    return stepped(d, at, head.tier_unit, head.tier_n)


def end_window(d: Any, seq: int, c: int) -> None:
    """A window is over: the tier is kept or lost, both counters start anew."""
    k = d.s_contact[c]
    at = k.tier_until
    lowest = lowest_tier(d)
    tier = k.tier
    if tier > lowest and k.keep < d.r_tier[tier].needs and d.r_head[0].tier_downgrade != DOWN_NEVER:
        if d.r_head[0].tier_downgrade == DOWN_ONE_STEP:
            tier -= 1
        else:
            while tier > lowest and d.r_tier[tier].needs > k.keep:
                tier -= 1
        enter_tier(d, seq, c, tier, at)
    k.climb = 0
    k.keep = 0
    k.window_from = at
    k.tier_from = at
    k.tier_until = window_end(d, at)


def add_units(d: Any, seq: int, c: int, time: int, now: int, units: int) -> int:
    """Count a purchase's units; returns the tier reached by an upgrade, or -1."""
    k = d.s_contact[c]
    if d.r_head[0].tiers == 0:
        return -1
    k.lifetime += units
    if time >= k.window_from:
        k.climb += units
    if k.tier_from <= time < k.tier_until:
        k.keep += units
    tier = k.tier
    while tier + 1 < d.r_head[0].tiers and d.r_tier[tier + 1].needs <= k.climb:
        tier += 1
    if tier == k.tier:
        return -1
    enter_tier(d, seq, c, tier, now)
    if d.r_head[0].tier_calendar == 0:
        k.tier_from = now
        k.keep = 0
        k.tier_until = window_end(d, now)
    return tier
