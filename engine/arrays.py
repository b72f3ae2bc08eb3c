"""Arrays of records put together, at no cost for those without rows: most are, where an event is posted alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def joined(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Rows of one dtype one after the other; the only part that has rows is given back as it is.

    ``np.concatenate`` works out a common dtype field by field, which takes longer than a few rows do.

    >>> joined([np.zeros(0, "i8"), np.array([3]), np.array([4])]).tolist()
    [3, 4]
    """
    filled = [part for part in parts if len(part)]
    if len(filled) < 2:
        return filled[0] if filled else parts[0]
    whole = np.empty(sum(map(len, filled)), filled[0].dtype)
    start = 0
    for part in filled:
        whole[start : start + len(part)] = part
        start += len(part)
    return whole
