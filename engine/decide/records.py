"""Things with a state of their own (holds, tokens, cards, waiting events, ...) as the handlers see them.

What this chunk changed lies over what the ledger holds; a record without fields is one that is gone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from guerdon.engine.rows import FOREVER, Record

_Key = tuple[str, str]  # kind, id


class Records:
    """Reads through to the ledger and keeps what was put until the chunk is taken."""

    def __init__(self, reading: Any) -> None:
        self._reading = reading  # ledger.records.RecordReading, or anything with its four methods
        self._laid: dict[_Key, Record] = {}  # of this process: put or read
        self._changed: set[_Key] = set()
        # Where to look for what is laid: keys by kind, by kind and contact, and of what falls due. A key stays where it
        # was once found, so whoever looks asks the record itself.
        self._of_kind: defaultdict[str, set[_Key]] = defaultdict(set)
        self._of_contact: defaultdict[tuple[str, int], set[_Key]] = defaultdict(set)
        self._with_date: set[_Key] = set()

    def get(self, kind: str, id: str) -> Record | None:
        """The record of that name, or None."""
        key = (kind, id)
        if key not in self._laid:
            found = self._reading.one(kind, id)
            if found is None:
                return None
            self._lay(found)
        record = self._laid[key]
        return record if record.fields else None

    def put(self, kind: str, id: str, fields: Mapping[str, Any], contact: int = 0, due_at: int = FOREVER) -> None:
        """Set a record. ``fields`` hold JSON values (amounts as int); ``due_at`` is what the clock looks at."""
        self._lay(Record(kind, id, contact, due_at, dict(fields)))
        self._changed.add((kind, id))

    def remove(self, kind: str, id: str) -> None:
        """Take a record away."""
        self.put(kind, id, {})

    def of_contact(self, kind: str, contact: int) -> list[Record]:
        """The records of a kind that belong to a contact, by id."""
        laid = self._here(self._of_contact[kind, contact])
        return self._merged(self._reading.of_contact(kind, contact), [r for r in laid if r.contact == contact])

    def of_kind(self, kind: str) -> list[Record]:
        """All records of a kind, by id."""
        return self._merged(self._reading.of_kind(kind), self._here(self._of_kind[kind]))

    def due(self, until: int) -> list[Record]:
        """The records due at or before a time, by (due_at, kind, id)."""
        laid = self._here(self._with_date)
        found = self._merged(self._reading.due(until), [r for r in laid if r.due_at <= until])
        return sorted(found, key=lambda r: (r.due_at, r.kind, r.id))

    def take(self) -> list[Record]:
        """What was changed since the last call, by (kind, id)."""
        changed = [self._laid[key] for key in sorted(self._changed)]
        self._changed.clear()
        self._laid = {}
        self._of_kind.clear()
        self._of_contact.clear()
        self._with_date.clear()
        return changed

    def snapshot(self) -> Any:
        """What ``restore`` takes the records back to."""
        return dict(self._laid), set(self._changed)

    def restore(self, snapshot: Any) -> None:
        """Undo what was put since the snapshot."""
        self._laid, self._changed = dict(snapshot[0]), set(snapshot[1])

    def _lay(self, record: Record) -> None:
        key = (record.kind, record.id)
        self._laid[key] = record
        self._of_kind[record.kind].add(key)
        self._of_contact[record.kind, record.contact].add(key)
        if record.due_at < FOREVER:
            self._with_date.add(key)

    def _here(self, keys: Iterable[_Key]) -> list[Record]:
        return [self._laid[key] for key in keys if key in self._laid]

    def _merged(self, stored: list[Record], laid: list[Record]) -> list[Record]:
        found = {(r.kind, r.id): r for r in stored if (r.kind, r.id) not in self._laid}
        found |= {(r.kind, r.id): r for r in laid if r.fields}
        return [found[key] for key in sorted(found)]
