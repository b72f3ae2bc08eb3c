"""What somebody who writes rules waits for: a check of a large programme, and the help."""

from __future__ import annotations

import subprocess
import sys
from time import perf_counter

from benchmarks.data import ROOT
from benchmarks.figures import Figure, median_of
from benchmarks.generate import programme

OFFERS = 1_000
CHECK_SECONDS_AT_MOST = 2.0
HELP_SECONDS_AT_MOST = 0.3


def waiting(rounds: int) -> list[Figure]:
    """Whole processes, from the start of Python to its end."""
    group = "waiting at the command line"
    folder = str(programme(OFFERS))
    checks = [_seconds("check", folder) for _ in range(rounds)]
    helps = [_seconds("--help") for _ in range(rounds)]
    return [
        median_of(group, f"check of {OFFERS:,} offers", checks, "s", at_most=CHECK_SECONDS_AT_MOST),
        median_of(group, "--help", helps, "s", at_most=HELP_SECONDS_AT_MOST),
    ]


def _seconds(*words: str) -> float:
    command = [sys.executable, "-m", "guerdon.engine.cli.main", *words]
    started = perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return perf_counter() - started
