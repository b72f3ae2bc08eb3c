"""Programmes and histories in which everything meets: goals of all kinds, draws, points, requests, care, the clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import yaml
from hypothesis import strategies as st

from .histories import STARTS, STEPS, Event, gives_back, purchases
from .offers import Fields, present, sometimes
from .strategies import Plain, programmes

PAYOUT_POOL = {"id": "cashback", "valid": {"for": "60d"}, "payout": True}
# Whole cents a unit: of a cent that a lot has taken in part, the engine gives no more and the judge the rest.
POINTS = [{"code": "PTS", "digits": 2, "worth": "2"}, {"code": "PTS", "digits": 2, "worth": "3"}]
PEOPLE = ("ann", "ann", "bob", "cat")
CLASSES = ("like", "visit", "nod")
WINDOWS = ("day", "week", "month")
DRAWN = "x-draw"
_AGENT = {"actor": "eve"}

EXTRA: dict[str, Fields] = {
    "x-streak": {
        "goal": "visits",
        "goals": {"of": [{"streak": 2, "per": "day", "each": {"visits": 1}}], "repeat": True},
        "award": {"amount": "1.00"},
    },
    "x-week": {
        "goal": "spend",
        "goals": {"of": [{"streak": 2, "per": "week", "each": {"spend": "10.00"}}]},
        "award": {"amount": "2.00"},
        "claw_back": "within_balance",
    },
    "x-fan": {
        "goal": "achievement",
        "type": "achievement",
        "goals": {"of": [{"achievements": ["like", "visit"], "per": "month"}]},
        "award": {"amount": "0.80"},
    },
    "x-like": {
        "goal": "achievement",
        "type": "achievement",
        "event": {"classification": ["like", "nod"]},
        "award": {"amount": "0.30"},
        "cooldown": "1d",
    },
    "x-cash": {"goal": "spend", "award": {"percent": "20"}, "pool": "cashback", "redeem": "instant"},
    "x-later-cash": {"goal": "spend", "award": {"percent": "10"}, "pool": "cashback"},
    "x-profile": {"goal": "membership", "type": "profile", "award": {"amount": "0.70"}, "pending": {"for": "3d"}},
    DRAWN: {
        "goal": "achievement",
        "type": "lottery",
        "award": {"draw": {"at": "2026-04-01", "winners": 1, "amount": "5.00", "entries": 1, "seed": "spring"}},
    },
}


@st.composite
def mixed_programmes(draw: st.DrawFn) -> dict[str, str]:
    """A random programme with a few of the offers above, a payout pool, and points now and then."""
    files = dict(draw(programmes()))
    document = yaml.safe_load(files["business.yaml"])
    business: Fields = document["business"]
    wallet = business.setdefault("wallet", {})
    wallet |= present({"unit": draw(sometimes(st.sampled_from(POINTS), 3))})
    if draw(st.integers(1, 3)) == 3:
        wallet.setdefault("limits", []).append({"on": "payout", "each": draw(st.sampled_from(WINDOWS)), "times": 1})
    business["adjust"] = {"reasons": ["goodwill"]}
    business["merge"] = {"forward": draw(st.booleans())}
    pools = yaml.safe_load(files["pools.yaml"])
    pools["pools"].append(PAYOUT_POOL)
    chosen = draw(st.lists(st.sampled_from(sorted(EXTRA)), min_size=1, max_size=4, unique=True))
    offers = [{"id": id_, **EXTRA[id_]} for id_ in sorted({DRAWN, *chosen})]
    extra = {"scheme": {"id": "extra"}, "offers": offers}
    for name in ("everyday.yaml", "club.yaml"):
        if name in files:
            files[name] = files[name].replace("    carry: true\n", "")  # a merge adds windows; the judge carries anew
    written = {"business.yaml": document, "pools.yaml": pools, "extra.yaml": extra}
    return files | {name: yaml.dump(each, Dumper=Plain, sort_keys=False) for name, each in written.items()}


def _cents(most: int) -> st.SearchStrategy[str]:
    return st.integers(1, most).map(lambda cents: f"{cents // 100}.{cents % 100:02d}")


def _of(kind: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Event]:
    """Events of one type of somebody, with more fields; those that are None are left out."""
    body = st.fixed_dictionaries({"contact": st.sampled_from(PEOPLE), **fields})
    return body.map(lambda said: {"type": kind, **present(said)})


_PLACE = st.sampled_from([None, None, "bakery", "kiosk"])
_METHOD = st.just({"kind": "bank", "reference": "a"})
SETTINGS: list[st.SearchStrategy[Event]] = [
    _of("register", payment_method=_METHOD),
    _of("update", payment_method=_METHOD),
    _of("achievement", classification=st.sampled_from(CLASSES)),
    _of("achievement", classification=st.sampled_from(CLASSES)),
    _of("profile_completed"),
    _of("pool_activated", pool=st.sampled_from(["anywhere", "cashback"])),
    _of("pool_deactivated", pool=st.just("anywhere")),
    _of("block_spend"),
    _of("unblock_spend"),
    _of("limit_set", on=st.just("spend"), each=st.sampled_from(WINDOWS), amount=_cents(300)),
    _of("limit_set", on=st.just("payout"), each=st.sampled_from(WINDOWS), times=st.just("1")),
]
CARE: list[st.SearchStrategy[Event]] = [
    _of("adjust", amount=_cents(900), reason=st.just("goodwill"), pool=st.sampled_from([None, "anywhere", "cashback"])),
    _of("adjust", amount=_cents(300).map(lambda text: f"-{text}"), reason=st.just("goodwill")),
    _of("transfer", to=st.sampled_from(PEOPLE), amount=_cents(200), pool=st.sampled_from([None, "anywhere"])),
    _of("merge", into=st.sampled_from(PEOPLE)),
    _of("hold_account"),
    _of("reactivate"),
    _of("reactivate"),
]
REQUESTS: list[st.SearchStrategy[Event]] = [
    _of("hold", amount=_cents(300), merchant=_PLACE, hold_for=st.sampled_from([None, "15min", "2d"])),
    _of("hold", amount=_cents(100), merchant=_PLACE, hold_for=st.just("7d")),
    _of("payout", amount=st.sampled_from([None, "0.50", "2.00"])),
    _of("redeem", lines=st.just([{"sku": "LOAF", "family": "COFFEE", "total": "5.00"}])),
]
FOLLOWING = {
    "hold": ("capture", "capture", "void"),
    "estimate": ("capture", "void"),
    "payout": ("payout_confirmed", "payout_failed"),
    "purchase": ("payout_confirmed", "payout_failed", "redeem"),
}


@st.composite
def follow_ups(draw: st.DrawFn, before: list[Event]) -> Event:
    """What is said of an earlier request: captured, voided, confirmed, failed, redeemed."""
    first = draw(st.sampled_from(before))
    kind = draw(st.sampled_from(FOLLOWING[first["type"]]))
    amount = draw(sometimes(_cents(150), 2)) if kind in ("capture", "payout_confirmed", "payout_failed") else None
    who = {"contact": first["contact"]} if kind == "redeem" else {}
    return present({"type": kind, "of": first["id"], "amount": amount, **who})


@st.composite
def estimates(draw: st.DrawFn) -> Event:
    asked = draw(purchases())
    asked.pop("reference", None)
    return {**asked, "type": "estimate", "hold_for": draw(st.sampled_from(["15min", "2d"]))}


@st.composite
def _bodies(draw: st.DrawFn, before: list[Event]) -> Event:
    kind = draw(st.integers(1, 20))
    bought = [event for event in before if event["type"] == "purchase"]
    asked = [event for event in before if event["type"] in FOLLOWING]
    if kind <= 2 and bought:
        return draw(gives_back(bought))
    if kind <= 5:
        return draw(st.one_of(SETTINGS))
    if kind <= 7:
        return draw(st.one_of(CARE)) | _AGENT
    if kind <= 9:
        return draw(st.one_of(REQUESTS))
    if kind <= 11 and asked:
        return draw(follow_ups(asked))
    if kind == 12:
        return draw(st.sampled_from([{"type": "tick"}, {"type": "draw", "offer": DRAWN}]))
    if kind == 13:
        return draw(estimates())
    return draw(purchases())


@st.composite
def beginnings(draw: st.DrawFn, now: datetime) -> list[Event]:
    """Contacts that are known, can be paid and have money to ask for; now and then nobody."""
    before = (now - timedelta(days=1)).isoformat(sep=" ")
    method = {"payment_method": {"kind": "bank", "reference": "a"}}
    found: list[Event] = []
    for who in draw(st.sampled_from([[], ["ann"], ["ann", "bob"], ["ann", "bob"]])):
        told = [{"type": "register", **draw(st.sampled_from([{}, method]))}]
        given = {"amount": "9.00", "reason": "goodwill", **_AGENT}
        if draw(st.integers(1, 3)) > 1:
            told.append({"type": "adjust", **given})
        if draw(st.integers(1, 3)) == 3:
            told.append({"type": "adjust", **given, "pool": "cashback"})
        found += [
            {**event, "contact": who, "id": f"{who}-{n}", "source": "case", "time": before}
            for n, event in enumerate(told)
        ]
    return found


@st.composite
def mixed_histories(draw: st.DrawFn, late: bool = False, most: int = 20) -> list[Event]:
    """A log of everything, in the order of its times unless ``late``; a last tick lets all fall due."""
    now = datetime.fromisoformat(draw(st.sampled_from(STARTS)))
    events = draw(beginnings(now))
    for number in range(1, draw(st.integers(6, most)) + 1):
        now += draw(st.sampled_from(STEPS)) + timedelta(seconds=1)
        event = draw(_bodies(events))
        at = now
        if late and event["type"] in ("purchase", "achievement") and draw(st.integers(1, 4)) == 4:
            at = now - draw(st.sampled_from([timedelta(hours=1), timedelta(days=1), timedelta(days=5)]))
        events.append({**event, "id": f"e{number:02d}", "source": "case", "time": at.isoformat(sep=" ")})
    end = (now + timedelta(days=70)).isoformat(sep=" ")
    return [*events, {"type": "tick", "id": "last", "source": "case", "time": end}]
