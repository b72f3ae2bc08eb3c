"""Hypothesis strategies for whole programmes, as the YAML texts of their files."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import strategies as st

from .offers import Fields, membership_offers, money, multiply_offers, present, purchase_offers, sometimes


class Plain(yaml.SafeDumper):
    """Writes every value out: rule files may not have anchors and aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


ZONES = ["Europe/Nicosia", "America/New_York", "Australia/Lord_Howe", "Asia/Tokyo"]

MERCHANTS = [
    {
        "id": "bakery",
        "name": "The Bakery",
        "owns_contacts": True,
        "venues": [{"id": "b1", "taps": ["t1"]}, {"id": "b2"}],
    },
    {"id": "kiosk", "name": "The Kiosk", "venues": [{"id": "k1", "taps": ["t3"]}]},
]

POOLS: list[Fields] = [
    {"id": "anywhere", "valid": {"for": "30d"}},
    {"id": "coffee", "lines": {"family": "COFFEE"}, "valid": {"for": "90d"}},
    {"id": "drinks", "lines": {"family": ["COFFEE", "TEA"]}, "valid": {"for": "60d"}},
    {"id": "north", "at": {"venues": ["b1"]}, "valid": {"for": "1y"}},
    {"id": "mornings", "times": [{"weekdays": ["sat", "sun", "mon"], "hours": "00:00-12:00"}], "valid": "always"},
    {"id": "club", "activation": "required", "valid": {"for": "1y"}},
]


@st.composite
def wallets(draw: st.DrawFn) -> Fields:
    limits = st.one_of(
        st.builds(
            lambda each, amount, over: {"on": "spend", "each": each, "amount": amount, "over": over},
            st.sampled_from(["day", "week", "month"]),
            money("2.00", "5.00"),
            st.sampled_from(["clip", "refuse"]),
        ),
        st.builds(lambda each: {"on": "spend", "each": each, "times": 1}, st.sampled_from(["day", "month"])),
    )
    fees = st.sampled_from(
        [[{"on": "spend", "amount": "0.20"}], [{"on": "spend", "percent": "10"}], [{"on": "spend", "percent": "2.5"}]]
    )
    return present(
        {
            "limits": draw(sometimes(st.lists(limits, min_size=1, max_size=2), 3)),
            "fees": draw(sometimes(fees, 3)),
            "auto_spend": draw(sometimes(st.just({"min_balance": "1.00", "min": "0.50", "max": "2.00"}), 4)),
            "full_cover": draw(sometimes(st.just(True), 6)),
        }
    )


def resolutions() -> st.SearchStrategy[Fields]:
    mode = st.sampled_from(["all", "best", "first"])
    flat = st.builds(lambda m: {"mode": m}, mode)
    nested = st.builds(
        lambda m, a, b, c: {
            "mode": m,
            "groups": [{"id": "basket", "mode": a}, {"id": "extras", "mode": b, "groups": [{"id": "deep", "mode": c}]}],
        },
        mode, mode, mode, mode,
    )  # fmt: skip
    return st.one_of(flat, nested)


def group_names(resolution: Fields) -> list[str]:
    return ["basket", "extras", "deep"] if "groups" in resolution else []


@st.composite
def businesses(draw: st.DrawFn) -> Fields:
    return present(
        {
            "id": "corner",
            "currency": draw(st.sampled_from(["EUR", "EUR", "EUR"])),
            "time_zone": draw(st.sampled_from(ZONES)),
            "attributes": {"event": {"weather": "string"}, "line": {"organic": "boolean"}},
            "resolution": draw(resolutions()),
            "redeem": draw(st.sampled_from(["automatic", "automatic", "on_spend", "on_request"])),
            "award_share_max": draw(sometimes(st.sampled_from(["10%", "50%"]), 5)),
            "wallet": draw(wallets()) or None,
        }
    )


@st.composite
def terms(draw: st.DrawFn) -> list[Fields]:
    found = []
    for merchant in ("bakery", "kiosk"):
        if draw(st.integers(1, 8)) == 8:
            continue  # no agreement
        settle = present({"mode": "post_paid", "budget": draw(sometimes(money("1.00", "3.00"), 4))})
        may = {"award_own": True, "award_others": True, "spend_own": True, "spend_others": True}
        if draw(st.integers(1, 5)) == 5:
            may[draw(st.sampled_from(sorted(may)))] = False
        found.append(
            present(
                {
                    "merchant": merchant,
                    "effective": draw(sometimes(st.just({"from": "2026-03-29"}), 8)),
                    "may": may,
                    "contribution": draw(sometimes(st.sampled_from(["60%", "33.3%", "100%", "0%", "0.75"]), 1)),
                    "fees": draw(sometimes(st.sampled_from([{"award": "5%", "spend": "2%"}, {"award": "0.10"}]), 2)),
                    "settle": settle,
                }
            )
        )
    return found


@st.composite
def ladders(draw: st.DrawFn) -> Fields:
    return {
        "unit_per": draw(st.sampled_from(["1.00", "0.50"])),
        "of": draw(st.sampled_from(["total", "net"])),
        "window": draw(st.sampled_from([{"from_achieved": "1mo"}, {"from_achieved": "30d"}, {"calendar": "year"}])),
        "downgrade": draw(st.sampled_from(["one_step", "re_evaluate", "never"])),
        "ladder": [{"id": "bronze", "needs": 0}, {"id": "silver", "needs": 20}, {"id": "gold", "needs": 45}],
    }


@st.composite
def offer_lists(draw: st.DrawFn, prefix: str, pools: list[str], groups: list[str], tiered: bool) -> list[Fields]:
    count = draw(st.integers(1, 4))
    found = [draw(purchase_offers(f"{prefix}-{n}", pools, groups, tiered)) for n in range(count)]
    if draw(st.integers(1, 3)) == 3:
        found.append(draw(membership_offers(f"{prefix}-member", pools, tiered)))
    if draw(st.integers(1, 3)) == 3:
        named = [offer["id"] for offer in found if offer["goal"] != "membership"]
        found.append(draw(multiply_offers(f"{prefix}-more", named, pools)))
    return found


@st.composite
def programmes(draw: st.DrawFn) -> dict[str, str]:
    """A small programme of random offers, as file names and YAML texts."""
    business = draw(businesses())
    ladder = draw(sometimes(ladders(), 2))
    declared = draw(st.lists(st.sampled_from(POOLS), min_size=1, max_size=4, unique_by=lambda pool: pool["id"]))
    pools = sorted({pool["id"] for pool in declared} | {"anywhere"})
    groups = group_names(business["resolution"])
    documents: dict[str, Any] = {
        "business.yaml": {"business": business, "merchants": MERCHANTS, "segments": SEGMENTS},
        "pools.yaml": {"pools": declared},
        "terms.yaml": {"terms": draw(terms())},
    }
    if ladder is not None:
        documents["tiers.yaml"] = {"tiers": ladder}
    for name in ["everyday", "club"][: draw(st.integers(1, 2))]:
        scheme = present({"id": name, "holdout": draw(sometimes(st.just("50%"), 8))})
        offers = draw(offer_lists(name[0], pools, groups, ladder is not None))
        documents[f"{name}.yaml"] = {"scheme": scheme, "offers": offers}
    files = {name: yaml.dump(document, Dumper=Plain, sort_keys=False) for name, document in documents.items()}
    return {**files, "vip.csv": "ann\ncat\n"}


SEGMENTS = [{"id": "vip", "list": "vip.csv"}, {"id": "regulars", "contacts": {"id": ["bob"]}}]
