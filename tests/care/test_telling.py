"""Alerts are told by mail to whom they concern, and by signed webhook to subscribers."""

from __future__ import annotations

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from guerdon.engine.care.alerts import alerts, scan
from guerdon.engine.care.mails import Post, notify, send_due
from guerdon.engine.care.mails.hooks import Hooks
from guerdon.engine.stream.subscribers import Subscriber
from guerdon.engine.stream.webhooks import signature

from .desk import NOW, Desk
from .inbox import Inbox
from .test_mails import DAY, sent, text_of


def test_an_alert_is_told_to_whom_it_concerns(cards: Desk, inbox: tuple[Inbox, str]) -> None:
    for n in range(5):
        cards.feed({"type": "card_pin_failed", "card": f"c{n}", "tap": "b1", "time": f"2026-03-02 10:0{n}"})
    for n in range(12):
        cards.feed({"type": "card_spent", "card": "c9", "amount": "1.00", "tap": "c1", "time": f"2026-03-02 11:{n:02}"})
    assert {found.rule for found in scan(cards.ledger, cards.program)} == {"pin-guessing", "refused-spends"}
    whom = {"": ["office@mall.example", "night@mall.example"], "bookshop": ["books@mall.example"]}
    assert notify(cards.ledger, whom, NOW) == 2  # the cafe's address is not known: its alert waits
    assert notify(cards.ledger, whom, NOW) == 0
    sent(cards, inbox[1])
    assert sorted(inbox[0].to()) == ["night@mall.example", "office@mall.example"]
    assert {found.rule: found.state for found in alerts(cards.ledger)} == {
        "pin-guessing": "notified", "refused-spends": "raised",
    }  # fmt: skip
    notify(cards.ledger, {"cafe": ["cafe@mall.example"]}, NOW)
    sent(cards, inbox[1])
    assert inbox[0].to()[-1] == "cafe@mall.example" and "c9" not in text_of(inbox[0].taken[-1])


def test_an_alert_is_told_to_a_subscriber_signed_and_tried_again(cards: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFFICE_SECRET", "whsec_" + base64.b64encode(b"s" * 32).decode())
    taken: list[tuple[Any, bytes]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append((self.headers, self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(503 if len(taken) == 1 else 204)
            self.end_headers()

        def log_message(self, *words: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    told = f"http://127.0.0.1:{server.server_port}/hook"
    office = Subscriber("office", told, False, frozenset(), ("OFFICE_SECRET",), private=True)
    for n in range(5):
        cards.feed({"type": "card_pin_failed", "card": f"c{n}", "tap": "b1", "time": f"2026-03-02 10:0{n}"})
    (alert,) = scan(cards.ledger, cards.program)
    hooks = Hooks(Post("smtp://127.0.0.1:9", "mall@example.com"), [office], NOW)
    assert [notify(cards.ledger, {}, NOW, hooks.ids) for _ in range(2)] == [1, 0]
    assert send_due(cards.ledger, hooks, NOW) == {"sent": 0, "blocked": 0, "later": 1}
    assert send_due(cards.ledger, hooks, NOW + DAY) == {"sent": 1, "blocked": 0, "later": 0}
    server.shutdown()
    (headers, body), (_, again) = taken
    assert body == again and json.loads(body)["rule"] == "pin-guessing"
    sent_at = int(headers["webhook-timestamp"])
    assert headers["webhook-signature"] == signature([b"s" * 32], headers["webhook-id"], sent_at, body)
    assert [each.state for each in alerts(cards.ledger)] == ["notified"] and alert.id in headers["webhook-id"]
