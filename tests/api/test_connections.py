"""Slow, silent and deaf connections over real sockets: they are closed in time, and others are served meanwhile."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from guerdon.engine.api import connections
from guerdon.engine.api.keys import new_key
from guerdon.engine.api.service import Service
from guerdon.engine.api.serving import Listening, bound, config_of
from guerdon.engine.api.settings import Settings
from guerdon.engine.ledger.access import ApiKey, beside
from tests.api.served import program_in, purchase

uvicorn = pytest.importorskip("uvicorn", reason="guerdon[api] is not installed")
HEAD_SECONDS = 1
HALF = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: "


@dataclass
class Listener:
    """A server in a thread of this process, and a key of its."""

    service: Service
    port: int
    key: str

    def dial(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def get(self, path: str = "/healthz") -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", headers=headers, timeout=10)

    def closed(self, why: str) -> float:
        found = self.service.metrics.registry.get_sample_value("guerdon_connections_closed_total", {"why": why})
        return found or 0.0


@contextmanager
def listening(folder: Path, most: int = 50, **settings: Any) -> Iterator[Listener]:
    url = f"sqlite:///{folder / 'guerdon.db'}"
    service = Service(program_in(folder), Settings(url, **settings))
    where = Listening("127.0.0.1", 0, most, "", head_seconds=HEAD_SECONDS)
    taken = bound(where)
    service.begin()
    server = uvicorn.Server(config_of(service, where))
    server.capture_signals = suppress  # type: ignore[method-assign]
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[taken])))
    thread.start()
    try:
        id, key, secret_hash = new_key()
        with beside(url) as transaction:
            transaction.add("api_key", [ApiKey(id, "admin", "admin", (), (), "", secret_hash, 1, 0, 0).row()])
        while not server.started:
            time.sleep(0.01)
        yield Listener(service, taken.getsockname()[1], key)
    finally:
        server.should_exit = True
        thread.join(20)
        service.end()
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def listener(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listener]:
    with listening(tmp_path_factory.mktemp("listening"), body_seconds=1) as it:
        yield it


def all_of(connection: socket.socket) -> bytes:
    """What comes until the other side closes; b"" for nothing, or a reset."""
    parts = []
    with suppress(ConnectionResetError, BrokenPipeError):
        while part := connection.recv(65_536):
            parts.append(part)
    return b"".join(parts)


def problem_in(answer: bytes) -> tuple[int, str]:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head
    return int(head.split()[1]), json.loads(body)["code"]


def drip(connection: socket.socket, data: bytes = b"a", seconds: float = 6.0) -> float:
    """Sends a byte now and then until the other side has closed; after how many seconds it had."""
    started = time.monotonic()
    connection.settimeout(0.05)
    while time.monotonic() - started < seconds:
        try:
            connection.sendall(data)
            if connection.recv(65_536) == b"":
                break
        except TimeoutError:
            continue
        except OSError:
            break
    return time.monotonic() - started


def test_a_head_that_comes_too_slowly_is_told_so(listener: Listener) -> None:
    with listener.dial() as connection:
        connection.sendall(HALF)
        started = time.monotonic()
        assert problem_in(all_of(connection)) == (408, "too_slow")
        assert HEAD_SECONDS * 0.8 < time.monotonic() - started < HEAD_SECONDS + 2


def test_a_byte_now_and_then_buys_no_time(listener: Listener) -> None:
    with listener.dial() as connection:
        connection.sendall(HALF)
        assert drip(connection) < HEAD_SECONDS + 2


def test_nor_does_it_after_an_answer(listener: Listener) -> None:
    with listener.dial() as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200")
        connection.sendall(HALF)
        assert drip(connection) < HEAD_SECONDS + 2


def test_a_body_that_nobody_waits_for_buys_none_either(listener: Listener) -> None:
    """Answered 401 before its body, the rest of which drips in."""
    with listener.dial() as connection:
        connection.sendall(b"POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n{")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 401")
        assert drip(connection) < HEAD_SECONDS + 2


def test_a_body_that_is_waited_for_has_its_time(listener: Listener) -> None:
    with listener.dial() as connection:
        key = f"Authorization: Bearer {listener.key}\r\n".encode()
        connection.sendall(b"POST /events HTTP/1.1\r\nHost: x\r\n" + key + b"Content-Length: 100000\r\n\r\n{")
        assert problem_in(all_of(connection)) == (408, "too_slow")


def test_who_says_nothing_is_let_go(listener: Listener) -> None:
    before = listener.closed("idle")
    with listener.dial() as connection:
        assert all_of(connection) == b""
    assert listener.closed("idle") > before


def test_a_connection_that_asks_is_kept(listener: Listener) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{listener.port}") as client:
        for _ in range(5):
            assert client.get("/healthz").status_code == 200
            time.sleep(HEAD_SECONDS * 0.4)  # longer in all than one head may take


def test_requests_that_come_together_are_all_answered(listener: Listener) -> None:
    with listener.dial() as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
        assert all_of(connection).count(b"HTTP/1.1 200") == 3


def test_a_head_without_end_takes_no_memory(listener: Listener) -> None:
    with listener.dial() as connection:
        connection.sendall(HALF)
        time.sleep(0.1)  # so that it is a head that has begun
        sent = 0
        with suppress(OSError):
            for _ in range(1_000):
                connection.sendall(b"a" * 16_384)
                sent += 16_384
        assert sent < 8 << 20  # what the sockets hold, and no more
    assert listener.closed("large") > 0


def test_what_is_no_http_is_a_problem_too(listener: Listener) -> None:
    with listener.dial() as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello\r\n\r\n")
        assert problem_in(all_of(connection)) == (400, "unreadable")


def test_who_does_not_read_loses_its_answer(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "STUCK_SECONDS", 1)
    key = f"Authorization: Bearer {listener.key}\r\n".encode()
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.settimeout(10)
        connection.connect(("127.0.0.1", listener.port))
        ask = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n" + key + b"\r\n"
        with suppress(OSError):
            connection.sendall(ask * 200)  # some 100 kB each, none of which is read
        before, started = listener.closed("unread"), time.monotonic()
        while listener.closed("unread") == before and time.monotonic() - started < 8:
            time.sleep(0.05)
    assert listener.closed("unread") == before + 1


def test_others_are_served_while_every_place_is_taken(tmp_path: Path) -> None:
    """Three times as many slow connections as there are places, opened anew as they are closed."""
    with listening(tmp_path, most=20) as it:
        stop = threading.Event()
        slow: list[socket.socket] = []

        def besiege() -> None:
            while not stop.is_set():
                try:
                    connection = it.dial()
                    connection.sendall(HALF)
                    slow.append(connection)
                except OSError:
                    pass
                if len(slow) > 60:
                    slow.pop(0).close()
                stop.wait(0.002)

        siege = threading.Thread(target=besiege)
        siege.start()
        try:
            while len(slow) < 60:
                time.sleep(0.01)
            seconds, told = [], 0
            with httpx.Client(headers={"Authorization": f"Bearer {it.key}"}, timeout=10) as client:
                url = f"http://127.0.0.1:{it.port}/events"
                for number in range(60):
                    started = time.monotonic()
                    try:
                        answer = client.post(url, json=purchase(f"s{number}", f"c{number}"))
                    except httpx.TransportError:  # it was idle and made room: a client asks again
                        answer = client.post(url, json=purchase(f"s{number}", f"c{number}"))
                    told += answer.status_code == 200
                    seconds.append(time.monotonic() - started)
        finally:
            stop.set()
            siege.join()
            for connection in slow:
                connection.close()
        assert told == 60
        assert sorted(seconds)[30] < 0.5
        assert it.closed("crowded") > 60


def test_it_stops_though_slow_connections_are_open(tmp_path: Path) -> None:
    with listening(tmp_path) as it:
        slow = [it.dial() for _ in range(10)]
        for connection in slow:
            connection.sendall(HALF)
        assert it.get().status_code == 200
        started = time.monotonic()
    assert time.monotonic() - started < 10
    for connection in slow:
        connection.close()
