"""Loops over lines and texts that are compiled: what a feed of millions of lines needs beside whole-column operations.

Each function is plain Python too; ``compiled`` gives its compiled twin, made when it is first wanted and kept on disk.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

PRIME_A = np.uint64(2**55 - 55)
PRIME_B = np.uint64(2**54 - 33)
_MIX_A = np.uint64(0xFF51AFD7ED558CCD)
_MIX_B = np.uint64(0xC4CEB9FE1A85EC53)
_SHIFT = np.uint64(33)
_BYTE = np.uint64(256)


@cache
def compiled(function: Callable[..., Any]) -> Any:
    """The compiled twin of a function of this module."""
    import numba

    return numba.njit(cache=True, error_model="numpy")(function)


def whole_numbers(values: np.ndarray, factor: float, closeness: float, out: np.ndarray, bad: np.ndarray) -> bool:
    """Floats × factor as int64 where that is close to a whole number; marks the others and says if there are any."""
    some = False
    for row in range(len(values)):
        scaled = values[row] * factor
        nearest = np.rint(scaled)
        if abs(scaled - nearest) <= closeness and abs(nearest) < 9e15:
            out[row] = np.int64(nearest)
        else:
            out[row] = 0
            bad[row] = True
            some = True
    return some


def gather_lines(
    first: np.ndarray,  # int64[n] rows of the line arrays, in the order in which events are wanted
    count: np.ndarray,  # int32[n]
    product: np.ndarray,  # int32[rows]
    quantity: np.ndarray,  # int64[rows]
    total: np.ndarray,
    net: np.ndarray,  # int64[rows]; empty: the total
    lanes: np.ndarray,  # uint64[products, 2]
    factors: np.ndarray,  # uint64[2, 6] content.LINE_FACTORS
    lines: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    sums: np.ndarray,  # int64[n, 3] total, net, quantity
    words: np.ndarray,  # uint64[n, 2] the lines' share of the content
) -> None:
    """Lines in the order of their events, with what they add up to and the hash of what they say."""
    line_event, line_number, line_product, line_quantity, line_net, line_tax, line_total = lines
    told_net = len(net) > 0
    at = 0
    for event in range(len(first)):
        a = np.uint64(0)
        b = np.uint64(0)
        for place in range(count[event]):
            row = first[event] + place
            kind = product[row]
            amount = total[row]
            netto = net[row] if told_net else amount
            line_event[at] = event
            line_number[at] = place + 1
            line_product[at] = kind
            line_quantity[at] = quantity[row]
            line_total[at] = amount
            line_net[at] = netto
            line_tax[at] = amount - netto
            at += 1
            sums[event, 0] += amount
            sums[event, 1] += netto
            sums[event, 2] += quantity[row]
            number = np.uint64(place + 1)
            pieces = np.uint64(quantity[row])
            before_tax = np.uint64(netto)
            tax = np.uint64(amount - netto)
            gross = np.uint64(amount)
            word = number * factors[0, 0] + pieces * factors[0, 1] + before_tax * factors[0, 2]
            word += tax * factors[0, 3] + gross * factors[0, 4] + lanes[kind, 0] * factors[0, 5]
            word ^= word >> _SHIFT
            word *= _MIX_A
            word ^= word >> _SHIFT
            word *= _MIX_B
            a += word ^ (word >> _SHIFT)
            word = number * factors[1, 0] + pieces * factors[1, 1] + before_tax * factors[1, 2]
            word += tax * factors[1, 3] + gross * factors[1, 4] + lanes[kind, 1] * factors[1, 5]
            word ^= word >> _SHIFT
            word *= _MIX_A
            word ^= word >> _SHIFT
            word *= _MIX_B
            b += word ^ (word >> _SHIFT)
        words[event, 0] = a
        words[event, 1] = b


def text_lanes_of(offsets: np.ndarray, data: np.ndarray, lanes: np.ndarray) -> None:
    """``content.text_lanes`` of texts that lie one after the other in ``data``."""
    for row in range(len(offsets) - 1):
        a = np.uint64(1)
        b = np.uint64(1)
        for place in range(offsets[row + 1] - 1, offsets[row] - 1, -1):
            byte = np.uint64(data[place])
            a = (a * _BYTE + byte) % PRIME_A
            b = (b * _BYTE + byte) % PRIME_B
        lanes[row, 0] = a
        lanes[row, 1] = b


def mixed(words: np.ndarray) -> np.ndarray:
    """``content.mix`` of a whole uint64 array."""
    words = words ^ (words >> _SHIFT)
    words = words * _MIX_A
    words = words ^ (words >> _SHIFT)
    words = words * _MIX_B
    mixed_words: np.ndarray = words ^ (words >> _SHIFT)
    return mixed_words
