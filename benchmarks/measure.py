"""Fresh processes, taken in turn, so that rivals share the noise of the machine.

A job is a function of ``benchmarks.jobs``; it starts its own clock after imports and compilation and answers with JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.data import ROOT

Result = dict[str, Any]  # seconds, peak_memory_bytes, and what else the job tells


class JobFailed(Exception):
    """A job did not end well; its output is the message."""


def fresh(job: str, **arguments: object) -> Result:
    """Run a job in a process of its own and return what it answered."""
    words = [f"{name}={value}" for name, value in arguments.items()]
    command = [sys.executable, "-m", "benchmarks.jobs", job, *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise JobFailed(f"{' '.join(command[2:])}\n{done.stderr[-4_000:]}")
    found: Result = json.loads(done.stdout.splitlines()[-1])
    return found


def interleaved(jobs: Mapping[str, Mapping[str, object]], rounds: int) -> dict[str, list[Result]]:
    """Run each job ``rounds`` times, one after the other within a round. ``jobs``: name → {"job": ..., arguments}."""
    found: dict[str, list[Result]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            arguments = {key: value for key, value in job.items() if key != "job"}
            found[name].append(fresh(str(job["job"]), **arguments))
    return found


def seconds(results: Sequence[Result]) -> list[float]:
    return [float(result["seconds"]) for result in results]


def ratios(ours: Sequence[Result], theirs: Sequence[Result]) -> list[float]:
    """Round by round: our time over theirs."""
    return [a / b for a, b in zip(seconds(ours), seconds(theirs), strict=True)]
