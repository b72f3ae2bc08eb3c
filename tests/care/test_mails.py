"""Mails: made of what was committed, sent over SMTP to a server that is really there, with a state each."""

from __future__ import annotations

import json
from typing import Any

import pytest

from guerdon.engine.care.mails import MailError, Post, collect, mails, mails_of, report, resend, send_due
from guerdon.engine.care.mails.verifying import ANSWER, a_code, recover, recovered, told, verification

from ..cli.door import guerdon
from .desk import NOW, Desk
from .inbox import Inbox

DAY = 86_400_000_000


def text_of(message: Any) -> str:
    return message.get_payload(decode=True).decode()


def exchanged(desk: Desk, email: str | None = "ann@example.org", coupon: str = "k1") -> None:
    told = {"type": "register", "contact": "ann", "time": "2026-03-01 09:00"}
    desk.feed({**told, "email": email} if email else told)
    give = {"type": "adjust", "contact": "ann", "amount": "20.00", "reason": "goodwill", "time": "2026-03-02 09:00"}
    desk.feed(give, exchange(coupon))


def exchange(coupon: str) -> dict[str, str]:
    return {
        "type": "reward_exchanged",
        "contact": "ann",
        "reward": "mug",
        "coupon": coupon,
        "terms": "t1",
        "time": "2026-03-03 09:00",
    }


def sent(desk: Desk, url: str, now: int = NOW) -> dict[str, int]:
    post = Post(url, "shop@example.com")
    collect(desk.ledger, desk.program, now)
    counts = send_due(desk.ledger, post, now)
    post.close()
    return counts


def states(desk: Desk) -> list[tuple[str, str, str]]:
    return [(mail.kind, mail.state, mail.reason.partition(":")[0]) for mail in mails(desk.ledger)]


def test_an_exchange_is_told_once(shop: Desk, inbox: tuple[Inbox, str]) -> None:
    exchanged(shop)
    assert sent(shop, inbox[1]) == {"sent": 1, "blocked": 0, "later": 0}
    assert sent(shop, inbox[1]) == {"sent": 0, "blocked": 0, "later": 0}
    (message,) = inbox[0].taken
    assert (message["To"], message["Subject"]) == ("ann@example.org", "Your coupon: A mug")
    assert "k1" in text_of(message) and message["Message-ID"].endswith("@example.com>")
    assert states(shop) == [("coupon", "sent", "")]


def test_while_the_server_is_down_it_stays_queued_and_the_exchange_stands(shop: Desk, inbox: tuple[Inbox, str]) -> None:
    exchanged(shop)
    balance = shop.ledger.balances(1)
    assert sent(shop, "smtp://127.0.0.1:9") == {"sent": 0, "blocked": 0, "later": 1}
    assert states(shop)[0][:2] == ("coupon", "queued") and shop.ledger.balances(1) == balance
    assert sent(shop, inbox[1]) == {"sent": 0, "blocked": 0, "later": 0}  # not yet due
    assert sent(shop, inbox[1], NOW + DAY) == {"sent": 1, "blocked": 0, "later": 0}
    assert len(inbox[0].taken) == 1


def test_a_bounce_blocks_the_address_and_a_new_one_unblocks(shop: Desk, inbox: tuple[Inbox, str]) -> None:
    handler, url = inbox
    handler.says["ann@example.org"] = "550 no such mailbox"
    exchanged(shop)
    assert sent(shop, url)["blocked"] == 1
    shop.feed(exchange("k2"))
    handler.says.clear()
    assert sent(shop, url) == {"sent": 0, "blocked": 1, "later": 0} and handler.taken == []  # not attempted
    assert states(shop) == [("coupon", "blocked", "bounce"), ("coupon", "blocked", "bounce")]
    shop.feed(
        {"type": "update", "contact": "ann", "email": "ann@new.example", "time": "2026-03-04 09:00"}, exchange("k3")
    )
    assert sent(shop, url)["sent"] == 1 and handler.to() == ["ann@new.example"]
    shop.feed(
        {"type": "update", "contact": "ann", "email": "ann@example.org", "time": "2026-03-05 09:00"}, exchange("k4")
    )
    assert sent(shop, url)["sent"] == 1 and handler.to()[-1] == "ann@example.org"


def test_a_greylisting_server_is_tried_again_and_given_up_in_the_end(shop: Desk, inbox: tuple[Inbox, str]) -> None:
    handler, url = inbox
    handler.says["ann@example.org"] = "451 later"
    exchanged(shop)
    for n in range(6):
        assert sent(shop, url, NOW + n * 2 * DAY)["later"] == 1
    assert sent(shop, url, NOW + 20 * DAY)["blocked"] == 1
    assert states(shop) == [("coupon", "blocked", "gave_up")]


def test_nobody_to_write_to(shop: Desk, inbox: tuple[Inbox, str]) -> None:
    exchanged(shop, email=None)
    assert sent(shop, inbox[1]) == {"sent": 0, "blocked": 0, "later": 0}
    assert states(shop) == [("coupon", "blocked", "no_address")]


def test_delivered_complained_and_unsubscribed(shop: Desk, inbox: tuple[Inbox, str]) -> None:
    exchanged(shop)
    with pytest.raises(MailError):
        report(shop.ledger, "nothing", "delivered")
    sent(shop, inbox[1])
    (mail,) = mails(shop.ledger)
    assert report(shop.ledger, mail.id, "delivered").state == "delivered"
    assert report(shop.ledger, mail.id, "blocked", "unsubscribe").reason == "unsubscribe"
    shop.feed(
        {"type": "update", "contact": "ann", "email": "ann@example.org", "time": "2026-03-05 09:00"}, exchange("k2")
    )
    assert sent(shop, inbox[1])["sent"] == 0  # telling the address again doesn't subscribe anew


