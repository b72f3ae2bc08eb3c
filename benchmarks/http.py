"""Events over HTTP: one at a time on one connection, many connections at a time, and batches of 1,000.

A real ``guerdon serve`` process over SQLite, a client in this one; every answer comes after its events are on disk.
``python -m benchmarks.http``.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.figures import Figure, table
from benchmarks.generate import TEN

CONTACTS = 500
WARM = 100
PAGE = bytes(16_384)


def http(events: int = 2_000, batches: int = 10, connections: int = 16) -> list[Figure]:
    """Milliseconds of one event and of a batch, beside the cost of an fsync; events a second."""
    with _served() as (host, port, key), tempfile.TemporaryFile(buffering=0) as beside:
        tell = _teller(host, port, key)
        feed = _purchases()
        for _ in range(WARM):
            tell([next(feed)])
        single, fsyncs = [], []
        for _ in range(events):
            event = [next(feed)]
            single.append(_ms(lambda event=event: tell(event)))  # type: ignore[misc]
            fsyncs.append(_ms(lambda: _sync(beside.fileno())))
        each = [[next(feed)] for _ in range(events)]
        with ThreadPoolExecutor(connections) as pool:
            tellers = [_teller(host, port, key) for _ in range(connections)]
            parts = [each[place::connections] for place in range(connections)]
            together = _ms(lambda: list(pool.map(_tell_all, tellers, parts)))
        whole = [[next(feed) for _ in range(1_000)] for _ in range(batches)]
        batch = [_ms(lambda events=events: tell(events)) for events in whole]  # type: ignore[misc]
    group = f"HTTP, SQLite (WAL, synchronous=FULL), {events:,} events, the client on the same machine"
    fsync = median(fsyncs)
    return [
        Figure(group, "one event, p50", median(single), "ms"),
        Figure(group, "one event, p99", _quantile(single, 0.99), "ms"),
        Figure(group, "fsync of 16 KiB, p50", fsync, "ms"),
        Figure(group, "p50 less one fsync", median(single) - fsync, "ms", at_most=2.0),
        Figure(group, "p99 less one fsync", _quantile(single, 0.99) - fsync, "ms", at_most=10.0),
        Figure(group, f"{connections} connections at a time", events / together * 1_000, "events/s"),
        Figure(group, "a batch of 1,000, p50", median(batch), "ms"),
        Figure(group, "batches of 1,000", 1_000_000 / median(batch), "events/s"),
    ]


def _tell_all(tell: Callable[[list[Any]], None], parts: list[list[Any]]) -> None:
    for part in parts:
        tell(part)


def _teller(host: str, port: int, key: str) -> Callable[[list[Any]], None]:
    """Tells events on a connection that stays open."""
    connection = HTTPConnection(host, port, timeout=60)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def tell(events: list[Any]) -> None:
        connection.request("POST", "/events", json.dumps(events if len(events) > 1 else events[0]), headers)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body[:500]

    return tell


def _purchases() -> Iterator[dict[str, Any]]:
    """Purchases of a town, a second apart."""
    begins = datetime(2026, 3, 2, 8, tzinfo=UTC)
    number = 0
    while True:
        number += 1
        yield {
            "id": f"p{number}",
            "type": "purchase",
            "contact": f"c{number * 7919 % CONTACTS}",
            "time": (begins + timedelta(seconds=number)).isoformat(),
            "lines": [{"sku": f"s{line}", "total": f"{number % 40 + line}.25"} for line in range(1, 4)],
        }


@contextmanager
def _served() -> Iterator[tuple[str, int, str]]:
    """A served ledger: host, port and a key."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/http.db"
        guerdon = [sys.executable, "-m", "guerdon.engine.cli.main"]
        given = [*guerdon, "keys", "add", "bench", "--role", "client", "--ledger", url]
        key = subprocess.run(given, capture_output=True, text=True, check=True).stdout.strip()
        log = Path(folder, "log")
        with log.open("w") as out:
            serve = [
                *guerdon,
                "serve",
                str(TEN),
                "--port",
                "0",
                "--no-jobs",
                "--rate",
                "1000000/second",
                "--ledger",
                url,
            ]
            server = subprocess.Popen(serve, stderr=out)
            try:
                yield *_address(server, log), key
            finally:
                server.send_signal(signal.SIGTERM)
                server.wait()


def _address(server: subprocess.Popen[bytes], log: Path) -> tuple[str, int]:
    for _ in range(1_200):
        found = re.search(r"listening on http://(\S+):(\d+)", log.read_text())
        if found:
            return found[1], int(found[2])
        if server.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError(log.read_text())


def _ms(work: Callable[[], object]) -> float:
    started = time.perf_counter_ns()
    work()
    return (time.perf_counter_ns() - started) / 1e6


def _sync(file: int) -> None:
    os.pwrite(file, PAGE, 0)
    os.fsync(file)


def _quantile(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


if __name__ == "__main__":
    print(table(http()))
