"""Outcomes to topics: NATS drops what is told twice, Kafka keeps a contact's messages together; ``guerdon jobs``."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path
from typing import Any

import pytest

from guerdon.engine.ledger import Ledger
from guerdon.engine.stream.subscribers import Subscriber
from guerdon.engine.stream.topics import KafkaTopic, NatsTopic
from guerdon.engine.stream.webhooks import Refused

from ..engines import ledger_at
from .broker import OUT
from .conftest import NatsServer, guerdon
from .shop import lines, purchase, write_programme

pytestmark = pytest.mark.usefixtures("engine")


def told_on(server: str, subject: str) -> list[bytes]:
    """What a stream over the subject holds."""

    async def read() -> list[bytes]:
        import nats

        connection = await nats.connect(server)
        subscription = await connection.jetstream().subscribe(subject)
        found = []
        try:
            while True:
                found.append((await subscription.next_msg(timeout=0.5)).data)
        except Exception:
            await connection.close()
        return found

    return asyncio.run(read())


def make_stream(server: str, name: str, subject: str) -> None:
    async def make() -> None:
        import nats

        connection = await nats.connect(server)
        await connection.jetstream().add_stream(name=name, subjects=[subject])
        await connection.close()

    asyncio.run(make())


def test_nats(nats_server: NatsServer) -> None:
    make_stream(nats_server.url, OUT, "outcomes")
    way = NatsTopic(Subscriber("lake", f"{nats_server.url}/outcomes", True, frozenset({"outcome"}), timeout_seconds=2))
    for id in ("1.1", "2.1", "2.1"):
        way.send(id, "1", id.encode(), 1)
    assert told_on(nats_server.url, "outcomes") == [b"1.1", b"2.1"]
    nats_server.kill()
    with pytest.raises(Refused):
        way.send("3.1", "1", b"3.1", 1)
    nats_server.start()
    way.send("3.1", "1", b"3.1", 1)
    way.close()


def test_a_subject_that_no_stream_keeps_is_no_delivery(nats_url: str) -> None:
    way = NatsTopic(Subscriber("lake", f"{nats_url}/nobody", True, frozenset({"outcome"}), timeout_seconds=1))
    with pytest.raises(Refused):
        way.send("1.1", "1", b"{}", 1)
    way.close()


def test_kafka() -> None:
    confluent: Any = pytest.importorskip("confluent_kafka", reason="needs confluent-kafka")
    mock = confluent.Producer({"bootstrap.servers": "mock", "test.mock.num.brokers": 1, "log_level": 0})
    broker = next(iter(mock.list_topics(timeout=10).brokers.values()))
    where = f"{broker.host}:{broker.port}"
    way = KafkaTopic(Subscriber("lake", f"kafka://{where}/outcomes", True, frozenset({"outcome"})))
    for n in range(6):
        way.send(f"{n}.1", str(n % 2), f"{n}".encode(), 1)
    way.close()
    reader = confluent.Consumer(
        {"bootstrap.servers": where, "group.id": "test", "auto.offset.reset": "earliest", "log_level": 0}
    )
    reader.subscribe(["outcomes"])
    found = []
    for _ in range(60):
        found += [message for message in reader.consume(10, 0.5) if message.error() is None]
        if len(found) == 6:
            break
    reader.close()
    for key in (b"0", b"1"):
        mine = [message for message in found if message.key() == key]
        assert [message.value() for message in mine] == sorted(message.value() for message in mine) and len(mine) == 3
        assert len({message.partition() for message in mine}) == 1


def test_jobs_once_ticks_and_delivers(nats_url: str, tmp_path: Path) -> None:
    """A stream writes messages, ``guerdon jobs --once`` does the midnights since a day and delivers all of them."""
    make_stream(nats_url, OUT, "outcomes")
    folder, url = write_programme(tmp_path / "programme"), ledger_at(tmp_path / "a.db")
    (folder / "subscribers.yaml").write_text(f"subscribers: [{{id: lake, topic: '{nats_url}/outcomes'}}]\n")
    stream = guerdon(
        "stream", str(folder), "--feed", "-", "--ledger", url, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    stream.communicate(lines([purchase(number) for number in range(5)]), timeout=60)
    assert stream.returncode == 0
    jobs = guerdon("jobs", str(folder), "--ledger", url, "--once", "--since", "2026-03-06", stdout=subprocess.PIPE)
    out, _ = jobs.communicate(timeout=120)
    told = out.decode().splitlines()
    assert jobs.returncode == 0 and told[0] == "midnight of 2026-03-06" and told[-1].endswith("messages delivered")
    with Ledger.open(url, read_only=True) as ledger:
        assert len(ledger.open_lots(ledger.names.find("contact", "c1"))) == 0  # expired by a midnight
        assert len(ledger.frame("delivery")) == 0
    kinds = [b'"kind":"outcome"' in message for message in told_on(nats_url, "outcomes")]
    assert kinds.count(True) >= 5 and kinds.count(False) >= 10  # awards of five purchases, their expiries
    again = guerdon("jobs", str(folder), "--ledger", url, "--once", stdout=subprocess.PIPE)
    told = again.communicate(timeout=60)[0].decode().splitlines()
    assert told[0] == "alerts: 0 raised, 0 events fed" and told[-1] == "0 messages delivered"  # no midnight again


def test_wrong_subscribers_end_the_command(tmp_path: Path) -> None:
    folder = write_programme(tmp_path / "programme")
    (folder / "subscribers.yaml").write_text("subscribers:\n  - {id: shop, webhok: 'https://shop.example'}\n")
    told = guerdon("jobs", str(folder), "--ledger", ledger_at(tmp_path / "a.db"), "--once", stderr=subprocess.PIPE)
    _, error = told.communicate(timeout=60)
    assert told.returncode == 3 and b"subscribers.yaml:2:" in error and b"webhook" in error
    check = guerdon("check", str(folder), stdout=subprocess.DEVNULL)
    assert check.wait(60) == 0  # it is no rule file
