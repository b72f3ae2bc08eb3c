"""The desk: every array that the step reads or writes, by name.

Rule tables (``r_``) are made once for a programme version, state (``s_``) lives from event to event, a batch's rows
(``b_``) come from match, scratch (``w_``) holds one event's work, and ``o_`` collects what is decided.
"""

from __future__ import annotations

from collections import namedtuple
from typing import TYPE_CHECKING, Any

import numpy as np

from guerdon.engine.decide.layout import (
    BRACKET,
    BUCKET_WORK,
    CAP,
    CLOSED_LOT,
    FEE,
    GOAL,
    GROUP,
    GROUP_WORK,
    HEAD,
    LIMIT,
    MERCHANT,
    OFFER,
    OUT_HEAD,
    POOL,
    QUEUED,
    RING,
    SCHEME,
    SELECTED,
    SLOT,
    STATE_HEAD,
    TERMS,
    TIER,
    WORK,
    WORK_HEAD,
)
from guerdon.engine.rows import (
    AWARD,
    BUCKET,
    CONTACT,
    COUNTER,
    EVENT,
    LINE,
    LOT,
    MEMBERSHIP,
    OUTCOME,
    REFUSAL,
    SELECTOR,
    TIER_PERIOD,
    TRANSFER,
)

I64, I32, U64 = np.dtype(np.int64), np.dtype(np.int32), np.dtype(np.uint64)

# Every array of the desk: its dtype and number of dimensions. W stands for the words of 64 offers.
FIELDS: dict[str, tuple[np.dtype[Any], int]] = {
    "zone_at": (I64, 1),  # [changes], µs UTC
    "zone_hint": (I32, 1),  # by instant >> ZONE_SHIFT: the change to look from
    "zone_offset": (I64, 1),  # [changes], µs
    "r_head": (HEAD, 1),  # [1]
    "r_offer": (OFFER, 1),  # [offers]
    "r_goal": (GOAL, 1),
    "r_cap": (CAP, 1),
    "r_bracket": (BRACKET, 1),
    "r_needs": (I32, 1),  # int32: places in w_selected
    "r_group": (GROUP, 1),  # [groups], children before parents, the root last
    "r_scheme": (SCHEME, 1),
    "r_pool": (POOL, 1),
    "r_merchant": (MERCHANT, 1),
    "r_terms": (TERMS, 1),
    "r_limit": (LIMIT, 1),
    "r_fee": (FEE, 1),
    "r_tier": (TIER, 1),  # [tiers]
    "r_trigger": (U64, 2),  # [event types, W]: offers won by the type
    "r_standing": (
        U64,
        2,
    ),  # [3, W]: offers that are active; whose scheme is active; of derived events (no lines, total 0)
    "r_scheme_mask": (U64, 2),  # [schemes, W]
    "r_day": (U64, 2),  # [days + 2, W]: offers available on the local day
    "r_minute": (U64, 2),  # [10080, W]: offers whose hours hold in the minute of the week (from Monday)
    "r_tier_mask": (U64, 2),  # [tiers + 1, W]: offers open to the tier (row 0: no tier)
    "r_selector_mask": (U64, 2),  # [selectors + 1, W]: offers whose base is the selector
    "r_multiplied": (U64, 2),  # [offers, W]: offers that the offer multiplies
    "s_head": (STATE_HEAD, 1),
    "s_contact": (CONTACT, 1),
    "s_lot": (LOT, 1),
    "s_slot": (SLOT, 2),  # [contacts, slots]
    "s_ring": (RING, 3),  # [contacts, rings, ring length]
    "s_shared": (SLOT, 1),  # [shared slots]: of the business
    "s_member": (U64, 2),  # [contacts, 3]: schemes joined, held out of, ever joined; bits by scheme index
    "s_mask": (U64, 3),  # [contacts, 5, W]: member, not held out, audience (other months, month of birth, day of birth)
    "b_event": (EVENT, 1),
    "b_selector": (SELECTOR, 1),
    "b_bucket": (BUCKET, 1),
    "b_line": (LINE, 1),
    "b_line_selectors": (U64, 2),
    "b_event_mask": (U64, 2),
    "b_place_mask": (U64, 2),
    "w_head": (WORK_HEAD, 1),
    "w_offer": (WORK, 1),  # [offers]
    "w_list": (I32, 1),  # [offers]: offers of this round that got past their tests, ascending
    "w_group": (GROUP_WORK, 1),
    "w_mask": (U64, 2),  # [2, W]: offers in play; offers whose base has lines
    "w_selected": (SELECTED, 1),  # [selectors + 1]
    "w_bucket": (BUCKET_WORK, 1),  # [64]
    "w_share": (I64, 1),  # [lines]: less_spend's share of each line
    "w_used": (I64, 1),  # [merchants]: taken off budgets by this event so far
    "w_window": (I64, 1),  # [8]: the windows of w_head.day by kind
    "w_queue": (QUEUED, 1),  # [...]
    "o_head": (OUT_HEAD, 1),
    "o_transfer": (TRANSFER, 1),
    "o_award": (AWARD, 1),
    "o_refusal": (REFUSAL, 1),
    "o_outcome": (OUTCOME, 1),
    "o_past": (COUNTER, 1),  # COUNTER: windows that left the desk
    "o_tier": (TIER_PERIOD, 1),  # TIER_PERIOD
    "o_member": (MEMBERSHIP, 1),  # MEMBERSHIP
    "o_closed": (CLOSED_LOT, 1),  # CLOSED_LOT: stored lots that are used up
    "o_refused": (I64, 2),  # [offers, reasons]: count of refusals
}

if TYPE_CHECKING:
    # What the step's functions see: the arrays by name, with the fields of their records as attributes.
    Desk = Any
else:
    Desk = namedtuple("Desk", FIELDS)
