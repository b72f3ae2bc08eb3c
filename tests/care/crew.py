"""Processes that write to one PostgreSQL ledger at once, each event in a turn of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
WORKER = """
import json, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from guerdon.engine.events.admission import admit
from guerdon.engine.events.normalise import CASE, Normaliser
from guerdon.engine.ledger import Ledger
from guerdon.engine.stream.turns import Turns
from tests.care.desk import NOW, compiled

for line in sys.stdin:
    url, folder, told = json.loads(line)
    program = compiled(Path(folder))
    normaliser = Normaliser(program, CASE)
    with Ledger.open(url, create=False, shared=True) as ledger:
        turns = Turns(program, ledger, rows=64)
        print("ready", flush=True)
        sys.stdin.readline()
        ended = []
        for record in told:
            end = turns.admit(admit([normaliser.normalise(record, NOW)])).outcomes[0]
            ended.append(end.outcome.name.lower() + (f" {end.reason.name.lower()}" if end.reason else ""))
    print(json.dumps(ended), flush=True)
"""


class Crew:
    """So many processes, waiting for work."""

    def __init__(self, size: int) -> None:
        told = [sys.executable, "-c", WORKER, str(ROOT)]
        self._rounds = 0
        self._processes = [
            subprocess.Popen(told, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
            for _ in range(size)
        ]

    def at_once(self, url: str, folder: Path, told: Sequence[Mapping[str, Any]]) -> Counter[str]:
        """Deals the events out to all processes, lets them start together, and counts how they ended."""
        self._rounds += 1
        for place, process in enumerate(self._processes):
            records = [
                {"id": f"w{self._rounds}-{place}-{n}", "source": "desk", **fields}
                for n, fields in enumerate(told[place :: len(self._processes)])
            ]
            self._say(process, json.dumps([url, str(folder), records]))
        for process in self._processes:
            assert self._answer(process) == "ready"
        for process in self._processes:
            self._say(process, "go")
        return Counter(end for process in self._processes for end in json.loads(self._answer(process)))

    @staticmethod
    def _say(process: subprocess.Popen[str], line: str) -> None:
        assert process.stdin is not None
        process.stdin.write(line + "\n")
        process.stdin.flush()

    @staticmethod
    def _answer(process: subprocess.Popen[str]) -> str:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, "the process has ended"
        return line.strip()

    def end(self) -> None:
        """They have nothing more to do."""
        for process in self._processes:
            process.communicate(timeout=60)
