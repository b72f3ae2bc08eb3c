"""Worked examples of an offer: made up, played, and told only as they ended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from guerdon.engine.report.terms_histories import Basket, Histories
from guerdon.engine.report.terms_trials import Trial, tried
from guerdon.engine.report.terms_words import Words, count, ordinal, sentence
from guerdon.rules.program import Amount, Brackets, Draw, Offer, Per, Percent, Product, Program

_MOST_EVENTS = 12
_SUMS = (25, 60, 140, 400)  # of the currency's main unit, tried one after the other
_OF_BASE = (Percent, Per, Brackets)


class Examples:
    """The examples of one offer; ``program`` is one that lets everybody take part (``terms_trials.open_to_all``)."""

    def __init__(self, offer: Offer, program: Program, words: Words) -> None:
        self.offer, self.program, self.words = offer, program, words
        self.made_up = Histories(offer, program)
        self.main_unit = 10**program.business.digits

    def sentences(self) -> list[str]:
        """What happened, in words; nothing if no made-up history won the award."""
        if isinstance(self.offer.award, Draw):
            return []
        if self.offer.on != "purchase":
            found = self._happening()
        elif self.offer.goals:
            found = self._over_time()
        else:
            found = self._at_once()
        return [sentence(text) for text in found]

    # ---- a purchase that wins by itself

    def _at_once(self) -> Iterator[str]:
        moments = self.made_up.moments(1)
        for total in self._totals() if moments else ():
            events = [*self.made_up.before(moments[0]), self.made_up.purchase(moments[0], self._basket(total))]
            trial = self._tried(events)
            if trial.given:
                yield f"a purchase of {self._described(events[-1], moments[0])} gives {self._award(trial)}"
                yield from self._half_returned(events, moments[0])
                yield from self._capped(trial)
                return

    def _half_returned(self, events: list[dict[str, Any]], moment: datetime) -> Iterator[str]:
        """What goes when half of the same purchase is returned on the next day."""
        if not isinstance(self.offer.award, _OF_BASE):
            return
        half = self._total(events[-1]) // 2
        back = {"type": "return", "of": f"e{len(events) - 1}", "time": (moment + timedelta(days=1)).isoformat(" ")}
        trial = self._tried([*events, {**back, "amount": self.made_up._money(half)}])
        if trial.taken_back:
            returned, taken = self.words.money(half), self.words.reward(trial.taken_back)
            yield f"if {returned} of it is returned, {taken} is taken back"

    def _capped(self, usual: Trial) -> Iterator[str]:
        """A purchase so large that a limit of the offer cuts its award."""
        amounts = [cap.limit for cap in self.offer.caps if cap.measure == "amount" and cap.per != "offer"]
        if not amounts or not isinstance(self.offer.award, _OF_BASE) or usual.given[0].clipped:
            return
        moment = self.made_up.moments(1)[0]
        total = self._total(self.made_up.purchase(moment, self._basket(self._totals()[0])))
        large = -(-total * 2 * min(amounts) // (usual.given[0].amount * 100 * self.main_unit)) * 100 * self.main_unit
        events = [*self.made_up.before(moment), self.made_up.purchase(moment, self._basket(large))]
        trial = self._tried(events)
        if trial.given and trial.given[0].clipped:
            shown = self.words.money(self._total(events[-1]))
            yield f"a purchase of {shown} gives {self._award(trial)}: the limit applies"

    # ---- goals

    def _over_time(self) -> Iterator[str]:
        offer = self.offer
        if any(goal.kind == "achievements" for goal in offer.goals):
            return
        needed = max(goal.target if goal.kind not in ("spend", "quantity") else 2 for goal in offer.goals)
        if needed > _MOST_EVENTS:
            return
        streak = next((goal for goal in offer.goals if goal.kind == "streak"), None)
        moments = self.made_up.moments(needed, streak.window if streak else "day")
        if len(moments) < needed:
            return
        spend = max((goal.target for goal in offer.goals if goal.kind == "spend"), default=0)
        pieces = max((goal.target for goal in offer.goals if goal.kind == "quantity"), default=0)
        total = -(-spend * 6 // (5 * needed)) or self._totals()[0]
        basket = self._basket(total, -(-pieces // needed // 1000) * 1000)
        bought = [self.made_up.purchase(moment, basket) for moment in moments]
        trial = self._tried([*self.made_up.before(moments[0]), *bought])
        if trial.given:
            each_of = f"{count(needed, 'purchase')} of {self._described(bought[0], moments[0], dated=False)}"
            apart = f", one in each {streak.window}" if streak else ""
            place = trial.given[0].place - (len(self.made_up.before(moments[0])) - 1)
            each = " each" if needed > 1 else ""
            yield f"of {each_of}{each}{apart}, the {ordinal(place)} gives {self._award(trial)}"

    # ---- other events

    def _happening(self) -> Iterator[str]:
        moments = self.made_up.moments(1)
        if not moments or self.offer.goals:
            return
        moment, on = moments[0], self.offer.on
        later = moment + timedelta(days=800)
        bought = {"type": "purchase", "contact": self.made_up.contact, "time": moment.isoformat(" ")}
        first = self.made_up.before(moment)
        histories: dict[str, tuple[str, list[dict[str, Any]]]] = {
            "sign_up": ("joining", [self.made_up.happening("register", moment)]),
            "register": ("registering", [self.made_up.happening("register", moment)]),
            "profile_completed": ("completing your profile", [self.made_up.happening(on, moment)]),
            "achievement": ("one such activity", [self.made_up.happening(on, moment)]),
            "subscription_started": ("starting your subscription", [self.made_up.happening(on, moment)]),
            "subscription_matured": (
                "an uninterrupted subscription",
                [
                    self.made_up.happening("subscription_started", moment),
                    {"type": "tick", "time": later.isoformat(" ")},
                ],
            ),
            "birthday": (
                "your birthday",
                [*first, {"type": "tick", "time": (moment + timedelta(days=366)).isoformat(" ")}],
            ),
            "tier_reached": ("reaching a higher tier", [{**bought, "total": self.made_up._money(self._tier_needs())}]),
        }
        if on not in histories:
            return
        what, events = histories[on]
        trial = self._tried(events)
        if trial.given:
            yield f"{what} gives {self._award(trial)}"

    def _tier_needs(self) -> int:
        tiers = self.program.tiers
        ladder = tiers.ladder if tiers else ()
        named = [tier.needs_minor for tier in ladder if not self.offer.tiers or tier.id in self.offer.tiers]
        return max(named, default=0) or self.main_unit

    # ---- figures

    def _tried(self, events: list[dict[str, Any]]) -> Trial:
        return tried(self.program, self.offer.id, events)

    def _totals(self) -> list[int]:
        """Totals to try, in minor units, small ones first, none below what the offer asks for."""
        needs, award = self.offer.needs, self.offer.award
        least = needs.threshold if needs is not None and needs.kind == "amount" else 0
        if isinstance(award, Brackets):
            least = max(least, max((bracket.to_minor or 0 for bracket in award.brackets), default=0) * 5 // 4)
        if isinstance(award, Per):
            least = max(least, award.step_minor * 25 // 2)
        sums = [each * self.main_unit for each in _SUMS]
        return sorted({max(each, least) for each in sums})

    def _basket(self, total: int, quantity: int = 0) -> Basket:
        needs = self.offer.needs
        pieces = needs.threshold if needs is not None and needs.kind == "quantity" else 1000
        return Basket(total, max(pieces, quantity))

    def _total(self, event: dict[str, Any]) -> int:
        return sum(int(line["total"].replace(".", "")) for line in event["lines"])

    def _described(self, event: dict[str, Any], moment: datetime, dated: bool = True) -> str:
        """The purchase in words: its total, how many pieces if that matters, when if that matters."""
        text = self.words.money(self._total(event))
        pieces = [line["quantity"] for line in event["lines"]]
        if any(piece != "1.000" for piece in pieces):
            text += f" with {self.words.quantity(sum(int(piece.replace('.', '')) for piece in pieces))} pieces"
        if self.offer.lines is not None or self.offer.needs is not None:
            text += " in articles that count"
        if dated and self.offer.times:
            day = self.words.weekdays([moment.weekday()])[0]
            text += f" on a {day} at {self.words.clock(moment.hour * 60 + moment.minute)}"
        return text

    def _award(self, trial: Trial) -> str:
        amount = trial.given[0].amount
        if isinstance(self.offer.award, Product):
            return f"{self.offer.award.sku} free, worth {self.words.reward(amount)}"
        often = ""
        if isinstance(self.offer.award, Amount) and amount > self.offer.award.amount_minor:
            often = f" ({amount // self.offer.award.amount_minor} × {self.words.reward(self.offer.award.amount_minor)})"
        return self.words.reward(amount) + often
