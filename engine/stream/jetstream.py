"""NATS JetStream as a feed: ``nats://host:4222/STREAM?subject=events&shards=4``.

The ledger knows how far a shard has been posted, so a worker makes its consumer anew at that place: the order in which
a stream tells is the same after a crash. One acknowledgement covers everything before it. With ``shards`` there is a
subject a shard (``events.0`` …), to which the publisher sends all events of a contact; NATS can do that itself with a
subject mapping.

Messages are fetched ahead, beside the deciding of those before. A consumer numbers what it hands out: a number that is
missing went to somebody else, or was lost with a connection, and the feed is *broken*: it has to be started anew from
what is committed, by whoever holds its shards then.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

from guerdon.engine.stream.feed import Feed, FeedMisnamed, FeedUnreachable, Message
from guerdon.engine.stream.loop_thread import LoopThread

IN_FLIGHT = 100_000  # messages handed out and not yet acknowledged
ACK_SECONDS = 60.0
_AHEAD_BYTES = 32 << 20  # of a shard, waiting here
_REQUEST_SECONDS = 5.0
_CONNECT_SECONDS = 5
_START_SECONDS = 30  # for a server that has just begun itself
_PARTS = ("subject", "shards", "name")
_OVER = ("404", "408")  # statuses with which a request simply ends
_NOBODY = "503"  # there is no such consumer, or nobody to hand out what it has
_DELETED = "Consumer Deleted"


@dataclass(slots=True)
class _Shard:
    """What a consumer has handed over. The loop's thread writes to it, the worker's takes from it."""

    consumer: str
    inbox: str
    position: int  # of the last message that came
    number: int = 0  # the consumer's own, of the same
    waiting: deque[tuple[int, bytes, str]] = field(default_factory=deque)  # position, raw, where to acknowledge
    handed: deque[tuple[int, str]] = field(default_factory=deque)
    came: int = 0  # bytes, and
    taken: int = 0
    wanted: int = 0  # messages of the present request that have not come yet
    until: float = 0.0  # when that request is over
    subscription: Any = None
    broken: bool = False

    @property
    def is_asking(self) -> bool:
        """Whether a request is under way."""
        return self.wanted > 0 and time.monotonic() < self.until

    def has_room(self, most: int) -> bool:
        """Whether it may ask for ``most`` more."""
        return len(self.waiting) < most and self.came - self.taken < _AHEAD_BYTES


class JetStreamFeed(Feed):
    """A stream of a NATS server; its messages have positions from 1."""

    def __init__(self, url: str) -> None:
        try:
            import nats
        except ImportError:
            raise FeedUnreachable("nats-py is not installed", place=url, hint="pip install 'guerdon[nats]'") from None
        parts = urlsplit(url)
        self._stream = parts.path.strip("/")
        options = parse_qs(parts.query)
        if not self._stream or not set(options) <= set(_PARTS):
            hint = "as in nats://localhost:4222/EVENTS?subject=events&shards=4"
            raise FeedMisnamed("this names no stream", place=url, hint=hint)
        self._subject = options.get("subject", [""])[0]
        shards = int(options.get("shards", ["0"])[0])
        if shards and not self._subject:
            raise FeedMisnamed("shards need a subject", place=url, hint="as in ?subject=events&shards=4")
        self.shards = tuple(str(k) for k in range(shards)) or ("",)
        self._consumer = options.get("name", ["guerdon"])[0]
        self.name = f"nats://{parts.hostname}:{parts.port or 4222}/{self._stream}"
        self._reading: dict[str, _Shard] = {}
        self._most = 1
        self._came = threading.Event()
        self._loop = LoopThread("nats")
        server = urlunsplit(("nats", parts.netloc, "", "", ""))
        connecting = nats.connect(
            server,
            connect_timeout=_CONNECT_SECONDS,
            max_reconnect_attempts=-1,
            allow_reconnect=True,
            error_cb=_quiet,
            reconnected_cb=self._reconnected,
        )
        try:
            self._connection = self._loop.run(asyncio.wait_for(connecting, _CONNECT_SECONDS + 1))
            self._jetstream = self._connection.jetstream()
            self._loop.run(self._jetstream.stream_info(self._stream))
        except Exception as error:
            self._loop.close()
            raise self._unreachable(error) from error

    def start(self, shard: str, position: int) -> int:
        until = time.monotonic() + _START_SECONDS
        while True:
            try:
                reading = self._loop.run(self._subscribed(shard, position))
                break
            except Exception as error:
                if time.monotonic() > until:
                    raise self._unreachable(error) from error
                time.sleep(0.5)
        begins = reading.position
        self._reading[shard] = reading
        return begins

    async def _subscribed(self, shard: str, position: int) -> _Shard:
        from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
        from nats.js.errors import NotFoundError

        durable = f"{self._consumer}-{shard}" if shard else self._consumer
        info = await self._jetstream.stream_info(self._stream)
        if info.state.last_seq < position:
            position = 0  # another stream under the same name: what it tells is known by its ids
        with suppress(NotFoundError):
            await self._jetstream.delete_consumer(self._stream, durable)
        config = ConsumerConfig(
            durable_name=durable,
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=position + 1,
            ack_policy=AckPolicy.ALL,
            ack_wait=ACK_SECONDS,
            max_ack_pending=IN_FLIGHT,
            filter_subject=f"{self._subject}.{shard}" if shard else self._subject or None,
        )
        await self._jetstream.add_consumer(self._stream, config)
        reading = _Shard(durable, self._connection.new_inbox(), position)

        async def came(message: Any) -> None:
            self._take(reading, message)

        reading.subscription = await self._connection.subscribe(reading.inbox, cb=came, pending_bytes_limit=0)
        return reading

    def stop(self, shard: str) -> None:
        reading = self._reading.pop(shard, None)
        if reading is not None:
            with suppress(Exception):  # nobody is waiting for it
                self._loop.run(reading.subscription.unsubscribe())

    def poll(self, most: int, wait_seconds: float) -> list[Message]:
        self._most = most
        self._came.clear()
        if not any(reading.waiting for reading in self._reading.values()):
            self._ask()
            self._came.wait(wait_seconds)
        found: list[Message] = []
        room = _AHEAD_BYTES
        for each in (max(1, most // max(1, len(self._reading))), most):  # a fair part of each shard, then what is left
            for shard, reading in self._reading.items():
                for _ in range(min(each, most - len(found), len(reading.waiting))):
                    if room <= 0:
                        break
                    position, raw, reply = reading.waiting.popleft()
                    room -= len(raw)
                    reading.taken += len(raw)
                    reading.handed.append((position, reply))
                    found.append(Message(shard, position, raw))
        self._ask()
        return found

    def _ask(self) -> None:
        """Asks for more of each shard that has room for it."""
        for reading in self._reading.values():
            if not reading.is_asking and reading.has_room(self._most):
                self._loop.begin(self._request(reading))

    async def _request(self, reading: _Shard) -> None:
        if reading.is_asking or not self._connection.is_connected:
            return
        reading.wanted, reading.until = self._most, time.monotonic() + _REQUEST_SECONDS + 1
        told = {"batch": self._most, "expires": int(_REQUEST_SECONDS * 1e9), "max_bytes": _AHEAD_BYTES}
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self._stream}.{reading.consumer}"
        with suppress(Exception):  # it is away; what comes next is asked for when it is back
            await self._connection.publish(subject, json.dumps(told).encode(), reply=reading.inbox)

    def _take(self, reading: _Shard, message: Any) -> None:
        """A message, or the status with which a request ends. In the loop's thread."""
        if message.subject == reading.inbox:
            headers = message.headers or {}
            reading.wanted = 0
            if headers.get("Status") in _OVER:
                self._loop.begin(self._request(reading))
            elif headers.get("Status") == _NOBODY or headers.get("Description") == _DELETED:
                self._break(reading)
            return
        told = message.reply.split(".")
        at = 5 if len(told) == 9 else 7  # newer servers may name a domain and an account before
        position, number = int(told[at]), int(told[at + 1])
        if number != reading.number + 1:
            self._break(reading)
        if reading.broken:
            return
        reading.number = number
        reading.wanted -= 1
        if position > reading.position:  # else it is told again because it was not acknowledged yet
            reading.position = position
            reading.came += len(message.data)
            reading.waiting.append((position, message.data, message.reply))
            self._came.set()

    async def _reconnected(self) -> None:
        for reading in list(self._reading.values()):
            self._break(reading)

    def _break(self, reading: _Shard) -> None:
        reading.broken = True
        self._came.set()

    @property
    def broken(self) -> bool:
        return any(reading.broken for reading in self._reading.values())

    def done(self, shard: str, position: int) -> None:
        reading = self._reading.get(shard)
        last = ""
        while reading is not None and reading.handed and reading.handed[0][0] <= position:
            last = reading.handed.popleft()[1]
        if last:
            with suppress(Exception):  # told again after a while, and known by its id then
                self._loop.run(self._connection.publish(last, b"+ACK"))

    def close(self) -> None:
        with suppress(Exception):
            self._loop.run(asyncio.wait_for(self._connection.flush(), 2))  # acknowledgements are on their way
        with suppress(Exception):
            self._loop.run(asyncio.wait_for(self._connection.close(), 2))
        self._loop.close()

    def _unreachable(self, error: Exception) -> FeedUnreachable:
        text = str(error) or type(error).__name__
        return FeedUnreachable(text, place=self.name, hint="is the server up, and does the stream exist?")


async def _quiet(error: Exception) -> None:
    """Connection errors show in what is asked next."""
