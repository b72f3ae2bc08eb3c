"""The one writer of this process: a thread that owns the ledger and the run, and posts what waits in one go.

What comes while a transaction is being synced to disk waits and goes together into the next one: the more callers, the
fewer syncs each pays for. A caller is answered when its events are on disk, with them the answer to its request key and
its entry in the audit trail.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from guerdon.engine.api.collecting import Collector, Work
from guerdon.engine.api.metrics import Metrics
from guerdon.engine.api.problems import Problem
from guerdon.engine.api.settings import Settings
from guerdon.engine.events.admission import admit, log_key
from guerdon.engine.ledger.access import expire_answers, find_answer
from guerdon.engine.ledger.errors import LedgerConflict, LedgerError
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.pipeline import Run
from guerdon.engine.stream.turns import Turns
from guerdon.rules.program import Program

GROUP_EVENTS = 5_000
ROWS = 512
TURN_SECONDS = 20
DAY = 86_400 * 10**6
_NOT_NOW = {"Retry-After": "1"}


@dataclass(slots=True, eq=False)
class Writer:
    """Start it, submit work, stop it. ``failure``: why nothing can be written at present; '' if all is well."""

    program: Program
    settings: Settings
    metrics: Metrics
    opened: Callable[[Turns], None] | None = None  # told whenever the ledger has been opened
    closing: Callable[[], None] | None = None  # and before it is closed; both in the writer's thread
    failure: str = "it has not started"
    failed_at: float = 0.0  # on the monotonic clock
    turns: Turns | None = None  # the ledger while it can be used; others of this process may take turns too
    _waiting: queue.SimpleQueue[Work | None] = field(default_factory=queue.SimpleQueue)
    _events: int = 0
    _count: threading.Lock = field(default_factory=threading.Lock)
    _thread: threading.Thread | None = None
    _stopped: bool = False
    _cleaned_at: int = 0

    def start(self) -> None:
        """Opens the ledger, making it if there is none; raises what keeps it from being opened."""
        opened: Future[None] = Future()
        self._thread = threading.Thread(target=self._work, args=(opened,), name="writer")
        self._thread.start()
        try:
            opened.result()
        except BaseException:
            self._thread.join()
            raise

    def submit(self, work: Work) -> None:
        """Hands work over; ``work.done`` ends when it is on disk. Problem 503: too much waits, or it is stopping."""
        with self._count:
            if self._stopped:
                raise Problem(503, "stopping", "the service is stopping; ask again", headers=_NOT_NOW)
            if self._events and self._events + len(work.told) > self.settings.waiting_events:
                raise Problem(503, "overloaded", "too many events wait to be posted; ask again", headers=_NOT_NOW)
            self._events += len(work.told)
            self._waiting.put(work)
        self.metrics.waiting.set(self._events)

    def stop(self) -> None:
        """No more work is taken; what was handed over is done, then the ledger is closed."""
        with self._count:
            if not self._stopped:
                self._stopped = True
                self._waiting.put(None)
        if self._thread is not None:
            self._thread.join()

    # ---- in the thread

    def _work(self, opened: Future[None]) -> None:
        try:
            self._open()
        except BaseException as error:
            opened.set_exception(error)
            return
        opened.set_result(None)
        deferred: list[Work] = []
        while True:
            group, last = self._next(deferred)
            deferred = self._together(group)
            if last and not deferred:
                break
            if last:
                self._waiting.put(None)
        self._close()
        self.failure = "it has stopped"

    def _next(self, deferred: list[Work]) -> tuple[list[Work], bool]:
        """All that waits, as far as one transaction should take it; whether it is the last."""
        group, events = deferred, sum(len(work.told) for work in deferred)
        block = not group
        while events < GROUP_EVENTS:
            try:
                work = self._waiting.get(block=block)
            except queue.Empty:
                break
            block = False
            if work is None:
                return group, True
            with self._count:
                self._events -= len(work.told)
            if work.done.set_running_or_notify_cancel():
                group.append(work)
                events += len(work.told)
        return group, False

    def _together(self, group: list[Work]) -> list[Work]:
        """Does a group of work in one transaction; returns what must wait for the next."""
        if not group:
            return []
        self.metrics.groups.observe(len(group))
        try:
            rest = self._in_turn(group)
        except Exception as error:
            self._reset(error)
            rest = []
            left = [work for work in group if not work.done.done()]
            for work in left:  # whichever of them it was, the others shall not suffer for it
                self._alone(work, error, retry=not _is_of_ledger(error))
        return rest

    def _alone(self, work: Work, error: Exception, retry: bool) -> None:
        if retry:
            try:
                self._in_turn([work])
            except Exception as again:
                self._reset(again)
                error = again
            else:
                return
        work.done.set_exception(_problem(error))

    def _in_turn(self, group: list[Work]) -> list[Work]:
        if self.turns is None:
            self._open()
        assert self.turns is not None
        with self.turns.turn(TURN_SECONDS) as run:
            group, rest = self._unanswered(run.ledger, group)
            if free := [work for work in group if work.guard is None]:
                self._admit(run, free)
            for work in group:
                if work.guard is not None:
                    self._guarded(run, work, work.guard)
            self._clean(run.ledger)
        self.failure = ""
        return rest

    def _unanswered(self, ledger: Ledger, group: list[Work]) -> tuple[list[Work], list[Work]]:
        """Work to be done now, and what has a request key that is being answered now; answered work is ended."""
        now, later, seen = [], [], set()
        for work in group:
            if work.request is None:
                now.append(work)
                continue
            key = (work.request.key_id, work.request.key)
            answered = find_answer(ledger.store.rows, *key)
            if answered is not None:
                work.replay(answered)
            elif key in seen:
                later.append(work)
            else:
                seen.add(key)
                now.append(work)
        return now, later

    def _admit(self, run: Run, group: Sequence[Work]) -> None:
        """What deals for itself, everything of a group in the order of the log, and then what belongs to no event."""
        for work in group:
            work.deal(run)
        order = [(work, place) for work in group for place in range(len(work.told))]
        order.sort(key=lambda each: log_key(each[0].told[each[1]].item))
        collector = Collector(self.program, run.ledger, group, order)
        if order:
            personal = frozenset(each.name for each in self.program.business.attributes_event if each.personal)
            personal |= frozenset(each.name for each in self.program.business.attributes_contact if each.personal)
            run.beside = collector.part
            try:
                run.admit(admit([work.told[place].item for work, place in order], personal, sort=False))
            finally:
                run.beside = None
        collector.rest()
        for answer in collector.finish():
            self.metrics.told(answer)

    def _guarded(self, run: Run, work: Work, guard: Callable[[Ledger], None]) -> None:
        try:
            guard(run.ledger)
        except Problem as problem:
            work.done.set_exception(problem)
        else:
            self._admit(run, [work])

    def _clean(self, ledger: Ledger) -> None:
        """Answers that are old enough are forgotten, once a day."""
        now = time.time_ns() // 1000
        if now - self._cleaned_at > DAY:
            self._cleaned_at = now
            ledger.change(expire_answers(now - self.settings.answer_days * DAY))

    # ---- the ledger

    def _open(self) -> None:
        ledger = Ledger.open(self.settings.ledger, shared=True)
        self.turns = Turns(self.program, ledger, rows=ROWS)
        try:
            with self.turns.turn(TURN_SECONDS):
                pass  # what the programme needs is compiled and loaded before anybody is answered
            if self.opened is not None:
                self.opened(self.turns)
        except BaseException:
            self._close()
            raise
        self.failure = ""

    def _close(self) -> None:
        turns, self.turns = self.turns, None
        if turns is not None:
            if self.closing is not None:
                self.closing()
            turns.ledger.close()

    def _reset(self, error: Exception) -> None:
        """What is in memory may not fit the ledger any more: begin again from what is on disk."""
        self.metrics.failed(error)
        if _is_of_ledger(error):
            self.failure, self.failed_at = f"{type(error).__name__}: {error}", time.monotonic()
        self._close()


def _is_of_ledger(error: Exception) -> bool:
    """Whether nothing can be written at present, whatever it is; not so if one piece of work is at fault."""
    return isinstance(error, LedgerError) and not isinstance(error, LedgerConflict)


def _problem(error: Exception) -> Problem:
    if isinstance(error, LedgerError):
        return Problem(
            503, error.code, "the ledger can't be written at present; ask again", headers={"Retry-After": "2"}
        )
    return Problem(500, "internal_error", "nothing was posted; it was logged under the request's id")
