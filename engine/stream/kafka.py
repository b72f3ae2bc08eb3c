"""A Kafka topic as a feed: ``kafka://host:9092/topic``. Its shards are the topic's partitions.

Workers share the partitions by leases in the ledger, not by Kafka's groups; offsets are kept in the ledger too, and
told to Kafka (group ``guerdon``) after they are committed, for whoever watches the lag.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit

from guerdon.engine.stream.feed import Feed, FeedMisnamed, FeedUnreachable, Message

_TIMEOUT_SECONDS = 10
_QUEUED_KIB = 64 << 10


class KafkaFeed(Feed):
    """A topic. A message's position is its offset + 1, so that 0 is before the first."""

    def __init__(self, url: str) -> None:
        try:
            from confluent_kafka import Consumer, KafkaException, TopicPartition
        except ImportError:
            hint = "pip install 'guerdon[kafka]'"
            raise FeedUnreachable("confluent-kafka is not installed", place=url, hint=hint) from None
        parts = urlsplit(url)
        self._topic = parts.path.strip("/")
        options = parse_qs(parts.query)
        if not self._topic or not parts.netloc or not set(options) <= {"group"}:
            raise FeedMisnamed("this names no topic", place=url, hint="as in kafka://localhost:9092/events")
        self.name = f"kafka://{parts.netloc}/{self._topic}"
        self._partition_of = TopicPartition
        self._consumer = Consumer(
            {
                "bootstrap.servers": parts.netloc,
                "group.id": options.get("group", ["guerdon"])[0],
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "queued.max.messages.kbytes": _QUEUED_KIB,
                "log_level": 0,
            }
        )
        try:
            found = self._consumer.list_topics(self._topic, timeout=_TIMEOUT_SECONDS).topics[self._topic]
        except KafkaException as error:
            raise FeedUnreachable(str(error), place=self.name, hint="is the broker up?") from error
        if found.error is not None or not found.partitions:
            raise FeedUnreachable("there is no such topic", place=self.name, hint="make it first")
        self.shards = tuple(str(number) for number in sorted(found.partitions))
        self._at: dict[str, int] = {}

    def start(self, shard: str, position: int) -> int:
        _, end = self._consumer.get_watermark_offsets(self._place(shard, 0), timeout=_TIMEOUT_SECONDS)
        self._at[shard] = position if position <= end else 0  # another topic under the same name
        self._assign()
        return self._at[shard]

    def stop(self, shard: str) -> None:
        self._at.pop(shard, None)
        self._assign()

    def _assign(self) -> None:
        self._consumer.assign([self._place(shard, position) for shard, position in self._at.items()])

    def _place(self, shard: str, position: int) -> Any:
        return self._partition_of(self._topic, int(shard), position)

    def poll(self, most: int, wait_seconds: float) -> list[Message]:
        if not self._at:
            threading.Event().wait(wait_seconds)
            return []
        first = self._consumer.consume(1, wait_seconds)
        messages = first + (self._consumer.consume(most - 1, 0.01) if first and most > 1 else [])
        found = []
        for message in messages:
            shard = str(message.partition())
            offset = message.offset()
            if message.error() is None and offset is not None and shard in self._at:
                self._at[shard] = offset + 1
                found.append(Message(shard, offset + 1, message.value() or b""))
        return found

    def done(self, shard: str, position: int) -> None:
        with suppress(Exception):  # only for those who watch
            self._consumer.commit(offsets=[self._place(shard, position)], asynchronous=True)

    def close(self) -> None:
        self._consumer.close()
