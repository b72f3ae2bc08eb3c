"""Random histories of requests for wallet money: what tills, apps, banks and the clock could tell, in any order."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from random import Random
from typing import Any

Event = dict[str, Any]
WALLETS = (
    "",
    ", wallet: {limits: [{on: spend, each: day, amount: 8.00, over: clip}], fees: [{on: spend, percent: 10}]}",
    ", wallet: {limits: [{on: spend, each: day, amount: 9.00}], fees: [{on: payout, amount: 0.10}]}",
    ", wallet: {full_cover: true}",
    ", wallet: {auto_spend: {min_balance: 2.00, min: 1.00, max: 3.00}}",
)
OFFERS = """
scheme: {id: everyday}
offers:
  - {id: cash, goal: spend, lines: {sku: CASH}, award: {percent: 10}, redeem: instant}
  - {id: later, goal: spend, lines: {sku: LATER}, award: {percent: 10}}
  - {id: tea, goal: spend, lines: {sku: TEA}, award: {percent: 5}, pool: tea}
  - {id: back, goal: spend, lines: {sku: BACK}, award: {percent: 10}, redeem: instant, pool: back}
"""
POOLS = """
pools:
  - {id: anywhere, valid: {for: 20d}}
  - {id: tea, valid: {for: 5d}, lines: {sku: TEA}}
  - {id: back, valid: {for: 30d}, payout: true}
"""
MERCHANTS = """
merchants: [{id: bakery}, {id: garage}]
terms:
  - {merchant: bakery, contribution: 60%, fees: {award: 5%, spend: 2%}}
  - {merchant: garage, may: {spend_others: false}, settle: {every: month, mode: prepaid}}
"""
OF = {
    "capture": ("hold", "estimate"),
    "void": ("hold",),
    "payout_confirmed": ("payout", "purchase"),
    "payout_failed": ("payout", "purchase"),
    "cancel": ("purchase",),
    "return": ("purchase",),
    "redeem": ("purchase",),
}
KINDS = (
    ["purchase"] * 8 + ["hold", "estimate", "capture"] * 3 + ["token", "payout", "redeem", "tick"] * 2
    + ["void", "payout_confirmed", "payout_failed", "cancel", "return", "block_spend", "unblock_spend", "void"]
    + ["statement_closed", "statement_closed", "statement_approved", "statement_sent", "statement_paid"]
    + ["budget_loaded", "hold_account"]
)  # fmt: skip


def files(draw: Random) -> dict[str, str]:
    """A programme that redeems and spends in one of the ways there are."""
    mode = draw.choice(["automatic", "on_spend", "on_request"])
    wallet = draw.choice(WALLETS)
    business = f"business: {{id: corner, currency: EUR, time_zone: Europe/Nicosia, redeem: {mode}{wallet}}}"
    return {"business.yaml": business, "everyday.yaml": OFFERS, "pools.yaml": POOLS, "merchants.yaml": MERCHANTS}


def history(draw: Random, size: int) -> list[Event]:
    """``size`` events after those that fill two wallets; some late, some of what is not, or not yet, there."""
    told: list[Event] = []
    for contact in ("ann", "bob"):
        method = {"payment_method": {"kind": "bank", "reference": "a"}} if draw.random() < 0.5 else {}
        known: Event = {"contact": contact, "time": "2026-01-20 09:00", **method}
        told.append({"id": f"g-{contact}", "type": "register", **known})
        lines = [{"sku": sku, "total": "90.00"} for sku in ("CASH", "BACK", "LATER")]
        first: Event = {"contact": contact, "time": "2026-01-24 09:00", "lines": lines}
        told.append({"id": f"p-{contact}", "type": "purchase", **first})
    names: dict[str, list[str]] = defaultdict(list, purchase=["p-ann", "p-bob"])
    now = datetime(2026, 1, 25, 9)
    for number in range(size):
        now += timedelta(minutes=draw.choice([1, 5, 14, 16, 60, 60, 60 * 24, 60 * 24 * 3]))
        late = draw.choice([3, 30, 60 * 24 * 2, 60 * 24 * 20]) if draw.random() < 0.2 else 0
        kind = draw.choice(KINDS)
        time = (now - timedelta(minutes=late)).strftime("%Y-%m-%d %H:%M")
        event = {"id": f"e{number}", "type": kind, "time": time, **body(draw, kind, names, now)}
        if kind in OF and ("of" in event or kind != "redeem"):
            named = names[draw.choice(OF[kind])]
            event["of"] = f"e{number + draw.choice([-2, 1, 2])}"
            if named and draw.random() < 0.8:
                event["of"] = draw.choice(named[-4:])
        names[kind].append(event["id"])
        told.append({"source": "case", **event})
    return told


def body(draw: Random, kind: str, names: dict[str, list[str]], now: datetime) -> Event:
    """What an event of a type says beside its id, time and what it is of."""
    amount, contact = f"{draw.randint(1, 900) / 100:.2f}", {"contact": draw.choice(["ann", "bob"])}
    place = draw.choice([{}, {}, {"merchant": "bakery"}, {"merchant": "garage"}])
    if kind in ("purchase", "estimate"):
        return {**contact, **place, **bought(draw, kind, names, amount)}
    if kind == "hold":
        return {**contact, **place, "amount": amount, **draw.choice([{}, {"hold_for": "15min"}, {"hold_for": "2d"}])}
    if kind in ("capture", "return"):
        return {"amount": amount} if draw.random() < 0.5 else {}
    if kind == "token":
        expires = (now + timedelta(minutes=draw.choice([5, 9999]))).strftime("%Y-%m-%d %H:%M")
        intent = draw.choice(["spend", "approve", "reject"])
        return {**contact, "intent": intent, "expires": expires, **draw.choice([{}, {"amount": amount}])}
    if kind == "payout":
        return {**contact, **draw.choice([{}, {"amount": str(draw.randint(1, 9))}])}
    if kind == "redeem":
        return {**contact, **draw.choice([{"of": ""}, {"lines": [{"sku": "TEA", "total": amount}]}])}
    if kind.startswith("statement"):
        merchant = {} if kind == "statement_closed" else {"merchant": draw.choice(["bakery", "garage"])}
        return {"period": draw.choice(["2026-01", "2026-02"]), **merchant}
    if kind == "budget_loaded":
        return {"merchant": "garage", "amount": draw.choice(["20.00", "-5.00"])}
    return contact if kind in ("block_spend", "unblock_spend", "hold_account") else {}


def bought(draw: Random, kind: str, names: dict[str, list[str]], amount: str) -> Event:
    """Lines and the request of a purchase or estimate."""
    skus = draw.choices(["CASH", "LATER", "TEA", "BACK", "X"], k=draw.randint(1, 3))
    said: Event = {"lines": [{"sku": sku, "total": f"{draw.randint(1, 9000) / 100:.2f}"} for sku in skus]}
    if draw.random() < 0.6:
        said["spend"] = draw.choice([{"amount": amount}, "max", "full"])
    if names["token"] and draw.random() < 0.3:
        said["token"] = draw.choice(names["token"][-3:])
    if kind == "estimate" and draw.random() < 0.7:
        said["hold_for"] = draw.choice(["5min", "15min", "2d"])
    if kind == "purchase" and names["estimate"] and draw.random() < 0.5:
        said["estimate"] = draw.choice(names["estimate"][-3:])
    return said
