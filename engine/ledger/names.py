"""The registry: every name in the ledger has a number, given in the order of first appearance and never changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import numpy as np

# The place in this list, counted from 1, is stored. Add at the end, never renumber.
KINDS: Final = (
    "contact", "merchant", "venue", "pool", "scheme", "offer", "tier", "slot", "source", "version", "card",
    "certificate",
)  # fmt: skip
KIND_NUMBERS: Final = {kind: place for place, kind in enumerate(KINDS, 1)}

Rows = list[tuple[int, str]]


class Names:
    """Numbers of names by kind and back. Number 0 stands for none.

    New numbers are given in memory and written by the next chunk. A kind is read from the database when first asked
    for. ``read(kind number)`` returns the (number, id) rows stored.

    >>> names = Names(lambda kind: [(1, "ann")])
    >>> names.number("contact", "ann"), names.number("contact", "bob"), names.id("contact", 2)
    (1, 2, 'bob')
    """

    def __init__(self, read: Callable[[int], Rows]) -> None:
        self._read = read
        self._numbers: dict[str, dict[str, int]] = {}
        self._ids: dict[str, list[str]] = {}
        self._unwritten: list[tuple[int, int, str]] = []

    def number(self, kind: str, id: str) -> int:
        """The number of a name, a new one if it has none. The empty name is number 0."""
        known = self._numbers.get(kind)
        if known is None:
            known = self._load(kind)
        found = known.get(id)
        if found is None:
            found = self._give(kind, known, id)
        return found

    def numbers(self, kind: str, ids: Iterable[str]) -> np.ndarray:
        """``number`` for many: int64, one each, new ones in the order in which they come."""
        known = self._numbers.get(kind)
        if known is None:
            known = self._load(kind)
        get = known.get
        found = [get(id) or (0 if id == "" else self._give(kind, known, id)) for id in ids]
        return np.array(found, np.int64)

    def find(self, kind: str, id: str) -> int:
        """The number of a name, 0 if it has none; gives no new one."""
        known = self._numbers.get(kind)
        if known is None:
            known = self._load(kind)
        return known.get(id, 0)

    def id(self, kind: str, number: int) -> str:
        """The name of a number; '' for 0. KeyError for a number that was never given."""
        if kind not in self._ids:
            self._load(kind)
        ids = self._ids[kind]
        if not 0 <= number < len(ids):
            raise KeyError(f"{kind} {number}")
        return ids[number]

    def forget(self, kind: str, number: int) -> str:
        """The name of a number is erased: returned once, and free to be another's; the number stays taken."""
        name = self.id(kind, number)
        self._numbers[kind].pop(name, None)
        self._ids[kind][number] = ""
        return name

    def ids(self, kind: str) -> list[str]:
        """All names of a kind by number; place 0 is ''. Don't change it."""
        if kind not in self._ids:
            self._load(kind)
        return self._ids[kind]

    def unwritten(self) -> list[tuple[int, int, str]]:
        """(kind number, number, id) of what the database doesn't have yet."""
        return list(self._unwritten)

    def written(self, count: int) -> None:
        """The first ``count`` of the unwritten are in the database now."""
        del self._unwritten[:count]

    def refresh(self, read_after: Callable[[int, int], Rows], erased: bool) -> None:
        """Others have written: what was given here and is not written is taken back, and what they gave is read.

        ``read_after(kind number, number)`` returns the rows stored after a number. ``erased``: some may be gone.
        """
        for kind_number, number, id in reversed(self._unwritten):
            kind = KINDS[kind_number - 1]
            self._numbers[kind].pop(id, None)
            del self._ids[kind][number:]
        self._unwritten.clear()
        if erased:
            self._numbers.clear()
            self._ids.clear()
        for kind, ids in self._ids.items():
            for number, id in sorted(read_after(KIND_NUMBERS[kind], len(ids) - 1)):
                ids.extend([""] * (number - len(ids)))
                ids.append(id)
                self._numbers[kind][id] = number

    def _load(self, kind: str) -> dict[str, int]:
        stored = sorted(self._read(KIND_NUMBERS[kind]))
        ids = [""]
        for number, id in stored:
            ids.extend([""] * (number - len(ids)))  # erased names leave a gap
            ids.append(id)
        known = {id: number for number, id in enumerate(ids) if id}
        known[""] = 0
        self._ids[kind] = ids
        self._numbers[kind] = known
        return known

    def _give(self, kind: str, known: dict[str, int], id: str) -> int:
        ids = self._ids[kind]
        number = len(ids)
        ids.append(id)
        known[id] = number
        self._unwritten.append((KIND_NUMBERS[kind], number, id))
        return number
