"""Closing a month: a million transfers of a thousand merchants, drawn up, written in every form, checked and verified.

``python -m benchmarks.settlement`` makes its own data (an offer that each merchant funds, a fee on each award), runs it
into a ledger, and then measures commands as users start them: whole processes with the most memory each held.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
import polars as pl

from benchmarks.data import ROOT
from benchmarks.figures import Figure, table

MERCHANTS, PURCHASES, CONTACTS = 1_000, 500_000, 50_000
GROUP = "settlement"
_RULES = """
scheme: {id: town}
offers:
  - {id: back, goal: spend, award: {percent: 5}}
"""
_FEED = """
feeds:
  - feed: month
    files: month.parquet
    grain: line
    type: purchase
    id: id
    contact: contact
    time: {column: time, zone: UTC}
    venue: venue
    lines: {sku: sku, quantity: quantity, total: {column: total, decimals: 2}}
"""


def programme(folder: Path, merchants: int) -> None:
    """A programme of so many merchants, each with a venue, terms and a fee."""
    folder.mkdir(parents=True)
    ids = [f"m{number:04d}" for number in range(merchants)]
    listed = "\n".join(f"  - {{id: {id}, venues: [{{id: v-{id}}}]}}" for id in ids)
    business = "business: {id: town, name: Town, currency: EUR, time_zone: Europe/Nicosia}"
    (folder / "business.yaml").write_text(f"{business}\nmerchants:\n{listed}\n")
    terms = "\n".join(
        f"  - {{merchant: {id}, contribution: 100%, fees: {{award: 5%}}, settle: {{due: 15d}}}}" for id in ids
    )
    (folder / "terms.yaml").write_text(f"terms:\n{terms}\n")
    (folder / "town.yaml").write_text(_RULES)
    (folder / "events.yaml").write_text(_FEED)


def purchases(folder: Path, merchants: int, count: int) -> None:
    """A month of purchases at merchants, some much busier than others."""
    chance = np.random.default_rng(7)
    micros = np.sort(chance.integers(0, 31 * 86_400 * 1_000_000, count)) + 1_772_323_200_000_000  # March 2026
    merchant = np.minimum(chance.zipf(1.3, count) - 1, chance.integers(0, merchants, count))
    frame = pl.DataFrame(
        {
            "id": pl.int_range(count, eager=True).cast(pl.String),
            "contact": pl.Series(chance.integers(0, CONTACTS, count)).cast(pl.String),
            "time": pl.Series(micros).cast(pl.Datetime("us")),
            "venue": pl.Series([f"v-m{number:04d}" for number in range(merchants)])[merchant],
            "sku": pl.repeat("a", count, eager=True),
            "quantity": pl.repeat(1, count, eager=True),
            "total": pl.Series(chance.integers(100, 20_000, count) / 100),
        }
    )
    folder.mkdir(parents=True)
    frame.write_parquet(folder / "month.parquet")


def measured(name: str, *words: object) -> list[Figure]:
    """Seconds and MiB of one command in a process of its own."""
    command = [sys.executable, "-m", "guerdon.engine.cli.main", *map(str, words)]
    started = perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = perf_counter() - started
    if status:
        raise SystemExit(f"{' '.join(command)}\n{said[-2_000:]}")
    return [
        Figure(GROUP, name, seconds, "s"),
        Figure(GROUP, f"{name}, memory at most", usage.ru_maxrss / 1024, "MiB"),
    ]


def closing(folder: Path, merchants: int, count: int) -> list[Figure]:
    """The commands of a month's end, one after the other."""
    programme(folder / "town", merchants)
    purchases(folder / "data", merchants, count)
    town, out = folder / "town", folder / "out"
    ledger = ("--ledger", f"sqlite:///{folder / 'town.db'}")
    month = ("settle", town, "--period", "2026-03", *ledger)
    found = measured("run of the month", "run", town, "--data", folder / "data", *ledger)
    found += measured("close and draw up", *month)
    found += measured("package: CSV, JSON, Parquet, books", *month, "--out", out, "--forms", "csv,json,parquet")
    found += measured("package: XLSX too", *month, "--out", out)
    found += measured("approve every statement", *month, "--approve")
    found += measured("check the package", "settle", "--check", out / "2026-03", *ledger)
    found += measured("verify", "verify", *ledger)
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    return [*found, Figure(GROUP, "size of the package", size / 2**20, "MiB")]


def main() -> int:
    """Make the data, run the commands, print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.settlement", description="closing a month")
    parser.add_argument("--quick", action="store_true", help="a hundredth of it: to see that it works")
    parser.add_argument("--keep", type=Path, help="a new folder for the data and the ledger, which then stay")
    chosen = parser.parse_args()
    part = 100 if chosen.quick else 1
    folder = chosen.keep or Path(tempfile.mkdtemp(prefix="guerdon-settlement-"))
    try:
        print(table(closing(folder, MERCHANTS // part, PURCHASES // part)))
    finally:
        if chosen.keep is None:
            shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
