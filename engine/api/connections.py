"""Connections that must be prompt: who holds one and asks nothing, asks too slowly or doesn't listen, loses it.

uvicorn's protocol times only what is silent between two requests, so that a byte a second keeps a connection for ever,
and it answers everybody with 503 once there are too many. Here a connection has so many seconds, from its opening or
its last answer, for a whole head (``timeout_keep_alive``); bodies and answers are timed by the app. When all places are
taken, the connection that has waited longest makes room for a new one: whoever asks at once is served.
"""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from typing import ClassVar, cast

from prometheus_client import Counter
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from guerdon.engine.api.problems import MEDIA_TYPE, Problem

HEAD_BYTES = 65_536  # of a request's first line and headers, roughly: what comes in one piece is read as one
STUCK_SECONDS = 60  # that an answer may wait for its reader to take some of it
_SLOW = Problem(408, "too_slow", "the request's headers did not arrive in time")
_LARGE = Problem(431, "too_large", "a request's headers have too many bytes")
_CROWDED = Problem(503, "overloaded", "all connections are in use; ask again", headers={"Retry-After": "1"})


class PromptProtocol(HttpToolsProtocol):
    """One connection."""

    most: ClassVar[int]  # connections at a time
    closed: ClassVar[Counter]  # connections that were not prompt, by why

    _deadline: asyncio.TimerHandle | None = None
    _stuck: asyncio.TimerHandle | None = None
    _waits_since: float | None = None  # for a whole head
    _head_bytes: int | None = None  # of a head that is not whole; None: there is none

    # ---- what the transport tells

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A new connection; if there are too many, another one goes."""
        super().connection_made(transport)
        if len(self.connections) > self.most:
            waiting = [each for each in self._others() if each._waits_since is not None]
            if not waiting:
                self._turn_away(_CROWDED, "crowded")
                return
            min(waiting, key=lambda each: each._waits_since or 0.0)._drop("crowded")
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Something of a request."""
        part_of_head = self._head_bytes is not None
        super().data_received(data)
        if self._is_answering():
            self._ready()
        elif part_of_head and self._head_bytes is not None:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES:
                self._turn_away(_LARGE, "large")

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed, by whomever."""
        self._ready()
        self._flows()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Whoever asked doesn't read its answer, or not fast enough."""
        super().pause_writing()
        if self._stuck is None:
            self._stuck = self.loop.call_later(STUCK_SECONDS, self._drop, "unread")

    def resume_writing(self) -> None:
        """It has read some."""
        self._flows()
        super().resume_writing()

    # ---- what the parser and the app tell

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self._head_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head of a request is whole."""
        self._head_bytes = None
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """An answer has been given; the next request, if it is not here yet, must be whole in time."""
        super().on_response_complete()
        if not self.transport.is_closing() and not self._is_answering():
            self._wait()

    def send_400_response(self, msg: str) -> None:
        """What was sent is no HTTP."""
        self._turn_away(Problem(400, "unreadable", "this is no HTTP request"), "unreadable")

    # ---- deadlines

    def _others(self) -> list[PromptProtocol]:
        return [cast("PromptProtocol", each) for each in self.connections if each is not self]

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _wait(self) -> None:
        self._ready()
        self._waits_since = self.loop.time()
        self._deadline = self.loop.call_later(self.timeout_keep_alive, self._too_slow)

    def _ready(self) -> None:
        self._waits_since = None
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _flows(self) -> None:
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None

    def _too_slow(self) -> None:
        if self._head_bytes is None:
            self._drop("idle")
        else:
            self._turn_away(_SLOW, "slow")

    def _turn_away(self, problem: Problem, why: str) -> None:
        """Say why, if it can be said at once, and close."""
        self._ready()
        if self.transport.is_closing():
            return
        if self.transport.get_write_buffer_size():
            self._drop(why)
            return
        self.closed.labels(why).inc()
        body = json.dumps(problem.body()).encode()
        headers = {
            "Content-Type": MEDIA_TYPE, "Content-Length": str(len(body)), "Connection": "close", **problem.headers,
        }  # fmt: skip
        lines = [
            f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        self.transport.write("\r\n".join([*lines, "", ""]).encode() + body)
        self.transport.close()

    def _drop(self, why: str) -> None:
        """Close without a word, and without waiting for whoever doesn't read."""
        self._ready()
        self.closed.labels(why).inc()
        self.transport.abort()


def prompt_protocol(connections: int, closed: Counter) -> type[asyncio.Protocol]:
    """The protocol of a server that serves so many connections at a time."""
    return type("Connection", (PromptProtocol,), {"most": connections, "closed": closed})
