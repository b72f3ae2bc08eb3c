"""Topics out: messages to a NATS subject or a Kafka topic, each acknowledged before it counts as delivered."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from guerdon.engine.stream.loop_thread import LoopThread
from guerdon.engine.stream.subscribers import Subscriber
from guerdon.engine.stream.webhooks import Refused, SubscriberUnready


class NatsTopic:
    """A subject that a JetStream stream keeps. The message's id lets the server drop what is sent twice."""

    def __init__(self, subscriber: Subscriber) -> None:
        try:
            import nats
        except ImportError:
            hint = "pip install 'guerdon[nats]'"
            raise SubscriberUnready("nats-py is not installed", place=subscriber.id, hint=hint) from None
        parts = urlsplit(subscriber.url)
        self._subject = parts.path.strip("/").replace("/", ".")
        self._server, self._seconds, self._nats = f"nats://{parts.netloc}", subscriber.timeout_seconds, nats
        self._connection: Any = None
        self._loop = LoopThread("nats-out")

    def send(self, id: str, contact: str, body: bytes, timestamp: int) -> None:
        """Publishes one message. Raises Refused unless the server says that it is stored."""
        try:
            self._loop.run(self._send(id, body), self._seconds + 5)
        except Exception as error:
            raise Refused(str(error) or type(error).__name__) from None

    async def _send(self, id: str, body: bytes) -> None:
        if self._connection is None or not self._connection.is_connected:
            self._connection = await self._nats.connect(
                self._server, connect_timeout=self._seconds, max_reconnect_attempts=1, allow_reconnect=False
            )
        headers = {"Nats-Msg-Id": id}
        await self._connection.jetstream().publish(self._subject, body, timeout=self._seconds, headers=headers)

    def close(self) -> None:
        """Lets go of the server."""
        if self._connection is not None:
            with suppress(Exception):
                self._loop.run(self._connection.close(), 2)
        self._loop.close()


class KafkaTopic:
    """A Kafka topic; a contact's messages have one key and so one partition."""

    def __init__(self, subscriber: Subscriber) -> None:
        try:
            from confluent_kafka import Producer
        except ImportError:
            hint = "pip install 'guerdon[kafka]'"
            raise SubscriberUnready("confluent-kafka is not installed", place=subscriber.id, hint=hint) from None
        parts = urlsplit(subscriber.url)
        self._topic, self._seconds = parts.path.strip("/"), subscriber.timeout_seconds
        timeout = subscriber.timeout_seconds * 1000
        self._producer = Producer(
            {
                "bootstrap.servers": parts.netloc,
                "enable.idempotence": True,
                "message.timeout.ms": timeout,
                "log_level": 0,
            }
        )

    def send(self, id: str, contact: str, body: bytes, timestamp: int) -> None:
        """Produces one message. Raises Refused unless the broker says that it is stored."""
        ended: list[Any] = []
        try:
            self._producer.produce(
                self._topic,
                body,
                key=contact,
                headers={"id": id},
                on_delivery=lambda error, message: ended.append(error),
            )
            self._producer.flush(self._seconds + 1)
        except Exception as error:
            raise Refused(str(error)) from None
        if not ended or ended[0] is not None:
            raise Refused(str(ended[0]) if ended else "no answer in time")

    def close(self) -> None:
        """Lets go of the broker."""
        self._producer.flush(2)
