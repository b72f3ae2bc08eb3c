"""Things with a state of their own (holds, tokens, cards, waiting events, ...) as the handlers see them.

What this chunk changed lies over what the ledger holds; a record without fields is one that is gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guerdon.engine.rows import FOREVER, Record


class Records:
    """Reads through to the ledger and keeps what was put until the chunk is taken."""

    def __init__(self, reading: Any) -> None:
        self._reading = reading  # ledger.records.RecordReading, or anything with its four methods
        self._laid: dict[tuple[str, str], Record] = {}  # of this process: put or read
        self._changed: set[tuple[str, str]] = set()

    def get(self, kind: str, id: str) -> Record | None:
        """The record of that name, or None."""
        key = (kind, id)
        if key not in self._laid:
            found = self._reading.one(kind, id)
            if found is None:
                return None
            self._laid[key] = found
        record = self._laid[key]
        return record if record.fields else None

    def put(self, kind: str, id: str, fields: Mapping[str, Any], contact: int = 0, due_at: int = FOREVER) -> None:
        """Set a record. ``fields`` hold JSON values (amounts as int); ``due_at`` is what the clock looks at."""
        self._laid[kind, id] = Record(kind, id, contact, due_at, dict(fields))
        self._changed.add((kind, id))

    def remove(self, kind: str, id: str) -> None:
        """Take a record away."""
        self.put(kind, id, {})

    def of_contact(self, kind: str, contact: int) -> list[Record]:
        """The records of a kind that belong to a contact, by id."""
        return self._merged(self._reading.of_contact(kind, contact), lambda r: r.kind == kind and r.contact == contact)

    def of_kind(self, kind: str) -> list[Record]:
        """All records of a kind, by id."""
        return self._merged(self._reading.of_kind(kind), lambda r: r.kind == kind)

    def due(self, until: int) -> list[Record]:
        """The records due at or before a time, by (due_at, kind, id)."""
        found = self._merged(self._reading.due(until), lambda r: r.due_at <= until)
        return sorted(found, key=lambda r: (r.due_at, r.kind, r.id))

    def take(self) -> list[Record]:
        """What was changed since the last call, by (kind, id)."""
        changed = [self._laid[key] for key in sorted(self._changed)]
        self._changed.clear()
        self._laid = {}
        return changed

    def snapshot(self) -> Any:
        """What ``restore`` takes the records back to."""
        return dict(self._laid), set(self._changed)

    def restore(self, snapshot: Any) -> None:
        """Undo what was put since the snapshot."""
        self._laid, self._changed = dict(snapshot[0]), set(snapshot[1])

    def _merged(self, stored: list[Record], wanted: Any) -> list[Record]:
        found = {(r.kind, r.id): r for r in stored if (r.kind, r.id) not in self._laid}
        found |= {key: r for key, r in self._laid.items() if r.fields and wanted(r)}
        return [found[key] for key in sorted(found)]
