"""Real brokers: NATS JetStream and Kafka's protocol. What they tell is posted once, in the order of their positions."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from guerdon.engine.events.normalise import Door, Normaliser
from guerdon.engine.ledger import Ledger, verify
from guerdon.engine.stream.feed import Feed
from guerdon.engine.stream.intake import Intake
from guerdon.engine.stream.leases import Leases
from guerdon.engine.stream.sharing import Sharing
from guerdon.engine.stream.turns import Turns
from guerdon.engine.stream.worker import Pace, Worker

from ..engines import ledger_at, new
from .broker import STREAM, SUBJECT, publish, remove
from .conftest import NatsServer, guerdon
from .shop import program, purchase, write_programme

pytestmark = pytest.mark.usefixtures("engine")

RECORDS = [purchase(number) for number in range(400)]


def messages(records: list[dict[str, object]], shards: int = 0) -> list[tuple[str, bytes]]:
    """As the publisher sends them: all events of a contact to one shard."""

    def subject(record: dict[str, object]) -> str:
        return f"{SUBJECT}.{int(str(record['contact'])[1:]) % shards}" if shards else SUBJECT

    return [(subject(record), json.dumps(record).encode()) for record in records]


def consumed(feed: Feed, ledger: Ledger, pace: Pace, leases: Leases | None = None) -> Worker:
    intake = Intake(feed, Normaliser(program(), Door(permits_all=True)), frozenset())
    turns = Turns(program(), ledger)
    worker = Worker(feed, intake, turns, Sharing(feed.name, feed.shards, leases, 0.2), pace)
    worker.run()
    return worker


@pytest.fixture(scope="module")
def digest() -> str:
    from guerdon.engine.events.admission import admit

    from .shop import events

    with Ledger.open("sqlite://") as ledger:
        Turns(program(), ledger).admit(admit(events(RECORDS)))
        return ledger.digest()


def test_jetstream(nats_url: str, tmp_path: Path, digest: str) -> None:
    from guerdon.engine.stream.jetstream import JetStreamFeed

    last = publish(nats_url, messages(RECORDS))
    feed = f"{nats_url}/{STREAM}"
    with Ledger.open(ledger_at(tmp_path / "a.db")) as ledger:
        consumed(JetStreamFeed(feed), ledger, Pace(50, 0.1, quiet_seconds=0.5))
        assert ledger.digest() == digest
        name = JetStreamFeed(feed).mark("")
        assert ledger.file_progress(name) == (last, False)
        publish(nats_url, messages([*RECORDS[:10], purchase(1_000)]))
        again = consumed(JetStreamFeed(feed), ledger, Pace(50, 0.1, quiet_seconds=0.5))
        assert (again.turns.counts.posted, again.turns.counts.reasons) == (1, {"repeat": 10})
        assert verify(ledger).findings == []


def test_a_stream_made_anew_under_the_same_name(nats_url: str) -> None:
    """Positions begin again; what it tells is known by its ids."""
    from guerdon.engine.stream.jetstream import JetStreamFeed

    publish(nats_url, messages(RECORDS[:40]))
    with Ledger.open(new()) as ledger:
        consumed(JetStreamFeed(f"{nats_url}/{STREAM}"), ledger, Pace(50, 0.1, quiet_seconds=0.5))
        remove(nats_url, STREAM)
        publish(nats_url, messages(RECORDS[30:45]))
        again = consumed(JetStreamFeed(f"{nats_url}/{STREAM}"), ledger, Pace(50, 0.1, quiet_seconds=0.5))
        assert (again.turns.counts.posted, again.turns.counts.ignored) == (5, 10)


@pytest.mark.long
def test_killed_under_load_and_the_broker_too(nats_server: NatsServer, tmp_path: Path, digest: str) -> None:
    """kill -9 of the worker at random instants, of the server once: the ledger ends as if nothing had happened."""
    import os

    rounds = 100 if os.environ.get("GUERDON_SOAK") else 3
    folder, url = write_programme(tmp_path / "programme"), ledger_at(tmp_path / "a.db")
    publish(nats_server.url, messages(RECORDS))
    chance = random.Random(3)
    told = [
        "stream",
        str(folder),
        "--feed",
        f"{nats_server.url}/{STREAM}",
        "--ledger",
        url,
        "--batch",
        "3",
        "--as",
        "op",
    ]
    for place in range(rounds):
        process = guerdon(*told, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        reached = wait_past(url, place)
        time.sleep(chance.uniform(0, 0.3))
        process.send_signal(signal.SIGKILL)
        process.wait()
        if place == 1:
            nats_server.kill()
            nats_server.start()
        with Ledger.open(url, read_only=True) as ledger:
            assert verify(ledger).findings == [], reached
    process = guerdon(*told, "--until-quiet", "2", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    _, error = process.communicate(timeout=120)
    assert process.returncode == 0, error
    with Ledger.open(url, read_only=True) as ledger:
        assert ledger.digest() == digest
        assert verify(ledger).findings == []


def wait_past(url: str, events: int) -> int:
    """Until more than so many events are in the ledger."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            with Ledger.open(url, read_only=True) as ledger:
                if ledger.last_seq > events:
                    return ledger.last_seq
        except Exception:
            pass
        time.sleep(0.02)
    raise AssertionError("nothing was posted")


