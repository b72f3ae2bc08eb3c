"""What the compiled programme holds: figures in minor units, every default filled in."""

from __future__ import annotations

from datetime import date

import pytest

from guerdon.rules import Program, read_programme
from guerdon.rules.condition import All, Test
from guerdon.rules.program import (
    Amount,
    Brackets,
    Cap,
    Draw,
    Duration,
    Goal,
    Hours,
    Multiply,
    Offer,
    Per,
    Percent,
    Product,
    Rate,
    Share,
    Validity,
)

Test.__test__ = False  # type: ignore[attr-defined]

BUSINESS = """\
business:
  id: corner
  currency: {currency}
  time_zone: Europe/Nicosia
  attributes: {{line: {{department: string}}, contact: {{birth_date: date}}}}
  wallet: {{{wallet}}}
merchants: [{{id: bakery, venues: [{{id: bakery-north, taps: [t1]}}]}}]
tiers:
  unit_per: 0.50
  window: {{from_achieved: 12mo}}
  ladder: [{{id: bronze, needs: 0}}, {{id: gold, needs: 1500}}]
pools: [{{id: coffee, lines: {{family: COFFEE}}, valid: {{for: 90d}}}}]
"""


def program(offers: str, *, currency: str = "EUR", wallet: str = "") -> Program:
    files = {
        "business.yaml": BUSINESS.format(currency=currency, wallet=wallet),
        "everyday.yaml": f"scheme: {{id: everyday}}\noffers:\n{offers}",
    }
    reading = read_programme(None, files)
    assert reading.program is not None, "\n".join(map(str, reading.problems))
    return reading.program


def offer(says: str, **more: str) -> Offer:
    return program(f"  - {{id: one, goal: spend, award: {{amount: 1.00}}, {says}}}\n", **more).offers[0]


def award(says: str, **more: str) -> object:
    beside = "  - {id: base, goal: spend, award: {amount: 1.00}, priority: 200}\n"
    return program(f"  - {{id: one, goal: spend, award: {{{says}}}}}\n{beside}", **more).offers[0].award


def test_defaults() -> None:
    plain = offer("priority: 5")
    assert (plain.title, plain.on, plain.pool) == ("one", "purchase", "anywhere")
    assert plain.valid == Validity(Duration(1, "y"))
    assert (plain.rounding, plain.claw_back, plain.instant) == ("half_up", "debt", False)
    assert (plain.group, plain.caps) == ("", ())
    business = program("  - {id: one, goal: spend, award: {amount: 1.00}}\n").business
    assert (business.redeem, business.late_within, business.award_share_max) == ("automatic", Duration(31, "d"), None)
    assert (business.register, business.venues, business.referrals_per_day) == (True, None, 2)


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        ("amount: 5.5", Amount(550)),
        ("percent: 2.5", Percent(Rate(1, 40), "lines")),
        ("percent: 5%, of: event", Percent(Rate(1, 20), "event")),
        ("per: 1.00, give: 0.02", Per(100, 2)),
        ("multiply: 2.5, offers: [base]", Multiply(Rate(5, 2), ("base",))),
        ("product: {sku: M, value: 2.50, supplier: bakery}", Product("M", 1, 250, "bakery")),
        (
            "draw: {at: 2026-04-01, winners: 2, amount: 100.00, entries: 3, seed: spring}",
            Draw(date(2026, 4, 1), 2, 10000, 3, "spring"),
        ),
    ],
)
def test_award_forms(says: str, expected: object) -> None:
    assert award(says) == expected


def test_brackets_are_in_the_currency() -> None:
    brackets = award("brackets: [{to: 50.00, percent: 1}, {percent: 3}]")
    assert isinstance(brackets, Brackets)
    assert [(each.to_minor, each.rate) for each in brackets.brackets] == [(5000, Rate(1, 100)), (None, Rate(3, 100))]


def test_points_are_awarded_in_units_and_money_is_counted_in_the_currency() -> None:
    points = {"wallet": "unit: {code: PTS, digits: 0, worth: 0.005}"}
    assert award("per: 1.00, give: 2", **points) == Per(100, 2)
    assert award("amount: 5", **points) == Amount(5)
    assert offer("caps: [{amount: 80, per: offer}]", **points).caps == (Cap("amount", 80, "offer", "lifetime"),)
    goal = offer("goals: {of: [{spend: 100.00, per: month}]}", **points).goals[0]
    assert goal == Goal("spend", 10000, "month")
    unit = program("  - {id: one, goal: spend, award: {percent: 5}}\n", **points).business.unit
    assert (unit.code, unit.digits, unit.worth, unit.points) == ("PTS", 0, Rate(1, 2), True)


