"""Exact integer arithmetic of the step: products over 64 bits, rounding, bits of masks.

Each function here has a plain form (Python's ``int``) and a compiled twin in ``intrinsics``; a property test holds the
two to each other over the whole range.
"""

from __future__ import annotations

from typing import Any

import numpy as np

HALF_UP, HALF_EVEN, FLOOR, CEIL, HALF_DOWN = 0, 1, 2, 3, 4
U0 = np.uint64(0)
U1 = np.uint64(1)


def muldivmod(a: int, b: int, c: int) -> tuple[int, int]:
    """Quotient and remainder of ``a × b ÷ c`` for ``a, b ≥ 0`` and ``c > 0``, exact whatever the product.

    >>> muldivmod(10**18, 10**9, 10**9 + 7)
    (999999993000000048, 999999664)
    """
    quotient, remainder = divmod(int(a) * int(b), int(c))
    return quotient, remainder


def rounded(quotient: int, remainder: int, c: int, mode: int) -> int:
    """The quotient rounded by ``mode``, given the remainder of a division by ``c``.

    >>> rounded(2, 5, 10, HALF_UP), rounded(2, 5, 10, HALF_EVEN), rounded(2, 5, 10, HALF_DOWN), rounded(2, 1, 10, CEIL)
    (3, 2, 2, 3)
    """
    if remainder == 0 or mode == FLOOR:
        return quotient
    if mode == CEIL:
        return quotient + 1
    rest = c - remainder
    if remainder > rest:
        return quotient + 1
    if remainder < rest or mode == HALF_DOWN:
        return quotient
    if mode == HALF_EVEN:
        return quotient + (quotient & 1)
    return quotient + 1


def muldiv(a: int, b: int, c: int, mode: int) -> int:
    """``a × b ÷ c`` rounded by ``mode``; ``a, b ≥ 0``, ``c > 0``.

    >>> muldiv(45, 1, 100, HALF_UP), muldiv(50, 1, 100, HALF_UP), muldiv(50, 1, 100, HALF_DOWN)
    (0, 1, 0)
    """
    quotient, remainder = muldivmod(a, b, c)
    return rounded(quotient, remainder, c, mode)


def lowest_bit(mask: np.uint64) -> int:
    """Place of the lowest set bit of a non-zero mask."""
    return (int(mask) & -int(mask)).bit_length() - 1


def bit_count(mask: np.uint64) -> int:
    """Number of set bits."""
    return int(mask).bit_count()


def has_bit(mask: np.uint64, place: int) -> bool:
    """Whether the bit is set. ``mask`` is an unsigned 64-bit word."""
    return bool((np.uint64(mask) >> np.uint64(place)) & U1)


def bit(place: int) -> np.uint64:
    """An unsigned 64-bit word with one bit set."""
    return U1 << np.uint64(place)


def prefetch(record: Any, line: int) -> None:
    """Machine code asks for a cache line of the record here; plain Python has no use for it."""
