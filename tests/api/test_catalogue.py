"""Rewards and coupons over HTTP: exchanged, listed, cancelled with everything given back; and a redeem cancelled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from guerdon.rules import read_programme
from tests.api.served import Served, program_in, purchase, served

from ..engines import Engine

REWARDS = """\
rewards:
  - {id: mug, title: A mug, price: 5.00, stock: 2, terms: t1, cancel_within: 24h, available: {from: 2026-01-01}}
  - {id: pen, price: 1.00}
"""


@pytest.fixture(scope="module")
def shop(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("shop")
    program_in(folder)
    (folder / "mall" / "rewards.yaml").write_text(REWARDS)
    reading = read_programme(folder / "mall")
    assert reading.program is not None, [str(problem) for problem in reading.errors]
    with served(folder, reading.program) as it:
        it.post("/events", [purchase("ca1", "ann", "200.00"), purchase("ca2", "bob", merchant="bakery")])
        yield it


def balances(it: Served) -> dict[str, str]:
    found: dict[str, str] = it.get("/contacts/ann/wallet").json()["balances"]
    return found


def rewards(it: Served) -> dict[str, dict[str, Any]]:
    return {each["reward"]: each for each in it.get("/rewards", "member").json()["rewards"]}


def test_an_exchange_is_listed_and_cancelled(shop: Served) -> None:
    before = balances(shop)
    assert rewards(shop)["mug"] == {
        "reward": "mug", "title": "A mug", "price": "5.00", "prices": {}, "left": 2, "available_from": "2026-01-01",
        "available_until": None, "terms": "t1",
    }  # fmt: skip
    assert rewards(shop)["pen"]["left"] is None
    body = {"reward": "mug", "coupon": "MUG-0001-7788", "terms": "t1"}
    assert shop.post("/contacts/ann/reward_exchanged", body, "member").json()["outcome"] == "posted"
    assert rewards(shop)["mug"]["left"] == 1
    (coupon,) = shop.get("/contacts/ann/coupons", "member").json()["coupons"]
    assert (coupon["last_four"], coupon["title"], coupon["status"]) == ("7788", "A mug", "assigned")
    assert set(coupon["actions"]) == {"coupon_used", "coupon_cancelled"}
    done = shop.post(f"/coupons/{coupon['coupon']}/coupon_cancelled", {}, "agent")
    assert done.json()["outcome"] == "posted", done.text
    assert (balances(shop), rewards(shop)["mug"]["left"]) == (before, 2)
    (coupon,) = shop.get("/contacts/ann/coupons", "agent").json()["coupons"]
    assert (coupon["status"], coupon["actions"]) == ("cancelled", [])


def test_coupons_are_no_merchants_business_and_no_other_members(shop: Served) -> None:
    assert shop.get("/contacts/bob/coupons", "merchant").json() == {"contact": "bob", "coupons": [], "next": None}
    assert shop.get("/contacts/bob/coupons", "member").status_code == 404
    assert shop.get("/contacts/nobody/coupons", "agent").status_code == 404


def test_a_redeem_is_cancelled_with_its_purchase_the_same_lots_once(mall: Served) -> None:
    mall.post("/events", purchase("rd1", "rob", "60.00"))
    before = mall.get("/contacts/rob/wallet").json()
    bought = mall.post("/events", purchase("rd2", "rob", "2.00")).json()["outcomes"][0]
    assert bought["redeemed"] == "2.00"
    shown = mall.post("/log/rd2/cancel?preview=true", {}, "agent").json()
    assert shown["changes"]["rob"]["open"] == "-2.00"
    assert mall.post("/confirmations", {"token": shown["token"]}, "agent").json()["outcome"] == "posted"
    after = mall.get("/contacts/rob/wallet").json()
    assert (after["lots"], after["balances"]) == (before["lots"], before["balances"])
    again = mall.post("/log/rd2/cancel", {}, "agent")
    assert (again.status_code, again.json()["code"]) == (422, "already_cancelled")
