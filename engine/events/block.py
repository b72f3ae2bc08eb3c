"""Memory in which the lines of consecutive frames lie one after the other, so that joining them copies nothing."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import polars as pl

from guerdon.engine.events.frames import columns

LINES = 1 << 22  # of one block: some 24 bytes a line, and touched only as far as they are used
_NARROW = ("number", "product")


class Block:
    """Room for lines. Without ``net`` a line's net is its total, held once, and its tax is 0."""

    def __init__(self, lines: int, net: bool) -> None:
        self.used = 0
        self._arrays = {name: np.empty(lines, np.int32) for name in _NARROW}
        for name in ("quantity", "total", *(("net", "tax") if net else ())):
            self._arrays[name] = np.empty(lines, np.int64)
        frame = columns(self._arrays)
        if not net:
            frame = frame.with_columns(frame["total"].alias("net"), _zeros(lines).alias("tax"))
        self._frame = frame.select("number", "product", "quantity", "net", "tax", "total")

    def room(self, lines: int) -> bool:
        """Whether so many more lines fit."""
        return self.used + lines <= len(self._arrays["total"])

    def arrays(self, lines: int) -> tuple[np.ndarray, ...]:
        """Where the next lines go: number, product, quantity, net, tax, total; no room for what is not told."""
        stop = self.used + lines
        none = np.zeros(0, np.int64)
        order = ("number", "product", "quantity", "net", "tax", "total")
        return tuple(self._arrays[name][self.used : stop] if name in self._arrays else none for name in order)

    def take(self, lines: int) -> int:
        """The lines have been written: their first place."""
        first = self.used
        self.used += lines
        return first

    def frame(self, first: int, lines: int) -> pl.DataFrame:
        """Lines that were written, as columns that share this memory."""
        return self._frame.slice(first, lines)


@lru_cache(maxsize=1)
def _zeros(lines: int) -> pl.Series:
    return columns({"": np.zeros(lines, np.int64)}).to_series()
