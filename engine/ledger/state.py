"""The state of contacts as the ledger holds it between runs: read for the contacts at hand, in one go."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Select, Table, bindparam, select

from guerdon.engine import rows
from guerdon.engine.ledger import tables
from guerdon.engine.ledger.matrices import records
from guerdon.engine.ledger.store import Store


class ContactState(NamedTuple):
    """Everything kept of some contacts, each array in the order of its key. Contacts without a row are left out."""

    contacts: np.ndarray  # CONTACT, ascending number; fields that live in memory only are 0
    lots: np.ndarray  # LOT, by contact; open ones, ``stored`` is 1
    counters: np.ndarray  # COUNTER, by contact
    memberships: np.ndarray  # MEMBERSHIP, by contact
    tiers: np.ndarray  # TIER_PERIOD, by contact, in the order in which they came
    profiles: dict[int, dict[str, Any]]  # fields and attributes by contact


_RECORDS: tuple[tuple[Table, str, np.dtype[np.void]], ...] = (
    (tables.contact, "number", rows.CONTACT),
    (tables.lot, "contact", rows.LOT),
    (tables.counter, "contact", rows.COUNTER),
    (tables.membership, "contact", rows.MEMBERSHIP),
    (tables.tier_period, "contact", rows.TIER_PERIOD),
)


def _one(table: Table, key: str) -> Select[Any]:
    return select(table).where(table.c[key] == bindparam("contact")).order_by(*table.primary_key.columns)


_OF_ONE = tuple(_one(table, key) for table, key, _ in _RECORDS)
_P = tables.profile.c
_PROFILE_OF_ONE = select(_P.contact, _P.fields).where(_P.contact == bindparam("contact"))
_SUBSCRIBED = select(tables.contact.c.number).where(tables.contact.c.subscribed_at > rows.NEVER).order_by("number")
_DUE = select(tables.contact.c.number).where(tables.contact.c.due_at <= bindparam("until")).order_by("number")


class StateReading:
    """Reads state from one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._of_many = tuple(
            select(table).where(store.among(table.c[key], "contacts")).order_by(*table.primary_key.columns)
            for table, key, _ in _RECORDS
        )

        self._profiles_of_many = select(_P.contact, _P.fields).where(store.among(_P.contact, "contacts"))

    def load(self, numbers: np.ndarray) -> ContactState:
        """The state of contacts by number (int64); a number asked for twice comes once."""
        if len(numbers) == 1:
            contact = int(numbers[0])
            found = [self._store.few(statement, contact=contact) for statement in _OF_ONE]
            profiles = self._store.rows(_PROFILE_OF_ONE, contact=contact)
        else:
            contacts = self._store.many(numbers)
            found = [self._store.matrix(statement, contacts=contacts) for statement in self._of_many]
            profiles = self._store.rows(self._profiles_of_many, contacts=contacts)
        state = [_records(matrix, table, dtype) for matrix, (table, _, dtype) in zip(found, _RECORDS, strict=True)]
        state[1]["stored"] = 1
        kept, lots, counters, memberships, tiers = state
        found_profiles = {contact: json.loads(fields) for contact, fields in profiles}
        return ContactState(kept, lots, counters, memberships, tiers, found_profiles)

    def subscribed(self) -> np.ndarray:
        """Numbers of the contacts with a running subscription, ascending."""
        return self._store.matrix(_SUBSCRIBED)[:, 0].copy()

    def due(self, until: int) -> np.ndarray:
        """Numbers of the contacts for whom something falls due up to ``until`` (µs UTC), ascending."""
        return self._store.matrix(_DUE, until=until)[:, 0].copy()


def _records(matrix: np.ndarray, table: Table, dtype: np.dtype[np.void]) -> np.ndarray:
    known = set(dtype.names or ())
    places = [(place, column.name) for place, column in enumerate(table.columns) if column.name in known]
    return records(matrix[:, [place for place, _ in places]], [name for _, name in places], dtype)
