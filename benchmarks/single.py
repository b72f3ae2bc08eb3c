"""One event at a time with a durable commit each, and beside each what a bare fsync costs on the same disk."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from io import FileIO
from statistics import median
from typing import Any

from benchmarks.data import DATA, scaled
from benchmarks.engine import RECEIVED_AT, feed, read_program
from benchmarks.figures import Figure
from benchmarks.generate import TEN
from benchmarks.measure import fresh
from guerdon.engine.events.admission import admit
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.pipeline import Run

P50_MS_AT_MOST, P99_MS_AT_MOST = 2.0, 10.0  # beside one fsync
HISTORY_EVENTS, WARM_EVENTS = 20_000, 50
PAGE = bytes(16_384)


def latency(events: int) -> list[Figure]:
    """Milliseconds of one event, commit included: half of all, 99 of 100; less one fsync against the targets."""
    group = f"one event at a time, ten offers, SQLite (WAL, synchronous=FULL), {events:,} events"
    found = fresh("single", events=events)
    fsync = found["fsync_ms"]
    return [
        Figure(group, "p50", found["p50_ms"], "ms"),
        Figure(group, "p99", found["p99_ms"], "ms"),
        Figure(group, "fsync of 16 KiB, p50", fsync, "ms"),
        Figure(group, "p50 less one fsync", found["p50_ms"] - fsync, "ms", at_most=P50_MS_AT_MOST),
        Figure(group, "p99 less one fsync", found["p99_ms"] - fsync, "ms", at_most=P99_MS_AT_MOST),
        Figure(group, "processor time, p50", found["cpu_ms"], "ms"),
        Figure(group, "events a second", 1_000 / found["mean_ms"], "events/s"),
    ]


def one_by_one(events: int) -> dict[str, Any]:
    """Post some history in bulk, then ``events`` purchases one by one; times in milliseconds."""
    folder = DATA / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "single.db"
    for old in folder.glob("single.db*"):
        old.unlink()
    program = read_program(TEN)
    history, told = _purchases(HISTORY_EVENTS, events + WARM_EVENTS)
    with Ledger.open(f"sqlite:///{path}") as ledger:
        run = Run.open(program, ledger)
        run.admit(history)
        with (folder / "fsync.tmp").open("wb", buffering=0) as beside:
            measured = [(*_timed(lambda event=event: run.admit(admit([event]))), _fsync_ms(beside)) for event in told]
    (folder / "fsync.tmp").unlink()
    times, cpu, fsyncs = (list(column) for column in zip(*measured[WARM_EVENTS:], strict=True))
    return {
        "seconds": sum(times) / 1_000,
        "p50_ms": median(times),
        "p99_ms": _quantile(times, 0.99),
        "mean_ms": sum(times) / len(times),
        "cpu_ms": median(cpu),
        "fsync_ms": median(fsyncs),
    }


def _purchases(history: int, single: int) -> tuple[Any, list[Any]]:
    """The first purchases of the year: an admission of ``history`` of them, and the next ones as single events."""
    program = read_program(TEN)
    admission = next(iter(feed(program, TEN, scaled(1)).admissions(RECEIVED_AT, lambda _: (0, False))))
    before, rest = admission.split(history)
    return before, rest.split(single)[0].told.to_events()


def _quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds on the clock and of the processor."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return (time.perf_counter() - wall) * 1_000, (time.process_time() - cpu) * 1_000


def _fsync_ms(file: FileIO) -> float:
    """Milliseconds until one more page is on the disk."""
    file.write(PAGE)
    started = time.perf_counter()
    os.fsync(file.fileno())
    return (time.perf_counter() - started) * 1_000
