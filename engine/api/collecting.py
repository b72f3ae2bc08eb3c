"""Work for the writer, and what becomes of a group of it: answers, kept in the transaction that posts the events."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Executable

from guerdon.engine.api.answers import Answer, Answering, EventAnswer, json_bytes
from guerdon.engine.api.door import Told
from guerdon.engine.api.problems import Problem
from guerdon.engine.ledger import audit_trail, tables
from guerdon.engine.ledger.access import Answered, rows_of
from guerdon.engine.ledger.audit_trail import Deed
from guerdon.engine.ledger.chunk import Chunk
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.pipeline import Admitted, Run
from guerdon.rules.program import Program

Beside = Mapping[str, Sequence[Sequence[Any]]]


class RequestKey(NamedTuple):
    """An Idempotency-Key, whose it is, and the hash of the request that bears it."""

    key_id: str
    key: str
    fingerprint: bytes


@dataclass(slots=True, eq=False)
class Work:
    """What a request asks of the writer. ``done`` ends with its ``Answer`` when all of it is on disk.

    ``answered`` makes the answer from those to its events, ``deed`` its entry in the audit trail. ``also``: rows of
    tables beside the ledger, and statements on them. ``deals``: does something of its own in the turn to write, in
    transactions of its own, and gives the answer. ``guard`` is asked in the turn, when all else of the group is on
    disk; what it raises keeps the events from being told, and ends the work.
    """

    told: Sequence[Told]
    answered: Callable[[Sequence[EventAnswer]], Answer]
    deed: Callable[[Answer], Deed] | None = None
    request: RequestKey | None = None
    also: Beside = field(default_factory=dict)
    statements: Sequence[Executable] = ()
    deals: Callable[[Run], Answer] | None = None
    guard: Callable[[Ledger], None] | None = None
    done: Future[Answer] = field(default_factory=Future)
    replayed: bool = False

    def deal(self, run: Run) -> None:
        """Does what it does of its own, once, though the work may be tried again."""
        if self.deals is not None:
            try:
                answer = self.deals(run)
            except Problem as problem:
                answer = Answer(problem.status, json_bytes(problem.body()), reason=problem.code)
            self.deals = None
            self.answered = lambda _: answer

    def replay(self, answered: Answered) -> None:
        """It was answered before: the same again; or it is another request under the same key."""
        assert self.request is not None
        self.replayed = True
        if answered.fingerprint != self.request.fingerprint:
            self.done.set_exception(other_request())
        else:
            self.done.set_result(Answer(answered.status, answered.body))


def other_request() -> Problem:
    """An Idempotency-Key that was used before for something else."""
    return Problem(422, "request_key_used", "this Idempotency-Key was used for another request")


class Collector:
    """Follows a group of work through its parts. ``order``: (work, place in it) of each event as admitted."""

    def __init__(
        self, program: Program, ledger: Ledger, group: Sequence[Work], order: Sequence[tuple[Work, int]]
    ) -> None:
        self._answering = Answering(program)
        self._ledger = ledger
        self._group = group
        self._order = order
        self._at = 0
        self._events: dict[int, list[EventAnswer | None]] = {id(work): [None] * len(work.told) for work in group}
        self._left = {id(work): len(work.told) for work in group}
        self._answers: dict[int, Answer] = {}
        self._unwritten: list[Work] = []  # answered, not yet in any transaction
        self._writing: list[Work] = []  # answered, in the transaction that is going on

    def part(self, admitted: Admitted, chunk: Chunk | None) -> Beside:
        """Told of each part before it is posted: the rows that commit with it."""
        self._committed()
        here = self._order[self._at : self._at + len(admitted.seqs)]
        self._at += len(here)
        told = [work.told[place] for work, place in here]
        answers = self._answering.events(told, admitted, chunk, self._ledger)
        for (work, place), answer in zip(here, answers, strict=True):
            self._events[id(work)][place] = answer
            self._left[id(work)] -= 1
            if not self._left[id(work)]:
                self._ended(work)
        return self._taken() if chunk is not None else {}

    def rest(self) -> None:
        """What no chunk took along goes into a transaction of its own; then everybody is answered."""
        self._committed()
        for work in self._group:
            if not work.told:
                self._ended(work)
        statements = [statement for work in self._group for statement in work.statements]
        statements += [
            tables.metadata.tables[table].insert().values([tuple(row) for row in rows])
            for table, rows in self._taken().items()
        ]
        if statements:
            self._ledger.change(*statements)
        self._committed(whole=True)

    def finish(self) -> Iterator[EventAnswer]:
        """Everything is on disk: everybody is answered."""
        for work in self._group:
            for answer in self._events[id(work)]:
                if answer is not None:
                    yield answer

    def _ended(self, work: Work) -> None:
        self._answers[id(work)] = work.answered([each for each in self._events[id(work)] if each is not None])
        self._unwritten.append(work)

    def _taken(self) -> Beside:
        """The rows of all that is answered and in no transaction yet."""
        taken, self._unwritten = self._unwritten, []
        self._writing += taken
        now = time.time_ns() // 1000
        kept, deeds = [], []
        also: dict[str, list[Sequence[Any]]] = {}
        for work in taken:
            answer = self._answers[id(work)]
            if work.request is not None:
                kept.append((*work.request, answer.status, answer.body, now))
            if work.deed is not None:
                deeds.append(work.deed(answer))
            for table, rows in work.also.items():
                also.setdefault(table, []).extend(rows)
        trail = [entry.row() for entry in audit_trail.chained(self._ledger.store.rows, deeds)] if deeds else []
        return rows_of(request_answer=kept, audit_entry=trail, **also)

    def _committed(self, *, whole: bool = False) -> None:
        """Their transaction has been committed; who has statements of its own waits for the ``whole``."""
        waiting = [] if whole else [work for work in self._writing if work.statements]
        for work in self._writing:
            if work not in waiting and not work.done.done():
                work.done.set_result(self._answers[id(work)])
        self._writing = waiting
