"""The offers of a programme as records: forms, goals, caps, brackets, groups."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from math import lcm
from typing import Any

import numpy as np

from guerdon.engine.decide import layout
from guerdon.engine.decide.calendar import WINDOW_DAY, WINDOWS
from guerdon.engine.decide.caps import WINDOW_TIER
from guerdon.engine.decide.slots import NO_WINDOW, Slots
from guerdon.engine.decide.terms_tables import borne
from guerdon.engine.events.times import Zone
from guerdon.engine.rows import DEBT, FOREVER, PENDING_ONLY, WITHIN_BALANCE
from guerdon.rules import program as p
from guerdon.rules.selection import Selection

_ROUNDING = {"half_up": 0, "half_even": 1, "floor": 2, "ceil": 3}
_STEPS = {"min": (1, 1), "h": (2, 1), "d": (3, 1), "w": (3, 7), "mo": (4, 1), "q": (4, 3), "y": (4, 12)}
_GOALS = {
    "spend": layout.GOAL_SPEND,
    "quantity": layout.GOAL_QUANTITY,
    "visits": layout.GOAL_VISITS,
    "visits_by_day": layout.GOAL_VISITS_BY_DAY,
    "achievements": layout.GOAL_ACHIEVEMENTS,
    "streak": layout.GOAL_STREAK,
}
_OF = {"lines": layout.OF_LINES, "event": layout.OF_EVENT, "progress": layout.OF_PROGRESS}
_NEEDS = {"quantity": layout.NEEDS_QUANTITY, "amount": layout.NEEDS_AMOUNT, "all": layout.NEEDS_ALL}
_PER = {"event": layout.PER_EVENT, "contact": layout.PER_CONTACT, "offer": layout.PER_OFFER}
_CLAW_BACK = {"pending_only": PENDING_ONLY, "within_balance": WITHIN_BALANCE, "debt": DEBT}
_MODES = {"all": layout.MODE_ALL, "best": layout.MODE_BEST, "first": layout.MODE_FIRST}


class OfferTables:
    """Builds the records of a programme's offers; ``classes`` gives each classification of achievements its bit."""

    def __init__(self, program: p.Program, names: Any, slots: Slots, selection: Selection, zone: Zone) -> None:
        self.program, self.names, self.slots, self.selection, self.zone = program, names, slots, selection, zone
        self.goals: list[tuple[Any, ...]] = []
        self.caps: list[tuple[Any, ...]] = []
        self.brackets: list[tuple[Any, ...]] = []
        self.needs: list[int] = []
        self.classes = _classes(program)
        self.merchants = {m.id: k for k, m in enumerate(program.merchants)}
        self.pools = {pool.id: k for k, pool in enumerate(program.pools)}
        self.schemes = {s.id: k for k, s in enumerate(program.schemes)}
        groups = list(reversed(program.business.groups))
        self.groups = {g.id: k for k, g in enumerate(groups)}
        ranked = sorted({o.id for o in program.offers} | {g.id for g in groups})
        self.rank = {id: k for k, id in enumerate(ranked)}
        self.group_rows = [
            (self.groups[g.parent] if g.parent is not None else -1, _MODES[g.mode], self.rank[g.id], 0) for g in groups
        ]
        self.offers = [self._offer(o) for o in program.offers]

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays r_offer, r_goal, r_cap, r_bracket, r_needs, r_group, r_multiplied."""
        words = max(1, -(-len(self.offers) // 64))
        index = {o.id: k for k, o in enumerate(self.program.offers)}
        multiplied = np.zeros((max(1, len(self.offers)), words), np.uint64)
        for k, offer in enumerate(self.program.offers):
            if isinstance(offer.award, p.Multiply):
                for named in offer.award.offers:
                    multiplied[k, index[named] // 64] |= np.uint64(1 << (index[named] % 64))
        return {
            "r_offer": _filled(layout.OFFER, self.offers),
            "r_goal": np.array(self.goals, layout.GOAL),
            "r_cap": np.array(self.caps, layout.CAP),
            "r_bracket": np.array(self.brackets, layout.BRACKET),
            "r_needs": np.array(self.needs, np.int32),
            "r_group": np.array(self.group_rows, layout.GROUP),
            "r_multiplied": multiplied,
        }

    def _offer(self, o: p.Offer) -> dict[str, Any]:
        k = len(self.goals), len(self.caps), len(self.brackets), len(self.needs)
        place = self.program.offers.index(o)
        row: dict[str, Any] = {
            "number": self.names.number("offer", o.id),
            "scheme": self.schemes[o.scheme],
            "pool": self.pools[o.pool],
            "pool_number": self.names.number("pool", o.pool),
            "group": self.groups[o.group],
            "order": (o.priority << 32) | self.rank[o.id],
            "net": o.net,
            "less_spend": o.less_spend,
            "rounding": _ROUNDING[o.rounding],
            "selector": self.selection.base[place] + 1,
            "reach_any": o.reach == "any",
            "repeats": o.repeat,
            "carries": o.carry,
            "instant": o.instant,
            "owner": -1 if o.owner is None else self.merchants[o.owner],
            "claw_back": _CLAW_BACK[o.claw_back],
            "supplier": -1,
            "entry_slot": -1,
            **self._form(o.award),
            **self._times(o),
            **self._funding(o),
        }
        self._needs(o, place, row)
        self._goals(o)
        self._caps(o)
        firsts = zip(("goal", "cap", "bracket", "needs"), k, strict=True)
        lists: tuple[Sequence[Any], ...] = (self.goals, self.caps, self.brackets, self.needs)
        for (name, first), rows in zip(firsts, lists, strict=True):
            row[f"{name}_first"], row[f"{name}_count"] = first, len(rows) - first
        row["wins_slot"] = self.goals[k[0]][1] if row["goal_count"] else -1
        if isinstance(o.award, p.Draw):
            row["entry_slot"] = self.slots.own(f"{o.id}|entries")
        return row

    def _form(self, award: p.Award) -> dict[str, Any]:
        worth = self.program.business.unit.worth
        if isinstance(award, p.Amount):
            return {"form": layout.FORM_AMOUNT, "amount": award.amount_minor}
        if isinstance(award, p.Percent):
            rate = award.rate
            of = _OF[award.of]
            return {"form": layout.FORM_PERCENT, "of": of, **_rate(rate.num * worth.den, rate.den * worth.num)}
        if isinstance(award, p.Per):
            return {"form": layout.FORM_PER, "step": award.step_minor, "amount": award.give_minor}
        if isinstance(award, p.Brackets):
            den = lcm(*(b.rate.den for b in award.brackets))
            for b in award.brackets:
                upto = FOREVER if b.to_minor is None else b.to_minor
                self.brackets.append((upto, b.rate.num * (den // b.rate.den) * worth.den))
            return {"form": layout.FORM_BRACKETS, "den": den * worth.num}
        if isinstance(award, p.Multiply):
            return {"form": layout.FORM_MULTIPLY, **_rate(award.factor.num - award.factor.den, award.factor.den)}
        if isinstance(award, p.Product):
            value = award.value_minor * award.quantity
            units = value * worth.den // worth.num
            return {
                "form": layout.FORM_PRODUCT,
                "amount": units,
                "supplier": self.merchants.get(award.supplier or "", -1),
            }
        at = self.zone.utc((award.at - date(1970, 1, 1)).days * 86_400_000_000)
        return {"form": layout.FORM_DRAW, "amount": award.amount_minor, "draw_at": at}

    def _times(self, o: p.Offer) -> dict[str, Any]:
        row: dict[str, Any] = {"cooldown_slot": -1}
        if o.cooldown is not None:
            unit, n = step(o.cooldown)
            row |= {"cooldown_slot": self.slots.own(f"{o.id}|cooldown"), "cooldown_unit": unit, "cooldown_n": n}
        if o.pending is not None:
            row["pending_unit"], row["pending_n"] = step(o.pending)
        if o.valid.duration is not None:
            row["valid"] = layout.VALID_FOR
            row["valid_unit"], row["valid_n"] = step(o.valid.duration)
        elif o.valid.until is not None:
            day = (o.valid.until - date(1970, 1, 1)).days
            row |= {"valid": layout.VALID_UNTIL, "valid_until": self.zone.utc(day * 86_400_000_000)}
        else:
            row["valid"] = layout.VALID_ALWAYS
        return row

    def _funding(self, o: p.Offer) -> dict[str, Any]:
        if o.funding is None:
            return {"funding": layout.SHARE_NONE}
        return dict(zip(("funding", "fund_num", "fund_den"), borne(self.program, o.funding), strict=True))

    def _needs(self, o: p.Offer, place: int, row: dict[str, Any]) -> None:
        if o.needs is None:
            return
        row |= {"needs": _NEEDS[o.needs.kind], "needs_each": o.needs.each, "needs_threshold": o.needs.threshold}
        self.needs += [selector + 1 for selector in self.selection.bundle[place]]

    def _goals(self, o: p.Offer) -> None:
        for k, goal in enumerate(o.goals, 1):
            key = f"{o.id}|goal{k}|{goal.kind}|{goal.window}"
            # A streak's window is its run, which a late event does not turn back.
            slot = self.slots.own(key, NO_WINDOW if goal.kind == "streak" else WINDOWS[goal.window])
            extra = -1
            if goal.kind == "visits_by_day":
                extra = self.slots.own(f"{key}|days", WINDOW_DAY)
            elif goal.kind == "streak":
                extra = self.slots.own(f"{key}|each", WINDOWS[goal.window])
            each = goal.each
            self.goals.append(
                (
                    _GOALS[goal.kind],
                    slot,
                    WINDOWS[goal.window],
                    extra,
                    goal.target,
                    _GOALS[each.kind] if each is not None else 0,
                    each.target if each is not None else 0,
                    sum(1 << self.classes[c] for c in goal.achievements),
                )
            )

    def _caps(self, o: p.Offer) -> None:
        measures = {"times": layout.CAP_TIMES, "amount": layout.CAP_AMOUNT}
        for cap in o.caps:
            window = WINDOW_TIER if cap.window == "tier" else WINDOWS[cap.window]
            if cap.per == "event":
                slot = -1
            elif cap.per == "offer" and cap.window == "rolling":
                slot = self.slots.ring(f"{o.id}|offer|{cap.measure}|rolling", cap.days)
            elif cap.per == "offer":
                slot = self.slots.shared(f"{o.id}|offer|{cap.measure}|{cap.window}", window)
            elif cap.window == "rolling":
                slot = self.slots.ring(f"{o.id}|{cap.measure}|rolling", cap.days)
            else:
                slot = self.slots.own(
                    f"{o.id}|{cap.measure}|{cap.window}", NO_WINDOW if window == WINDOW_TIER else window
                )
            self.caps.append((measures[cap.measure], _PER[cap.per], window, cap.days, slot, cap.limit))


def step(duration: p.Duration) -> tuple[int, int]:
    """Unit and count of a calendar step, as ``calendar.stepped`` takes them."""
    unit, times = _STEPS[duration.unit]
    return unit, duration.n * times


def _rate(num: int, den: int) -> dict[str, int]:
    return {"num": num, "den": den}


def _classes(program: p.Program) -> dict[str, int]:
    names = sorted({c for o in program.offers for g in o.goals for c in g.achievements})
    return {name: k for k, name in enumerate(names)}


def _filled(dtype: np.dtype[np.void], rows: Sequence[dict[str, Any]]) -> np.ndarray:
    table = np.zeros(len(rows), dtype)
    for k, row in enumerate(rows):
        for name, value in row.items():
            table[name][k] = value
    return table
