"""JSON Lines: one event a line, plain or in a CloudEvents envelope."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from guerdon.engine.events.admission import Admission, admit
from guerdon.engine.events.envelope import MAX_BYTES, read_json
from guerdon.engine.events.event import Event, Parked, Refused
from guerdon.engine.events.normalise import Normaliser
from guerdon.engine.events.reading import Unreadable

SLICE_EVENTS = 20_000


class JsonLines:
    """One file of events. Out of order it is read in the order of its times, line by line where they stand."""

    def __init__(self, path: Path, normaliser: Normaliser, personal: frozenset[str]) -> None:
        self.path = path
        self.normaliser = normaliser
        self.personal = personal

    def admissions(self, received_at: int) -> Iterator[Admission]:
        """Its events in log order, cut where a time ends."""
        held: list[Event | Refused | Parked] = []
        for told in self._by_time(received_at):
            if len(held) >= SLICE_EVENTS and told.time != held[-1].time:
                yield admit(held, self.personal)
                held = []
            held.append(told)
        if held:
            yield admit(held, self.personal)

    def _by_time(self, received_at: int) -> Iterator[Event | Refused | Parked]:
        order = self._order(received_at)
        with self.path.open("rb") as file:
            if order is None:
                yield from self._told(file, received_at)
                return
            for place in order.tolist():
                file.seek(place)
                line = file.readline()
                yield self.event(line, received_at, received_at)

    def _order(self, received_at: int) -> np.ndarray | None:
        """Where each line begins, in the order of their times; None if they stand in it."""
        times, places = [], []
        with self.path.open("rb") as file:
            place = 0
            last = None
            for line in file:
                if line.strip():
                    time = self._time(line, received_at if last is None else last)
                    last = time
                    times.append(time)
                    places.append(place)
                place += len(line)
        moments = np.array(times, dtype=np.int64)
        if len(moments) < 2 or bool((np.diff(moments) >= 0).all()):
            return None
        order: np.ndarray = np.array(places, dtype=np.int64)[np.argsort(moments, kind="stable")]
        return order

    def _time(self, line: bytes, otherwise: int) -> int:
        told = self.event(line, otherwise, otherwise)
        return told.time

    def _told(self, file: Iterator[bytes], received_at: int) -> Iterator[Event | Refused | Parked]:
        last: int | None = None
        for line in file:
            if line.strip():
                told = self.event(line, received_at, received_at if last is None else last)
                last = told.time
                yield told

    def event(self, line: bytes, received_at: int, beside: int) -> Event | Refused | Parked:
        """One line; unreadable, it stands ``beside`` a time."""
        raw = line.strip()
        try:
            record = read_json(raw)
        except Unreadable as problem:
            return Parked(str(problem), raw[:MAX_BYTES].decode("utf-8", "replace"), received_at, beside)
        told = self.normaliser.normalise(record, received_at, raw.decode("utf-8", "replace"))
        if isinstance(told, Parked):
            told.time = beside
        return told
