"""Whether a purchase of the log moved an offer's goals: whether it passed every test before ``goal_not_reached``.

Only refusals after that test are stored. What is not, follows again from the event, the rules that decided it, and
the contact as it stood.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np

from guerdon.engine.codes import EventType, Reason
from guerdon.engine.decide import funding, history, layout
from guerdon.engine.decide.arithmetic import has_bit
from guerdon.engine.decide.award_back import merchant_index
from guerdon.engine.decide.calendar import DAY, MINUTE
from guerdon.engine.decide.contact_then import ContactThen, contact_then

if TYPE_CHECKING:
    from guerdon.engine.decide.back import Back
    from guerdon.engine.decide.kept import Kept

_COOLDOWN = int(Reason.COOLDOWN)


def moved(back: Back, kept: Kept, place: int) -> bool:
    """Whether the purchase moved the goals (or was an entry) of an offer by its index in the purchase's version."""
    arrays = kept.version.tables.arrays
    number = int(arrays["r_offer"]["number"][place])
    if not has_bit(arrays["r_trigger"][int(EventType.PURCHASE), place // 64], place % 64):
        return False
    awards = history.awards_of(back.decider, kept.seq)
    if ((awards["offer"] == number) & (awards["cause"] == 0)).any():
        return True
    rows = history.refusals_of(back.decider, kept.seq)
    if ((rows["offer"] == number) & (rows["reason"] >= _COOLDOWN) & (rows["cause"] == 0)).any():
        return True
    return _event_passes(kept, place) and _contact_passes(contact_then(back, kept), kept, place)


def _event_passes(kept: Kept, place: int) -> bool:
    """The tests of the event, its time, place and lines."""
    arrays, word, bit = kept.version.tables.arrays, place // 64, place % 64
    local = int(kept.batch.events["local"][0])
    day = local // DAY
    days = arrays["r_day"]
    row = min(max(day - int(arrays["r_head"]["first_day"][0]) + 1, 0), len(days) - 1)
    minute = (day + 3) % 7 * 1440 + (local - day * DAY) // MINUTE
    masks = (
        arrays["r_standing"][0],
        arrays["r_standing"][1],
        days[row],
        arrays["r_minute"][minute],
        kept.batch.place_masks[int(kept.batch.events["place"][0])],
        kept.batch.event_masks[0],
    )
    if not all(has_bit(mask[word], bit) for mask in masks):
        return False
    lines = kept.version.shares.matched(place, kept.batch)
    return bool(lines.any()) and _needs_met(kept, place, lines)


def _needs_met(kept: Kept, place: int, lines: np.ndarray) -> bool:
    offer = kept.version.tables.arrays["r_offer"][place]
    if offer["needs"] == layout.NEEDS_NONE:
        return True
    if offer["needs"] == layout.NEEDS_ALL:
        words = kept.batch.line_selectors
        chosen = kept.version.tables.selection.bundle[place]
        return all(((words[:, s // 64] >> np.uint64(s % 64)) & np.uint64(1)).any() for s in chosen)
    figure = "quantity" if offer["needs"] == layout.NEEDS_QUANTITY else "total"
    return bool(kept.batch.lines[figure][lines].sum() >= offer["needs_threshold"])


def _contact_passes(then: ContactThen, kept: Kept, place: int) -> bool:
    """The tests of the contact: member, not held out, audience, tier, and the merchant's terms for it."""
    version = kept.version
    offer = version.program.offers[place]
    if offer.scheme not in then.schemes or offer.scheme in then.held_out:
        return False
    if not then.audience(version, place, int(kept.batch.events["local"][0]) // DAY):
        return False
    if offer.tiers and then.tier not in offer.tiers:
        return False
    merchant = merchant_index(version, then.merchant)
    if merchant < 0:
        return True
    rules = SimpleNamespace(**version.rules)
    terms = funding.terms_at(rules, merchant, kept.event.time)
    scheme = int(version.tables.arrays["r_offer"]["scheme"][place])
    return bool(funding.permission(rules, merchant, terms, then.owner, scheme, False) == 0)
