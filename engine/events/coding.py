"""Text columns of few distinct values as small numbers, so that each value is looked at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

_DENSE = 1 << 22


def codes(values: pl.Series) -> np.ndarray:
    """int64: one number for each distinct text, 0 for null. Numbers of one column mean nothing in another."""
    if values.null_count() == len(values):
        return np.zeros(len(values), dtype=np.int64)
    physical = values.cast(pl.Categorical).to_physical().cast(pl.Int64)
    return (physical + 1).fill_null(0).to_numpy()


def distinct_rows(columns: Sequence[pl.Series]) -> tuple[np.ndarray, np.ndarray]:
    """Of rows of text: a row of each distinct combination, in order of first appearance, and which one each row is."""
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
