"""Subscribers: webhooks are signed and go to public addresses only; a wrong ``subscribers.yaml`` is told."""

from __future__ import annotations

import base64
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from guerdon.engine.stream.subscribers import Subscriber, parse_subscribers
from guerdon.engine.stream.webhooks import Refused, SubscriberUnready, Webhook, is_public, signature

SECRET = "whsec_" + base64.b64encode(b"a secret of twenty-four!" + bytes(8)).decode()
SHOP = Subscriber("shop", "https://shop.example/hooks", False, frozenset({"outcome"}), ("SHOP_SECRET",))


class Door(BaseHTTPRequestHandler):
    """A receiver that notes what comes, and answers as it is told."""

    status = 200
    came: list[tuple[dict[str, str], bytes]] = []  # noqa: RUF012 - one server a test

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        type(self).came.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(type(self).status)
        self.send_header("location", "http://169.254.169.254/")
        self.end_headers()

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def door() -> Iterator[str]:
    Door.status, Door.came = 200, []
    server = HTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hooks?x=1"
    server.shutdown()


def to(url: str, **told: Any) -> Subscriber:
    return Subscriber("shop", url, False, frozenset({"outcome"}), ("SHOP_SECRET",), **{"private": True, **told})


def test_a_webhook_is_signed_as_the_standard_says(door: str, monkeypatch: pytest.MonkeyPatch) -> None:
    standard = pytest.importorskip("standardwebhooks")
    monkeypatch.setenv("SHOP_SECRET", SECRET)
    Webhook(to(door)).send("1.1", "ann", '{"é": 1}'.encode(), int(time.time()))
    headers, body = Door.came[0]
    assert standard.Webhook(SECRET).verify(body, headers) == {"é": 1}
    for broken in ({**headers, "webhook-id": "1.2"}, {**headers, "webhook-timestamp": str(int(time.time()) - 600)}):
        with pytest.raises(standard.WebhookVerificationError):
            standard.Webhook(SECRET).verify(body, broken)
    with pytest.raises(standard.WebhookVerificationError):
        standard.Webhook(SECRET).verify(body + b" ", headers)


def test_two_keys_hold_while_one_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(signature([b"a" * 24, b"b" * 24], "1", 1, b"{}").split()) == 2


@pytest.mark.parametrize("status", [301, 307, 400, 410, 500, 503])
def test_what_is_no_2xx_is_no_success_and_redirects_are_not_followed(
    door: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_SECRET", SECRET)
    Door.status = status
    with pytest.raises(Refused, match=f"status {status}"):
        Webhook(to(door)).send("1.1", "ann", b"{}", 1)
    assert len(Door.came) == 1


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "10.0.0.1", "[::1]", "169.254.169.254", "[::ffff:10.0.0.1]", "0.0.0.0"]
)
def test_private_addresses_are_refused(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_SECRET", SECRET)
    with pytest.raises(Refused, match="private"):
        Webhook(to(f"https://{host}:9/hooks", private=False)).send("1.1", "ann", b"{}", 1)


def test_addresses() -> None:
    assert is_public("93.184.215.14") and is_public("2606:4700::1111")
    for address in (
        "127.0.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "::1",
        "fe80::1%eth0",
        "fc00::1",
        "2002:a00:1::",
        "224.0.0.1",
    ):
        assert not is_public(address), address


def test_a_webhook_without_its_secret_or_over_http_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOP_SECRET", raising=False)
    with pytest.raises(SubscriberUnready):
        Webhook(SHOP)
    monkeypatch.setenv("SHOP_SECRET", SECRET)
    with pytest.raises(SubscriberUnready):
        Webhook(to("http://shop.example/", private=False))


def test_a_slow_one_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_SECRET", SECRET)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        begun = time.monotonic()
        with pytest.raises(Refused):
            Webhook(to(f"http://127.0.0.1:{listening.getsockname()[1]}/", timeout_seconds=1)).send("1", "", b"{}", 1)
        assert time.monotonic() - begun < 5


# ---- subscribers.yaml ----

WRONG = {
    "subscribers: [{id: a}]": ("exactly-one", 1),
    "subscribers: [{id: a, webhook: 'https://x.example/', topic: 'nats://h/t'}]": ("exactly-one", 1),
    "subscribers:\n  - id: a\n    webhook: ftp://x\n    secret_from: S": ("wrong-type", 3),
    "subscribers:\n  - id: a\n    webhook: https://x.example/": ("missing-field", 2),
    "subscribers:\n  - {topic: 'nats://h/t'}": ("missing-field", 2),
    "subscribers:\n  - {id: a, topic: 'nats://h/t', kinds: [outcomes]}": ("unknown-reference", 2),
    "subscribers:\n  - {id: a, topic: 'nats://h/t', kind: outcome}": ("unknown-field", 2),
    "subscribers:\n  - {id: a, topic: 'nats://h/t', attempts: 0}": ("wrong-type", 2),
    "subscribers:\n  - {id: a, topic: 'nats://h/t'}\n  - {id: a, topic: 'nats://h/u'}": ("duplicate-id", 3),
    "subscriber: []": ("unknown-field", 1),
    "subscribers: {}": ("wrong-type", 1),
    "subscribers: [a]": ("wrong-type", 1),
    "subscribers: [": ("yaml-syntax", 2),
}


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_file_is_told_with_its_place(text: str) -> None:
    _, problems = parse_subscribers(text)
    assert (problems[0].code, problems[0].line) == WRONG[text], problems


def test_a_right_file(tmp_path: Path) -> None:
    found, problems = parse_subscribers(
        "subscribers:\n"
        "  - {id: shop, webhook: 'https://shop.example/hooks', secret_from: [NEW, OLD], attempts: 5}\n"
        "  - {id: lake, topic: 'nats://localhost:4222/outcomes', kinds: [outcome]}\n"
    )
    assert problems == []
    assert found[0].secret_from == ("NEW", "OLD") and found[0].attempts == 5 and not found[0].private
    assert found[1].is_topic and found[1].kinds == {"outcome"}
