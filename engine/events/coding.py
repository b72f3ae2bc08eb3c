"""Columns of few distinct values as small numbers, so that each value is looked at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import polars as pl

from guerdon.engine.events.kernel import compiled, lay_down, look_up

_DENSE = 1 << 22


class Distinct(Protocol):
    """A table of distinct texts, hashed: ``lanes`` uint64[n, 2]."""

    lanes: np.ndarray


@dataclass(slots=True)
class Coded:
    """A column as rows of a table of distinct values. The table only grows: a row means the same in every batch."""

    table: Distinct
    rows: np.ndarray  # int32[n]

    def take(self, rows: np.ndarray) -> Coded:
        """The same of the events at ``rows``."""
        return Coded(self.table, self.rows[rows])


class Numbered:
    """Whole numbers and the row that each was given: a hash table that compiled loops look into."""

    def __init__(self) -> None:
        self._count = 0
        self._table = _empty(1 << 10)

    def find(self, numbers: np.ndarray) -> tuple[np.ndarray, bool]:
        """int32 rows of int64 numbers, -1 for those not put yet, and whether there are such."""
        rows = np.empty(len(numbers), dtype=np.int32)
        lacking: bool = compiled(look_up)(numbers, self._table, rows)
        return rows, lacking

    def put(self, numbers: np.ndarray, rows: np.ndarray) -> None:
        """Give rows to numbers that have none yet, each told once."""
        self._count += len(numbers)
        if 2 * self._count > len(self._table):
            held = self._table[self._table[:, 1] >= 0]
            self._table = _empty(1 << int(4 * self._count).bit_length())
            compiled(lay_down)(held[:, 0].copy(), held[:, 1].copy(), self._table)
        compiled(lay_down)(numbers, rows.astype(np.int64), self._table)


def _empty(size: int) -> np.ndarray:
    table = np.zeros((size, 2), dtype=np.int64)  # number, row
    table[:, 1] = -1
    return table


def codes(values: pl.Series) -> np.ndarray:
    """int64: one number for each distinct value, 0 for null. Numbers of one column mean nothing in another."""
    if values.null_count() == len(values):
        return np.zeros(len(values), dtype=np.int64)
    if values.dtype.is_integer() and values.null_count() == 0:
        numbers = values.to_numpy().astype(np.int64)
        low = int(numbers.min())
        if int(numbers.max()) - low < _DENSE:
            return numbers - (low - 1)
    # Categories of its own: those that all columns share would number every text that the process has ever seen.
    physical = values.cast(pl.String).cast(pl.Categorical(pl.Categories.random())).to_physical().cast(pl.Int64)
    return (physical + 1).fill_null(0).to_numpy()


def distinct_rows(columns: Sequence[pl.Series]) -> tuple[np.ndarray, np.ndarray]:
    """A row of each distinct combination of values, in order of first appearance, and which one each row is."""
    size = len(columns[0])
    key = np.zeros(size, dtype=np.int64)
    for column in columns:
        if column.null_count() < size:
            numbers = codes(column)
            width = int(numbers.max()) + 1
            if int(key.max()) * width > 1 << 40:
                key = np.unique(key, return_inverse=True)[1]
            key = key * width + numbers
    if not size or int(key.max()) >= _DENSE:
        _, first, places = np.unique(key, return_index=True, return_inverse=True)
    else:
        seen = np.full(int(key.max()) + 1, -1, dtype=np.int64)
        seen[key[::-1]] = np.arange(size - 1, -1, -1)
        found = np.flatnonzero(seen >= 0)
        first, number = seen[found], np.zeros(len(seen), dtype=np.int64)
        number[found] = np.arange(len(found))
        places = number[key]
    order = np.argsort(first)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return first[order], rank[places]
