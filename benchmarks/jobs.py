"""The jobs that run in fresh processes: ``python -m benchmarks.jobs NAME key=value ...`` prints one JSON line."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.data import scaled


def polars_by_hand(scale: str) -> dict[str, Any]:
    """The ten offers in polars windows."""
    from benchmarks import polars_by_hand as by_hand

    folder = scaled(int(scale))
    by_hand.answer(scaled(1))  # plans, thread pool and file cache are warm for everybody
    started = time.perf_counter()
    decided = by_hand.decide(folder)
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "answer": by_hand.summed(decided).to_json()}


def numba_by_hand(scale: str) -> dict[str, Any]:
    """The ten offers in one compiled pass: the limit."""
    from benchmarks import numba_by_hand as by_hand

    folder = scaled(int(scale))
    by_hand.answer(scaled(1))
    started = time.perf_counter()
    events, kept = by_hand.decide(folder)
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "answer": by_hand.summed(events, kept).to_json()}


def plain_python(scale: str) -> dict[str, Any]:
    """The ten offers an event at a time in plain Python, from lines."""
    from benchmarks import plain_python as judge

    started = time.perf_counter()
    answer = judge.answer(scaled(int(scale)))
    return {"seconds": time.perf_counter() - started, "answer": answer.to_json()}


def zen(scale: str) -> dict[str, Any]:
    """The ten offers an event at a time by zen-engine, from folded facts."""
    from benchmarks import rivals

    return _judged(scale, rivals.zen_judge())


def durable(scale: str) -> dict[str, Any]:
    """The ten offers an event at a time by durable_rules, from folded facts."""
    from benchmarks import rivals

    return _judged(scale, rivals.durable_judge())


def _judged(scale: str, judge: Any) -> dict[str, Any]:
    from benchmarks import rivals

    events = rivals.told(scaled(int(scale)))
    started = time.perf_counter()
    answer = rivals.decide(events, judge)
    return {"seconds": time.perf_counter() - started, "answer": answer.to_json()}


def engine(scale: str, offers: str = "10") -> dict[str, Any]:
    """The engine: read, match, decide."""
    from benchmarks.engine import match_and_decide

    return match_and_decide(scale, offers)


def run(scale: str) -> dict[str, Any]:
    """The engine: a whole run into a durable ledger."""
    from benchmarks.engine import whole_run

    return whole_run(scale)


def arrow_ingest(scale: str) -> dict[str, Any]:
    """The rows of the last run's ledger again, by Arrow ingest."""
    from benchmarks import bare

    return _bare(scale, bare.arrow_ingest)


def executemany(scale: str) -> dict[str, Any]:
    """The rows of the last run's ledger again, by executemany."""
    from benchmarks import bare

    return _bare(scale, bare.executemany)


def _bare(scale: str, write: Callable[[Path, Path], Any]) -> dict[str, Any]:
    from benchmarks import bare
    from benchmarks.engine import ledger_file

    ledger = ledger_file(int(scale))
    target = ledger.with_name("bare.db")
    found = write(ledger, target)
    assert bare.same(ledger, target), "the bare write left rows out"
    return {"seconds": found.seconds, "rows": found.rows, "transfers": found.transfers}


def single(events: str) -> dict[str, Any]:
    """Events one at a time, each durable before the next."""
    from benchmarks.single import one_by_one

    return one_by_one(int(events))


JOBS: dict[str, Callable[..., dict[str, Any]]] = {
    "polars_by_hand": polars_by_hand,
    "numba_by_hand": numba_by_hand,
    "plain_python": plain_python,
    "zen": zen,
    "durable": durable,
    "engine": engine,
    "run": run,
    "arrow_ingest": arrow_ingest,
    "executemany": executemany,
    "single": single,
}


def main(words: list[str]) -> None:
    """Run one job and print its answer with the peak memory of the process."""
    arguments = dict(word.split("=", 1) for word in words[1:])
    found = JOBS[words[0]](**arguments)
    found["peak_memory_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps(found))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    main(sys.argv[1:])