def test_amounts_have_the_digits_of_the_currency() -> None:
    files = {
        "business.yaml": "business: {id: corner, currency: JPY, time_zone: Asia/Tokyo}\n",
        "everyday.yaml": "scheme: {id: s}\noffers: [{id: o, goal: spend, award: {amount: 5.5}}]\n",
    }
    assert [error.code for error in read_programme(None, files).errors] == ["bad-amount"]
    files["everyday.yaml"] = files["everyday.yaml"].replace("5.5", "5")
    reading = read_programme(None, files)
    assert reading.program is not None
    assert reading.program.offers[0].award == Amount(5)


def test_tier_needs_are_money() -> None:
    tiers = program("  - {id: one, goal: spend, award: {amount: 1.00}}\n").tiers
    assert tiers is not None
    assert [(tier.id, tier.needs_minor) for tier in tiers.ladder] == [("bronze", 0), ("gold", 75000)]


@pytest.mark.parametrize(
    ("says", "caps"),
    [
        ("type: sign_up", [Cap("times", 1, "contact", "lifetime")]),
        (
            "type: profile, caps: [{amount: 5.00, per: offer}]",
            [Cap("amount", 500, "offer", "lifetime"), Cap("times", 1, "contact", "lifetime")],
        ),
        ("type: profile, caps: [{times: 2, per: contact, each: year}]", [Cap("times", 2, "contact", "year")]),
        ("type: birthday", [Cap("times", 1, "contact", "year")]),
        ("on: birthday", [Cap("times", 1, "contact", "year")]),
        ("type: reach_tier, who: {tiers: [gold]}", [Cap("times", 1, "contact", "tier")]),
        ("type: referral", []),
    ],
)
def test_membership_offers_have_a_default_cap(says: str, caps: list[Cap]) -> None:
    text = f"  - {{id: one, goal: membership, award: {{amount: 1.00}}, {says}}}\n"
    assert list(program(text).offers[0].caps) == caps


def test_caps_and_their_windows() -> None:
    text = (
        "caps: [{amount: 5.00, per: event}, {times: 1, per: contact, each: day}, {amount: 9.00, per: offer},"
        " {times: 3, per: contact, each: {rolling: 7d}}, {times: 1, per: contact}]"
    )
    assert offer(text).caps == (
        Cap("amount", 500, "event", "event"),
        Cap("times", 1, "contact", "day"),
        Cap("amount", 900, "offer", "lifetime"),
        Cap("times", 3, "contact", "rolling", 7),
        Cap("times", 1, "contact", "lifetime"),
    )


def test_goals() -> None:
    text = (
        "goals: {of: [{spend: 50.00, per: month}, {quantity: 2.5, per: month}, {visits: 3, distinct: day, per: month}]}"
    )
    assert offer(text).goals == (
        Goal("spend", 5000, "month"),
        Goal("quantity", 2500, "month"),
        Goal("visits_by_day", 3, "month"),
    )
    streak = offer("goals: {of: [{streak: 4, per: week, each: {visits: 1}}]}").goals[0]
    assert streak == Goal("streak", 4, "week", each=Goal("visits", 1, "week"))
    done = offer("goals: {reach: any, of: [{achievements: [visit, like], per: lifetime}]}").goals[0]
    assert (done.target, done.achievements) == (1, ("like", "visit"))


def test_times_run_past_midnight() -> None:
    assert offer('times: [{weekdays: [sun, sat], hours: "19:00-02:00"}]').times == (Hours((5, 6), 1140, 1560),)
    assert offer("times: [{weekdays: [mon]}]").times == (Hours((0,), 0, 1440),)


def test_a_merchants_own_offer_is_at_its_places_and_on_its_money() -> None:
    own = offer("owner: bakery")
    assert (own.merchants, own.funding) == (("bakery",), Share(Rate(1, 1)))
    wider = offer("owner: bakery, at: {channels: [web]}, funding: {merchant: 60%}")
    assert (wider.merchants, wider.channels, wider.funding) == ((), ("web",), Share(Rate(3, 5)))


def test_validity_is_the_pools_unless_the_offer_says() -> None:
    assert offer("pool: coffee").valid == Validity(Duration(90, "d"))
    assert offer("pool: coffee, valid: always").valid == Validity()
    assert offer("valid: {until: 2026-12-31}").valid == Validity(until=date(2026, 12, 31))


def test_equal_matchers_are_equal_conditions() -> None:
    one = offer("lines: {brand: [Own, Private], department: GROCERY}").lines
    two = offer("lines: {department: [GROCERY], brand: [Private, Own, Own]}").lines
    assert one == two
    assert isinstance(one, All)
    assert offer("lines: {}").lines is None


def test_offers_are_in_the_order_of_priority_then_id() -> None:
    text = "".join(
        f"  - {{id: {name}, goal: spend, priority: {priority}, award: {{amount: 1.00}}}}\n"
        for name, priority in (("c", 100), ("b", 100), ("z", 1))
    )
    assert [each.id for each in program(text).offers] == ["z", "b", "c"]