@pytest.mark.long
def test_the_server_dies_while_a_worker_reads(nats_server: NatsServer, digest: str) -> None:
    import threading

    from guerdon.engine.stream.jetstream import JetStreamFeed

    publish(nats_server.url, messages(RECORDS))
    with Ledger.open(new()) as ledger:
        feed = JetStreamFeed(f"{nats_server.url}/{STREAM}")
        intake = Intake(feed, Normaliser(program(), Door(permits_all=True)), frozenset())
        turns = Turns(program(), ledger)
        killed = threading.Event()

        def tell(events: int) -> None:
            if ledger.last_seq > 100 and not killed.is_set():
                killed.set()
                nats_server.kill()
                nats_server.start()

        Worker(feed, intake, turns, Sharing(feed.name, feed.shards, None), Pace(20, 0.2, quiet_seconds=6), tell).run()
        assert killed.is_set() and ledger.digest() == digest


def test_two_workers_share_shards_and_one_shard_has_one_reader(
    nats_url: str, postgresql_url: str, tmp_path: Path
) -> None:
    """Two processes, four shards, one of them killed on the way: all is posted once and the other takes over."""
    folder = write_programme(tmp_path / "programme")
    publish(nats_url, messages(RECORDS, shards=4))
    feed = f"{nats_url}/{STREAM}?subject={SUBJECT}&shards=4"
    told = ["stream", str(folder), "--feed", feed, "--ledger", postgresql_url, "--batch", "10", "--as", "op"]
    processes = [guerdon(*told, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) for _ in range(2)]
    wait_past(postgresql_url, 50)
    processes[0].kill()
    processes[0].wait()
    with Ledger.open(postgresql_url, read_only=True) as ledger:
        assert verify(ledger).findings == []
    publish(nats_url, messages([purchase(number) for number in range(400, 440)], shards=4))
    wait_past(postgresql_url, 440)
    processes[1].send_signal(signal.SIGTERM)
    assert processes[1].wait(timeout=30) == 0
    with Ledger.open(postgresql_url, read_only=True) as ledger:
        assert ledger.last_seq == 441 and verify(ledger).findings == []


@pytest.mark.long
def test_kafka() -> None:
    """Against librdkafka's own mock of a cluster; a process of its own, since the mock lives in a producer."""
    pytest.importorskip("confluent_kafka", reason="needs confluent-kafka")
    with Ledger.open(new()) as ledger:
        from confluent_kafka import Producer

        from guerdon.engine.stream.kafka import KafkaFeed

        producer = Producer({"bootstrap.servers": "mock", "test.mock.num.brokers": 1, "log_level": 0})
        where = bootstrap(producer)
        for record in RECORDS:
            producer.produce("events", json.dumps(record).encode(), key=str(record["contact"]))
            producer.poll(0)
        producer.flush(20)
        one = consumed(KafkaFeed(f"kafka://{where}/events"), ledger, Pace(60, 0.2, quiet_seconds=3))
        assert one.turns.counts.posted == 400
        for record in RECORDS[:7]:
            producer.produce("events", json.dumps(record).encode(), key=str(record["contact"]))
        producer.produce("events", b"not json")
        producer.flush(20)
        two = consumed(KafkaFeed(f"kafka://{where}/events"), ledger, Pace(60, 0.2, quiet_seconds=3))
        counts = two.turns.counts
        assert (counts.read, counts.posted, counts.ignored, counts.parked) == (8, 0, 7, 1)
        assert verify(ledger).findings == []


def bootstrap(producer: object) -> str:
    """Where the mock cluster of a producer listens."""
    listed = producer.list_topics(timeout=10)  # type: ignore[attr-defined]
    broker = next(iter(listed.brokers.values()))
    return f"{broker.host}:{broker.port}"
