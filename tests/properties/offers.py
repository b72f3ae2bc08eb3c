"""Hypothesis strategies for offers: the whole language of an offer over one small world of products and places.

Amounts are small and few, so that caps, goals, ties and budgets are met again and again.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

FAMILIES = ["COFFEE", "TEA", "BREAD"]
BRANDS = ["Own", "Acme", "own"]
SKUS = ["BREW-1", "BREW-2", "TEA-1", "LOAF"]
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WINDOWS = ["day", "week", "month", "quarter", "year", "lifetime"]
DAYS = ["2026-03-01", "2026-03-29", "2026-03-30", "2026-04-01", "2026-10-25", "2027-01-01"]
HOURS = ["09:00-12:00", "19:00-02:00", "00:00-12:00", "12:00-24:00", "02:30-03:30"]

Fields = dict[str, Any]


def sometimes(strategy: st.SearchStrategy[Any], often: int = 3) -> st.SearchStrategy[Any]:
    """The strategy's value once in `often` times, else None."""
    return st.integers(1, often).flatmap(lambda n: strategy if n == often else st.none())


def present(fields: Fields) -> Fields:
    return {key: value for key, value in fields.items() if value is not None}


def money(*texts: str) -> st.SearchStrategy[str]:
    return st.sampled_from(texts)


# Matchers


@st.composite
def number_tests(draw: st.DrawFn, bounds: list[str]) -> Any:
    kind = draw(st.sampled_from(["min", "max", "above", "below", "between", "equals", "not"]))
    bound = draw(st.sampled_from(bounds))
    if kind == "between":
        return {"min": bounds[0], "below": bound}
    return bound if kind == "equals" else {kind: bound}


def text_tests(values: list[str]) -> st.SearchStrategy[Any]:
    one = st.sampled_from(values)
    several = st.lists(one, min_size=1, max_size=2, unique=True)
    return st.one_of(
        one,
        several,
        st.builds(lambda v: {"not": v}, one),
        st.builds(lambda v: {"not_in": v}, several),
        st.builds(lambda v: {"like": v[:2] + "*"}, one),
        st.builds(lambda v: {"like_any_case": v.lower()}, one),
        st.sampled_from([{"exists": True}, {"exists": False}]),
    )


LINE_TESTS: dict[str, st.SearchStrategy[Any]] = {
    "family": text_tests(FAMILIES),
    "brand": text_tests(BRANDS),
    "sku": text_tests(SKUS),
    "quantity": number_tests(["1", "2", "3"]),
    "total": number_tests(["1.00", "5.00", "10.00"]),
    "net": number_tests(["1.00", "5.00"]),
    "unit_price": number_tests(["1.00", "2.50", "3.33"]),
    "organic": st.booleans(),
}
EVENT_TESTS: dict[str, st.SearchStrategy[Any]] = {
    "total": number_tests(["5.00", "10.00", "20.00"]),
    "quantity": number_tests(["1", "2", "5"]),
    "channel": text_tests(["web", "till"]),
    "weather": text_tests(["rain", "sun"]),
}


@st.composite
def matchers(draw: st.DrawFn, tests: dict[str, st.SearchStrategy[Any]], depth: int = 1) -> Fields:
    names = draw(st.lists(st.sampled_from(sorted(tests)), min_size=1, max_size=2, unique=True))
    found = {name: draw(tests[name]) for name in names}
    if depth and draw(st.integers(1, 4)) == 4:
        part = st.lists(matchers(tests, depth - 1), min_size=1, max_size=2)
        found[draw(st.sampled_from(["any_of", "none_of"]))] = draw(part)
    return found


# Conditions, needs and goals


@st.composite
def times(draw: st.DrawFn) -> list[Fields]:
    weekdays = draw(st.lists(st.sampled_from(WEEKDAYS), min_size=3, max_size=7, unique=True))
    return [present({"weekdays": weekdays, "hours": draw(sometimes(st.sampled_from(HOURS), 2))})]


