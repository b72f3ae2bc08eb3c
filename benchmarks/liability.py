"""The liability report as of a past day over some ten million transfers: time and peak memory.

``python -m benchmarks.liability`` makes the ledger once (the demo programme over Complete Journey ×10; some minutes and
1.5 GB of disk) and asks it for the end of June and for the end of the year, each in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.data import DATA, ROOT, scaled
from benchmarks.figures import Figure, median_of, table

PROGRAMME = ROOT / "schemes" / "complete_journey"
DAYS = ("2017-06-30", "2017-12-31")


def made(copies: int) -> Path:
    """The ledger of the year ``copies`` times over; made if it is not there."""
    path = DATA / "bench" / f"liability-x{copies}.db"
    done = path.with_suffix(".done")
    if not done.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        for each in path.parent.glob(f"{path.name}*"):
            each.unlink()
        words = ["run", str(PROGRAMME), "--data", str(scaled(copies)), "--ledger", f"sqlite:///{path}"]
        subprocess.run([sys.executable, "-m", "guerdon.engine.cli.main", *words], check=True, stdout=sys.stderr)
        done.touch()
    return path


def measured(ledger: Path, day: str) -> dict[str, Any]:
    """One report in this process."""
    from guerdon.engine.ledger.ledger import Ledger
    from guerdon.engine.report.summary import peak_memory_bytes
    from guerdon.engine.report.versions import program_in_force
    from guerdon.engine.settle.reports.liability import liability

    with Ledger.open(f"sqlite:///{ledger}", read_only=True) as opened:
        program = program_in_force(opened)
        started = perf_counter()
        report = liability(opened, program, date.fromisoformat(day))
        seconds = perf_counter() - started
        transfers = int(opened.store.rows(_count())[0][0])
    owed = report.tables[0].totals()[-1]
    return {"seconds": seconds, "bytes": peak_memory_bytes(), "transfers": transfers, "owed": f"{owed:f}"}


def _count() -> Any:
    from sqlalchemy import func, select

    from guerdon.engine.ledger import tables

    return select(func.count()).select_from(tables.transfer)


def liability(copies: int, rounds: int) -> list[Figure]:
    """Time, rate and memory for each day."""
    ledger = made(copies)
    figures = []
    for day in DAYS:
        found = [_fresh(ledger, day) for _ in range(rounds)]
        transfers = found[0]["transfers"]
        group = f"liability as of {day}, {transfers:,} transfers"
        seconds = [float(each["seconds"]) for each in found]
        assert len({each["owed"] for each in found}) == 1
        figures += [
            median_of(group, "report", seconds, "s", note=f"{found[0]['owed']} owed, checked against the balances"),
            Figure(group, "rate", transfers / median(seconds), "transfers/s"),
            Figure(group, "peak memory", median(each["bytes"] for each in found) / 2**20, "MiB"),
        ]
    return figures


def _fresh(ledger: Path, day: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.liability", "--measure", str(ledger), day]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="benchmarks.liability", description=__doc__)
    parser.add_argument("--copies", type=int, default=10, help="how many times the year")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measure", nargs=2, metavar=("LEDGER", "DAY"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.measure:
        print(json.dumps(measured(Path(chosen.measure[0]), chosen.measure[1])))
    else:
        print(table(liability(chosen.copies, chosen.rounds)))


if __name__ == "__main__":
    main()
