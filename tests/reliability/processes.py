"""Commands as processes of their own: started, watched through the ledger that they write, killed, run to their end."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from guerdon.engine.ledger import Ledger
from guerdon.engine.ledger.errors import LedgerError

from ..cli.door import guerdon
from ..engines import ledger_at

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 300


def url(ledger: Path) -> str:
    """A ledger's URL."""
    return ledger_at(ledger)


def run_words(programme: Path, files: Sequence[Path], ledger: Path, *more: object) -> list[str]:
    """The words of a ``run``."""
    return [str(w) for w in ("run", programme, "--events", *files, "--ledger", url(ledger), *more)]


def start(words: Sequence[str], before: str = "") -> subprocess.Popen[str]:
    """``guerdon`` with these words as a real process; ``before``: Python that it runs first."""
    code = f"{before}\nfrom guerdon.engine.cli.main import main\nmain()\n"
    return subprocess.Popen(
        [sys.executable, "-c", code, *words], cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Its exit code, what it printed, and what it complained of."""
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    return process.returncode, out, err


def to_the_end(words: Sequence[str]) -> dict[str, Any]:
    """Runs a command in this process to its end; its ``--json`` answer. Refused and parked events are no failure."""
    done = guerdon(*words, "--json")
    assert done.code in (0, 1) and done.out, done.err
    answer: dict[str, Any] = json.loads(done.out)
    return answer


def chunks_posted(ledger: Path) -> int:
    """How many chunks a ledger has, looked at from outside while another process writes; 0: none yet."""
    try:
        with Ledger.open(url(ledger), read_only=True) as opened:
            return opened.last_chunk
    except LedgerError:
        return 0  # it is just being made


def wait_for_chunks(process: subprocess.Popen[str], ledger: Path, chunks: int) -> None:
    """Returns when the ledger has so many chunks, or the process has ended."""
    until = time.monotonic() + PATIENCE_SECONDS
    while process.poll() is None and chunks_posted(ledger) < chunks:
        assert time.monotonic() < until, "nothing moves any more"
        time.sleep(0.002)
