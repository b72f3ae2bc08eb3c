"""The turn: the right to decide and post, and a ``Run`` that knows everything that was posted before it.

One process takes its turns alone on SQLite; on PostgreSQL several processes take them one after the other. Whoever
has the turn sees the log's end. If others have posted since, the run is made anew; it costs a few milliseconds. So
seqs, names, budgets and caps per offer are as exact as in one process. Nothing hangs on the turn itself: the number of
the next chunk is the epoch of whoever posts, and a worker that lost its turn without knowing it finds the number taken.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from guerdon.engine.counting import Counts
from guerdon.engine.events.admission import Admission
from guerdon.engine.ledger.errors import LedgerConflict, LedgerInterrupted, LedgerUnreachable
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.pipeline import Admitted, Run
from guerdon.rules.program import Program

WAIT_SECONDS = 30.0
ATTEMPTS = 8  # over some 25 seconds
_PAUSE_SECONDS = 0.1


class Turns:
    """Turns on one ledger, for the threads of this process and, on PostgreSQL, for other processes.

    ``prepare``: does something to each new run, as choosing another matcher.
    """

    def __init__(
        self, program: Program, ledger: Ledger, *, prepare: Callable[[Run], None] | None = None, rows: int = 2048
    ) -> None:
        self.program, self.ledger = program, ledger
        self.counts = Counts()  # of what ``admit`` gave, retries not counted twice
        self.transfers = 0
        self._prepare, self._rows = prepare, rows
        self._lock = threading.RLock()
        self._run: Run | None = None
        self._moved = False  # others have posted since the run was made
        self._spoilt = False  # the last turn ended in an error: what the run remembers may not be so
        self._posted = False  # the present run has a row of its own in the ledger

    @contextmanager
    def turn(self, wait_seconds: float = WAIT_SECONDS) -> Iterator[Run]:
        """``with turns.turn() as run: run.admit(...)``. LedgerBusy: others have been writing for ``wait_seconds``."""
        with self._lock:
            self._moved |= self.ledger.take_turn(wait_seconds)
            try:
                if self._run is None or self._moved or self._spoilt:
                    self._run = self._renewed(self._run)
                self._moved, self._spoilt = False, True
                before = self.ledger.last_chunk
                yield self._run
                self._posted = self._posted or self.ledger.last_chunk > before
                self._spoilt = False
            finally:
                self.ledger.give_turn()

    def admit(
        self, admission: Admission, way: str = "batch", *, allowed: Callable[[], bool] = lambda: True
    ) -> Admitted | None:
        """Decides and posts in a turn; tries again where the database was interrupted.

        Whether a chunk was committed before its connection was lost shows by identity: what was is a repeat then.
        ``allowed`` is asked in the turn; if it says no, nothing is posted and None given.
        """
        for attempt in range(ATTEMPTS):
            last = attempt + 1 == ATTEMPTS
            head = self.ledger.last_chunk
            try:
                with self.turn() as run:
                    if not allowed():
                        return None
                    head, transfers = self.ledger.last_chunk, run.transfers
                    admitted = run.admit(admission, way)
                    self.transfers += run.transfers - transfers
                self.counts.add(admitted.ended, 0)
                return admitted
            except (LedgerInterrupted, LedgerUnreachable):
                if last or not self.ledger.store.is_shared:
                    raise
            except LedgerConflict:
                if last or not self._was_overtaken(head):
                    raise
            time.sleep(_PAUSE_SECONDS * 2**attempt)
        raise AssertionError("the last attempt raises")

    def _was_overtaken(self, head: int) -> bool:
        """Whether another process has posted after the chunk ``head``: a turn was lost without notice."""
        with self.turn():
            return self.ledger.last_chunk != head

    def _renewed(self, before: Run | None) -> Run:
        """A run that knows what is in the ledger now. It counts on from the one before, unless that failed."""
        run = Run.open(self.program, self.ledger, rows=self._rows)
        if before is not None:
            run.matcher, run.seconds = before.matcher, before.seconds
            run.transfers, run.refused = before.transfers, before.refused
            if self._posted and not self._spoilt:
                run.number, run.counts = before.number, before.counts
            else:
                self._posted = False
        elif self._prepare is not None:
            self._prepare(run)
        return run
