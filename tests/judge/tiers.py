"""Tiers: value units in two counters, upgrades at once, downgrades at the end of a window, and what a return undoes."""

from __future__ import annotations

from datetime import date, datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from .money import decimal
from .state import Contact, Happening, Tier

if TYPE_CHECKING:
    from .judge import Judge


def ladder(j: Judge) -> list[dict[str, Any]]:
    assert j.rules.tiers is not None
    return list(j.rules.tiers["ladder"])


def names(j: Judge) -> list[str]:
    return [step["id"] for step in ladder(j)]


def needs(j: Judge, tier: str) -> Fraction:
    """What a tier needs, as money of purchases in minor units."""
    assert j.rules.tiers is not None
    step = next(step for step in ladder(j) if step["id"] == tier)
    return decimal(step["needs"]) * j.rules.money(j.rules.tiers.get("unit_per", "1"))


def highest(j: Judge, units: Fraction, at_most: str | None = None) -> str:
    """The highest tier that these units pay for, not above another."""
    found = names(j)[0]
    for name in names(j):
        if units >= needs(j, name):
            found = name
        if name == at_most:
            break
    return found


def first_tier(j: Judge, at: datetime) -> Tier | None:
    if j.rules.tiers is None:
        return None
    name = names(j)[0]
    tier = Tier(name, at, None, name, climb_from=at, keep_from=at, history=[(at, name)])
    tier.window_end = end_of_window(j, at)
    return tier


def end_of_window(j: Judge, start: datetime) -> datetime:
    assert j.rules.tiers is not None
    window = j.rules.tiers["window"]
    if "calendar" in window:
        year = j.rules.clock.day(start).year
        return j.rules.clock.midnight(date(year + 1, 1, 1))
    return j.rules.clock.after(start, window["from_achieved"])


def end_window(j: Judge, contact: Contact, at: datetime) -> None:
    """Keep or lose the tier, set both counters to 0, and start the next window."""
    tier = contact.tier
    assert tier is not None and j.rules.tiers is not None
    mode = j.rules.tiers.get("downgrade", "one_step")
    if tier.keep < needs(j, tier.name) and mode != "never":
        index = names(j).index(tier.name)
        lower = names(j)[max(0, index - 1)] if mode == "one_step" else highest(j, tier.keep, tier.name)
        change(tier, lower, at)
    tier.base = tier.name
    tier.upgrades = []
    tier.climb, tier.keep = Fraction(0), Fraction(0)
    tier.climb_epoch += 1
    tier.keep_epoch += 1
    tier.climb_from = tier.keep_from = at
    tier.window_end = end_of_window(j, at)


def change(tier: Tier, name: str, at: datetime) -> None:
    if name != tier.name:
        tier.name = name
        tier.since = at
        tier.history.append((at, name))


def add_units(j: Judge, h: Happening, contact: Contact) -> str | None:
    """Add a purchase's units; says the tier it reaches, if it reaches one."""
    tier = contact.tier
    if tier is None or j.rules.tiers is None:
        return None
    units = Fraction(h.net if j.rules.tiers.get("of") == "net" else h.total)
    tier.lifetime += units
    added: dict[str, Any] = {"units": units, "back": Fraction(0), "climb": None, "keep": None}
    if not h.late or (tier.climb_from is not None and h.moment >= tier.climb_from):
        tier.climb += units
        added["climb"] = tier.climb_epoch
    if not h.late or (tier.keep_from is not None and h.moment >= tier.keep_from):
        tier.keep += units
        added["keep"] = tier.keep_epoch
    h.tier_added = added
    reached = highest(j, tier.climb)
    if names(j).index(reached) <= names(j).index(tier.name):
        return None
    change(tier, reached, h.at)
    if "calendar" not in j.rules.tiers["window"]:
        tier.keep = Fraction(0)
        tier.keep_epoch += 1
        tier.keep_from = h.at
        tier.window_end = end_of_window(j, h.at)
    return reached


def take_units(j: Judge, h: Happening, contact: Contact, returned: Fraction, at: datetime) -> list[Any]:
    """Take a return's units off the counters; says the awards of the upgrades that it undoes."""
    tier, added = contact.tier, h.tier_added
    if tier is None or added is None:
        return []
    less = added["units"] * returned - added["back"]
    added["back"] += less
    tier.lifetime -= less
    if added["keep"] == tier.keep_epoch:
        tier.keep -= less
    if added["climb"] == tier.climb_epoch:
        tier.climb -= less
    order = names(j)
    if order.index(tier.name) <= order.index(tier.base) or tier.climb >= needs(j, tier.name):
        return []
    lower = highest(j, tier.climb, tier.name)
    if order.index(lower) < order.index(tier.base):
        lower = tier.base
    change(tier, lower, at)
    undone = [up for up in tier.upgrades if order.index(up[0]) > order.index(lower)]
    tier.upgrades = [up for up in tier.upgrades if up not in undone]
    return [award for _, awards in undone for award in awards]
