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
        places, times = self._surveyed(received_at)
        order = np.argsort(times, kind="stable").tolist()
        here = 0
        with self.path.open("rb") as file:
            for row in order:
                if here != places[row]:
                    file.seek(places[row])
                line = file.readline()
                here = places[row] + len(line)
                yield self.event(line, received_at, times[row])

    def _surveyed(self, received_at: int) -> tuple[list[int], list[int]]:
        """Where each line begins, and its time; that of an unreadable one is the last before it, or the first of all.

        So that the same file is the same log whenever it is read.
        """
        times: list[int] = []
        places: list[int] = []
        nameless = 0  # lines before the first that has a time
        with self.path.open("rb") as file:
            place = 0
            for line in file:
                if line.strip():
                    told = self.event(line, received_at, times[-1] if times else received_at)
                    if isinstance(told, Parked) and len(times) == nameless:
                        nameless += 1
                    times.append(told.time)
                    places.append(place)
                place += len(line)
        if nameless < len(times):
            times[:nameless] = [times[nameless]] * nameless
        return places, times

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
