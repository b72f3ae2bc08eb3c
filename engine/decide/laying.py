"""The desk in its two forms, laid anew only where an array is another than before.

A batch of one event changes the seven arrays of the batch; the other fifty stay, and with them their views and heads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from guerdon.engine.decide.desk_fields import FIELDS, Desk

_HEAD_WORDS, _ZEROS = 5, 2  # before shape and strides; of these the first, see memory.addresses


class LaidDesk:
    """The arrays on the desk. ``heads``: what the compiled step reads; the same array for good.

    ``heads_of_all`` makes the heads of a whole desk; without it there are none.
    """

    def __init__(self, heads_of_all: Callable[[Desk], np.ndarray] | None) -> None:
        self._heads_of_all = heads_of_all
        self._arrays: dict[str, np.ndarray] = {}  # as they were given
        self._whole: dict[str, np.ndarray] = {}  # the same, contiguous
        self._place: dict[str, int] = {}  # of an array's head among the words
        words = 0
        for name, (_, dimensions) in FIELDS.items():
            self._place[name] = words
            words += _HEAD_WORDS + 2 * dimensions
        self.heads: Any = None
        self._plain: Any = None
        self._unseen: set[str] = set()  # arrays that ``plain`` has not taken up yet

    def lay(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Put these arrays, all of them, on the desk."""
        known = self._arrays
        moved = {name: array for name, array in arrays.items() if known.get(name) is not array}
        known.update(moved)
        self._unseen.update(moved)
        if self._heads_of_all is not None:
            self._lay_heads(moved)

    @property
    def plain(self) -> Desk:
        """Records as the uncompiled step and the handlers read them; a batch may come and go without a look at it."""
        if self._unseen:
            told = {name: self._arrays[name] for name in self._unseen}
            views = {name: array.view(np.recarray) if array.dtype.names else array for name, array in told.items()}
            self._plain = Desk(**views) if self._plain is None else self._plain._replace(**views)
            self._unseen.clear()
        return self._plain

    def _lay_heads(self, moved: Mapping[str, np.ndarray]) -> None:
        whole = {name: np.ascontiguousarray(array) for name, array in moved.items()}
        self._whole.update(whole)
        if self.heads is None or not all(_fits(name, array) for name, array in whole.items()):
            assert self._heads_of_all is not None
            self.heads = self._heads_of_all(Desk(**self._whole))  # which says what does not fit
            return
        for name, array in whole.items():
            head = (array.size, array.itemsize, array.ctypes.data, *array.shape, *array.strides)
            first = self._place[name] + _ZEROS
            self.heads[first : first + len(head)] = head


def _fits(name: str, array: np.ndarray) -> bool:
    dtype, dimensions = FIELDS[name]
    return array.dtype == dtype and array.ndim == dimensions
