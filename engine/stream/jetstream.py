"""NATS JetStream as a feed: ``nats://host:4222/STREAM?subject=events&shards=4``.

The ledger knows how far a shard has been posted, so a worker makes its consumer anew at that place: the order in which
a stream tells is the same after a crash. One acknowledgement covers everything before it. With ``shards`` there is a
subject a shard (``events.0`` …), to which the publisher sends all events of a contact; NATS can do that itself with a
subject mapping. A consumer that another worker has made anew hands out nothing more to the one before.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit, urlunsplit

from guerdon.engine.stream.feed import Feed, FeedMisnamed, FeedUnreachable, Message

IN_FLIGHT = 50_000  # messages handed out and not yet acknowledged
ACK_SECONDS = 60.0
_CONNECT_SECONDS = 5
_PARTS = ("subject", "shards", "name")
T = TypeVar("T")


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
        self._subscriptions: dict[str, Any] = {}
        self._replies: dict[str, deque[tuple[int, str]]] = {}
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="nats", daemon=True).start()
        server = urlunsplit(("nats", parts.netloc, "", "", ""))
        connecting = nats.connect(
            server, connect_timeout=_CONNECT_SECONDS, max_reconnect_attempts=-1, allow_reconnect=True, error_cb=_quiet
        )
        try:
            self._connection = self._await(asyncio.wait_for(connecting, _CONNECT_SECONDS + 1))
            self._jetstream = self._connection.jetstream()
            self._await(self._jetstream.stream_info(self._stream))
        except Exception as error:
            self._loop.call_soon_threadsafe(self._loop.stop)
            text = str(error) or type(error).__name__
            hint = "is the server up, and does the stream exist?"
            raise FeedUnreachable(text, place=self.name, hint=hint) from error

    def start(self, shard: str, position: int) -> int:
        self._replies[shard] = deque()
        self._subscriptions[shard], begins = self._await(self._subscribed(shard, position))
        return begins

    async def _subscribed(self, shard: str, position: int) -> tuple[Any, int]:
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
        return await self._jetstream.pull_subscribe_bind(durable, self._stream), position

    def stop(self, shard: str) -> None:
        subscription = self._subscriptions.pop(shard, None)
        self._replies.pop(shard, None)
        if subscription is not None:
            with suppress(Exception):  # nobody is waiting for it
                self._await(subscription.unsubscribe())

    def poll(self, most: int, wait_seconds: float) -> list[Message]:
        if not self._subscriptions:
            threading.Event().wait(wait_seconds)
            return []
        each = max(1, most // len(self._subscriptions))
        wait = wait_seconds / len(self._subscriptions)
        found: list[Message] = []
        for shard, subscription in list(self._subscriptions.items()):
            found += self._fetched(shard, subscription, each, wait)
        return found

    def _fetched(self, shard: str, subscription: Any, most: int, wait_seconds: float) -> list[Message]:
        try:
            messages = self._await(subscription.fetch(most, timeout=wait_seconds))
        except Exception:  # nothing came, or the server is away; the connection comes back by itself
            threading.Event().wait(0 if self._connection.is_connected else wait_seconds)
            return []
        found = []
        for message in messages:
            position = int(message.metadata.sequence.stream)
            self._replies[shard].append((position, message.reply))
            found.append(Message(shard, position, bytes(message.data)))
        return found

    def done(self, shard: str, position: int) -> None:
        replies = self._replies.get(shard, deque())
        last = ""
        while replies and replies[0][0] <= position:
            last = replies.popleft()[1]
        if last:
            with suppress(Exception):  # told again after a while, and known by its id then
                self._await(self._connection.publish(last, b"+ACK"))

    def close(self) -> None:
        with suppress(Exception):
            self._await(asyncio.wait_for(self._connection.flush(), 2))  # acknowledgements are on their way
        with suppress(Exception):
            self._await(asyncio.wait_for(self._connection.close(), 2))
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _await(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


async def _quiet(error: Exception) -> None:
    """Connection errors show in what is asked next."""
