"""Reading records: the things that have a state of their own (see ``tables.record``)."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import bindparam, select

from guerdon.engine.ledger import tables
from guerdon.engine.ledger.store import Store
from guerdon.engine.rows import Record

_R = tables.record.c
_ALL = select(_R.kind, _R.id, _R.contact, _R.due_at, _R.fields)
_ONE = _ALL.where(_R.kind == bindparam("kind"), _R.id == bindparam("id"))
_OF_CONTACT = _ALL.where(_R.contact == bindparam("contact"), _R.kind == bindparam("kind")).order_by(_R.id)
_OF_KIND = _ALL.where(_R.kind == bindparam("kind")).order_by(_R.id)
_DUE = _ALL.where(_R.due_at <= bindparam("until")).order_by(_R.due_at, _R.kind, _R.id)


class RecordReading:
    """The records of a ledger, as committed."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def one(self, kind: str, id: str) -> Record | None:
        """The record of that name; None: there is none."""
        found = self._read(_ONE, kind=kind, id=id)
        return found[0] if found else None

    def of_contact(self, kind: str, contact: int) -> list[Record]:
        """The records of a kind of a contact (number), by id."""
        return self._read(_OF_CONTACT, kind=kind, contact=contact)

    def of_kind(self, kind: str) -> list[Record]:
        """All records of a kind, by id."""
        return self._read(_OF_KIND, kind=kind)

    def due(self, until: int) -> list[Record]:
        """The records due up to a time (µs UTC), by (due_at, kind, id)."""
        return self._read(_DUE, until=until)

    def _read(self, statement: Any, **parameters: Any) -> list[Record]:
        rows = self._store.rows(statement, **parameters)
        return [Record(kind, id, contact, due_at, json.loads(fields)) for kind, id, contact, due_at, fields in rows]
