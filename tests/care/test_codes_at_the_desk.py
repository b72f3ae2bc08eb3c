"""The desk finds cards and coupons by codes that nobody keeps; where a mail about a claim went is forgotten."""

from __future__ import annotations

import pytest

from guerdon.engine.care.cards import cards as found_by
from guerdon.engine.care.mails import collect
from guerdon.engine.care.mails.box import mails
from guerdon.engine.care.retention import DAY, retire
from guerdon.engine.care.search import search

from .desk import NOW, Desk

pytestmark = pytest.mark.usefixtures("engine")


def test_a_member_is_found_by_the_code_of_a_coupon(shop: Desk) -> None:
    name = shop.ledger.codes.name
    coupon = name("CPN-55AA-66BB")
    mug = {"type": "reward_exchanged", "contact": "ann", "reward": "mug", "coupon": coupon, "terms": "t1"}
    give = {"type": "adjust", "contact": "ann", "amount": "9.00", "reason": "goodwill", "time": "2026-03-03 09:00"}
    shop.feed({"type": "register", "contact": "ann", "time": "2026-03-01 09:00"})
    shop.feed(give, {**mug, "time": "2026-03-03 10:00"})
    for told in ("cpn55aa66bb", coupon):
        found = search(shop.ledger, shop.program, told)
        assert [(match.contact, match.by, match.what) for match in found] == [("ann", "coupon", coupon)]
    assert search(shop.ledger, shop.program, "66BB") == []


def test_gift_cards_that_end_alike(cards: Desk) -> None:
    name = cards.ledger.codes.name
    codes = ("6006-4912-3456-7890", "6006-4912-0000-7890", "6006-4912-3456-0001")
    for code in codes:
        cards.feed({"type": "card_issued", "card": name(code), "kind": "rack-card", "time": "2026-03-01 09:00"})
    assert [card.id for card in found_by(cards.ledger, " 6006 4912 3456 7890")] == [name(codes[0])]
    assert [card.id for card in found_by(cards.ledger, name(codes[2]))] == [name(codes[2])]
    assert [card.id for card in found_by(cards.ledger, "7890")] == sorted(map(name, codes[:2]))
    assert found_by(cards.ledger, "7890", by_last_four=False) == found_by(cards.ledger, "%890") == []


def test_the_address_of_a_claims_mail_is_forgotten_with_the_month(certificates: Desk) -> None:
    name = certificates.ledger.codes.name("K7F3-W2X9-QQ4T-8MZN")
    claim = {"site": "new-site", "email": "ann@example.org", "terms": "weekend-2026", "merchant": "hotel"}
    for day, told in enumerate(({"kind": "weekend"}, {}, claim), 1):
        kind = ("issued", "distributed", "claimed")[day - 1]
        time = f"2026-03-0{day} 09:00"
        certificates.feed({"type": f"certificate_{kind}", "certificate": name, "time": time, **told})
    assert collect(certificates.ledger, certificates.program, NOW) == 1
    assert "8MZN" in mails(certificates.ledger)[0].text and name not in mails(certificates.ledger)[0].text
    retire(certificates.ledger, NOW + 29 * DAY)
    assert mails(certificates.ledger)[0].address == "ann@example.org"
    retire(certificates.ledger, NOW + 31 * DAY)
    left = mails(certificates.ledger)[0]
    assert (left.address, left.text, left.state, left.reason) == ("", "", "blocked", "erased")
