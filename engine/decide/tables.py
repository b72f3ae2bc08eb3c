"""A programme as the arrays of the desk: offers, goals, caps, terms and the words of 64 offers that tests share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from guerdon.engine.decide import layout
from guerdon.engine.decide.calendar import ZONE_FROM, ZONE_SHIFT
from guerdon.engine.decide.mask_tables import days, masks, minutes
from guerdon.engine.decide.offer_tables import OfferTables
from guerdon.engine.decide.slots import Slots
from guerdon.engine.decide.terms_tables import borne, merchants, records, wallet
from guerdon.engine.events.times import Zone, zone
from guerdon.rules.program import Program
from guerdon.rules.selection import Selection, select

_REDEEM = {"automatic": 0, "on_spend": 1, "on_request": 2}
_DOWNGRADE = {"one_step": 0, "re_evaluate": 1, "never": 2}
STEPS = {"min": (1, 1), "h": (2, 1), "d": (3, 1), "w": (3, 7), "mo": (4, 1), "q": (4, 3), "y": (4, 12)}


class Numbers(Protocol):
    """The registry of the ledger, as far as the tables need it."""

    def number(self, kind: str, id: str) -> int:
        """The number of a name, given when it is first asked for."""


@dataclass(frozen=True, slots=True)
class Tables:
    """The rule arrays of one programme version, and the order of what they index."""

    program: Program
    selection: Selection
    arrays: dict[str, np.ndarray]  # the fields zone_* and r_* of layout.Desk
    slots: Slots
    classes: dict[str, int]  # classification of achievements → bit
    words: int
    zone: Zone
    scheme_numbers: tuple[int, ...]
    merchant_index: dict[str, int]


def build(program: Program, names: Numbers, version: int) -> Tables:
    """The arrays of a programme. ``names`` gives numbers; ``version`` is the version's own."""
    business_zone = zone(program.business.time_zone)
    selection = select(program)
    words = max(1, -(-len(program.offers) // 64))
    slots = Slots()
    slots.shared("|clock|ticks")
    offers = OfferTables(program, names, slots, selection, business_zone)
    arrays: dict[str, np.ndarray] = {
        "zone_at": np.asarray(business_zone.starts, np.int64),
        "zone_hint": _zone_hints(np.asarray(business_zone.starts, np.int64)),
        "zone_offset": np.asarray(business_zone.offsets, np.int64),
        **offers.arrays(),
        "r_scheme": _schemes(program, names),
        "r_pool": records(layout.POOL, ((names.number("pool", p.id), p.activation, p.payout) for p in program.pools)),
        "r_tier": records(
            layout.TIER,
            ((t.needs_minor, names.number("tier", t.id)) for t in (program.tiers.ladder if program.tiers else ())),
        ),
        **merchants(program, names, slots, business_zone),
        **wallet(program, slots),
        **masks(program, words, selection),
    }
    first_day, arrays["r_day"] = days(program, words)
    arrays["r_minute"] = minutes(program, words)
    arrays["r_head"] = _head(program, arrays, version, first_day, words, slots, selection)
    return Tables(
        program,
        selection,
        arrays,
        slots,
        offers.classes,
        words,
        business_zone,
        tuple(int(n) for n in arrays["r_scheme"]["number"]),
        {m.id: k for k, m in enumerate(program.merchants)},
    )


def _zone_hints(changes: np.ndarray) -> np.ndarray:
    """For each step of time the last change at or before its beginning."""
    steps = (int(changes[-1]) - ZONE_FROM >> ZONE_SHIFT) + 2
    begins = ZONE_FROM + (np.arange(max(2, steps), dtype=np.int64) << ZONE_SHIFT)
    begins[0] = np.iinfo(np.int64).min
    return np.maximum(np.searchsorted(changes, begins, side="right") - 1, 0).astype(np.int32)


def _schemes(program: Program, names: Numbers) -> np.ndarray:
    return records(
        layout.SCHEME,
        (
            (names.number("scheme", s.id), s.active, s.sign_up == "auto", *borne(program, s.funding))
            for s in program.schemes
        ),
    )


def _head(
    program: Program,
    arrays: dict[str, np.ndarray],
    version: int,
    first_day: int,
    words: int,
    slots: Slots,
    selection: Selection,
) -> np.ndarray:
    business, tiers = program.business, program.tiers
    head = np.zeros(1, layout.HEAD)
    values: dict[str, Any] = {
        "offers": len(program.offers),
        "words": words,
        "groups": len(arrays["r_group"]),
        "selectors": len(selection.selectors),
        "tiers": len(arrays["r_tier"]),
        "merchants": len(program.merchants),
        "limits": len(arrays["r_limit"]),
        "fees": len(arrays["r_fee"]),
        "slots": len(slots.keys),
        "rings": len(slots.ring_keys),
        "version": version,
        "first_day": first_day,
        "redeem_mode": _REDEEM[business.redeem],
        "worth_num": business.unit.worth.num,
        "worth_den": business.unit.worth.den,
        "full_cover": business.full_cover,
        "less_spend": any(o.less_spend for o in program.offers),
        "multiplies": bool((arrays["r_offer"]["form"] == layout.FORM_MULTIPLY).any()),
        "automatic": sum(1 << k for k, s in enumerate(program.schemes) if s.sign_up == "auto"),
    }
    if business.award_share_max is not None:
        values |= {"has_share": 1, "share_num": business.award_share_max.num, "share_den": business.award_share_max.den}
    if business.auto_spend is not None:
        auto = business.auto_spend
        most = (1 << 60) if auto.max_minor is None else auto.max_minor
        values |= {"has_auto_spend": 1, "auto_min_balance": auto.min_balance_minor, "auto_min": auto.min_minor}
        values["auto_max"] = most
    if tiers is not None:
        values |= {"tier_net": tiers.of == "net", "tier_calendar": tiers.calendar_year}
        values["tier_downgrade"] = _DOWNGRADE[tiers.downgrade]
        if tiers.window is not None:
            unit, times = STEPS[tiers.window.unit]
            values |= {"tier_unit": unit, "tier_n": tiers.window.n * times}
    for name, value in values.items():
        head[name] = value
    return head
