"""JSON Lines: one event a line, plain or in a CloudEvents envelope; many plain purchases are read by whole columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from guerdon.engine.events.admission import Admission, admit, log_key, merged_by_arrival
from guerdon.engine.events.envelope import MAX_BYTES, read_json
from guerdon.engine.events.event import Event, Parked, Refused
from guerdon.engine.events.normalise import Normaliser
from guerdon.engine.events.reading import Unreadable

if TYPE_CHECKING:
    from guerdon.engine.events.json_columns import JsonColumns

SLICE_EVENTS = 20_000
_SLICE_BYTES = 64 << 20
FEW_LINES = 64  # up to so many are read one by one


class JsonLines:
    """One file of events. Out of order it is read in the order of its times, line by line where they stand."""

    def __init__(self, path: Path, normaliser: Normaliser, personal: frozenset[str]) -> None:
        self.path = path
        self.normaliser = normaliser
        self.personal = personal

    def admissions(self, received_at: int) -> Iterator[Admission]:
        """Its events in log order, cut where a time ends."""
        places, sizes, times = self._surveyed(received_at)
        order = np.argsort(times, kind="stable")
        behind = np.cumsum(sizes[order])
        start = 0
        while start < len(order):
            most = np.searchsorted(behind, (behind[start - 1] if start else 0) + _SLICE_BYTES, side="right")
            last = times[order[max(start, min(start + SLICE_EVENTS, int(most)) - 1)]]
            stop = start + int(np.searchsorted(times[order[start:]], last, side="right"))
            rows = order[start:stop]
            yield self.read(self._lines(places[rows].tolist()), received_at, times[rows].tolist())[0]
            start = stop

    def _lines(self, places: Sequence[int]) -> list[bytes]:
        """The lines that begin at these places of the file."""
        here = 0
        lines = []
        with self.path.open("rb") as file:
            for place in places:
                if here != place:
                    file.seek(place)
                lines.append(file.readline())
                here = place + len(lines[-1])
        return lines

    def _surveyed(self, received_at: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Where each line begins, its bytes, and its time, int64.

        The time of an unreadable line is the last before it, or the first of all, so that the same file is the same log
        whenever it is read.
        """
        times, places, sizes, held = [], [], [], []
        place = waiting = 0
        with self.path.open("rb") as file:
            for line in file:
                if line.strip():
                    held.append(line)
                    places.append(place)
                    sizes.append(len(line))
                    waiting += len(line)
                place += len(line)
                if len(held) == SLICE_EVENTS or waiting > _SLICE_BYTES:
                    times.append(self._times(held, received_at))
                    held, waiting = [], 0
        times.append(self._times(held, received_at))
        return np.array(places, np.int64), np.array(sizes, np.int64), _filled(np.concatenate(times), received_at)

    def _times(self, lines: Sequence[bytes], received_at: int) -> np.ndarray:
        """The time of each line, int64; _NO_TIME of unreadable ones."""
        admission, which = self.read(lines, received_at)
        times = np.empty(len(lines), np.int64)
        times[which] = admission.times()
        parked = [isinstance(aside.told, Parked) for aside in admission.asides]
        times[which[admission.seqs(0)[1][parked]]] = _NO_TIME
        return times

    def read(
        self, lines: Sequence[bytes], received_at: int, beside: Sequence[int] = ()
    ) -> tuple[Admission, np.ndarray]:
        """What lines tell, in log order, and which line each of it is, int64 as they stand in the log.

        Unreadable ones stand at the times ``beside`` (those of all lines), or where they were received.
        """
        if len(lines) <= FEW_LINES:
            return self._one_by_one(lines, range(len(lines)), received_at, beside)
        plain = self._columns.read([line.strip() for line in lines], received_at)
        if not len(plain.odd):
            return Admission(plain.frames), plain.rows
        others, rows = self._one_by_one(lines, plain.odd.tolist(), received_at, beside)
        if not len(plain.rows):
            return others, rows
        return merged_by_arrival([Admission(plain.frames), others], [plain.rows, rows])

    @cached_property
    def _columns(self) -> JsonColumns:
        from guerdon.engine.events.json_columns import JsonColumns

        return JsonColumns(self.normaliser, self.personal)

    def _one_by_one(
        self, lines: Sequence[bytes], rows: Sequence[int], received_at: int, beside: Sequence[int]
    ) -> tuple[Admission, np.ndarray]:
        found = [(self.event(lines[row], received_at, beside[row] if beside else received_at), row) for row in rows]
        found.sort(key=lambda each: (*log_key(each[0]), each[1]))
        told = admit([each for each, _ in found], self.personal, sort=False)
        return told, np.array([row for _, row in found], np.int64)

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


_NO_TIME = np.iinfo(np.int64).min


def _filled(times: np.ndarray, received_at: int) -> np.ndarray:
    """Where there is no time, the last before, or the first of all; without any, when it was received."""
    told = times != _NO_TIME
    if not told.any():
        return np.full(len(times), received_at)
    last = np.maximum.accumulate(np.where(told, np.arange(len(times)), np.argmax(told)))
    filled: np.ndarray = times[last]
    return filled
