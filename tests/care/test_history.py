"""The timeline is one ordered list with mails and what was merged in; the contact and the agent see the same of it."""

from __future__ import annotations

import json
from decimal import Decimal as D
from pathlib import Path

import numpy as np
import pytest

from guerdon.engine.care.history import history
from guerdon.engine.care.mails import collect, mails
from guerdon.engine.care.standing import standing
from guerdon.engine.decide.profiles import EMAIL_OFF
from guerdon.engine.report.wallet import wallet_of

from ..cli.door import guerdon
from .desk import NOW, SHOP, Desk, programme

pytestmark = pytest.mark.usefixtures("engine")

GIVE = {"type": "adjust", "contact": "ann", "amount": "9.00", "reason": "goodwill", "note": "a friend", "actor": "eve"}
MUG = {"type": "reward_exchanged", "reward": "mug", "contact": "ann", "coupon": "k1", "terms": "t1"}


def told(desk: Desk) -> None:
    desk.feed(
        {"type": "register", "contact": "ann", "email": "ann@example.org", "time": "2026-03-01 09:00"},
        {"type": "register", "contact": "bob", "time": "2026-03-01 09:00"},
        {**GIVE, "time": "2026-03-02 09:00"},
        {"type": "purchase", "contact": "bob", "total": "30.00", "time": "2026-03-02 10:00"},
        {**MUG, "time": "2026-03-03 09:00"},
        {"type": "coupon_cancelled", "coupon": "k1", "time": "2026-03-03 10:00"},
    )


def test_a_mail_stands_with_what_caused_it(shop: Desk) -> None:
    told(shop)
    found = {each.entry.type: each for each in history(shop.ledger, shop.program, "ann")}
    assert found["reward_exchanged"].mail == ()  # the exchange is done whether or not anybody writes
    collect(shop.ledger, shop.program, NOW)
    found = {each.entry.type: each for each in history(shop.ledger, shop.program, "ann")}
    assert found["reward_exchanged"].mail == (("coupon", "queued", ""),)
    assert found["reward_exchanged"].entry.parts == (("exchanged for a reward", D("5.00"), ""),)
    assert {mail.seq for mail in mails(shop.ledger)} <= {event.seq for event in shop.ledger.events(range(20))}


def test_notes_are_for_agents(shop: Desk) -> None:
    told(shop)
    (adjust,) = [each for each in history(shop.ledger, shop.program, "ann") if each.entry.type == "adjust"]
    theirs, ours = adjust.as_json(for_agent=False), adjust.as_json(for_agent=True)
    assert theirs["said"] == "goodwill" and "a friend" not in str(theirs) and "'eve'" not in str(theirs)
    assert (ours["note"], ours["actor"]) == ("a friend", "eve")
    assert {name: ours[name] for name in theirs} == theirs


def test_what_was_merged_in_is_told_as_inherited(shop: Desk) -> None:
    told(shop)
    before = [each.entry for each in history(shop.ledger, shop.program, "bob")]
    shop.feed({"type": "merge", "contact": "bob", "into": "ann", "time": "2026-03-05 09:00"})
    kept = [each.entry for each in history(shop.ledger, shop.program, "bob")]
    assert kept[: len(before)] == before and kept[-1].type == "merge"
    found = history(shop.ledger, shop.program, "ann")
    assert [each.entry.event for each in found if each.of == "bob"] == [entry.event for entry in before]
    assert sum(each.entry.type == "merge" for each in found) == 1


def test_the_wallet_is_the_sum_of_what_the_timeline_moved(shop: Desk) -> None:
    told(shop)
    number = shop.ledger.names.find("contact", "ann")
    moved = shop.ledger.frame("transfer")
    wallet = wallet_of(shop.ledger, shop.program, "ann")
    total = 0
    for sign, side in ((-1, "debit"), (1, "credit")):
        mine = moved.filter((moved[side] // (1 << 16)) == (2 << 40 | number))
        total += sign * int(mine["amount"].sum())
    assert wallet.balances["open"] + wallet.balances["commerce"] == D(total).scaleb(-2)


def test_an_e_mail_preference_survives_enrolling_and_is_the_targets_in_a_merge(shop: Desk) -> None:
    told(shop)
    shop.feed(
        {"type": "unenrol", "contact": "ann", "time": "2026-03-04 09:00"},
        {"type": "enrol", "contact": "ann", "time": "2026-03-05 09:00"},
        {"type": "merge", "contact": "bob", "into": "ann", "time": "2026-03-06 09:00"},
    )
    profiles = shop.ledger.load_contacts(np.array([1, 2])).profiles
    assert profiles[1][EMAIL_OFF] == 1 and EMAIL_OFF not in profiles.get(2, {})


TIERS = SHOP + (
    "tiers: {unit_per: 1.00, window: {from_achieved: 12mo}, ladder: "
    "[{id: bronze, needs: 0}, {id: silver, needs: 500}, {id: gold, needs: 1500}]}\n"
)


def test_where_a_contact_stands(tmp_path: Path) -> None:
    desk = Desk(tmp_path, programme(tmp_path, TIERS))
    buy = {"type": "purchase", "contact": "ann"}
    desk.feed(
        {**buy, "total": "500.00", "time": "2026-03-02 09:00"}, {**buy, "total": "120.00", "time": "2026-04-02 09:00"}
    )
    found = standing(desk.ledger, desk.program, "ann")
    assert (found.tier, found.to_keep, found.window_ends) == ("silver", D("380.00"), "2027-03-02 09:00")
    assert (found.next_tier, found.to_next, found.lifetime) == ("gold", D("880.00"), D("620.00"))
    assert [(each.tier, each.ends) for each in found.history] == [("bronze", "2026-03-02 09:00"), ("silver", None)]
    desk.feed({"type": "tick", "time": "2028-03-03 00:00"})
    found = standing(desk.ledger, desk.program, "ann")
    assert (found.tier, found.lifetime, found.climb) == ("bronze", D("620.00"), D("0.00"))
    desk.close()


def test_without_tiers_there_is_none(shop: Desk) -> None:
    told(shop)
    shop.feed({"type": "referral", "contact": "cat", "referrer": "ann", "time": "2026-03-04 09:00"})
    found = standing(shop.ledger, shop.program, "ann")
    assert (found.tier, found.lifetime, found.brought) == (None, None, 1)
    assert standing(shop.ledger, shop.program, "cat").referred


def test_the_commands(shop: Desk) -> None:
    told(shop)
    shop.close()
    entries = json.loads(guerdon("timeline", "ann", "--agent", "--ledger", shop.url, "--json").out)["entries"]
    assert [entry["note"] for entry in entries if entry["type"] == "adjust"] == ["a friend"]
    assert "a friend" not in guerdon("timeline", "ann", "--ledger", shop.url).out
    assert json.loads(guerdon("standing", "ann", "--ledger", shop.url, "--json").out)["brought"] == 0
    assert guerdon("standing", "nobody", "--ledger", shop.url).code == 1
