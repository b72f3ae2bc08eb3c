"""One offer in words: every field that concerns the customer, in the order in which it is asked about."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from guerdon.engine.report.terms_awards import award_in_words
from guerdon.engine.report.terms_conditions import in_words
from guerdon.engine.report.terms_words import (
    Words,
    count,
    duration,
    each,
    either,
    ordinal,
    sentence,
    times,
    window,
    within,
)
from guerdon.rules.program import Cap, Draw, Goal, Needs, Offer, Program, Validity

# What an offer waits for, after "it is won by".
_EVENTS = {
    "purchase": "a purchase",
    "register": "registering",
    "update": "updating your details",
    "sign_up": "joining the scheme",
    "profile_completed": "completing your profile",
    "referral": "being referred by a member",
    "achievement": "an activity that we record",
    "subscription_started": "starting your subscription",
    "subscription_matured": "keeping your subscription",
    "birthday": "your birthday",
    "tier_reached": "reaching a higher tier",
}


class OfferText:
    """The sentences of one offer of a programme."""

    def __init__(self, offer: Offer, program: Program, words: Words) -> None:
        self.offer, self.program, self.words = offer, program, words

    def sentences(self) -> list[str]:
        """All of them, award first."""
        parts: tuple[Callable[[], Iterator[str]], ...] = (
            self._award, self._trigger, self._when, self._where, self._who, self._event, self._goals, self._limits,
            self._group, self._money, self._back,
        )  # fmt: skip
        return [sentence(text) for part in parts for text in part()]

    def _award(self) -> Iterator[str]:
        yield from award_in_words(self.offer, self.program, self.words)

    def _trigger(self) -> Iterator[str]:
        offer = self.offer
        what = _EVENTS[offer.on]
        if offer.on == "referral":
            per_day = self.program.business.referrals_per_day
            yield f"it is won when a friend whom you sent joins, at most {times(per_day)} a day"
        elif offer.on == "subscription_matured" and offer.after is not None:
            yield f"it is won by {what} for {duration(offer.after)} without an interruption"
        elif not offer.goals:
            yield f"it is won by {what}"
        if offer.owner is not None:
            yield f"this is an offer of {self._merchant(offer.owner)}"

    def _when(self) -> Iterator[str]:
        offer, words = self.offer, self.words
        start, end = offer.available_from, offer.available_until
        if start is not None and end is not None:
            yield f"the offer begins on {words.date(start)} and ends before {words.date(end)}"
        elif start is not None:
            yield f"the offer begins on {words.date(start)}"
        elif end is not None:
            yield f"the offer ends before {words.date(end)}"
        if offer.times:
            yield f"it counts only {words.hours(offer.times)}"

    def _where(self) -> Iterator[str]:
        offer = self.offer
        if offer.merchants:
            yield f"it counts only at {either([self._merchant(id_) for id_ in offer.merchants])}"
        if offer.venues:
            yield f"it counts only in {either(list(offer.venues))}"
        if offer.channels:
            yield f"it counts only through the channel {either(list(offer.channels))}"

    def _who(self) -> Iterator[str]:
        offer = self.offer
        if offer.tiers:
            yield f"it is for members of the tier {either(list(offer.tiers))}"
        if offer.segments:
            yield f"it is for {either([self._segment(id_) for id_ in offer.segments])}"
        if offer.contact is not None:
            yield f"it is for members for whom this holds: {in_words(offer.contact, self.words)}"
        if offer.unlocked_by:
            yield f"it has to be unlocked with the code {either(list(offer.unlocked_by))}, once for each award"

    def _segment(self, id_: str) -> str:
        segment = next(segment for segment in self.program.segments if segment.id == id_)
        if segment.contacts is None:
            return f"the members whom we invited ({id_})"
        return f"members for whom this holds: {in_words(segment.contacts, self.words)}"

    def _event(self) -> Iterator[str]:
        offer, words = self.offer, self.words
        what = "purchases" if offer.on == "purchase" else "events"
        if offer.event is not None:
            yield f"only {what} count where {in_words(offer.event, words)}"
        if offer.lines is not None:
            yield f"only articles count where {in_words(offer.lines, words)}"
        if offer.needs is not None:
            yield self._needs(offer.needs)

    def _needs(self, needs: Needs) -> str:
        words = self.words
        often = "; each such set gives the award again" if needs.each else ""
        if needs.kind == "all":
            parts = [f"({n}) {in_words(matcher, words)}" for n, matcher in enumerate(needs.matchers, 1)]
            return f"the purchase must hold one article of each of these: {each(parts)}{often}"
        often = "; each whole multiple gives the award again" if needs.each else ""
        least = (
            words.quantity(needs.threshold) + " pieces" if needs.kind == "quantity" else words.money(needs.threshold)
        )
        return f"the articles that count must come to at least {least} in one purchase{often}"

    def _goals(self) -> Iterator[str]:
        offer = self.offer
        if not offer.goals:
            return
        joined = each if offer.reach == "all" else either
        asked = joined([self._goal(goal) for goal in offer.goals])
        per = offer.goals[0].window
        time = "over your whole membership" if per == "lifetime" else f"within one {window(per)}"
        if offer.goals[0].kind == "streak":
            time = "one after the other"
        yield f"to win it you need {asked}, {time}"
        if offer.repeat:
            yield "each time you reach this again you win again; what is left over counts on within that time"
        elif per != "lifetime":
            yield "you can win it once in that time"
        if offer.carry:
            yield "what is left over at the end of that time counts in the next"

    def _goal(self, goal: Goal) -> str:
        words = self.words
        match goal.kind:
            case "spend":
                return f"purchases of {words.money(goal.target)}"
            case "quantity":
                return f"{words.quantity(goal.target)} pieces"
            case "visits":
                return count(goal.target, self._visit())
            case "visits_by_day":
                return f"{count(goal.target, self._visit())} on different days"
            case "achievements":
                names = [f"“{name}”" for name in goal.achievements]
                return f"the activities {each(names)}" if goal.target > 1 else f"the activity {either(names)}"
        assert goal.each is not None
        apart = window(goal.window)
        return f"{count(goal.target, apart, apart.replace(goal.window, goal.window + 's', 1))} in a row, each with " + (
            self._goal(goal.each)
        )

    def _visit(self) -> str:
        return "purchase" if self.offer.on == "purchase" else "time"

    def _limits(self) -> Iterator[str]:
        for cap in self.offer.caps:
            yield self._cap(cap)
        if self.offer.cooldown is not None:
            yield f"after an award it takes {duration(self.offer.cooldown)} until you can win it again"

    def _cap(self, cap: Cap) -> str:
        if cap.window == "tier":
            return "each member can win it once for each tier"
        if cap.per == "event":
            whom = "one purchase" if self.offer.on == "purchase" else "one event"
        else:
            whom = "all members together" if cap.per == "offer" else "each member"
        if cap.measure == "times":
            what = f"can win it at most {times(cap.limit)}"
        else:
            what = f"can {'give' if cap.per == 'event' else 'get'} at most {self.words.reward(cap.limit)} of it"
        if cap.per == "event":
            return f"{whom} {what}"
        return f"{whom} {what} {within(cap.window, cap.days)}"

    def _group(self) -> Iterator[str]:
        """What else is in its group and can take its place."""
        modes = {group.id: group.mode for group in self.program.business.groups}
        mode = modes[self.offer.group]
        rivals = [each_ for each_ in self.program.offers if each_.active and each_.group == self.offer.group]
        titles = [f"“{rival.title}”" for rival in rivals if rival.id != self.offer.id]
        if mode == "all" or not titles:
            return
        if mode == "best":
            yield f"if the same purchase also wins {either(titles)}, only the largest of these awards is given"
        else:
            place = next(n for n, rival in enumerate(rivals, 1) if rival.id == self.offer.id)
            yield (
                f"if the same purchase also wins {either(titles)}, only the first of these offers is given; "
                f"this one is the {ordinal(place)}"
            )

    def _money(self) -> Iterator[str]:
        """How the award reaches the wallet, and how long it lives there."""
        offer = self.offer
        if offer.pending is not None:
            yield f"the award can be used after {duration(offer.pending)}"
        if offer.instant:
            yield "the award pays towards the same purchase, as far as the purchase allows"
        elif offer.pending is None:
            yield "the award can be used from your next purchase on"
        if offer.pool != "anywhere":
            yield f"the award goes to your “{offer.pool}” money (see below)"
        yield f"the award {self._valid(offer.valid)}"

    def _valid(self, valid: Validity) -> str:
        if valid.duration is not None:
            return f"expires {duration(valid.duration)} after you got it, unless you have used it"
        if valid.until is not None:
            return f"expires at the beginning of {self.words.date(valid.until)}, unless you have used it"
        return "does not expire"

    def _back(self) -> Iterator[str]:
        """What a return takes back."""
        if self.offer.on != "purchase":
            return
        if isinstance(self.offer.award, Draw):
            yield "a purchase that you return before the draw is no entry"
            return
        how = {
            "pending_only": "what of the award cannot be used yet",
            "within_balance": "the award of it, as far as your balance reaches",
            "debt": "the award of it; what your balance lacks is taken from later awards",
        }[self.offer.claw_back]
        yield f"if you return the purchase or a part of it, we take back {how}"

    def _merchant(self, id_: str) -> str:
        return next((merchant.name for merchant in self.program.merchants if merchant.id == id_), id_)
