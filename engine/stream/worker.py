"""The worker: takes what a feed has waiting, decides and posts it in its turn, and acknowledges it after that."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from guerdon.engine.stream.feed import Feed
from guerdon.engine.stream.intake import Intake
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

    def stop(self) -> None:
        """Ends the work after the present commit. From any thread or signal handler."""
        self.stopping = True

    def run(self) -> None:
        """Works until it is told to stop or nothing will come any more."""
        told_at = time.monotonic()
        try:
            while not self.stopping:
                if self.feed.broken:
                    self.sharing.restart(self._drop)  # what is not committed is told again to whoever has the shard
                self.sharing.share(self._start, self._drop)
                messages = self.feed.poll(self.pace.batch_events, self.pace.poll_seconds)
                now = time.monotonic()
                told_at = now if messages or self.sharing.waits else told_at
                self.intake.take(messages, time.time_ns() // 1000)
                over = self.feed.ended or self._is_quiet(now - told_at)
                self._post(flush=over or now - told_at > _IDLE_SECONDS)
                if over and not len(self.intake):
                    break
        finally:
            self.sharing.leave()
            self.feed.close()

    def _post(self, *, flush: bool) -> None:
        admission = self.intake.admission(flush=flush)
        if not len(admission) and not admission.marks:
            return
        marks = list(admission.marks)
        if self.turns.admit(admission, allowed=self.sharing.holds) is None:
            self.sharing.restart(self._drop)  # a shard was lost: whoever has it now is told all of this
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
