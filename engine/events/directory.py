"""Contacts of the outside world and their numbers, given in the order of first appearance in the log."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from guerdon.engine.events.coding import Coded
from guerdon.engine.events.event import Event
from guerdon.engine.events.frames import Frames
from guerdon.engine.events.listed import EventList


class ContactKey(NamedTuple):
    """How a contact is named: by its ``id``, or by an identifier (card, email, phone, document, wallet_code)."""

    kind: str
    id: str


LookUp = Callable[[Sequence[ContactKey]], dict[ContactKey, int]]


class Directory:
    """Numbers of contacts. What this process has not seen is asked of the ledger, many at a time.

    ``look_up`` gives the numbers of those keys that the ledger knows; ``next_number`` is the first number not given.
    ``given`` collects what is new since it was last emptied, for the ledger to write in the same transaction.
    """

    def __init__(self, look_up: LookUp, next_number: int = 1) -> None:
        self._look_up = look_up
        self.next_number = next_number
        self.known: dict[ContactKey, int] = {}
        self.given: dict[ContactKey, int] = {}
        self._ids: dict[str, int] = {}
        self._tables: dict[int, tuple[object, np.ndarray]] = {}  # by table of names: it, and the number of each row

    def numbers(self, told: Frames | EventList, admitted: np.ndarray | None = None) -> np.ndarray:
        """int64[n] contact numbers, 0 for none, in log order: a contact not known is given the next number.

        Where ``admitted`` is False nothing is given: a contact is found if it is known from before or an earlier row.
        An identifier that nobody has registered stays 0: ids and what ``register_identifier`` was told have numbers.
        """
        if isinstance(told, EventList):
            keys = [None if e.contact is None else ContactKey(e.contact_kind, e.contact) for e in told.events]
            return self._one_by_one(keys, admitted)
        coded = told.coded.get("contact")
        return self._of_frame(told.events, admitted) if coded is None else self._of_table(told, coded, admitted)

    def _of_table(self, told: Frames, coded: Coded, admitted: np.ndarray | None) -> np.ndarray:
        """Where a reader told names as rows of a table of them: only those not found before are looked at as text."""
        _, found = self._tables.get(id(coded.table), (None, np.zeros(0, np.int64)))
        size = int(coded.rows.max()) + 1 if len(coded.rows) else 0
        if len(found) < size:
            grown = np.zeros(max(size, 2 * len(found)), np.int64)
            grown[: len(found)] = found
            found = grown
            self._tables[id(coded.table)] = (coded.table, found)  # held, so that its id stays its own
        numbers: np.ndarray = found[coded.rows]
        unknown = np.flatnonzero(numbers == 0)
        if len(unknown) and (admitted is None or admitted[unknown].all()):
            first = unknown[np.sort(np.unique(coded.rows[unknown], return_index=True)[1])]
            found[coded.rows[first]] = self._of_frame(told.events.select("contact", "contact_kind")[first], None)
            numbers = found[coded.rows]
        elif len(unknown):
            named = told.events.select("contact", "contact_kind")[unknown]
            given = self._of_frame(named, None if admitted is None else admitted[unknown])
            numbers[unknown] = given
            found[coded.rows[unknown[given > 0]]] = given[given > 0]
        return numbers

    def _of_frame(self, events: pl.DataFrame, admitted: np.ndarray | None) -> np.ndarray:
        """Of columns ``contact`` and ``contact_kind``."""
        named = events["contact"]
        if named.null_count() == len(named):
            return np.zeros(len(named), dtype=np.int64)
        if events["contact_kind"].null_count() < len(named):
            named_by = zip(named, events["contact_kind"], strict=True)
            keys = [None if name is None else ContactKey(kind or "id", name) for name, kind in named_by]
            return self._one_by_one(keys, admitted)
        distinct = (
            pl.DataFrame({"contact": named})
            .with_row_index("first")
            .drop_nulls()
            .unique("contact", keep="first", maintain_order=True)
        )
        ids = distinct["contact"].to_list()
        self._ask([ContactKey("id", name) for name in ids if name not in self._ids])
        fresh = [name for name in ids if name not in self._ids]
        if fresh and admitted is not None:
            first = self._first_admitted(named, admitted)
            fresh = [name for name in first if name not in self._ids]
        first_new = self.next_number
        for name in fresh:
            self._give(ContactKey("id", name))
        table = distinct.select("contact", number=pl.Series([self._ids.get(name, 0) for name in ids], dtype=pl.Int64))
        joined = pl.DataFrame({"contact": named}).join(table, on="contact", how="left", maintain_order="left")
        numbers = joined["number"].fill_null(0).to_numpy()
        return numbers if admitted is None or not fresh else _not_before(numbers, first_new, admitted)

    def number(self, event: Event, give: bool = True) -> int:
        """The number of one event's contact; 0 if it has none, or is not known and ``give`` is False."""
        if event.contact is None:
            return 0
        key = ContactKey(event.contact_kind, event.contact)
        if key not in self.known:
            self._ask([key])
        if key not in self.known and give and key.kind == "id":
            self._give(key)
        return self.known.get(key, 0)

    def register_identifier(self, kind: str, name: str, number: int) -> bool:
        """An identifier becomes another name of a contact; False if it already names another one."""
        key = ContactKey(kind, name)
        if key not in self.known:
            self._ask([key])
        if self.known.setdefault(key, number) != number:
            return False
        self.given.setdefault(key, number)
        return True

    def take_given(self) -> dict[ContactKey, int]:
        """What was given since the last call."""
        given, self.given = self.given, {}
        return given

    def forget(self, keys: Iterable[ContactKey]) -> None:
        """Takes back what was given, where the transaction that would have written it came to nothing."""
        self._tables.clear()
        for key in keys:
            self.known.pop(key, None)
            self.given.pop(key, None)
            if key.kind == "id":
                self._ids.pop(key.id, None)

    def _ask(self, keys: Sequence[ContactKey]) -> None:
        if keys:
            for key, number in self._look_up(keys).items():
                self._keep(key, number)

    def _give(self, key: ContactKey) -> None:
        self._keep(key, self.next_number)
        self.given[key] = self.next_number
        self.next_number += 1

    def _keep(self, key: ContactKey, number: int) -> None:
        self.known[key] = number
        if key.kind == "id":
            self._ids[key.id] = number

    def _one_by_one(self, keys: Sequence[ContactKey | None], admitted: np.ndarray | None) -> np.ndarray:
        """Of a few, or where some events name their contact by an identifier."""
        self._ask([key for key in dict.fromkeys(keys) if key is not None and key not in self.known])
        first_new = self.next_number
        for row, key in enumerate(keys):
            if key is not None and key.kind == "id" and key not in self.known and (admitted is None or admitted[row]):
                self._give(key)
        numbers = np.array([0 if key is None else self.known.get(key, 0) for key in keys], dtype=np.int64)
        return numbers if admitted is None else _not_before(numbers, first_new, admitted)

    def _first_admitted(self, named: pl.Series, admitted: np.ndarray) -> list[str]:
        kept: list[str] = named.filter(pl.Series(admitted)).drop_nulls().unique(maintain_order=True).to_list()
        return kept


def _not_before(numbers: np.ndarray, first_new: int, admitted: np.ndarray) -> np.ndarray:
    """The numbers, 0 for a contact whose number (``first_new`` or later) is only given by a later row."""
    new = numbers >= first_new
    if not new.any():
        return numbers
    givers = np.flatnonzero(new & admitted)
    given_at = np.full(int(numbers.max()) + 1 - first_new, len(numbers))
    np.minimum.at(given_at, numbers[givers] - first_new, givers)
    rows = np.flatnonzero(new)
    early = rows[rows < given_at[numbers[rows] - first_new]]
    if not len(early):
        return numbers
    kept = numbers.copy()
    kept[early] = 0
    return kept
