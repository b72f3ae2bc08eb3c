"""A few events as they are: what ``Frames`` tell of many in columns, told of a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from guerdon.engine.events.event import Event
from guerdon.engine.events.frames import Frames
from guerdon.engine.events.framing import frames_from_events, open_part

FEW_EVENTS = 16  # up to so many go through one by one, more as columns
_OTHERS = tuple(each.name for each in fields(Event) if each.name not in ("attributes", "fields"))


@dataclass(slots=True)
class EventList:
    """Events in the order of the log, with the questions that ``Frames`` answer too. The events stay as they are."""

    events: Sequence[Event]
    personal: frozenset[str] = frozenset()
    _frames: Frames | None = field(default=None, compare=False, repr=False)

    def __len__(self) -> int:
        return len(self.events)

    def event(self, row: int) -> Event:
        """One event, a copy that may be changed."""
        return _copied(self.events[row])

    def to_events(self) -> list[Event]:
        """All of them, not to be changed."""
        return list(self.events)

    def frames(self) -> Frames:
        """The same as columns, made when first asked for."""
        if self._frames is None:
            self._frames = frames_from_events(self.events, self.personal)
        return self._frames

    def numbers(self, name: str) -> np.ndarray:
        """A column of numbers, one an event."""
        return np.array([getattr(event, name) for event in self.events], np.int64)

    def texts(self, name: str) -> list[str]:
        """A column of texts, one an event; '' for none."""
        return [getattr(event, name) or "" for event in self.events]

    def given(self, name: str) -> np.ndarray:
        """Which events have the text of that name, bool."""
        return np.array([getattr(event, name) is not None for event in self.events], bool)

    def identified(self) -> np.ndarray:
        """Which events name their contact by an identifier, bool."""
        return np.array([event.contact_kind != "id" for event in self.events], bool)

    def mentions(self, *names: str) -> np.ndarray:
        """Which events carry a field of one of those names, bool."""
        told = [open_part(event) for event in self.events]
        return np.array([any(f'"{name}":' in rest for name in names) if rest else False for rest in told], bool)

    def contents(self) -> tuple[np.ndarray, np.ndarray]:
        """The two halves of the hashes of their content, int64."""
        halves = np.frombuffer(b"".join(event.content for event in self.events), "<i8").reshape(-1, 2)
        return halves[:, 0], halves[:, 1]

    def take(self, rows: np.ndarray) -> EventList:
        """The events at ``rows``, in that order."""
        return EventList([self.events[row] for row in rows.tolist()], self.personal)

    def part(self, start: int, stop: int) -> EventList:
        """The events from row ``start`` to before ``stop``."""
        return self if start == 0 and stop == len(self) else EventList(self.events[start:stop], self.personal)

    def placed(self, seqs: np.ndarray) -> EventList:
        """The same with their places in the log."""
        events = [_copied(event) for event in self.events]
        for event, seq in zip(events, seqs.tolist(), strict=True):
            event.seq = seq
        return EventList(events, self.personal)


def _copied(event: Event) -> Event:
    told: dict[str, Any] = {name: getattr(event, name) for name in _OTHERS}
    return Event(**told, attributes=dict(event.attributes), fields=dict(event.fields))
