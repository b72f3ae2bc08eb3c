"""The arrow: what is admitted is identified, matched, decided and posted, chunk by chunk.

admission → identify → number → match → decide → post
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from guerdon.engine.chunking import chunk_of, marks_before
from guerdon.engine.codes import EventType, Outcome, Reason, Status
from guerdon.engine.counting import Counts
from guerdon.engine.decide.decider import Decider
from guerdon.engine.decide.estimates import NOT_LOGGED, Estimate, answered, unlogged_estimates
from guerdon.engine.decide.journal import Journal
from guerdon.engine.events.admission import Admission, FeedMark
from guerdon.engine.events.directory import ContactKey, Directory
from guerdon.engine.events.event import Refused
from guerdon.engine.events.fields import SHAPES
from guerdon.engine.events.frames import Frames
from guerdon.engine.events.identity import CONFLICT, FRESH, REPEAT, Identity, identify
from guerdon.engine.events.listed import EventList
from guerdon.engine.events.present import Present
from guerdon.engine.ledger.chunk import Chunk, FeedFile, ProgrammeVersion
from guerdon.engine.ledger.keys import Keys
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.match.matcher import Matcher
from guerdon.engine.memory import keep_freed_memory
from guerdon.engine.rows import ROUTE_HANDLER, SPEND_NONE, Batch
from guerdon.rules.program import Program

CHUNK_EVENTS = 100_000
_RENAMING = (EventType.ERASE,)
_FORWARDING = (EventType.MERGE, EventType.ENROL)
_SHAPES = [SHAPES.get(EventType(kind)) if kind in set(EventType) else None for kind in range(max(EventType) + 1)]
_REGISTERS = np.array([shape is not None and shape.registers for shape in _SHAPES])
_IDENTIFYING = np.array([shape is not None and shape.of_contact for shape in _SHAPES])  # may change whom a name means


class Ended(NamedTuple):
    """How one event ended."""

    outcome: Outcome
    reason: Reason


@dataclass(slots=True)
class Admitted:
    """What became of an admission, in the order of its events (asides in their places).

    ``seqs``: places in the log; a repeat has that of the event that it repeats, an estimate that is no event has none.
    ``estimates``: the answers to estimates, by their place in the admission.
    """

    ended: np.ndarray  # int16[n, 2]: codes.Outcome, codes.Reason
    seqs: np.ndarray
    resolved: dict[int, Ended] = field(default_factory=dict)  # seq of an event that had waited → its end
    estimates: dict[int, Estimate] = field(default_factory=dict)

    @property
    def outcomes(self) -> list[Ended]:
        """How each event ended."""
        return [Ended(Outcome(outcome), Reason(reason)) for outcome, reason in self.ended.tolist()]


class Run:
    """One programme at work on one ledger. Not for several threads; one ``Run`` a ledger at a time."""

    def __init__(self, program: Program, ledger: Ledger, keep_refusals: bool, rows: int, plain: bool) -> None:
        keep_freed_memory()
        self.program, self.ledger = program, ledger
        self.number = ledger.last_run() + 1
        self.chunk_events = CHUNK_EVENTS  # at most; the caller may choose other
        self.counts = Counts()
        self.sift: Callable[[Journal], Journal] | None = None  # may thin out a journal before it is posted
        # Told of each part before it is posted (no chunk: nothing will be); what it returns commits with the chunk.
        self.beside: Callable[[Admitted, Chunk | None], Mapping[str, Sequence[Sequence[Any]]]] | None = None
        self.seconds = {"read": 0.0, "match": 0.0, "decide": 0.0, "post": 0.0}
        self.refused = np.zeros((len(program.offers), max(Reason) + 1), np.int64)
        self.transfers = 0
        self.matcher = Matcher(program)
        self.keys = Keys(ledger)
        self.directory = Directory(self._look_up, ledger.max_contact() + 1)
        in_force = ledger.in_force()
        self.version = ledger.names.number("version", program.version)
        self.announced = bool(in_force) and in_force[-1][1] == self.version
        self.decider = Decider(program, ledger, self.version, rows=rows, keep_refusals=keep_refusals, plain=plain)
        self.decider.rules_changed = bool(in_force) and not self.announced

    @classmethod
    def open(
        cls,
        program: Program,
        ledger: Ledger,
        *,
        keep_refusals: bool = False,
        rows: int = 2048,
        plain: bool = False,
    ) -> Run:
        """A run of a programme over a ledger; ``rows``: about how many events are decided together.

        ``plain``: decides with the step as it is written, uncompiled; some thousand times slower, as explanations do.
        """
        return cls(program, ledger, keep_refusals, rows, plain)

    def admit(self, admission: Admission, way: str = "batch") -> Admitted:
        """Decide and post what is admitted together. ``way``: ``batch``, in chunks, or ``single``, event by event."""
        size = 1 if way == "single" else self.chunk_events
        parts = []
        rest = admission.listed() if size == 1 else admission
        while (length := self._chunk_length(rest, size)) < len(rest):
            part, rest = rest.split(length)
            parts.append(self._part(part, marks_before(admission.marks, len(rest))))
        parts.append(self._part(rest, admission.marks))
        resolved = {seq: ended for part in parts for seq, ended in part.resolved.items()}
        ended, seqs = (np.concatenate([getattr(part, name) for part in parts]) for name in ("ended", "seqs"))
        starts = np.cumsum([0, *(len(part.seqs) for part in parts)]).tolist()
        answers = {start + k: e for start, part in zip(starts, parts, strict=False) for k, e in part.estimates.items()}
        return Admitted(ended, seqs, resolved, answers)

    def _part(self, admission: Admission, marks: Sequence[FeedMark]) -> Admitted:
        """What is admitted of one piece: a chunk, or an estimate that is answered and leaves nothing."""
        if len(admission) != 1 or not len(unlogged_estimates(admission.told)):
            return self._post(admission, marks)
        with self._timed("decide"):
            contacts = np.array([self.directory.number(admission.told.event(0), give=False)], np.int64)
            answer = answered(self.decider, Present(admission.told, np.array([NOT_LOGGED]), contacts))
        ended = np.array([(Outcome.IGNORED, Reason.ESTIMATE)], np.int16)
        self.counts.add(ended, 0)
        self.counts.estimates += 1
        if marks:
            self._post(admission.split(1)[1], marks)
        admitted = Admitted(ended, np.zeros(1, np.int64), estimates={0: answer})
        if self.beside is not None:
            self.beside(admitted, None)
        return admitted

    def _chunk_length(self, admission: Admission, most: int) -> int:
        """How many events, asides counted, the next chunk takes: a name may mean another contact after its last one."""
        if most == 1 or len(admission) <= 1:
            return min(most, len(admission))
        cuts = _RENAMING + (_FORWARDING if self.program.business.merge_forward else ())
        told = admission.told.part(0, min(most, len(admission.told)))
        found = np.flatnonzero(np.isin(told.numbers("type"), cuts))
        places = admission.seqs(0)[0]
        length = min(most, int(places[found[0]]) + 1) if len(found) else min(most, len(admission))
        asked = unlogged_estimates(told)
        return min(length, max(1, int(places[asked[0]]))) if len(asked) else length

    def _post(self, admission: Admission, marks: Sequence[FeedMark]) -> Admitted:
        """One chunk: the whole arrow."""
        admission = admission.suited()
        with self._timed("match"):
            first = self.ledger.last_seq + 1
            identity = identify(admission, admission.seqs(0), self.keys)
            announced = self._announcement(admission, first)
            seqs = _places(admission, identity, first + len(announced))
            fresh = np.flatnonzero(identity.status[: len(admission.told)] == FRESH)
            told = admission.told if len(fresh) == len(admission.told) else admission.told.take(fresh)
            contacts = self._contacts(told)
            batch = self._match(told, contacts, seqs[fresh], identity.contested[fresh])
        with self._timed("decide"):
            if len(told):
                self.decider.decide(batch, Present(told, seqs[fresh], contacts))
            journal = self.decider.journal()
            if self.sift is not None:
                journal = self.sift(journal)
        with self._timed("post"):
            ended = self._ends(admission, identity, journal, seqs)
            self._count(ended.ended, identity, journal)
            chunk = chunk_of(self, admission, identity, seqs, contacts, journal, announced)
            chunk.files = [FeedFile(m.sha256, m.feed, m.name, m.events, m.done) for m in marks]
            chunk.run = self.counts.row(self.number)
            posts = bool(len(chunk.log) or marks)
            if self.beside is not None:
                chunk.beside = self.beside(ended, chunk if posts else None)
            if posts:
                self.ledger.post(chunk)
                self.announced = True
                self.directory.take_given()
                self._forget(journal)
        return ended

    # ---- the stages ----

    def _forget(self, journal: Journal) -> None:
        """Identifiers that name others now are looked up anew, erased contacts have no name any more."""
        keys = [ContactKey(*key) for key in journal.identifiers]
        names = [self.ledger.names.forget("contact", number) for number in journal.erased]
        self.directory.forget([*keys, *(ContactKey("id", name) for name in names)])

    def _announcement(self, admission: Admission, seq: int) -> list[ProgrammeVersion]:
        """The event by which this version begins to count, if the log has not come to it yet."""
        if self.announced or not len(admission):
            return []
        return [ProgrammeVersion(seq, self.version, self.program.version, self.program.canonical)]

    def _contacts(self, told: Frames | EventList) -> np.ndarray:
        """Numbers of the events' contacts; with ``register: never`` only registering gives a new one."""
        types = told.numbers("type")
        admitted = types == EventType.REGISTER
        if self.program.business.register:
            admitted |= _REGISTERS[types]
        numbers = np.array(self.directory.numbers(told, admitted))  # handlers correct some of them
        for key, number in self.directory.given.items():
            if key.kind == "id":
                self.ledger.names.number("contact", key.id)
                assert self.ledger.names.find("contact", key.id) == number
        return numbers

    def _match(self, told: Frames | EventList, contacts: np.ndarray, seqs: np.ndarray, contested: np.ndarray) -> Batch:
        """The rows of the events, with their places in the log and in the state."""
        rows = self.decider.state.rows(contacts, told.numbers("time"))
        if isinstance(told, EventList):
            batch = self.matcher.events(told.events, rows)
        else:
            batch = self.matcher.frames(told, rows)
        events = batch.events
        events["seq"] = seqs
        route = (events["type"] != EventType.PURCHASE) | contested | (events["contact"] < 0)
        route |= told.mentions("token", "estimate")
        if self.program.business.full_cover:
            route |= events["spend_kind"] != SPEND_NONE
        if _IDENTIFYING[events["type"]].any():
            route |= told.identified()
        if not self.program.business.register:
            route |= self.decider.state.arrays["s_contact"]["status"][events["contact"]] == Status.NEW
        events["route"][route] = ROUTE_HANDLER
        return batch

    def _ends(self, admission: Admission, identity: Identity, journal: Journal, seqs: np.ndarray) -> Admitted:
        """How each event of the admission ended, in its order."""
        size = len(admission.told)
        ends = np.zeros((len(seqs), 2), np.int16)
        decided = np.flatnonzero(identity.status[:size] == FRESH)
        told = journal.outcomes[np.argsort(journal.outcomes["seq"], kind="stable")]
        last = np.searchsorted(told["seq"], seqs[decided], side="right") - 1
        ends[decided, 0], ends[decided, 1] = told["outcome"][last], told["reason"][last]
        for row, aside in enumerate(admission.asides):
            refused = isinstance(aside.told, Refused)
            reason = aside.told.reason if isinstance(aside.told, Refused) else Reason.UNREADABLE
            ends[size + row] = (Outcome.REFUSED if refused else Outcome.PARKED, reason)
        if identity.status.any():
            ends[identity.status == REPEAT] = (Outcome.IGNORED, Reason.REPEAT)
            ends[identity.status == CONFLICT] = (Outcome.REFUSED, Reason.ID_CONFLICT)
        for row, aside in enumerate(admission.asides):
            aside.told.seq = int(seqs[size + row])
        order = admission.order()
        told_seqs = np.where(identity.first_seq > 0, identity.first_seq, seqs)
        resolved = {r.seq: Ended(Outcome(r.outcome), Reason(r.reason)) for r in journal.resolved}
        answers, self.decider.estimates = self.decider.estimates, {}
        found = {int(np.flatnonzero(told_seqs[order] == seq)[0]): answer for seq, answer in answers.items()}
        return Admitted(ends[order], told_seqs[order], resolved, found)

    # ---- counts ----

    def _count(self, ended: np.ndarray, identity: Identity, journal: Journal) -> None:
        self.counts.add(ended, int((identity.status == REPEAT).sum()))
        self.refused += journal.refused[: len(self.refused)]
        self.transfers += len(journal.transfers)

    def _look_up(self, keys: Sequence[ContactKey]) -> dict[ContactKey, int]:
        found = {}
        for key in keys:
            number = (
                self.ledger.names.find("contact", key.id)
                if key.kind == "id"
                else self.ledger.contact_by_identifier(key.kind, key.id)
            )
            if number:
                found[key] = number
        return found

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        start = perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] += perf_counter() - start


def _places(admission: Admission, identity: Identity, first: int) -> np.ndarray:
    """Places in the log of rows and asides; repeats have none (0)."""
    order = admission.order()
    stays = (identity.status != REPEAT)[order]
    seqs = np.zeros(len(order), np.int64)
    seqs[order] = np.where(stays, first - 1 + np.cumsum(stays), 0)
    return seqs
