"""Messages to admissions: read, in the order of the log, with the positions that they complete."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from guerdon.engine.events.admission import Admission, FeedMark, admit, log_key
from guerdon.engine.events.event import Event, Parked, Refused
from guerdon.engine.events.jsonl import JsonLines
from guerdon.engine.events.normalise import Normaliser
from guerdon.engine.stream.feed import Feed, Message
from guerdon.rules.program import Program

HELD_EVENTS = 20_000  # at most; what is more is admitted although something earlier may still come


def personal_attributes(program: Program) -> frozenset[str]:
    """The names of the attributes that are sealed in the log."""
    business = program.business
    declared = (*business.attributes_event, *business.attributes_line, *business.attributes_contact)
    return frozenset(each.name for each in declared if each.personal)


@dataclass(slots=True)
class _Shard:
    """How far a shard has been handed over, and which of its positions are held back."""

    seen: int
    held: set[int] = field(default_factory=set)
    marked: int = 0

    @property
    def complete(self) -> int:
        """Everything up to this position may be committed."""
        return min(self.held) - 1 if self.held else self.seen


class Intake:
    """Takes messages and gives admissions.

    ``window``: µs of event time for which an event is held back so that what comes out of order meanwhile goes before
    it. Messages that a broker hands over twice are dropped by their position.
    """

    def __init__(self, feed: Feed, normaliser: Normaliser, personal: frozenset[str], window: int = 0) -> None:
        self.feed, self.window, self.personal = feed, window, personal
        self._lines = JsonLines(Path("-"), normaliser, personal)
        self._shards: dict[str, _Shard] = {}
        self._held: list[tuple[tuple[int, int, str, str], int, Event | Refused | Parked, str, int]] = []
        self._count = 0
        self._latest = 0  # time of the latest event met

    def __len__(self) -> int:
        return len(self._held)

    def start(self, shard: str, position: int) -> None:
        """A shard is read from after ``position`` on."""
        self._shards[shard] = _Shard(position, marked=position)

    def drop(self, shard: str) -> None:
        """A shard is another worker's now: what is held of it is forgotten."""
        self._shards.pop(shard, None)
        self._held = [each for each in self._held if each[3] != shard]
        heapq.heapify(self._held)

    def take(self, messages: Iterable[Message], received_at: int) -> None:
        """Reads messages; what can't be read is parked with its reason like any event."""
        for message in messages:
            shard = self._shards.get(message.shard)
            if shard is None or message.position <= shard.seen:
                continue
            shard.seen = message.position
            shard.held.add(message.position)
            told = self._lines.event(message.raw, received_at, received_at)
            self._count += 1
            if isinstance(told, Event):
                self._latest = max(self._latest, min(told.time, received_at))
            heapq.heappush(self._held, (log_key(told), self._count, told, message.shard, message.position))

    def admission(self, *, flush: bool = False) -> Admission:
        """What may be decided now, in log order, and the marks that it completes; ``flush``: all of it."""
        until = self._latest - self.window
        given: list[Event | Refused | Parked] = []
        while self._held and (flush or not self.window or self._is_due(until)):
            _, _, told, name, position = heapq.heappop(self._held)
            self._shards[name].held.discard(position)
            given.append(told)
        admission = admit(given, self.personal, sort=False)
        admission.marks = self._marks()
        return admission

    def _is_due(self, until: int) -> bool:
        told = self._held[0][2]
        return told.time <= until or len(self._held) > HELD_EVENTS or not isinstance(told, Event)

    def _marks(self) -> list[FeedMark]:
        if not self.feed.keeps_positions:
            return []
        marks = []
        for name, shard in self._shards.items():
            if shard.complete > shard.marked:
                shard.marked = shard.complete
                marks.append(FeedMark(self.feed.name, name, self.feed.mark(name), shard.complete, False, whole=True))
        return marks
