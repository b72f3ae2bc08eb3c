"""The posting stage against the same rows written by a driver's bulk path into the same tables."""

from __future__ import annotations

from statistics import median

from benchmarks.figures import Figure, median_of
from benchmarks.measure import interleaved, ratios

TRANSFERS_AT_LEAST = 400_000
BARE_AT_MOST = 1.5


def posting(scale: int, rounds: int) -> list[Figure]:
    """A whole run into a durable SQLite ledger, then that ledger's rows again by Arrow ingest and by executemany."""
    group = f"posting, ten offers, Complete Journey ×{scale}, SQLite (WAL, synchronous=FULL)"
    jobs = {
        "run": {"job": "run", "scale": scale},
        "arrow": {"job": "arrow_ingest", "scale": scale},
        "many": {"job": "executemany", "scale": scale},
    }
    found = interleaved(jobs, rounds)
    transfers = int(found["run"][0]["transfers"])
    assert all(int(result["transfers"]) == transfers for results in found.values() for result in results)
    rates = {name: [transfers / result["seconds"] for result in results] for name, results in found.items()}
    whole = [result["total_seconds"] for result in found["run"]]
    peaks = [result["peak_memory_bytes"] / 2**20 for result in found["run"]]
    note = f"{transfers:,} transfers; keys, lots, counters, balances, chain included"
    return [
        median_of(group, "engine", rates["run"], "transfers/s", at_least=TRANSFERS_AT_LEAST, note=note),
        median_of(group, "bare Arrow ingest", rates["arrow"], "transfers/s"),
        median_of(group, "executemany", rates["many"], "transfers/s"),
        median_of(group, "engine ÷ bare Arrow ingest", ratios(found["run"], found["arrow"]), "×", at_most=BARE_AT_MOST),
        median_of(group, "engine ÷ executemany", ratios(found["run"], found["many"]), "×"),
        median_of(group, "the whole run", whole, "s"),
        Figure(group, "the whole run, peak memory", median(peaks), "MiB"),
    ]
