"""Names as readers beside a writer need them: looked up one by one, so that new ones are seen and none is loaded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from sqlalchemy import bindparam, func, select

from guerdon.engine.ledger import tables
from guerdon.engine.ledger.names import KIND_NUMBERS, Names
from guerdon.engine.ledger.store import Store

_MANY: Final = frozenset({"contact", "card", "certificate"})  # kinds of which a ledger may hold millions
_N = tables.name.c
_OF_KIND = select(_N.number, _N.id).where(_N.kind == bindparam("kind"))
_BY_ID = select(_N.number).where(_N.kind == bindparam("kind"), _N.id == bindparam("id"))
_BY_NUMBER = select(_N.id).where(_N.kind == bindparam("kind"), _N.number == bindparam("number"))
_LAST = select(func.coalesce(func.max(_N.number), 0)).where(_N.kind == bindparam("kind"))


class FreshNames(Names):
    """Names as committed now. Kinds with few names are kept until one is asked for that isn't among them.

    New numbers of the other kinds, which only a preview gives, are known here alone.
    """

    def __init__(self, store: Store) -> None:
        super().__init__(lambda kind: [(int(number), str(id)) for number, id in store.rows(_OF_KIND, kind=kind)])
        self._store = store
        self._given: dict[tuple[str, str], int] = {}

    def find(self, kind: str, id: str) -> int:
        """The number of a name, 0 if it has none."""
        if id == "":
            return 0
        if kind in _MANY:
            found = self._store.rows(_BY_ID, kind=KIND_NUMBERS[kind], id=id)
            return int(found[0][0]) if found else self._given.get((kind, id), 0)
        known = super().find(kind, id)
        if not known and kind in self._ids:
            self._load(kind)
            known = super().find(kind, id)
        return known

    def id(self, kind: str, number: int) -> str:
        """The name of a number; '' for 0. KeyError for a number that was never given."""
        if number == 0:
            return ""
        if kind in _MANY:
            found = self._store.rows(_BY_NUMBER, kind=KIND_NUMBERS[kind], number=number)
            given = [id for (of, id), each in self._given.items() if of == kind and each == number]
            if not found and not given:
                raise KeyError(f"{kind} {number}")
            return str(found[0][0]) if found else given[0]
        if kind not in self._ids or number >= len(self._ids[kind]):
            self._load(kind)
        return super().id(kind, number)

    def ids(self, kind: str) -> list[str]:
        """All names of a kind by number; place 0 is ''."""
        self._load(kind)
        whole = self._ids[kind]
        if kind in _MANY:
            del self._ids[kind], self._numbers[kind]
        return whole

    def number(self, kind: str, id: str) -> int:
        """The number of a name, a new one if it has none."""
        known = self.find(kind, id)
        if known or id == "":
            return known
        if kind not in _MANY:
            return super().number(kind, id)
        last = int(self._store.rows(_LAST, kind=KIND_NUMBERS[kind])[0][0])
        taken = [number for (of, _), number in self._given.items() if of == kind]
        self._given[kind, id] = max([last, *taken]) + 1
        return self._given[kind, id]

    def numbers(self, kind: str, ids: Iterable[str]) -> np.ndarray:
        """``number`` for many: int64."""
        return np.array([self.number(kind, id) for id in ids], np.int64)

    def forget(self, kind: str, number: int) -> str:
        """The name of a number; nothing is forgotten here, where nothing is written."""
        return self.id(kind, number)
