"""What is admitted together: readable events in the order of the log, and between them those that are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from guerdon.engine.codes import EventType
from guerdon.engine.events.event import Event, Parked, Refused
from guerdon.engine.events.fields import rank
from guerdon.engine.events.frames import Frames, concatenated
from guerdon.engine.events.listed import FEW_EVENTS, EventList


@dataclass(frozen=True, slots=True)
class FeedMark:
    """How far a file has been read when a batch has been posted: ``rows`` of it are behind it, ``done`` if all are."""

    feed: str
    name: str
    sha256: str
    events: int  # events read of it so far, whatever became of them
    done: bool
    whole: bool = False  # it moves with the last of its batch only: a position in a feed that tells in no order


@dataclass(slots=True)
class Aside:
    """An event that gets no row: it stands before row ``before`` of those that do."""

    before: int
    told: Refused | Parked


@dataclass(slots=True)
class Admission:
    """A batch of the log-to-be: readable events as columns or as a list, which all who look at them take alike.

    ``asides`` in ascending ``before``; ``marks`` say what of the files it completes.
    """

    told: Frames | EventList
    asides: list[Aside] = field(default_factory=list)
    marks: list[FeedMark] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.told) + len(self.asides)

    @property
    def frames(self) -> Frames:
        """The readable events as columns; made of a list when first asked for."""
        return self.told if isinstance(self.told, Frames) else self.told.frames()

    def listed(self) -> Admission:
        """The same with its events as a list."""
        if isinstance(self.told, EventList):
            return self
        return Admission(EventList(self.told.to_events(), self.told.personal), self.asides, self.marks)

    def suited(self) -> Admission:
        """The same in the form in which so many events are soonest done with."""
        if len(self.told) <= FEW_EVENTS:
            return self.listed()
        return self if isinstance(self.told, Frames) else Admission(self.frames, self.asides, self.marks)

    def seqs(self, first: int) -> tuple[np.ndarray, np.ndarray]:
        """Places in the log from ``first`` on: int64 of the rows, and of the asides."""
        rows = np.arange(first, first + len(self.told), dtype=np.int64)
        if not self.asides:
            return rows, np.zeros(0, np.int64)
        before = np.array([aside.before for aside in self.asides], dtype=np.int64)
        rows += np.searchsorted(before, rows - first, side="right")
        return rows, before + first + np.arange(len(before))

    def each(self) -> list[Event | Refused | Parked]:
        """All of it, one by one, as it stands in the log."""
        every = [*self.told.to_events(), *(aside.told for aside in self.asides)]
        return [every[place] for place in self.order().tolist()]

    def order(self) -> np.ndarray:
        """Rows, and after them asides, by their number as they stand in the log, int64."""
        if not self.asides:
            return np.arange(len(self.told))
        return np.argsort(np.concatenate(self.seqs(0)), kind="stable")

    @property
    def last_time(self) -> int:
        """The latest time in it; it must not be empty."""
        times: list[int] = [aside.told.time for aside in self.asides[-1:]]
        return int(max(times + self.told.numbers("time")[-1:].tolist()))

    def split(self, events: int) -> tuple[Admission, Admission]:
        """The first ``events`` of it and the rest, asides counted; marks are left out."""
        rows, asides = self.seqs(0)
        row, aside = int(np.searchsorted(rows, events)), int(np.searchsorted(asides, events))
        size = len(self.told)
        rest = [Aside(each.before - row, each.told) for each in self.asides[aside:]]
        return (
            Admission(self.told.part(0, row), self.asides[:aside]),
            Admission(self.told.part(row, size), rest),
        )

    def kept(self, keep: np.ndarray) -> Admission:
        """Those for which ``keep`` is true, bool in the order of the log; marks are left out."""
        rows, asides = self.seqs(0)
        before = np.concatenate([[0], np.cumsum(keep[rows])])
        rest = [
            Aside(int(before[each.before]), each.told)
            for each, kept in zip(self.asides, keep[asides], strict=True)
            if kept
        ]
        return Admission(self.told.take(np.flatnonzero(keep[rows])), rest)

    def times(self) -> np.ndarray:
        """The times of all of it as they stand in the log, int64."""
        asides = np.array([aside.told.time for aside in self.asides], np.int64)
        times: np.ndarray = np.concatenate([self.told.numbers("time"), asides])[self.order()]
        return times

    def until(self, time: int) -> int:
        """How many of it, asides counted, are not later than ``time``."""
        row = int(np.searchsorted(self.told.numbers("time"), time, side="right"))
        return row + sum(1 for aside in self.asides if aside.told.time <= time)


def admit(
    told: Sequence[Event | Refused | Parked], personal: frozenset[str] = frozenset(), sort: bool = True
) -> Admission:
    """An admission of a few events: in the order (time, rank, source, id), or as they come."""
    ordered = sorted(told, key=log_key) if sort else told
    events = [each for each in ordered if isinstance(each, Event)]
    asides, before = [], 0
    for each in ordered:
        if isinstance(each, Event):
            before += 1
        else:
            asides.append(Aside(before, each))
    return Admission(EventList(events, personal), asides)


def joined(parts: Sequence[Admission]) -> Admission:
    """Admissions that follow each other, as one."""
    if len(parts) == 1:
        return parts[0]
    asides, before = [], 0
    for part in parts:
        asides += [Aside(before + each.before, each.told) for each in part.asides]
        before += len(part.frames)
    return Admission(concatenated([part.frames for part in parts]), asides)


def merged(parts: Sequence[Admission]) -> Admission:
    """Admissions side by side, as one in log order."""
    parts = [part for part in parts if len(part)]
    return parts[0] if len(parts) == 1 else _sorted(joined(parts), None)[0]


def merged_by_arrival(parts: Sequence[Admission], arrivals: Sequence[np.ndarray]) -> tuple[Admission, np.ndarray]:
    """Admissions side by side as one in log order, where what is the same in that comes by its arrival.

    ``arrivals``: int64 of each part, in the order of its log; of the whole they are given back so.
    """
    if len(parts) == 1:
        return parts[0], arrivals[0]
    if all(isinstance(part.told, EventList) for part in parts):
        told = [each for part in parts for each in part.each()]
        numbers = np.concatenate(arrivals)
        order = sorted(range(len(told)), key=lambda row: (*log_key(told[row]), numbers[row]))
        personal = frozenset().union(*(part.told.personal for part in parts))
        return admit([told[row] for row in order], personal, sort=False), numbers[order]
    rows, asides = zip(*(part.seqs(0) for part in parts), strict=True)
    places = zip((*arrivals, *arrivals), (*rows, *asides), strict=True)
    return _sorted(joined(parts), np.concatenate([numbers[places] for numbers, places in places]))


def _sorted(whole: Admission, arrival: np.ndarray | None) -> tuple[Admission, np.ndarray]:
    """In log order, and within it by arrival (int64 of the rows, then of the asides), which is given back sorted."""
    frames = whole.frames
    keys = frames.events.select("time", pl.col("type").replace_strict(_RANKS, return_dtype=pl.Int64), "source", "id")
    told = [each.told for each in whole.asides]
    others = pl.DataFrame([log_key(each) for each in told], schema=keys.schema, orient="row")
    arrival = np.arange(len(whole)) if arrival is None else arrival
    every = pl.concat([keys, others]).with_columns(arrival=pl.Series(arrival))
    order = every.select(pl.arg_sort_by(every.columns)).to_series().to_numpy()
    is_row = order < len(frames)
    before = np.cumsum(is_row)[~is_row]
    asides = [
        Aside(int(row), told[place - len(frames)]) for row, place in zip(before, order[~is_row].tolist(), strict=True)
    ]
    return Admission(frames.take(order[is_row].astype(np.int64)), asides), arrival[order]


def log_key(told: Event | Refused | Parked) -> tuple[int, int, str, str]:
    """The order in which what is admitted together enters the log."""
    if isinstance(told, Parked):
        return told.time, _UNKNOWN_RANK, told.source or "", told.id or ""
    return told.time, _UNKNOWN_RANK if told.type is None else rank(told.type), told.source, told.id


_UNKNOWN_RANK = 2
_RANKS = {int(kind): rank(kind) for kind in EventType}
