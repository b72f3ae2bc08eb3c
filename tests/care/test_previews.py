"""A preview shows what confirming does, and does nothing; confirmed twice it is done once; a stale one not at all."""

from __future__ import annotations

import json
from decimal import Decimal as D
from typing import Any

import pytest

from guerdon.engine.care.preview_tokens import PreviewError
from guerdon.engine.care.previews import confirm, preview
from guerdon.engine.events.normalise import Door

from ..cli.door import guerdon
from .desk import NOW, Desk

EVE = Door(permits_all=True, actor="eve", from_now=False)
BOTH = Door(permits_all=True, actor="eve", approver="max", from_now=False)


@pytest.fixture
def members(shop: Desk) -> Desk:
    for name in ("ann", "bob"):
        shop.feed({"type": "purchase", "contact": name, "total": "20.00", "time": "2026-03-02 09:00"})
    return shop


def previewed(desk: Desk, door: Door = EVE, **record: Any) -> Any:
    return preview(desk.program, desk.url, record, door, NOW)


def wallet(desk: Desk, contact: str) -> dict[tuple[int, int], int]:
    return desk.ledger.balances(desk.ledger.names.find("contact", contact))


def test_what_is_shown_is_what_is_done(members: Desk) -> None:
    before, digest = wallet(members, "ann"), members.ledger.digest()
    found = previewed(members, type="adjust", contact="ann", amount="5.00", reason="goodwill", note="called twice")
    assert (found.outcome, found.reason) == ("posted", None)
    assert found.wallets["ann"]["open"] == (D("0.00"), D("5.00"))
    assert [(move.debit, move.credit, move.amount) for move in found.moves] == [
        ("business/adjustment", "ann/open", D("5.00"))
    ]
    assert (wallet(members, "ann"), members.ledger.digest()) == (before, digest)
    event, ended = confirm(members.program, members.ledger, found.token, EVE, NOW)
    assert ended.outcome.name == "POSTED" and wallet(members, "ann")[2, 0] == 500
    again, ended = confirm(members.program, members.ledger, found.token, EVE, NOW)
    assert (again, ended.reason.name) == (event, "REPEAT") and wallet(members, "ann")[2, 0] == 500


def test_a_stranger_is_looked_at_and_registered(members: Desk) -> None:
    found = previewed(members, type="register", contact="cat")
    assert members.ledger.names.find("contact", "cat") == 0
    _, ended = confirm(members.program, members.ledger, found.token, EVE, NOW, members.run)
    assert ended.outcome.name == "POSTED"


def test_a_merge_shows_both_wallets(members: Desk) -> None:
    found = previewed(members, type="merge", contact="bob", into="ann")
    assert found.wallets["bob"]["commerce/anywhere"] == (D("2.00"), D("0.00"))
    assert found.wallets["ann"]["commerce/anywhere"] == (D("2.00"), D("4.00"))
    confirm(members.program, members.ledger, found.token, EVE, NOW)
    assert wallet(members, "ann")[257, 0] == 400


def test_a_coupon_is_cancelled_for_the_money_back(members: Desk) -> None:
    give = {"type": "adjust", "contact": "ann", "amount": "9.00", "reason": "goodwill", "time": "2026-03-03 09:00"}
    coupon = members.ledger.codes.name("k1")
    mug = {"type": "reward_exchanged", "contact": "ann", "reward": "mug", "coupon": coupon, "terms": "t1"}
    members.feed(give, {**mug, "time": "2026-03-03 10:00"})
    told = {"type": "coupon_cancelled", "coupon": "k1"}
    assert previewed(members, **told, time="2026-03-05T09:00:00Z").reason == "exceeds_authority"  # a day is over
    found = previewed(members, **told, time="2026-03-03T12:00:00Z")
    before, after = found.wallets["ann"]["open"]
    assert (found.outcome, after - before) == ("posted", D("3.00"))  # 2.00 of the five were a lot's
    confirm(members.program, members.ledger, found.token, EVE, NOW, members.run)
    assert previewed(members, **told, time="2026-03-03T13:00:00Z").reason == "invalid_transition"


