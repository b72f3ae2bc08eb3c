"""What a consumer hands out and its worker does not get is told again: nothing is skipped, nothing posted twice."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable

import pytest

from guerdon.engine.events.admission import admit
from guerdon.engine.events.normalise import Door, Normaliser
from guerdon.engine.ledger import Ledger, verify
from guerdon.engine.stream.intake import Intake
from guerdon.engine.stream.sharing import Sharing
from guerdon.engine.stream.turns import Turns
from guerdon.engine.stream.worker import Pace, Worker

from .broker import STREAM, SUBJECT, publish
from .conftest import NatsServer
from .shop import events, program, purchase

pytest.importorskip("nats", reason="needs nats-py")
RECORDS = [purchase(number) for number in range(400)]
BODIES = [(SUBJECT, json.dumps(record).encode()) for record in RECORDS]


def expected() -> str:
    """The digest of all events in one go."""
    with Ledger.open("sqlite://") as ledger:
        Turns(program(), ledger).admit(admit(events(RECORDS)))
        return ledger.digest()


def worked(server: str, ledger: Ledger, pace: Pace, tell: Callable[[int], None] = lambda events: None) -> Worker:
    """A worker that has read the stream until it was quiet."""
    from guerdon.engine.stream.jetstream import JetStreamFeed

    feed = JetStreamFeed(f"{server}/{STREAM}")
    intake = Intake(feed, Normaliser(program(), Door(permits_all=True)), frozenset())
    worker = Worker(feed, intake, Turns(program(), ledger), Sharing(feed.name, feed.shards, None), pace, tell)
    worker.run()
    return worker


def stolen(server: str, count: int) -> int:
    """How many messages another client gets from the worker's own consumer, without ever acknowledging them."""

    async def work() -> int:
        import nats

        connection = await nats.connect(server)
        subscription = await connection.jetstream().pull_subscribe_bind("guerdon", STREAM)
        found = await subscription.fetch(count, timeout=2)
        await connection.close()
        return len(found)

    return asyncio.run(work())


def test_what_another_client_took_from_its_consumer(nats_server: NatsServer) -> None:
    """As a worker does that was asleep while its shard was given to another."""
    publish(nats_server.url, BODIES)
    taken: list[int] = []

    def tell(count: int) -> None:
        if not taken:
            taken.append(stolen(nats_server.url, 30))

    with Ledger.open("sqlite://") as ledger:
        worker = worked(nats_server.url, ledger, Pace(20, 0.1, quiet_seconds=2), tell)
        assert taken == [30] and worker.turns.counts.posted == 400
        assert ledger.digest() == expected() and verify(ledger).findings == []


def test_a_consumer_that_is_made_anew_by_another(nats_server: NatsServer) -> None:
    publish(nats_server.url, BODIES)
    deleted: list[bool] = []

    def tell(count: int) -> None:
        if not deleted:
            deleted.append(asyncio.run(delete(nats_server.url)))

    with Ledger.open("sqlite://") as ledger:
        worked(nats_server.url, ledger, Pace(20, 0.1, quiet_seconds=3), tell)
        assert deleted == [True] and ledger.digest() == expected()


async def delete(server: str) -> bool:
    import nats

    connection = await nats.connect(server)
    done = await connection.jetstream().delete_consumer(STREAM, "guerdon")
    await connection.close()
    return bool(done)


def test_the_last_messages_are_lost_with_the_connection(nats_server: NatsServer) -> None:
    """Nothing comes after them that would show it: the connection itself does."""
    publish(nats_server.url, BODIES[:50])
    killed: list[bool] = []

    def tell(count: int) -> None:
        if not killed:
            killed.append(True)
            stolen(nats_server.url, 100)
            nats_server.kill()
            nats_server.start()

    with Ledger.open("sqlite://") as ledger:
        worker = worked(nats_server.url, ledger, Pace(10, 0.1, quiet_seconds=6), tell)
        assert worker.turns.counts.posted == 50


def test_messages_are_fetched_ahead_within_bounds(nats_server: NatsServer) -> None:
    """Of what waits, no more than twice what is taken at once."""
    from guerdon.engine.stream.jetstream import JetStreamFeed

    publish(nats_server.url, BODIES)
    feed = JetStreamFeed(f"{nats_server.url}/{STREAM}")
    feed.start("", 0)
    found = feed.poll(25, 2.0)
    time.sleep(0.5)
    assert len(feed._reading[""].waiting) <= 50
    while len(found) < 400 and (more := feed.poll(25, 2.0)):
        assert len(more) <= 25
        found += more
    assert [message.raw for message in found] == [body for _, body in BODIES]
    assert [message.position for message in found] == list(range(1, 401))
    begun = time.monotonic()
    assert feed.poll(25, 0.3) == [] and 0.2 < time.monotonic() - begun < 2
    publish(nats_server.url, BODIES[:1])
    assert len(feed.poll(25, 5.0)) == 1
    feed.close()