def test_again_to_the_present_address_three_times_a_day(shop: Desk, inbox: tuple[Inbox, str]) -> None:
    exchanged(shop)
    sent(shop, inbox[1])
    (mail,) = mails(shop.ledger)
    for n in range(3):
        again = resend(shop.ledger, mail.id, NOW + n, "ann@new.example", by="eve")
        assert (again.id, again.by) == (f"{mail.id}#{n + 2}", "eve")
    with pytest.raises(MailError, match="3 times today"):
        resend(shop.ledger, mail.id, NOW + 4)
    sent(shop, inbox[1], NOW + 5)
    texts = {text_of(message) for message in inbox[0].taken}
    assert len(inbox[0].taken) == 4 and len(texts) == 1
    resend(shop.ledger, mail.id, NOW + 2 * DAY)


def test_erased_is_emptied(shop: Desk, inbox: tuple[Inbox, str]) -> None:
    exchanged(shop)
    sent(shop, inbox[1])
    shop.feed({"type": "close", "contact": "ann", "time": "2026-03-08 09:00"})
    shop.feed({"type": "erase", "contact": "ann", "time": "2026-03-09 09:00"})
    collect(shop.ledger, shop.program, NOW)
    (mail,) = mails_of(shop.ledger, 1)
    assert (mail.address, mail.text, mail.state, mail.reason) == ("", "", "blocked", "erased")
    with pytest.raises(MailError, match="gone"):
        resend(shop.ledger, mail.id, NOW)


def test_a_cancelled_coupon_and_a_claimed_certificate(shop: Desk, certificates: Desk, inbox: tuple[Inbox, str]) -> None:
    exchanged(shop)
    shop.feed({"type": "coupon_cancelled", "coupon": "k1", "time": "2026-03-03 10:00"})
    assert sent(shop, inbox[1])["sent"] == 2
    assert [message["Subject"] for message in inbox[0].taken] == ["Your coupon: A mug", "Cancelled: A mug"]
    claim_one(certificates)
    assert sent(certificates, inbox[1])["sent"] == 1
    text = text_of(inbox[0].taken[-1])
    assert "https://claim.example" in text and "weekend-2026" in text and "cert-0001" not in text


def claim_one(desk: Desk, name: str = "cert-0001") -> None:
    desk.feed(
        {"type": "certificate_issued", "certificate": name, "kind": "weekend", "time": "2026-03-01 09:00"},
        {"type": "certificate_distributed", "certificate": name, "time": "2026-03-02 09:00"},
        {
            "type": "certificate_claimed", "certificate": name, "site": "new-site", "email": "ann@example.org",
            "terms": "weekend-2026", "merchant": "hotel", "time": "2026-03-03 09:00",
        },
    )  # fmt: skip


def test_known_and_unknown_addresses_get_one_answer(certificates: Desk, inbox: tuple[Inbox, str]) -> None:
    claim_one(certificates)
    collect(certificates.ledger, certificates.program, NOW)
    before = len(mails(certificates.ledger))
    assert recover(certificates.ledger, certificates.program, "new-site", "who@example.org", NOW) == ANSWER
    assert len(mails(certificates.ledger)) == before
    assert recover(certificates.ledger, certificates.program, "new-site", " Ann@example.org", NOW) == ANSWER
    (mail,) = [each for each in mails(certificates.ledger) if each.kind == "recovery"]
    shown = mail.text.split("code ")[1].split()[0]
    assert not recovered(certificates.ledger, shown, "ben@example.org", NOW)
    assert not recovered(certificates.ledger, shown, "ann@example.org", NOW + 4_000_000_000)
    assert recovered(certificates.ledger, shown.lower(), "ann@example.org", NOW)
    assert not recovered(certificates.ledger, shown, "ann@example.org", NOW)


def test_a_verification_code_is_mailed_told_as_its_hash_and_gone(shop: Desk, inbox: tuple[Inbox, str]) -> None:
    code = verification(shop.ledger, shop.program, "staff", "ann@example.org", NOW)
    assert code.told == told(f" {code.shown.lower()} ") and code.shown not in code.told
    sent(shop, inbox[1])
    assert code.shown in text_of(inbox[0].taken[0])
    (mail,) = mails(shop.ledger)
    assert (mail.state, mail.text) == ("sent", "")
    assert len({a_code().shown for _ in range(50)}) == 50


def test_the_commands(shop: Desk, inbox: tuple[Inbox, str]) -> None:
    exchanged(shop)
    shop.close()
    where = ["--ledger", shop.url]
    ended = guerdon("send-mail", shop.source, *where, "--smtp", inbox[1], "--from", "shop@example.com", "--json")
    assert (ended.code, json.loads(ended.out)) == (0, {"made": 1, "sent": 1, "blocked": 0, "later": 0})
    (listed,) = json.loads(guerdon("mails", "ann", *where, "--json").out)["mails"]
    assert listed["state"] == "sent" and "text" not in listed
    assert f"{listed['id']}#2 queued" in guerdon("mails", *where, "--again", listed["id"], "--as", "eve").err
    assert guerdon("mails", "nobody", *where).code == 1
