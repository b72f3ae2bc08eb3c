"""The scheduler does what care has to do over and over: alerts and their actions, mails, forgetting."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from guerdon.engine.api.service import Service
from guerdon.engine.api.settings import Settings
from guerdon.engine.care.alerts import alerts
from guerdon.engine.care.bodies import Bodies
from guerdon.engine.care.mails import mails
from guerdon.engine.care.passes import Care, passes_of
from guerdon.engine.ledger.audit import verify
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.stream.scheduler import Scheduler
from guerdon.engine.stream.turns import Turns

from ..cli.door import guerdon
from .desk import CARDS, NOW, Desk
from .inbox import Inbox
from .test_mails import DAY, exchanged

OFFICE = {"": ["office@mall.example"]}


def jobs(desk: Desk, care: Care, now: int = NOW) -> Scheduler:
    turns = Turns(desk.program, desk.ledger)
    return Scheduler(turns, passes=passes_of(desk.program, turns, care), clock=lambda: now)


def guessed(desk: Desk) -> None:
    desk.feed(
        {"type": "card_issued", "card": "c1", "kind": "mall-card", "time": "2026-03-01 09:00"},
        {"type": "card_activated", "card": "c1", "amount": "30.00", "reference": "B-1", "merchant": "bookshop",
         "time": "2026-03-01 10:00"},
    )  # fmt: skip
    for n, card in enumerate(("c1", "x1", "x2", "x3", "x4")):
        desk.feed({"type": "card_pin_failed", "card": card, "tap": "b1", "time": f"2026-03-02 10:0{n}"})


def test_an_alert_is_raised_acted_on_and_told(cards: Desk, inbox: tuple[Inbox, str]) -> None:
    guessed(cards)
    scheduler = jobs(cards, Care(inbox[1], "shop@mall.example", OFFICE))
    done = scheduler.once()
    assert scheduler.failed == []
    assert done[1:3] == ["alerts: 1 raised, 5 events fed", "mails: 1 made, 1 sent"]
    record = cards.ledger.records.one("card", "c1")
    assert record is not None and record.fields["status"] == "locked"
    assert inbox[0].to() == ["office@mall.example"]
    assert [found.state for found in alerts(cards.ledger)] == ["notified"]
    assert scheduler.once()[0:2] == ["alerts: 0 raised, 0 events fed", "mails: 0 made, 0 sent"]
    assert verify(cards.ledger).findings == []


def test_without_a_server_mails_wait(shop: Desk) -> None:
    exchanged(shop)
    scheduler = jobs(shop, Care())
    assert "mails: 1 made, none sent without a server" in scheduler.once()
    assert [mail.state for mail in mails(shop.ledger)] == ["queued"]


def test_a_server_that_is_down_holds_up_nothing(shop: Desk) -> None:
    exchanged(shop)
    scheduler = jobs(shop, Care("smtp://127.0.0.1:1", "shop@example.com"))
    assert "mails: 1 made, 0 sent" in scheduler.once() and scheduler.failed == []
    assert [(mail.state, mail.attempts) for mail in mails(shop.ledger)] == [("queued", 1)]


@pytest.mark.parametrize(("days", "kept"), [(30, False), (0, True)])
def test_what_was_refused_is_forgotten_in_its_time(shop: Desk, days: int, kept: bool) -> None:
    shop.feed({"type": "register", "id": "x1", "contact": "ann", "shoe_size": "44", "time": "2026-03-01 09:00"})
    seq = shop.ledger.event_by_key(shop.ledger.names.find("source", "desk"), "x1")
    assert "shoe_size" in Bodies(shop.ledger).told(seq).raw
    jobs(shop, Care(parked_for_days=days), NOW + 29 * DAY).once()
    assert "shoe_size" in Bodies(shop.ledger).told(seq).raw
    jobs(shop, Care(parked_for_days=days), NOW + 61 * DAY).once()
    assert ("shoe_size" in Bodies(shop.ledger).told(seq).raw) == kept


def test_the_command(cards: Desk, inbox: tuple[Inbox, str], tmp_path: Path) -> None:
    guessed(cards)
    cards.close()
    told = ("jobs", str(CARDS), "--ledger", cards.url, "--once")
    assert guerdon(*told, "--smtp", inbox[1]).code == 2  # no sender
    ended = guerdon(*told, "--smtp", inbox[1], "--from", "shop@mall.example", "--to", "office@mall.example")
    assert ended.code == 0 and "alerts: 1 raised, 5 events fed" in ended.out
    assert inbox[0].to() == ["office@mall.example"]
    with Ledger.open(cards.url, read_only=True) as ledger:
        assert [found.state for found in alerts(ledger)] == ["notified"]


def test_a_service_does_them_meanwhile(cards: Desk) -> None:
    guessed(cards)
    cards.close()
    program = cards.program
    service = Service(program, Settings(cards.url), jobs=True, passes=lambda turns: passes_of(program, turns, Care()))
    service.begin()
    try:
        for _ in range(200):
            with Ledger.open(cards.url, read_only=True) as ledger:
                record = ledger.records.one("card", "c1")
            if record is not None and record.fields["status"] == "locked":
                break
            time.sleep(0.05)
        assert record is not None and record.fields["status"] == "locked"
    finally:
        service.end()