@st.composite
def available(draw: st.DrawFn) -> Fields:
    start, end = sorted(draw(st.lists(st.sampled_from(DAYS), min_size=2, max_size=2, unique=True)))
    return draw(st.sampled_from([{"from": start}, {"until": end}, {"from": start, "until": end}]))


@st.composite
def audiences(draw: st.DrawFn, tiered: bool) -> Fields:
    choices: list[Fields] = [{"segments": ["vip"]}, {"segments": ["vip", "regulars"]}]
    if tiered:
        choices += [{"tiers": ["silver"]}, {"tiers": ["bronze"]}, {"tiers": ["silver", "gold"]}]
    return draw(st.sampled_from(choices))


@st.composite
def needs(draw: st.DrawFn) -> Fields:
    form = draw(
        st.one_of(
            st.builds(lambda n: {"quantity": n}, st.sampled_from(["1", "2", "3"])),
            st.builds(lambda n: {"amount": n}, money("5.00", "7.50")),
            st.just({"all": [{"family": "COFFEE"}, {"family": ["TEA", "COFFEE"]}]}),
            st.just({"all": [{"family": "COFFEE"}, {"brand": "Own"}]}),
        )
    )
    return {**form, **draw(st.sampled_from([{}, {"each": True}]))}


@st.composite
def goals(draw: st.DrawFn) -> Fields:
    per = draw(st.sampled_from(WINDOWS))
    one = st.one_of(
        st.builds(lambda a: {"spend": a, "per": per}, money("10.00", "25.00")),
        st.builds(lambda n: {"quantity": n, "per": per}, st.sampled_from(["2", "5"])),
        st.builds(lambda n: {"visits": n, "per": per}, st.sampled_from(["2", "3"])),
        st.just({"visits": "2", "per": per, "distinct": "day"}),
    )
    return present(
        {
            "of": draw(st.lists(one, min_size=1, max_size=2)),
            "reach": draw(sometimes(st.sampled_from(["all", "any"]), 2)),
            "repeat": draw(sometimes(st.just(True), 2)),
            "carry": draw(sometimes(st.just(True), 4)),
        }
    )


@st.composite
def caps(draw: st.DrawFn) -> list[Fields]:
    each = st.one_of(st.sampled_from(WINDOWS[:4]), st.just({"rolling": "7d"}), st.just({"rolling": "2d"}))
    one = st.one_of(
        st.builds(lambda a: {"amount": a, "per": "event"}, money("0.75", "2.00")),
        st.builds(lambda a, w: {"amount": a, "per": "contact", "each": w}, money("1.00", "3.00"), each),
        st.builds(lambda n, w: {"times": n, "per": "contact", "each": w}, st.sampled_from([1, 2, 3]), each),
        st.builds(lambda n: {"times": n, "per": "contact"}, st.sampled_from([1, 2])),
        st.builds(lambda a: {"amount": a, "per": "offer"}, money("4.00", "9.00")),
        st.builds(lambda n, w: {"times": n, "per": "offer", "each": w}, st.sampled_from([1, 3]), each),
    )
    return draw(st.lists(one, min_size=1, max_size=2))


# Awards


@st.composite
def awards(draw: st.DrawFn, has_spend_goal: bool) -> Fields:
    forms = [
        st.builds(lambda a: {"amount": a}, money("0.50", "1.00", "3.00")),
        st.builds(lambda p: {"percent": p}, st.sampled_from(["1", "2.5", "10", "33.3", "100"])),
        st.builds(lambda p: {"percent": p, "of": "event"}, st.sampled_from(["5", "12.5"])),
        st.builds(lambda p, g: {"per": p, "give": g}, money("1.00", "2.50"), money("0.02", "0.10")),
        st.just({"brackets": [{"to": "5.00", "percent": "1"}, {"to": "12.00", "percent": "10"}, {"percent": "25"}]}),
        st.just({"product": {"sku": "MUFFIN", "quantity": "1", "value": "1.50", "supplier": "bakery"}}),
    ]
    if has_spend_goal:
        forms.append(st.just({"percent": "4", "of": "progress"}))
    award: Fields = draw(st.one_of(*forms))
    if "percent" in award and award.get("of") != "progress":
        award = {**award, **draw(st.sampled_from([{}, {}, {"base": "net"}, {"less_spend": True}]))}
    return award


