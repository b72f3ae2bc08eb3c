"""The keys by which events are told apart: which of an admission come twice in it, which the ledger knows.

``ListedKeys`` and ``FramedKeys`` answer the same questions, of a few events in plain Python, of many by column.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import NamedTuple, Protocol

import numpy as np
import polars as pl

from guerdon.engine.events.admission import Admission, Aside
from guerdon.engine.events.event import NO_CONTENT, Refused
from guerdon.engine.events.frames import Frames
from guerdon.engine.events.listed import EventList


class Owner(NamedTuple):
    """The event that owns a key (source, id)."""

    seq: int
    content: bytes  # hash of what it says


class KnownKeys(Protocol):
    """What identity asks of the ledger: many keys at once, or one."""

    def known(self, keys: pl.DataFrame) -> pl.DataFrame:
        """Of the keys (source, id) those that an event owns: row (of ``keys``), seq, content_a, content_b."""

    def known_one(self, source: str, id: str) -> Owner | None:
        """The event that owns a key; None: there is none."""

    def taken(self, keys: pl.DataFrame) -> np.ndarray:
        """The rows of the keys (merchant, series, reference; '' where there is none) that a posted event holds."""

    def is_taken(self, merchant: str, series: str, reference: str) -> bool:
        """Whether a posted event holds a business key."""


class Found(NamedTuple):
    """Keys that the ledger knows: their rows, the seqs of their owners, whether those said the same."""

    rows: np.ndarray
    seqs: np.ndarray
    same: np.ndarray


class ListedKeys:
    """The keys of a few events, and (source, id) of asides; compared one by one."""

    def __init__(self, told: EventList, asides: Sequence[Aside]) -> None:
        self._events = told.events
        self._keys = [(event.source, event.id) for event in told.events]
        self._keys += [(aside.told.source or "", aside.told.id or "") for aside in asides]
        self._contents = [*(event.content for event in told.events), *map(_content, asides)]

    def key(self, row: int) -> tuple[str, str]:
        """Source and id of a row."""
        return self._keys[row]

    def content(self, row: int) -> object:
        """The hash of what a row says, to be compared."""
        return self._contents[row]

    def known(self, ledger: KnownKeys) -> Found:
        """Those (source, id) that the ledger knows."""
        asked = [(row, ledger.known_one(*key)) for row, key in enumerate(self._keys)]
        found = [(row, owner.seq, self._contents[row] == owner.content) for row, owner in asked if owner is not None]
        rows, seqs, same = zip(*found, strict=True) if found else ((), (), ())
        return Found(np.array(rows, np.int64), np.array(seqs, np.int64), np.array(same, bool))

    def twice(self) -> np.ndarray:
        """Which (source, id) come twice, bool."""
        return _twice(self._keys)

    def contended(self, rows: np.ndarray, ledger: KnownKeys) -> np.ndarray:
        """Which of the events at ``rows`` have a business key that comes twice there or that the ledger knows, bool."""
        events = [self._events[row] for row in rows.tolist()]
        keys = [(event.merchant or "", event.series or "", str(event.reference)) for event in events]
        count = Counter(keys)
        return np.array([count[key] > 1 or ledger.is_taken(*key) for key in keys], bool)


class FramedKeys:
    """The keys of many events, and (source, id) of asides; compared by column."""

    def __init__(self, told: Frames, asides: Sequence[Aside]) -> None:
        self._events = told.events
        self._keys = told.events.select("source", "id", "content_a", "content_b")
        if asides:
            rows = [(each.told.source or "", each.told.id or "", *_halves(_content(each))) for each in asides]
            self._keys = pl.concat([self._keys, pl.DataFrame(rows, schema=self._keys.schema, orient="row")])

    def key(self, row: int) -> tuple[str, str]:
        """Source and id of a row."""
        source, name, *_ = self._keys.row(row)
        return source, name

    def content(self, row: int) -> object:
        """The hash of what a row says, to be compared."""
        return self._keys.row(row)[2:]

    def known(self, ledger: KnownKeys) -> Found:
        """Those (source, id) that the ledger knows."""
        found = ledger.known(self._keys.select("source", "id"))
        rows = found["row"].to_numpy().astype(np.int64)
        own = self._keys[rows]
        same = (own["content_a"] == found["content_a"]) & (own["content_b"] == found["content_b"])
        return Found(rows, found["seq"].to_numpy(), same.to_numpy())

    def twice(self) -> np.ndarray:
        """Which (source, id) come twice, bool."""
        ids = self._keys["id"]
        if ids.n_unique() == len(ids):
            return np.zeros(len(ids), bool)
        twice: np.ndarray = self._keys.select(pl.struct("source", "id").is_duplicated()).to_series().to_numpy()
        return twice

    def contended(self, rows: np.ndarray, ledger: KnownKeys) -> np.ndarray:
        """Which of the events at ``rows`` have a business key that comes twice there or that the ledger knows, bool."""
        chosen = pl.col("merchant").fill_null(""), pl.col("series").fill_null(""), pl.col("reference")
        keys = self._events.select(chosen)[rows]
        contended = np.array(keys.is_duplicated().to_numpy())
        contended[ledger.taken(keys)] = True
        return contended


def keys_of(admission: Admission) -> ListedKeys | FramedKeys:
    """The keys of an admission."""
    told = admission.told
    return FramedKeys(told, admission.asides) if isinstance(told, Frames) else ListedKeys(told, admission.asides)


def _twice(keys: Sequence[Hashable]) -> np.ndarray:
    count = Counter(keys)
    return np.array([count[key] > 1 for key in keys], bool)


def _content(aside: Aside) -> bytes:
    return aside.told.content if isinstance(aside.told, Refused) else NO_CONTENT


def _halves(content: bytes) -> tuple[int, int]:
    return int.from_bytes(content[:8], "little"), int.from_bytes(content[8:], "little")
