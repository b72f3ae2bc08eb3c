"""Records and texts in the form in which they are hashed, bound and read: int64 matrices and packed UTF-8."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from guerdon.engine.ledger.gathering import ascending, gather

if TYPE_CHECKING:
    from guerdon.engine.ledger.chunk import Texts


GATHERED_ROWS = 4_096  # rows from which one compiled pass beats a pass for each field


class Packed(NamedTuple):
    """Texts or bytes of n rows end to end: ``data[offsets[i]:offsets[i + 1]]`` is row i."""

    data: np.ndarray  # uint8
    offsets: np.ndarray  # int64[n + 1]


def matrix(records: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Fields of records as int64[n, names]; uint64 keeps its bits.

    >>> matrix(np.array([(3, 4)], [("a", "i4"), ("b", "i2")]), ["b", "a"]).tolist()
    [[4, 3]]
    """
    out = np.empty((len(records), len(names)), np.int64)
    if len(records) >= GATHERED_ROWS and records.dtype.isalignedstruct and records.dtype.itemsize % 8 == 0:
        gather(records, names, out)
        return out
    for place, name in enumerate(names):
        out[:, place] = records[name]
    return out


def records(numbers: np.ndarray, names: Sequence[str], dtype: np.dtype[np.void]) -> np.ndarray:
    """The way back: records of which the fields ``names`` are filled and the others zero."""
    out = np.zeros(len(numbers), dtype)
    for place, name in enumerate(names):
        out[name] = numbers[:, place]
    return out


def pack(texts: Texts, count: int) -> Packed:
    """Texts packed; no texts at all stand for ``count`` empty ones."""
    if len(texts) == 0:
        return _packed(np.zeros(0, np.uint8), np.zeros(count + 1, np.int64))
    if hasattr(texts, "to_arrow"):
        return _from_arrow(texts.to_arrow())
    parts = [text.encode() if isinstance(text, str) else text for text in texts]
    offsets = np.zeros(len(parts) + 1, np.int64)
    np.cumsum([len(part) for part in parts], out=offsets[1:])
    return _packed(np.frombuffer(b"".join(parts), np.uint8), offsets)


def _from_arrow(array: Any) -> Packed:
    import pyarrow as pa

    if not pa.types.is_large_string(array.type):
        array = array.cast(pa.large_string())
    _, places, data = array.buffers()
    offsets = np.frombuffer(places, np.int64, len(array) + 1, array.offset * 8)
    return _packed(np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(0, np.uint8), offsets)


def _packed(data: np.ndarray, offsets: np.ndarray) -> Packed:
    """Read-only, as what comes from Arrow is: compiled code takes the two for different types."""
    data.flags.writeable = offsets.flags.writeable = False
    return Packed(data, offsets)


def key_order(numbers: np.ndarray, keys: int) -> np.ndarray | None:
    """The order in which the first ``keys`` columns ascend; None if they do already."""
    if len(numbers) < 2:
        return None
    if ascending(numbers, keys):
        return None
    return np.lexsort(tuple(numbers[:, place] for place in reversed(range(keys))))


def sorted_by_key(numbers: np.ndarray, keys: int) -> np.ndarray:
    """The matrix with its rows in the order of its first columns."""
    order = key_order(numbers, keys)
    return numbers if order is None else numbers[order]


def running_number(*columns: np.ndarray) -> np.ndarray:
    """1, 2, ... within each run of rows that are equal in all columns; equal rows lie together.

    >>> running_number(np.array([5, 5, 7])).tolist()
    [1, 2, 1]
    """
    count = len(columns[0])
    if not count:
        return np.zeros(0, np.int64)
    first = np.ones(count, bool)
    first[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
    starts = np.flatnonzero(first)
    return np.arange(count) - np.repeat(starts, np.diff(np.append(starts, count))) + 1
