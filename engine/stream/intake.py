"""Messages to admissions: read, in the order of the log, with the positions that they complete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from guerdon.engine.events.admission import Admission, FeedMark, admit, merged_by_arrival
from guerdon.engine.events.jsonl import JsonLines
from guerdon.engine.events.normalise import Normaliser
from guerdon.engine.stream.feed import Feed, Message
from guerdon.rules.program import Program

HELD_EVENTS = 20_000  # at most; what is more is admitted although something earlier may still come
_PARTS = 32  # taken one after the other before they are made one


def personal_attributes(program: Program) -> frozenset[str]:
    """The names of the attributes that are sealed in the log."""
    business = program.business
    declared = (*business.attributes_event, *business.attributes_line, *business.attributes_contact)
    return frozenset(each.name for each in declared if each.personal)


@dataclass(slots=True)
class _Shard:
    """How far a shard has been taken from the feed, and how far it is marked. ``number``: of this worker, not told."""

    number: int
    seen: int
    marked: int


@dataclass(slots=True)
class _Held:
    """Messages that were read and are not admitted yet: in log order, each with its place among all, its shard and
    its position there."""

    admission: Admission
    places: np.ndarray  # int64[n, 3]
    times: np.ndarray  # int64[n]
    events: np.ndarray  # int64: the times of those that are events

    @classmethod
    def read(cls, admission: Admission, places: np.ndarray) -> _Held:
        """What was just read."""
        return cls(admission, places, admission.times(), admission.told.numbers("time"))

    @classmethod
    def of(cls, parts: Sequence[_Held]) -> _Held:
        """Several as one."""
        if len(parts) == 1:
            return parts[0]
        places = np.concatenate([part.places for part in parts])
        places = places[np.argsort(places[:, 0])]
        whole, arrival = merged_by_arrival([part.admission for part in parts], [part.places[:, 0] for part in parts])
        return cls.read(whole, places[np.searchsorted(places[:, 0], arrival)])

    def split(self, events: int) -> tuple[_Held, _Held]:
        """The first ``events`` of them, and the rest."""
        first, rest = self.admission.split(events)
        rows = len(first.told)
        return (
            _Held(first, self.places[:events], self.times[:events], self.events[:rows]),
            _Held(rest, self.places[events:], self.times[events:], self.events[rows:]),
        )


@dataclass(frozen=True, slots=True)
class Read:
    """Messages that were read: how many were told, and what of them was new. ``seen``: positions by shard."""

    messages: int
    received_at: int = 0
    seen: Mapping[str, int] = field(default_factory=dict)
    held: _Held | None = None


class Intake:
    """Reads messages, takes what was read, and gives admissions.

    ``window``: µs of event time for which an event is held back so that what comes out of order meanwhile goes before
    it. Messages that a broker hands over twice are dropped by their position.
    """

    def __init__(self, feed: Feed, normaliser: Normaliser, personal: frozenset[str], window: int = 0) -> None:
        self.feed, self.window, self.personal = feed, window, personal
        self._lines = JsonLines(Path("-"), normaliser, personal)
        self._shards: dict[str, _Shard] = {}
        self._held: list[_Held] = []
        self._taken = self._started = 0
        self._latest = 0  # time of the latest event met

    def __len__(self) -> int:
        return sum(len(part.times) for part in self._held)

    def start(self, shard: str, position: int) -> None:
        """A shard is read from after ``position`` on."""
        self._started += 1
        self._shards[shard] = _Shard(self._started, position, position)

    def drop(self, shard: str) -> None:
        """A shard is another worker's now: what is held of it is forgotten."""
        dropped = self._shards.pop(shard, None)
        if dropped is None:
            return
        held, self._held = self._held, []
        for part in held:
            keep = part.places[:, 1] != dropped.number
            if keep.any():
                self._held.append(_Held.read(part.admission.kept(keep), part.places[keep]))

    def read(self, messages: Sequence[Message], received_at: int) -> Read:
        """Reads messages; what can't be read is parked with its reason like any event. Nothing is taken yet.

        May go on in another thread, while nothing is taken, started or dropped.
        """
        raw, places = [], []
        seen = {name: shard.seen for name, shard in self._shards.items()}
        for message in messages:
            shard = self._shards.get(message.shard)
            if shard is None or message.position <= seen[message.shard]:
                continue
            seen[message.shard] = message.position
            raw.append(message.raw)
            places.append((self._taken + len(raw), shard.number, message.position))
        if not raw:
            return Read(len(messages))
        admission, which = self._lines.read(raw, received_at)
        return Read(len(messages), received_at, seen, _Held.read(admission, np.array(places, np.int64)[which]))

    def take(self, read: Read) -> None:
        """Takes what was read, once, before anything else is read."""
        part = read.held
        if part is None:
            return
        self._taken += len(part.places)
        for name, position in read.seen.items():
            self._shards[name].seen = position
        if len(part.events):
            self._latest = max(self._latest, min(int(part.events[-1]), read.received_at))
        self._held.append(part)
        if len(self._held) > _PARTS:
            self._held = [_Held.of(self._held)]

    def admission(self, *, flush: bool = False) -> Admission:
        """What may be decided now, in log order, and the marks that it completes; ``flush``: all of it."""
        given, rest = self._held, []
        if self.window and not flush and given:
            until = self._due()
            halves = [part.split(int(np.searchsorted(part.times, until, side="right"))) for part in given]
            given, rest = ([half for half in side if len(half.times)] for side in zip(*halves, strict=True))
        self._held = rest
        admission = _Held.of(given).admission if given else admit([], self.personal)
        admission.marks = self._marks()
        return admission

    def _due(self) -> int:
        """Up to this time everything may be decided."""
        until = self._latest - self.window
        excess = len(self) - HELD_EVENTS
        if excess > 0:
            times = np.concatenate([part.times for part in self._held])
            until = max(until, int(np.partition(times, excess - 1)[excess - 1]))
        # What gets no row waits for nothing before it: it goes as soon as no event is in its way.
        behind = [int(np.searchsorted(part.events, until, side="right")) for part in self._held]
        ahead = [int(p.events[row]) for p, row in zip(self._held, behind, strict=True) if row < len(p.events)]
        return max(until, min(ahead) - 1 if ahead else int(max(part.times[-1] for part in self._held)))

    def _marks(self) -> list[FeedMark]:
        if not self.feed.keeps_positions:
            return []
        held: dict[int, int] = {}
        for part in self._held:
            for number in np.unique(part.places[:, 1]).tolist():
                first = int(part.places[part.places[:, 1] == number, 2].min())
                held[number] = min(first, held.get(number, first))
        marks = []
        for name, shard in self._shards.items():
            complete = held.get(shard.number, shard.seen + 1) - 1  # everything up to there may be committed
            if complete > shard.marked:
                shard.marked = complete
                marks.append(FeedMark(self.feed.name, name, self.feed.mark(name), complete, False, whole=True))
        return marks
