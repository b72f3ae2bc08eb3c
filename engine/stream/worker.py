"""The worker: takes what a feed has waiting, decides and posts it in its turn, and acknowledges it after that.

Meanwhile another thread reads what comes next: it asks the feed and the intake, which nobody else does at that time.
Reading spends its time in compiled loops and in polars, which let other threads run.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from guerdon.engine.events.admission import Admission
from guerdon.engine.stream.feed import Feed
from guerdon.engine.stream.intake import Intake, Read
from guerdon.engine.stream.sharing import Sharing
from guerdon.engine.stream.turns import Turns

BATCH_EVENTS = 20_000  # taken from a feed at once: what is waiting, so that a backlog goes through in bulk
POLL_SECONDS = 0.5
_IDLE_SECONDS = 2.0  # a feed that told nothing for so long has nothing more that belongs before what is held


@dataclass(slots=True)
class Pace:
    """How a worker goes about it. ``quiet_seconds``: ends after a feed was quiet for so long; None: never."""

    batch_events: int = BATCH_EVENTS
    poll_seconds: float = POLL_SECONDS
    quiet_seconds: float | None = None


class Worker:
    """Consumes one feed until it ends or ``stop`` is called: what it is posting then is finished, nothing else begun.

    ``tell``: called after each commit with the number of events it admitted.
    """

    def __init__(
        self,
        feed: Feed,
        intake: Intake,
        turns: Turns,
        sharing: Sharing,
        pace: Pace | None = None,
        tell: Callable[[int], None] = lambda events: None,
    ) -> None:
        self.feed, self.intake, self.turns, self.sharing = feed, intake, turns, sharing
        self.pace = pace or Pace()
        self.tell = tell
        self.stopping = False
        self._lost = False  # a shard of ours, while we were about to post

    def stop(self) -> None:
        """Ends the work after the present commit. From any thread or signal handler."""
        self.stopping = True

    def run(self) -> None:
        """Works until it is told to stop or nothing will come any more."""
        reader = ThreadPoolExecutor(1, "read")
        try:
            self.sharing.share(self._start, self._drop)
            self._consume(reader)
        finally:
            reader.shutdown()  # what it has read is left to be told again, as what waits in the feed is
            self.sharing.leave()
            self.feed.close()

    def _consume(self, reader: ThreadPoolExecutor) -> None:
        """While one batch is decided and posted, ``reader`` reads the next; nothing else of it goes on meanwhile."""
        told_at = time.monotonic()
        coming = reader.submit(self._read, self.pace.batch_events, self.pace.poll_seconds)
        while not self.stopping:
            came = self._take(coming.result())
            if self._lost or self.feed.broken:
                self._lost = False
                self.sharing.restart(self._drop)  # what is not committed is told again to whoever has the shard
            self.sharing.share(self._start, self._drop)
            now = time.monotonic()
            told_at = now if came or self.sharing.waits else told_at
            over = self.feed.ended or self._is_quiet(now - told_at)
            admission = self.intake.admission(flush=over or now - told_at > _IDLE_SECONDS)
            if not over:
                coming = reader.submit(self._read, self.pace.batch_events, self.pace.poll_seconds)
            self._post(admission)
            if over:
                break

    def _read(self, most: int, wait_seconds: float) -> Read:
        messages = self.feed.poll(most, wait_seconds)
        return self.intake.read(messages, time.time_ns() // 1000)

    def _take(self, read: Read) -> bool:
        """What was read, and what has come since then; whether that is anything."""
        self.intake.take(read)
        room = self.pace.batch_events - read.messages
        if not read.messages or room <= 0 or self.feed.ended:
            return bool(read.messages)
        self.intake.take(self._read(room, 0.0))
        return True

    def _post(self, admission: Admission) -> None:
        if not len(admission) and not admission.marks:
            return
        marks = list(admission.marks)
        if self.turns.admit(admission, allowed=self.sharing.holds) is None:
            self._lost = True  # a shard: whoever has it now is told all of this
            return
        for mark in marks:
            self.feed.done(mark.name, mark.events)
        self.tell(len(admission))

    def _is_quiet(self, seconds: float) -> bool:
        return self.pace.quiet_seconds is not None and seconds > self.pace.quiet_seconds

    def _start(self, shard: str) -> None:
        position, _ = (
            self.turns.ledger.file_progress(self.feed.mark(shard)) if self.feed.keeps_positions else (0, False)
        )
        self.intake.start(shard, self.feed.start(shard, position))

    def _drop(self, shard: str) -> None:
        self.feed.stop(shard)
        self.intake.drop(shard)
