"""The events that are being decided together, found by what they are known by: place, seq, id, business key."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from guerdon.engine.events.event import Event
from guerdon.engine.events.frames import Frames
from guerdon.engine.events.listed import EventList

NOWHERE = -1
Key = tuple[str, str, str]  # merchant ('' none), series, reference


class _Index(NamedTuple):
    by_id: dict[tuple[str, str], int]
    by_name: dict[str, list[int]]
    by_reference: dict[Key, list[int]]
    by_text: dict[str, list[int]]


class Present:
    """Looks into one chunk. Calling it with a row gives the event, its ``seq`` and contact number filled in."""

    def __init__(self, told: Frames | EventList, seqs: np.ndarray, contacts: np.ndarray) -> None:
        self._told, self.seqs, self._contacts = told, seqs, contacts
        self._found: _Index | None = None
        self._types: np.ndarray | None = None

    def __call__(self, row: int) -> Event:
        event = self._told.event(row)
        event.seq, event.contact_number = int(self.seqs[row]), int(self._contacts[row])
        return event

    def belongs_to(self, row: int, number: int) -> None:
        """The event names a contact by an identifier that has become known, or another's, within the chunk."""
        self._contacts[row] = number

    def row(self, seq: int) -> int:
        """Row of the event at a place in the log; NOWHERE if it is not here."""
        row = int(np.searchsorted(self.seqs, seq))
        return row if row < len(self.seqs) and self.seqs[row] == seq else NOWHERE

    def type(self, row: int) -> int:
        """What the event of a row is, ``codes.EventType``."""
        if self._types is None:
            self._types = self._told.numbers("type")
        return int(self._types[row])

    def by_id(self, source: str, name: str) -> int:
        """Row of the event of that source and id; NOWHERE if it is not here."""
        return self._index().by_id.get((source, name), NOWHERE)

    def by_name(self, name: str) -> list[int]:
        """Rows of the events of that id, of whatever source."""
        return self._index().by_name.get(name, [])

    def by_reference(self, merchant: str, series: str, reference: str) -> list[int]:
        """Rows of the events with that business key, in their order."""
        return self._index().by_reference.get((merchant, series, reference), [])

    def with_reference(self, reference: str) -> list[int]:
        """Rows of the events with that reference, of whatever merchant and series."""
        return self._index().by_text.get(reference, [])

    def of_contact(self, number: int) -> np.ndarray:
        """Places in the log of the events that name a contact, ascending int64."""
        return np.asarray(self.seqs[self._contacts == number], np.int64)

    def _index(self) -> _Index:
        """Made when it is first needed: most chunks never look back."""
        if self._found is None:
            told = self._told
            index = _Index({}, {}, {}, {})
            sources, ids, merchants, series, references = (
                list(told.texts(name)) for name in ("source", "id", "merchant", "series", "reference")
            )
            for row, key in enumerate(zip(sources, ids, strict=True)):
                index.by_id.setdefault(key, row)
                index.by_name.setdefault(key[1], []).append(row)
            for row in np.flatnonzero(told.given("reference")).tolist():
                reference = references[row]
                index.by_reference.setdefault((merchants[row], series[row], reference), []).append(row)
                index.by_text.setdefault(reference, []).append(row)
            self._found = index
        return self._found
