"""Offers → compiled offers, and the parts that they share with pools: places, times, validity, shares."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from guerdon.rules import figures
from guerdon.rules.awards import FORMS, form_of
from guerdon.rules.condition import All, Condition
from guerdon.rules.figures import Digits
from guerdon.rules.model.pools import PlaceSays, TimesSay, ValidSays
from guerdon.rules.model.scheme import (
    CapSays,
    GoalSays,
    GoalsSay,
    NeedsSay,
    OfferSays,
    RollingSays,
    WholeScheme,
    WindowNeedsSay,
)
from guerdon.rules.program import Cap, Duration, Goal, Hours, Needs, Offer, Rate, Share, Validity
from guerdon.rules.words import OFFER_TYPES

ConditionOf = Callable[[dict[str, Any] | None, str], Condition | None]
_EVERY_LINE = All(())
_EVERYTHING = Share(rate=Rate(1, 1))

# Unless ``caps`` says otherwise: how often an offer that waits for this event gives to one contact.
_DEFAULT_CAPS = {
    "sign_up": Cap("times", 1, "contact", "lifetime"),
    "profile": Cap("times", 1, "contact", "lifetime"),
    "birthday": Cap("times", 1, "contact", "year"),
    "reach_tier": Cap("times", 1, "contact", "tier"),
}


@dataclass(frozen=True, slots=True)
class Context:
    """What compiling an offer needs of the rest of the programme."""

    digits: Digits
    condition: ConditionOf
    pools: Mapping[str, Validity]
    unlocked_by: Mapping[str, tuple[str, ...]]


def compile_offers(schemes: Iterable[WholeScheme], context: Context) -> tuple[Offer, ...]:
    """The offers of all schemes in the order (priority, id)."""
    offers = [_offer(offer, scheme.id, context) for scheme in schemes for offer in scheme.offers]
    return tuple(sorted(offers, key=lambda offer: (offer.priority, offer.id)))


def _offer(says: OfferSays, scheme: str, context: Context) -> Offer:
    digits = context.digits
    at = says.at if says.at is not None or says.owner is None else PlaceSays(merchants=(says.owner,))
    merchants, venues, channels = place(at)
    key = form_of(says.award)
    return Offer(
        id=says.id,
        title=says.title or says.id,
        scheme=scheme,
        active=says.state == "active",
        owner=says.owner,
        goal=says.goal,
        type=says.type,
        on=says.on or (OFFER_TYPES[says.type][1] if says.type else "purchase"),
        available_from=a_date(says.available.from_),
        available_until=a_date(says.available.until),
        times=spans(says.times),
        merchants=merchants,
        venues=venues,
        channels=channels,
        tiers=says.who.tiers,
        segments=says.who.segments,
        contact=context.condition(says.who.contact, "contact"),
        event=context.condition(says.event, "event"),
        lines=context.condition(says.lines, "line"),
        needs=None if says.needs is None else _needs(says.needs, context),
        goals=() if says.goals is None else tuple(_goal(goal, says.goals, digits) for goal in says.goals.of),
        reach="all" if says.goals is None else says.goals.reach,
        repeat=says.goals is not None and says.goals.repeat,
        carry=says.goals is not None and says.goals.carry,
        award=FORMS[key or ""].build(says.award, digits),
        net=says.award.base == "net",
        less_spend=says.award.less_spend,
        rounding=says.round,
        caps=_caps(says, digits),
        cooldown=duration(says.cooldown),
        group=says.group or "",
        priority=says.priority,
        pool=says.pool,
        instant=says.redeem == "instant",
        pending=None if says.pending is None else figures.duration(says.pending.for_),
        valid=context.pools[says.pool] if says.valid is None else valid(says.valid),
        funding=_funding(says, digits),
        claw_back=says.claw_back,
        after=duration(says.after),
        unlocked_by=context.unlocked_by.get(says.id, ()),
    )


def _funding(says: OfferSays, digits: Digits) -> Share | None:
    if says.funding is not None:
        return figures.share(says.funding.merchant, digits.currency)
    return _EVERYTHING if says.owner is not None else None


def _needs(says: NeedsSay, context: Context) -> Needs:
    if says.quantity is not None:
        return Needs("quantity", figures.minor(says.quantity, 3), (), says.each)
    if says.amount is not None:
        return Needs("amount", context.digits.money(says.amount), (), says.each)
    matchers = (context.condition(matcher, "line") or _EVERY_LINE for matcher in says.all or ())
    return Needs("all", 0, tuple(matchers), says.each)


def _goal(says: GoalSays, goals: GoalsSay, digits: Digits) -> Goal:
    if says.streak is not None and says.each is not None:
        return Goal("streak", says.streak, says.per, each=_simple_goal(says.each, says.per, digits))
    if says.achievements is not None:
        target = len(says.achievements) if goals.reach == "all" else 1
        return Goal("achievements", target, says.per, says.achievements)
    return _simple_goal(says, says.per, digits)


def _simple_goal(says: WindowNeedsSay, per: str, digits: Digits) -> Goal:
    if says.spend is not None:
        return Goal("spend", digits.money(says.spend), per)
    if says.quantity is not None:
        return Goal("quantity", figures.minor(says.quantity, 3), per)
    return Goal("visits_by_day" if says.distinct == "day" else "visits", says.visits or 1, per)


def _caps(says: OfferSays, digits: Digits) -> tuple[Cap, ...]:
    """The caps as written; the default one of a membership offer unless a ``times`` cap per contact replaces it."""
    caps = tuple(_cap(cap, digits) for cap in says.caps)
    default = _DEFAULT_CAPS.get(says.type or _membership_type(says))
    replaced = any(cap.measure == "times" and cap.per == "contact" for cap in caps)
    return caps if default is None or replaced else (*caps, default)


def _membership_type(says: OfferSays) -> str:
    """The type that an offer without one has by the event it waits for."""
    if says.goal != "membership":
        return ""
    return next((name for name, (goal, on) in OFFER_TYPES.items() if goal == "membership" and on == says.on), "")


def _cap(says: CapSays, digits: Digits) -> Cap:
    limit = says.times if says.amount is None else digits.units(says.amount)
    measure = "times" if says.amount is None else "amount"
    if isinstance(says.each, RollingSays):
        return Cap(measure, limit or 0, says.per, "rolling", figures.duration(says.each.rolling).n)
    if says.per == "event" or says.each == "event":
        return Cap(measure, limit or 0, "event", "event")
    return Cap(measure, limit or 0, says.per, says.each or "lifetime")


def place(says: PlaceSays | None) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Merchants, venues and channels; an empty one is no test."""
    return ((), (), ()) if says is None else (says.merchants, says.venues, says.channels)


def spans(times: Iterable[TimesSay]) -> tuple[Hours, ...]:
    """Weekdays and hours, in one order."""
    found = {figures.span(list(says.weekdays), says.hours) for says in times}
    return tuple(sorted(found, key=lambda hours: (hours.weekdays, hours.from_minute, hours.until_minute)))


def valid(says: Literal["always"] | ValidSays) -> Validity:
    """How long money lives; neither a duration nor a date is always."""
    if isinstance(says, ValidSays):
        return Validity(duration(says.for_), a_date(says.until))
    return Validity()


def duration(text: str | None) -> Duration | None:
    """A duration, if there is one."""
    return None if text is None else figures.duration(text)


def a_date(text: str | None) -> date | None:
    """A date, if there is one."""
    return None if text is None else figures.local_date(text)


def share(text: str | None, digits: Digits) -> Share | None:
    """A rate or an amount of the currency, if there is one."""
    return None if text is None else figures.share(text, digits.currency)
