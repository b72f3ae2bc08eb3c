"""A programme as the arrays of the desk: offers, goals, caps, terms and the words of 64 offers that tests share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import numpy as np

from guerdon.engine.codes import EventType
from guerdon.engine.decide import layout
from guerdon.engine.decide.arithmetic import HALF_UP, muldiv
from guerdon.engine.decide.calendar import ZONE_FROM, ZONE_SHIFT
from guerdon.engine.decide.offer_tables import OfferTables
from guerdon.engine.decide.slots import NO_WINDOW, Slots
from guerdon.engine.events.times import Zone, zone
from guerdon.engine.rows import FOREVER, NEVER
from guerdon.rules.match.python import compile_test
from guerdon.rules.program import Program, Share, Terms
from guerdon.rules.selection import Selection, select

U64 = np.uint64
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
        "r_pool": _records(
            layout.POOL, ((names.number("pool", p.id), p.activation, p.payout) for p in program.pools)
        ),
        "r_tier": _records(
            layout.TIER,
            ((t.needs_minor, names.number("tier", t.id)) for t in (program.tiers.ladder if program.tiers else ())),
        ),
        **_merchants(program, names, slots, business_zone),
        **_wallet(program, slots),
        **_masks(program, words, selection),
    }
    first_day, arrays["r_day"] = _days(program, words)
    arrays["r_minute"] = _minutes(program, words)
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


def _records(dtype: np.dtype[np.void], rows: Iterable[Sequence[Any]]) -> np.ndarray:
    return np.array([tuple(row) for row in rows], dtype)


def mask_of(words: int, indexes: Iterable[int]) -> np.ndarray:
    """A mask with the bits of the given offers."""
    mask = np.zeros(words, U64)
    for o in indexes:
        mask[o // 64] |= U64(1 << (o % 64))
    return mask


def share(program: Program, given: Share | None) -> tuple[int, int, int]:
    """Kind, numerator and denominator of a share; amounts in units of the wallet."""
    if given is None:
        return layout.SHARE_NONE, 0, 0
    if given.rate is not None:
        return layout.SHARE_RATE, given.rate.num, given.rate.den
    return layout.SHARE_AMOUNT, units(program, given.amount_minor or 0), 1


def units(program: Program, money_minor: int) -> int:
    """Money of the currency in units of the wallet, half up."""
    worth = program.business.unit.worth
    return muldiv(money_minor, worth.den, worth.num, HALF_UP)


def _schemes(program: Program, names: Numbers) -> np.ndarray:
    return _records(
        layout.SCHEME,
        (
            (names.number("scheme", s.id), s.active, s.sign_up == "auto", *share(program, s.funding))
            for s in program.schemes
        ),
    )


def _merchants(program: Program, names: Numbers, slots: Slots, zone: Zone) -> dict[str, np.ndarray]:
    merchants, terms = [], []
    for merchant in program.merchants:
        own = [t for t in program.terms if t.merchant == merchant.id]
        budgeted = [t for t in own if t.prepaid or t.budget_minor is not None]
        slot = slots.shared(f"|budget|{merchant.id}", _budget_window(budgeted[0])) if budgeted else -1
        number = names.number("merchant", merchant.id)
        merchants.append((number, len(terms), len(own), merchant.owns_contacts, slot))
        terms += [_terms(program, t, zone) for t in own]
    return {"r_merchant": _records(layout.MERCHANT, merchants), "r_terms": _records(layout.TERMS, terms)}


_SETTLE = {"day": 1, "week": 2, "month": 3, "quarter": 4, "year": 5}


def _budget_window(t: Terms) -> int:
    """The window in which a budget counts: a settlement period; prepaid ones have none."""
    return NO_WINDOW if t.prepaid else _SETTLE.get(t.settle_every, 3)


def _terms(program: Program, t: Terms, zone: Zone) -> tuple[Any, ...]:
    allowed = range(len(program.schemes)) if t.schemes is None else [
        k for k, s in enumerate(program.schemes) if s.id in t.schemes
    ]
    budget = 0 if t.budget_minor is None else units(program, t.budget_minor)
    return (
        t.active,
        midnight(zone, t.effective_from, NEVER),
        midnight(zone, t.effective_until, FOREVER),
        sum(1 << k for k in allowed),
        t.award_own,
        t.award_others,
        t.spend_own,
        t.spend_others,
        *share(program, t.contribution),
        *share(program, t.award_fee),
        *share(program, t.spend_fee),
        t.prepaid,
        t.prepaid or t.budget_minor is not None,
        budget,
        _SETTLE.get(t.settle_every, 3),
        t.expiry_business or t.prepaid,
    )


def midnight(zone: Zone, day: date | None, absent: int) -> int:
    """The instant at which a local date begins."""
    if day is None:
        return absent
    return zone.utc((day - date(1970, 1, 1)).days * 86_400_000_000)


def _wallet(program: Program, slots: Slots) -> dict[str, np.ndarray]:
    on = {"spend": layout.ON_SPEND, "payout": layout.ON_PAYOUT}
    windows = {"day": 1, "week": 2, "month": 3, "quarter": 4, "year": 5, "lifetime": 6}
    limits = [
        (
            on[limit.on],
            windows[limit.window],
            slots.own(f"|limit|{limit.on}|{limit.window}"),
            limit.amount_minor is not None,
            limit.times is not None,
            limit.clip,
            limit.amount_minor or 0,
            limit.times or 0,
        )
        for limit in program.business.limits
    ]
    fees = [(on[fee.on], *_fee(fee.share)) for fee in program.business.fees]
    return {"r_limit": _records(layout.LIMIT, limits), "r_fee": _records(layout.FEE, fees)}


def _fee(given: Share) -> tuple[int, int, int]:
    if given.rate is not None:
        return layout.SHARE_RATE, given.rate.num, given.rate.den
    return layout.SHARE_AMOUNT, given.amount_minor or 0, 1


def _masks(program: Program, words: int, selection: Selection) -> dict[str, np.ndarray]:
    offers = list(enumerate(program.offers))
    active = {s.id for s in program.schemes if s.active}
    trigger = np.zeros((max(EventType) + 1, words), U64)
    for kind in EventType:
        trigger[kind] = mask_of(words, (o for o, offer in offers if offer.on == kind.name.lower()))
    nothing = {"total": 0, "net": 0, "tax": 0, "quantity": 0, "currency": program.business.currency}
    bare = (o for o, offer in offers if offer.event is None or compile_test(offer.event)(nothing))
    standing = [
        mask_of(words, (o for o, offer in offers if offer.active)),
        mask_of(words, (o for o, offer in offers if offer.scheme in active)),
        mask_of(words, bare),
    ]
    ladder = [t.id for t in program.tiers.ladder] if program.tiers else []
    tiers = [mask_of(words, (o for o, offer in offers if not offer.tiers))]
    tiers += [mask_of(words, (o for o, offer in offers if not offer.tiers or t in offer.tiers)) for t in ladder]
    selectors = [
        mask_of(words, (o for o, _ in offers if selection.base[o] == s)) for s in range(-1, len(selection.selectors))
    ]
    return {
        "r_trigger": trigger,
        "r_standing": np.array(standing),
        "r_tier_mask": np.array(tiers),
        "r_selector_mask": np.array(selectors),
        "r_scheme_mask": np.array(
            [mask_of(words, (o for o, offer in offers if offer.scheme == s.id)) for s in program.schemes]
        ).reshape(-1, words),
    }


def _days(program: Program, words: int) -> tuple[int, np.ndarray]:
    """First day and rows: before it, each day up to the last bound, which stands for all later ones too."""
    epoch = date(1970, 1, 1)
    bounds = [(_day(o.available_from, epoch), _day(o.available_until, epoch)) for o in program.offers]
    dated = [day for pair in bounds for day in pair if day is not None]
    first, last = (min(dated), max(dated)) if dated else (0, 0)
    days = np.arange(first - 1, last + 1)
    table = np.zeros((len(days), words), U64)
    for o, (since, until) in enumerate(bounds):
        holds = np.ones(len(days), bool)
        if since is not None:
            holds &= days >= since
        if until is not None:
            holds &= days < until
        table[holds, o // 64] |= U64(1 << (o % 64))
    return first, table


def _day(day: date | None, epoch: date) -> int | None:
    return None if day is None else (day - epoch).days


def _minutes(program: Program, words: int) -> np.ndarray:
    table = np.zeros((7 * 1440, words), U64)
    for o, offer in enumerate(program.offers):
        flag = U64(1 << (o % 64))
        if not offer.times:
            table[:, o // 64] |= flag
        for hours in offer.times:
            for weekday in hours.weekdays:
                minutes = (np.arange(hours.from_minute, hours.until_minute) + weekday * 1440) % (7 * 1440)
                table[minutes, o // 64] |= flag
    return table


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
