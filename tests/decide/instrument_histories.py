"""Hypothesis strategies: cards, certificates and rewards in all their states, in a log that is ordered by time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

Event = dict[str, Any]

FILES = {
    "mall.yaml": """
business: {id: mall, currency: EUR, time_zone: Europe/Nicosia, redeem: on_request, adjust: {reasons: [goodwill]}}
merchants: [{id: kiosk}, {id: cafe}, {id: agency}, {id: hotel}]
terms:
  - {merchant: kiosk, commission: 3%}
  - {merchant: agency, effective: {until: 2026-05-01}}
pools: [{id: anywhere, valid: {for: 60d}}, {id: short, valid: {for: 20d}}]
cards:
  - {id: plain, load: {min: 5.00, max: 250.00}, max_balance: 300.00, reload: true, cash_out: 5.00}
  - {id: gift, load: {max: 250.00}, reload: true, bonus: {load: 100.00, give: 9.99, funder: cafe},
     promo_valid: 30d, cash_out: 50.00}
  - {id: last, max_balance: 400.00, reload: true, bonus: {load: 100.00, give: 5.00}, promo_valid: 3d,
     spend_order: paid_first, cash_out: 0}
  - {id: pinned, reload: true, cash_out: 0, pin: {digits: 6, lock_after: 2}}
  - {id: billed, reload: true, cash_out: 0, invoice: required}
certificates:
  - {id: weekend, site: s1, distributor: agency, value: 120.00, valid: {for: 30d}, terms: t1,
     on_distributor_closed: refuse}
  - {id: spa, site: s2, distributor: agency, value: 80.00, valid: {until: 2026-04-10}, terms: t1}
sites: [{id: s1, url: "https://a.example"}, {id: s2, url: "https://b.example", state: sunset}]
rewards:
  - {id: mug, price: 5.00, stock: 3, per_contact: {times: 2, each: month}, terms: t1, cancel_within: 24h}
  - {id: hat, price: 3.00, stock: 2, available: {from: 2026-03-10, until: 2026-05-01}, terms: t1}