def test_a_cancelled_purchase_shows_whose_it_was(members: Desk) -> None:
    found = previewed(members, type="cancel", of="e1")
    assert found.wallets["ann"]["commerce/anywhere"] == (D("2.00"), D("0.00"))


def test_a_stale_preview_is_refused_and_feeds_nothing(members: Desk) -> None:
    adjust = previewed(members, type="adjust", contact="ann", amount="5.00", reason="goodwill")
    merge = previewed(members, type="merge", contact="bob", into="ann")
    members.feed({"type": "purchase", "contact": "ann", "total": "1.00", "time": "2026-03-03 09:00"})
    last = members.ledger.last_seq
    for found in (adjust, merge):
        with pytest.raises(PreviewError, match="since the preview") as caught:
            confirm(members.program, members.ledger, found.token, EVE, NOW)
        assert caught.value.code == "preview_stale"
    assert members.ledger.last_seq == last


def test_above_the_cap_it_takes_two_and_never_oneself(members: Desk) -> None:
    record = {"type": "adjust", "contact": "ann", "amount": "50.01", "reason": "goodwill"}
    assert previewed(members, **record).reason == "exceeds_authority"
    found = previewed(members, BOTH, **record)
    assert found.outcome == "posted"
    own = Door(permits_all=True, actor="ann", approver="max", from_now=False)
    assert previewed(members, own, **record).reason == "exceeds_authority"
    _, ended = confirm(members.program, members.ledger, found.token, EVE, NOW)  # the second person is not there
    assert ended.reason.name == "EXCEEDS_AUTHORITY"


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"amount": "5.00"}, "reason_unknown"),
        ({"amount": "5.00", "reason": "goodwill", "pool": "nowhere"}, "unknown_instrument"),
        ({"amount": "-5.00", "reason": "goodwill"}, "insufficient_funds"),
        ({"amount": "-2.01", "reason": "goodwill", "pool": "anywhere"}, "insufficient_funds"),
    ],
)
def test_what_would_be_refused_is_told(members: Desk, record: dict[str, str], reason: str) -> None:
    found = previewed(members, type="adjust", contact="ann", **record)
    assert (found.outcome, found.reason, found.moves) == ("refused", reason, ())


@pytest.mark.parametrize("amount", ["0", "0.001", "much"])
def test_what_is_no_amount_is_no_preview(members: Desk, amount: str) -> None:
    with pytest.raises(PreviewError) as caught:
        previewed(members, type="adjust", contact="ann", amount=amount, reason="goodwill")
    assert caught.value.code == "bad_amount"


def test_a_token_that_was_changed_is_none(members: Desk) -> None:
    token = previewed(members, type="adjust", contact="ann", amount="5.00", reason="goodwill").token
    import base64

    held = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    held["told"]["amount"] = "500.00"
    forged = base64.urlsafe_b64encode(json.dumps(held).encode()).decode()
    for bad in (forged, token[:-5], "", "§"):
        with pytest.raises(PreviewError) as caught:
            confirm(members.program, members.ledger, bad, EVE, NOW)
        assert caught.value.code == "token_unknown"


def test_the_commands(members: Desk) -> None:
    members.close()
    where = ["--ledger", members.url, "--as", "eve"]
    told = guerdon("preview", str(members.source), "adjust", "ann", "amount=5.00", "reason=goodwill", *where)
    assert told.code == 0 and "adjust would be posted" in told.out
    command = told.out.splitlines()[-1].split()
    assert command[:2] == ["guerdon", "confirm"]
    assert guerdon(*command[1:], "--ledger", members.url).code == 0
    assert json.loads(guerdon("wallet", "ann", "--ledger", members.url, "--json").out)["balances"]["open"] == "5.00"
    assert "no field" in guerdon("preview", str(members.source), "adjust", "ann", "much", *where).err
