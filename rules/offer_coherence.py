"""Rules over several fields of an offer: keys that exclude or need each other, goals and their types and windows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from guerdon.rules import figures
from guerdon.rules.awards import FORMS, form_of
from guerdon.rules.coherence import figure
from guerdon.rules.document import Path
from guerdon.rules.problems import Problem
from guerdon.rules.view import Found, View
from guerdon.rules.words import OFFER_TYPES

MAX_ROLLING_DAYS = 31


def goals_fit_types(view: View) -> Iterator[Problem]:
    """Offers whose type belongs to another goal."""
    for found in view.offers:
        goal, kind = found.text("goal"), found.text("type")
        if goal and kind in OFFER_TYPES and goal != OFFER_TYPES[kind][0]:
            fitting = [name for name, (own, _) in OFFER_TYPES.items() if own == goal]
            if fitting:
                message = f"type '{kind}' belongs to the goal '{OFFER_TYPES[kind][0]}', not to '{goal}'"
                hint = f"write goal: {OFFER_TYPES[kind][0]}, or one of the types {', '.join(fitting)}"
                yield found.problem("goal-type-mismatch", message, hint, below=found.later("goal", "type"))


def goals_share_a_window(view: View) -> Iterator[Problem]:
    """Offers whose goals have several windows: at the first goal that differs from those before it."""
    for found in view.walk("offers.*.goals.of"):
        given = [goal for goal in found.value if isinstance(goal, dict)] if isinstance(found.value, list) else []
        windows = [goal.get("per") for goal in given if isinstance(goal.get("per"), str)]
        for at, goal in enumerate(found.value if isinstance(found.value, list) else ()):
            if isinstance(goal, dict) and isinstance(goal.get("per"), str) and goal["per"] != windows[0]:
                message = f"the goals of an offer have one window: '{windows[0]}' and '{goal['per']}' differ"
                yield found.problem("goal-windows-differ", message, f"write per: {windows[0]}", below=(at, "per"))
                break


def conflicts(view: View) -> Iterator[Problem]:
    """Keys of one offer that exclude or need each other."""
    rules: tuple[Callable[[Found], Iterator[Problem]], ...] = (
        _instant_and_pending, _maturity, _goal_parts, _caps, _multiplied, _progress, _brackets, _base,
    )  # fmt: skip
    for found in view.offers:
        for rule in rules:
            yield from rule(found)


def _instant_and_pending(offer: Found) -> Iterator[Problem]:
    if offer.value.get("redeem") == "instant" and "pending" in offer.value:
        message = f"{offer.owner} is redeemed at once and pending at once"
        below = offer.later("redeem", "pending")
        yield offer.problem("conflicting-fields", message, "remove pending, or write redeem: deferred", below=below)


def _maturity(offer: Found) -> Iterator[Problem]:
    kind = offer.value.get("type")
    if "after" in offer.value and kind != "subscription_maturity":
        below = offer.later("after", "type") if "type" in offer.value else ("after",)
        message = "'after' is for offers of type subscription_maturity"
        hint = "remove it, or write type: subscription_maturity"
        yield offer.problem("conflicting-fields", message, hint, below=below)
    if kind == "subscription_maturity" and "after" not in offer.value:
        yield offer.problem("missing-field", f"{offer.owner} lacks 'after'", "add after: 12mo")


def _goal_parts(offer: Found) -> Iterator[Problem]:
    goals = offer.value.get("goals")
    given = goals.get("of") if isinstance(goals, dict) else None
    for at, goal in enumerate(given if isinstance(given, list) else ()):
        if not isinstance(goal, dict):
            continue
        path = ("goals", "of", at)
        if "distinct" in goal and "visits" not in goal:
            message = "'distinct' is for visits"
            yield offer.problem("conflicting-fields", message, "remove it", below=(*path, "distinct"))
        if "each" in goal and "streak" not in goal:
            yield offer.problem("conflicting-fields", "'each' is for a streak", "remove it", below=(*path, "each"))
        if "streak" in goal and "each" not in goal:
            hint = "add each: {visits: 1}: what each window needs"
            yield offer.problem("missing-field", "a streak lacks 'each'", hint, below=path)
        if "streak" in goal and goal.get("per") == "lifetime":
            message = "a streak is of windows that follow each other"
            yield offer.problem("conflicting-fields", message, "write per: week", below=(*path, "per"))


def _caps(offer: Found) -> Iterator[Problem]:
    caps = offer.value.get("caps")
    for at, cap in enumerate(caps if isinstance(caps, list) else ()):
        each = cap.get("each") if isinstance(cap, dict) else None
        if each not in (None, "event") and cap.get("per") == "event":
            yield offer.problem(
                "conflicting-fields", "a cap per event has no window", "remove each, or write per: contact",
                below=("caps", at, "each"),
            )  # fmt: skip
        rolling = each.get("rolling") if isinstance(each, dict) else None
        step = figure(figures.duration, rolling)
        if step is not None and (step.unit != "d" or step.n > MAX_ROLLING_DAYS):
            message = f"a rolling window is of at most {MAX_ROLLING_DAYS} days, not {rolling}"
            below = ("caps", at, "each", "rolling")
            yield offer.problem("bad-duration", message, "write rolling: 30d", below=below)


def _multiplied(offer: Found) -> Iterator[Problem]:
    award = offer.value.get("award")
    if isinstance(award, dict) and "multiply" in award and "group" in offer.value:
        message = "an offer that multiplies takes part in no group"
        yield offer.problem("conflicting-fields", message, "remove group", below=offer.later("group", "award"))


def _progress(offer: Found) -> Iterator[Problem]:
    award, goals = offer.value.get("award"), offer.value.get("goals")
    if not isinstance(award, dict) or award.get("of") != "progress" or form_of(award) != "percent":
        return
    given = goals.get("of") if isinstance(goals, dict) else None
    if not any(isinstance(goal, dict) and "spend" in goal for goal in (given if isinstance(given, list) else ())):
        message = "'of: progress' is of a spend goal, and this offer has none"
        hint = "add a goal such as {spend: 50.00, per: month}, or write of: lines"
        yield offer.problem("conflicting-fields", message, hint, below=("award", "of"))


def _brackets(offer: Found) -> Iterator[Problem]:
    award = offer.value.get("award")
    given = award.get("brackets") if isinstance(award, dict) else None
    before: Any = "0"
    for at, bracket in enumerate(given if isinstance(given, list) else ()):
        to = bracket.get("to") if isinstance(bracket, dict) else None
        if before is None:
            message = "only the last bracket goes on without an end"
            below: Path = ("award", "brackets", at)
            yield offer.problem("conflicting-fields", message, "give the bracket before it a 'to'", below=below)
        elif _ends_no_later(to, before):
            message = f"this bracket ends at {to}, the one before it at {before}"
            below = ("award", "brackets", at, "to")
            yield offer.problem("conflicting-fields", message, "write the brackets in ascending order", below=below)
        before = to


def _ends_no_later(to: Any, before: Any) -> bool:
    this, last = figure(figures.rate, to), figure(figures.rate, before)
    return this is not None and last is not None and this.num * last.den <= last.num * this.den


def _base(offer: Found) -> Iterator[Problem]:
    award = offer.value.get("award")
    key = form_of(award)
    if not isinstance(award, dict) or key is None or FORMS[key].of_base:
        return
    for beside in ("base", "less_spend"):
        if beside in award and award[beside] not in ("total", False):
            message = f"'{beside}' means nothing beside '{key}', which is of no sum of money"
            yield offer.problem("conflicting-fields", message, "remove it", below=("award", beside))


def across_offers(view: View) -> Iterator[Problem]:
    """What one offer says about another, or about the terms of its owner."""
    awards = {found.id: found.value.get("award") for found in view.offers}
    for found in view.walk("offers.*.award.offers.*"):
        named = awards.get(found.value) if isinstance(found.value, str) else None
        if isinstance(named, dict) and "multiply" in named:
            message = f"offer '{found.value}' multiplies itself and can't be multiplied"
            yield found.problem("conflicting-fields", message, "name offers with another form of award")
    yield from _beyond_terms(view)


def _beyond_terms(view: View) -> Iterator[Problem]:
    """A merchant's own offers that its terms do not allow."""
    may = {found.text("merchant"): found for found in view.mappings("terms.*")}
    for offer in view.offers:
        limits: Any = may.get(offer.text("owner")) if offer.text("owner") else None
        for key in ("may", "offers"):
            limits = limits.value if isinstance(limits, Found) else limits
            limits = limits.get(key) if isinstance(limits, dict) else None
        if not isinstance(limits, dict):
            continue
        for key, allowed, said in (
            ("type", limits.get("types"), offer.value.get("type")),
            ("redeem", limits.get("redeem"), offer.value.get("redeem", "deferred")),
        ):
            if isinstance(allowed, list) and said not in allowed:
                merchant = offer.value["owner"]
                message = f"the terms of '{merchant}' do not allow it offers with {key} '{said or 'none'}'"
                hint = f"write {key}: {' or '.join(map(str, allowed))}" if allowed else "its terms allow it no offers"
                yield offer.problem("offer-not-allowed", message, hint, below=(key,) if key in offer.value else ())
