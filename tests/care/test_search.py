"""A contact is found by whatever the person on the phone has."""

from __future__ import annotations

import json

import pytest

from guerdon.engine.care.claims import claim
from guerdon.engine.care.search import search

from ..cli.door import guerdon
from .desk import Desk

ANN = {
    "type": "register",
    "contact": "ann",
    "email": " Ann@Example.org ",
    "phone": "+357 99",
    "time": "2026-03-01 09:00",
}
BUY = {
    "type": "purchase",
    "contact": "ann",
    "total": "20.00",
    "merchant": "bakery",
    "reference": "F-1",
    "time": "2026-03-02 09:00",
}
MUG = {
    "type": "reward_exchanged",
    "reward": "mug",
    "contact": "ann",
    "coupon": "k1",
    "terms": "t1",
    "time": "2026-03-03 09:00",
}
GIVE = {"type": "adjust", "contact": "ann", "amount": "9.00", "reason": "goodwill", "time": "2026-03-02 12:00"}


@pytest.mark.parametrize(
    ("text", "by"),
    [
        ("ann", "id"), ("a*", "id"), ("ANN@example.ORG ", "email"), ("+357 99", "phone"), (" f-1", "reference"),
        ("p1", "event"), ("k1", "coupon"),
    ],
)  # fmt: skip
def test_found_by(shop: Desk, text: str, by: str) -> None:
    shop.feed(ANN, {**BUY, "id": "p1"}, GIVE, MUG, {"type": "register", "contact": "bob", "time": "2026-03-01 09:00"})
    found = search(shop.ledger, shop.program, text)
    assert [(match.contact, match.by, match.status) for match in found] == [("ann", by, "enrolled")]
    assert "adjust" in found[0].actions


def test_a_merged_contact_tells_where_its_wallet_is(shop: Desk) -> None:
    shop.feed(ANN, {"type": "register", "contact": "bob", "time": "2026-03-01 09:00"})
    shop.feed({"type": "merge", "contact": "ann", "into": "bob", "time": "2026-03-02 09:00"})
    (found,) = search(shop.ledger, shop.program, "ann")
    assert (found.status, found.merged_into, found.actions) == ("merged", "bob", ("enrol", "erase", "block_spend"))


def test_an_erased_contact_is_found_by_nothing_personal(shop: Desk) -> None:
    shop.feed(ANN, {**BUY, "id": "p1"}, {"type": "close", "contact": "ann", "time": "2026-03-03 09:00"})
    shop.feed({"type": "erase", "contact": "ann", "time": "2026-03-04 09:00"})
    assert search(shop.ledger, shop.program, "ann") == []
    assert search(shop.ledger, shop.program, "ann@example.org") == []
    (left,) = search(shop.ledger, shop.program, "F-1")
    assert (left.contact, left.actions) == ("#1", ())


@pytest.mark.parametrize(
    ("events", "contact", "day", "finding"),
    [
        ([BUY], "ann", "2026-03-02", "credited"),
        ([BUY], "ann", "2026-03-03", "other_day"),
        ([BUY], "bob", "2026-03-02", "anothers"),
        ([{**BUY, "total": "0.01"}], "ann", "2026-03-02", "nothing_given"),
        ([{**BUY, "id": "p1"}, {"type": "cancel", "of": "p1", "time": "2026-03-03 09:00"}], "ann", None, "cancelled"),
        ([{**GIVE, "merchant": "bakery", "reference": "F-1"}], "ann", None, "compensated"),
        ([], "ann", None, "not_received"),
    ],
)  # fmt: skip
def test_a_claim_says_what_became_of_the_receipt(
    shop: Desk, events: list, contact: str, day: str, finding: str
) -> None:
    shop.feed(ANN, *events)
    found = claim(shop.ledger, shop.program, contact, " f-1 ", merchant="bakery", day=day)
    assert found.finding == finding
    if finding == "anothers":  # nothing is told of whoever it is
        assert found.event is None and found.contact is None
    if finding == "not_received":
        assert found.adjust == {
            "type": "adjust", "contact": "ann", "reference": " f-1 ", "merchant": "bakery", "reason": "missing_points",
        }  # fmt: skip


def test_a_purchase_that_was_not_taken_is_told_with_its_reason(shop: Desk) -> None:
    shop.feed(ANN, {"type": "hold_account", "contact": "ann", "time": "2026-03-01 10:00"}, BUY)
    found = claim(shop.ledger, shop.program, "ann", "F-1", merchant="bakery")
    assert (found.finding, found.reason) == ("refused", "contact_on_hold")


def test_the_commands(shop: Desk) -> None:
    shop.feed(ANN, BUY)
    shop.close()
    told = guerdon("search", "F-1", "--ledger", shop.url, "--json")
    assert [match["contact"] for match in json.loads(told.out)["matches"]] == ["ann"]
    assert guerdon("search", "nobody", "--ledger", shop.url).code == 1
    assert "no such way" in guerdon("search", "x", "--by", "shoe size", "--ledger", shop.url).err
    told = guerdon("claim", "ann", "--reference", "F-9", "--merchant", "bakery", "--ledger", shop.url)
    assert "not_received" in told.out and "reason=missing_points" in told.out
