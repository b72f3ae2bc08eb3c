"""Compiled passes over records: fields of every width into one int64 matrix, and sums by account."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

_BLOCK = 128  # rows that stay in the nearest cache while their fields are copied one after the other


@numba.njit(cache=True, nogil=True)
def _gather(
    longs: Any, ints: Any, shorts: Any, chars: Any, sizes: Any, offsets: Any, bytes_each: Any, out: Any
) -> None:
    for first in range(0, out.shape[0], _BLOCK):
        last = min(first + _BLOCK, out.shape[0])
        for k in range(out.shape[1]):
            start = offsets[k]
            if sizes[k] == 8:
                for row in range(first, last):
                    out[row, k] = longs[(row * bytes_each + start) >> 3]
            elif sizes[k] == 4:
                for row in range(first, last):
                    out[row, k] = ints[(row * bytes_each + start) >> 2]
            elif sizes[k] == 2:
                for row in range(first, last):
                    out[row, k] = shorts[(row * bytes_each + start) >> 1]
            else:
                for row in range(first, last):
                    out[row, k] = chars[row * bytes_each + start]


def gather(records: np.ndarray, names: Any, out: np.ndarray) -> None:
    """Fills int64[n, names] from aligned records of integers; uint64 keeps its bits."""
    dtype = records.dtype
    fields = [(dtype[name].itemsize, (dtype.fields or {})[name][1]) for name in names]
    raw = np.ascontiguousarray(records).view(np.uint8)
    _gather(
        raw.view(np.int64), raw.view(np.int32), raw.view(np.int16), raw.view(np.int8),
        np.array([size for size, _ in fields], np.int64), np.array([offset for _, offset in fields], np.int64),
        dtype.itemsize, out,
    )  # fmt: skip


@numba.njit(cache=True, nogil=True)
def _account_sums(transfers: Any, debit: Any, credit: Any, unit: Any, amount: Any, keys: Any, sums: Any) -> Any:
    """Adds each transfer to its two accounts in a hash table of power-of-two size; -1 if it is too small."""
    mask = np.uint64(keys.shape[0] - 1)
    filled = 0
    for row in range(transfers.shape[0]):
        for side in range(2):
            account = transfers[row, debit] if side == 0 else transfers[row, credit]
            key = account | (transfers[row, unit] << 60)
            slot = (np.uint64(key) * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(20)) & mask
            while keys[slot] != key:
                if keys[slot] == 0:
                    if 2 * filled >= keys.shape[0]:
                        return -1
                    keys[slot] = key
                    filled += 1
                    break
                slot = (slot + np.uint64(1)) & mask
            sums[slot] += transfers[row, amount] if side == 1 else -transfers[row, amount]
    return filled


@numba.njit(cache=True, nogil=True)
def ascending(numbers: Any, keys: int) -> bool:
    """Whether the rows are in the order of their first ``keys`` columns."""
    for row in range(1, numbers.shape[0]):
        for k in range(keys):
            if numbers[row - 1, k] < numbers[row, k]:
                break
            if numbers[row - 1, k] > numbers[row, k]:
                return False
    return True


UNIT_SHIFT = 60  # above every account number


def account_sums(transfers: np.ndarray, places: tuple[int, ...]) -> np.ndarray:
    """What transfers add to each account: (account, unit, minor) rows in key order; a sum of zero has its row too.

    ``places``: the columns of debit, credit, unit and amount.
    """
    debit, credit, unit, amount = places
    size = 1 << max(6, len(transfers).bit_length())
    while True:
        keys, sums = np.zeros(size, np.int64), np.zeros(size, np.int64)
        if _account_sums(transfers, debit, credit, unit, amount, keys, sums) >= 0:
            break
        size *= 4
    used = np.flatnonzero(keys)
    rows = np.stack([keys[used] & ((1 << UNIT_SHIFT) - 1), keys[used] >> UNIT_SHIFT, sums[used]], axis=1)
    return rows[np.lexsort((rows[:, 1], rows[:, 0]))]