VALID: list[Any] = [{"for": "1d"}, {"for": "20d"}, {"for": "1mo"}, {"for": "6h"}, {"until": "2026-04-01"}, "always"]


@st.composite
def money_terms(draw: st.DrawFn, pools: list[str]) -> Fields:
    """Where the award goes, when it is usable, how long it lives, who pays."""
    instant = draw(st.booleans())
    pending = None if instant else draw(sometimes(st.sampled_from([{"for": "2d"}, {"for": "14d"}]), 4))
    return present(
        {
            "pool": draw(sometimes(st.sampled_from(pools), 2)),
            "redeem": "instant" if instant else None,
            "pending": pending,
            "valid": draw(sometimes(st.sampled_from(VALID), 2)),
            "funding": draw(sometimes(st.sampled_from([{"merchant": "50%"}, {"merchant": "0%"}]), 4)),
            "claw_back": draw(sometimes(st.sampled_from(["pending_only", "within_balance", "debt"]), 2)),
        }
    )


@st.composite
def purchase_offers(draw: st.DrawFn, offer_id: str, pools: list[str], groups: list[str], tiered: bool) -> Fields:
    progress = draw(sometimes(goals(), 3))
    has_spend_goal = progress is not None and any("spend" in goal for goal in progress["of"])
    fields = present(
        {
            "id": offer_id,
            "goal": draw(st.sampled_from(["spend", "visits"])),
            "state": draw(sometimes(st.just("inactive"), 20)),
            "available": draw(sometimes(available(), 6)),
            "times": draw(sometimes(times(), 6)),
            "at": draw(sometimes(st.sampled_from(PLACES), 6)),
            "who": draw(sometimes(audiences(tiered), 5)),
            "event": draw(sometimes(matchers(EVENT_TESTS), 4)),
            "lines": draw(sometimes(matchers(LINE_TESTS), 2)),
            "needs": draw(sometimes(needs(), 4)),
            "goals": progress,
            "award": draw(awards(has_spend_goal)),
            "round": draw(sometimes(st.sampled_from(["half_up", "half_even", "floor", "ceil"]), 3)),
            "caps": draw(sometimes(caps(), 2)),
            "cooldown": draw(sometimes(st.sampled_from(["1d", "6h", "1mo"]), 6)),
            "group": draw(sometimes(st.sampled_from(groups), 2)) if groups else None,
            "priority": draw(sometimes(st.sampled_from([10, 100, 200]), 3)),
        }
    )
    return {**fields, **draw(money_terms(pools))}


PLACES = [
    {"merchants": ["bakery"]},
    {"venues": ["b1"]},
    {"merchants": ["bakery", "kiosk"], "channels": ["web"]},
    {"venues": [], "channels": ["till"]},
]


@st.composite
def membership_offers(draw: st.DrawFn, offer_id: str, pools: list[str], tiered: bool) -> Fields:
    fields: Fields = {
        "id": offer_id,
        "goal": "membership",
        "type": draw(st.sampled_from(["sign_up", "reach_tier"] if tiered else ["sign_up"])),
        "award": {"amount": draw(money("1.00", "2.50"))},
        **draw(money_terms(pools)),
    }
    if fields["type"] == "reach_tier" and draw(st.booleans()):
        fields["who"] = {"tiers": ["silver"]}
    return fields


@st.composite
def multiply_offers(draw: st.DrawFn, offer_id: str, named: list[str], pools: list[str]) -> Fields:
    chosen = draw(st.lists(st.sampled_from(named), min_size=1, max_size=2, unique=True))
    fields = present(
        {
            "id": offer_id,
            "goal": "spend",
            "award": {"multiply": draw(st.sampled_from(["2", "3", "1.5"])), "offers": chosen},
            "lines": draw(sometimes(matchers(LINE_TESTS), 4)),
            "caps": draw(sometimes(caps(), 3)),
            "priority": draw(sometimes(st.sampled_from([10, 200]), 3)),
        }
    )
    return {**fields, **draw(money_terms(pools))}