scheme: {id: club}
offers: [{id: ten, goal: spend, award: {percent: 10}, redeem: deferred}]
"""
}
KINDS = ["plain", "gift", "last", "pinned", "billed"]
CARDS, CERTIFICATES, COUPONS = ["c1", "c2", "c3"], ["k1", "k2", "k3"], ["q1", "q2", "q3", "q4"]
STEPS = [
    timedelta(0), timedelta(minutes=5), timedelta(hours=5), timedelta(days=1), timedelta(days=3), timedelta(days=12),
]  # fmt: skip
PLACES: list[Event] = [{}, {"merchant": "kiosk"}, {"merchant": "cafe"}]
# The event makes these in the course of a history; later ones name them by ``of``.
NAMED = {
    "card_captured": ("card_held",),
    "card_voided": ("card_held",),
    "card_cancelled": ("card_spent", "card_captured", "card_activated", "card_reloaded"),
}
STATES = ["card_unlocked", "card_suspended", "card_resumed", "card_pin_failed", "card_pin_failed", "card_locked"]
CARD_EVENTS = [
    "card_spent", "card_spent", "card_spent", "card_held", "card_held", "card_captured", "card_voided",
    "card_cancelled", "card_cancelled", "card_cancelled", "card_reloaded", "card_emptied", "card_transferred",
    "card_registered", "card_state", "tick",
]  # fmt: skip
CERTIFICATE_EVENTS = [
    "certificate_reserved", "certificate_claimed", "certificate_claimed", "certificate_fulfilled",
    "certificate_voided", "certificate_replaced", "certificate_distributed", "tick",
]  # fmt: skip
REWARD_EVENTS = [
    "reward_exchanged", "reward_exchanged", "reward_exchanged", "coupon_cancelled", "coupon_cancelled", "coupon_used",
    "reward_restocked", "adjust", "block_spend", "unblock_spend", "hold_account", "tick",
]  # fmt: skip

Draw = st.DrawFn


def one_of(draw: Draw, *values: Any) -> Any:
    return draw(st.sampled_from(values))


def card_event(draw: Draw, before: list[Event]) -> Event:
    kind = draw(st.sampled_from(CARD_EVENTS))
    kind = draw(st.sampled_from([*STATES, "card_lost"])) if kind == "card_state" else kind
    event: Event = {"type": kind}
    if kind in NAMED:
        named = [e["id"] for e in before if e["type"] in NAMED[kind]] or ["nothing"]
        event["of"] = draw(st.sampled_from(named))
        if kind != "card_voided" and draw(st.booleans()):
            event["amount"] = one_of(draw, "0.01", "1.00", "10.00", "33.33", "50.00")
        return event
    if kind == "tick":
        return event
    event["card"] = draw(st.sampled_from(CARDS))
    if kind in ("card_spent", "card_held", "card_reloaded"):
        event |= {"amount": one_of(draw, "0.01", "5.00", "20.00", "50.00", "99.99"), **one_of(draw, *PLACES)}
        event["reference"] = one_of(draw, "R1", " r1", "R2", "R3", "R4")
    if kind == "card_held":
        event["hold_for"] = one_of(draw, "15min", "6h", "30d")
    elif kind == "card_spent":
        event["partial"] = one_of(draw, "true", "false")
    elif kind == "card_emptied":
        event |= one_of(draw, *PLACES)
    elif kind == "card_transferred":
        event["to"] = draw(st.sampled_from(CARDS))
    elif kind == "card_registered":
        event["contact"] = one_of(draw, "ann", "bob")
    if kind in ("card_spent", "card_held", "card_emptied", "card_registered"):
        event["verified"] = one_of(draw, "true", "true", "false")
    return event


def certificate_event(draw: Draw, before: list[Event]) -> Event:
    kind = draw(st.sampled_from(CERTIFICATE_EVENTS))
    event: Event = {"type": kind}
    if kind == "tick":
        return event
    event["certificate"] = draw(st.sampled_from(CERTIFICATES))
    if kind in ("certificate_reserved", "certificate_claimed"):
        event |= {
            "site": one_of(draw, "s1", "s1", "s2"),
            "email": one_of(draw, "a@x.example", " A@X.example", "b@x.example"),
        }
    if kind == "certificate_claimed":
        event |= {"terms": one_of(draw, "t1", "t1", "t0"), "merchant": "hotel"}
    elif kind == "certificate_replaced":
        event["by"] = one_of(draw, *CERTIFICATES, "k8", "k9")
    return event


def reward_event(draw: Draw, before: list[Event]) -> Event:
    kind = draw(st.sampled_from(REWARD_EVENTS))
    event: Event = {"type": kind}
    if kind == "reward_exchanged":
        event |= {"reward": one_of(draw, "mug", "mug", "hat"), "terms": one_of(draw, "t1", "t1", "t0")}
    if kind in ("reward_exchanged", "coupon_used", "coupon_cancelled"):
        event["coupon"] = draw(st.sampled_from(COUPONS))
    if kind == "coupon_cancelled":
        event |= {"actor": "eve", **one_of(draw, {}, {"approver": "max"}, {"approver": "eve"})}
    elif kind == "reward_restocked":
        event |= {"reward": one_of(draw, "mug", "hat"), "quantity": "1"}
    elif kind == "adjust":
        event |= {"amount": "3.00", "reason": "goodwill", "actor": "eve"}
        event |= one_of(draw, {}, {"pool": "short"}, {"pool": "anywhere"})
    if not kind.startswith("coupon") and kind not in ("tick", "reward_restocked"):
        event["contact"] = one_of(draw, "ann", "bob")
    return event


def beginnings(draw: Draw, topic: str) -> list[Event]:
    """What is there before anything can happen to it. Only these loads reach a bonus."""
    if topic == "cards":
        kinds = [draw(st.sampled_from(KINDS))] * 3 if draw(st.booleans()) else draw(st.permutations(KINDS))
        found: list[Event] = []
        for name, kind in zip(CARDS, kinds, strict=False):
            amount = one_of(draw, "20.00", "50.00", "100.00", "150.00")
            found.append({"type": "card_issued", "card": name, "kind": kind})
            found.append({"type": "card_activated", "card": name, "amount": amount, "reference": "A"})
            found[-1] |= one_of(draw, *PLACES)
        return found[: draw(st.integers(4, 6))]
    if topic == "certificates":
        kinds = [one_of(draw, "weekend", "weekend", "spa") for _ in CERTIFICATES]
        issued = [
            {"type": "certificate_issued", "certificate": c, "kind": k}
            for c, k in zip(CERTIFICATES, kinds, strict=True)
        ]
        return issued + [{"type": "certificate_distributed", "certificate": c} for c in CERTIFICATES[:2]]
    return [
        {"type": "purchase", "contact": c, "total": one_of(draw, "49.90", "100.00", "200.00")} for c in ("ann", "bob")
    ]


@st.composite
def instrument_histories(draw: Draw, topic: str) -> list[Event]:
    """A log about ``cards``, ``certificates`` or ``rewards``, closed by a tick long after."""
    make = {"cards": card_event, "certificates": certificate_event, "rewards": reward_event}[topic]
    now, events = datetime(2026, 3, 1, 9), []
    first = beginnings(draw, topic)
    for place in range(len(first) + draw(st.integers(3, 16))):
        event = first[place] if place < len(first) else make(draw, events)
        now += timedelta(minutes=1) if place <= len(first) else draw(st.sampled_from(STEPS))
        events.append({**event, "id": f"e{place:02d}", "source": "case", "time": now.isoformat(sep=" ")})
    end = (now + timedelta(days=100)).isoformat(sep=" ")
    return [*events, {"type": "tick", "id": "last", "source": "case", "time": end}]
