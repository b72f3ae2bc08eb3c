"""Whole numbers that stand for names: each distinct one made text, and hashed, once."""

from __future__ import annotations

import numpy as np
import polars as pl

from guerdon.engine.events.coding import Coded, Numbered
from guerdon.engine.events.units import lanes


class Rendered:
    """The distinct values of one column, in the order in which they were met; grows as rows come."""

    def __init__(self) -> None:
        self.texts = pl.Series("text", [], dtype=pl.String)
        self.lanes = np.zeros((0, 2), dtype=np.uint64)
        self._numbered = Numbered()

    def code(self, values: pl.Series) -> Coded | None:
        """The column as rows of this table; None if it does not hold whole numbers."""
        if not values.dtype.is_integer() or values.null_count():
            return None
        numbers = values.cast(pl.Int64, strict=False)
        if numbers.null_count():
            return None
        told = numbers.to_numpy()
        rows, lacking = self._numbered.find(told)
        if lacking:
            self._add(np.unique(told[rows < 0]))
            rows, _ = self._numbered.find(told)
        return Coded(self, rows)

    def _add(self, numbers: np.ndarray) -> None:
        fresh = pl.Series("text", numbers).cast(pl.String)
        self._numbered.put(numbers, np.arange(len(self.texts), len(self.texts) + len(numbers)))
        self.texts = pl.concat([self.texts, fresh], rechunk=True)
        self.lanes = np.concatenate([self.lanes, lanes(fresh)])
