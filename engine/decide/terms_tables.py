"""Merchants, their terms, and the wallet's limits and fees as records."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np

from guerdon.engine.decide import layout
from guerdon.engine.decide.arithmetic import HALF_DOWN, HALF_UP, muldiv
from guerdon.engine.decide.slots import NO_WINDOW, Slots
from guerdon.engine.events.times import Zone
from guerdon.engine.rows import FOREVER, NEVER
from guerdon.rules.program import Program, Share, Terms


def share(program: Program, given: Share | None) -> tuple[int, int, int]:
    """Kind, numerator and denominator of a share; amounts in units of the wallet."""
    if given is None:
        return layout.SHARE_NONE, 0, 0
    if given.rate is not None:
        return layout.SHARE_RATE, given.rate.num, given.rate.den
    return layout.SHARE_AMOUNT, units(program, given.amount_minor or 0), 1


def borne(program: Program, given: Share | None) -> tuple[int, int, int]:
    """What a funder bears: as ``share``, its amount rounded as all that funders bear is, half down."""
    if given is None or given.amount_minor is None:
        return share(program, given)
    return layout.SHARE_AMOUNT, units(program, given.amount_minor, HALF_DOWN), 1


def units(program: Program, money_minor: int, rounding: int = HALF_UP) -> int:
    """Money of the currency in units of the wallet."""
    worth = program.business.unit.worth
    return muldiv(money_minor, worth.den, worth.num, rounding)


def merchants(program: Program, names: Any, slots: Slots, zone: Zone) -> dict[str, np.ndarray]:
    """The arrays r_merchant and r_terms; terms of one merchant stand together."""
    merchants: list[tuple[Any, ...]] = []
    terms: list[tuple[Any, ...]] = []
    for merchant in program.merchants:
        own = [t for t in program.terms if t.merchant == merchant.id]
        budgeted = [t for t in own if t.prepaid or t.budget_minor is not None]
        slot = slots.shared(f"|budget|{merchant.id}", _budget_window(budgeted[0])) if budgeted else -1
        number = names.number("merchant", merchant.id)
        merchants.append((number, len(terms), len(own), merchant.owns_contacts, slot))
        terms += [_terms(program, t, zone) for t in own]
    return {"r_merchant": records(layout.MERCHANT, merchants), "r_terms": records(layout.TERMS, terms)}


_SETTLE = {"day": 1, "week": 2, "month": 3, "quarter": 4, "year": 5}


def _budget_window(t: Terms) -> int:
    """The window in which a budget counts: a settlement period; prepaid ones have none."""
    return NO_WINDOW if t.prepaid else _SETTLE.get(t.settle_every, 3)


def _terms(program: Program, t: Terms, zone: Zone) -> tuple[Any, ...]:
    allowed = (
        range(len(program.schemes))
        if t.schemes is None
        else [k for k, s in enumerate(program.schemes) if s.id in t.schemes]
    )
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
        *borne(program, t.contribution),
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


def wallet(program: Program, slots: Slots) -> dict[str, np.ndarray]:
    """The arrays r_limit and r_fee."""
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
    return {"r_limit": records(layout.LIMIT, limits), "r_fee": records(layout.FEE, fees)}


def _fee(given: Share) -> tuple[int, int, int]:
    if given.rate is not None:
        return layout.SHARE_RATE, given.rate.num, given.rate.den
    return layout.SHARE_AMOUNT, given.amount_minor or 0, 1


def records(dtype: np.dtype[np.void], rows: Any) -> np.ndarray:
    """Rows as an array of records."""
    return np.array([tuple(row) for row in rows], dtype)
