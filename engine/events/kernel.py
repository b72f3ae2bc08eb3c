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
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)
_NEXT = np.uint64(1)


@cache
def compiled(function: Callable[..., Any]) -> Any:
    """The compiled twin of a function of this module."""
    import numba

    return numba.njit(cache=True, error_model="numpy", nogil=True)(function)


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


def look_up(numbers: np.ndarray, table: np.ndarray, rows: np.ndarray) -> bool:
    """Rows of numbers in a hash table (int64[2^k, 2]: number, row), -1 for those not in it; whether there are such."""
    mask = np.uint64(len(table) - 1)
    lacking = False
    for place in range(len(numbers)):
        number = numbers[place]
        at = np.uint64(number) * _SPREAD
        at = (at ^ (at >> _HALF)) & mask
        while table[at, 1] >= 0 and table[at, 0] != number:
            at = (at + _NEXT) & mask
        row = table[at, 1]
        rows[place] = row
        lacking |= row < 0
    return lacking


def lay_down(numbers: np.ndarray, rows: np.ndarray, table: np.ndarray) -> None:
    """Put numbers that are not in it into a hash table with room for them."""
    mask = np.uint64(len(table) - 1)
    for place in range(len(numbers)):
        at = np.uint64(numbers[place]) * _SPREAD
        at = (at ^ (at >> _HALF)) & mask
        while table[at, 1] >= 0:
            at = (at + _NEXT) & mask
        table[at, 0] = numbers[place]
        table[at, 1] = rows[place]


def same_inside(values: np.ndarray, first: np.ndarray, good: np.ndarray) -> None:
    """Groups of rows (from ``first`` on) that do not all hold the same value are no longer good."""
    for event in range(len(first)):
        end = first[event + 1] if event + 1 < len(first) else len(values)
        told = values[first[event]]
        same = True
        for row in range(first[event] + 1, end):
            same &= values[row] == told
        good[event] &= same


def gather_lines(
    first: np.ndarray,  # int64[n] rows of the line arrays, in the order in which events are wanted
    count: np.ndarray,  # int32[n]
    product: np.ndarray,  # int32[rows]
    quantity: np.ndarray,  # int64[rows]; empty: one each
    total: np.ndarray,
    net: np.ndarray,  # int64[rows]; empty: the total
    lanes: np.ndarray,  # uint64[products, 2]
    factors: np.ndarray,  # uint64[2, 6] content.LINE_FACTORS
    lines: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    sums: np.ndarray,  # int64[3, n] total, net, quantity
    words: np.ndarray,  # uint64[2, n] the lines' share of the content
) -> None:
    """Lines in the order of their events, with what they add up to and the hash of what they say.

    Without ``net`` neither the net nor the tax of lines is written.
    """
    line_number, line_product, line_quantity, line_net, line_tax, line_total = lines
    told_net = len(net) > 0
    told_quantity = len(quantity) > 0
    at = 0
    for event in range(len(first)):
        gross = 0
        before_tax = 0
        pieces = 0
        for place in range(count[event]):
            row = first[event] + place
            kind = product[row]
            amount = total[row]
            many = quantity[row] if told_quantity else 1000
            netto = amount
            line_number[at] = place + 1
            line_product[at] = kind
            line_quantity[at] = many
            line_total[at] = amount
            if told_net:
                netto = net[row]
                line_net[at] = netto
                line_tax[at] = amount - netto
            at += 1
            gross += amount
            before_tax += netto
            pieces += many
            for lane in range(2):
                word = np.uint64(place + 1) * factors[lane, 0] + np.uint64(many) * factors[lane, 1]
                word += np.uint64(netto) * factors[lane, 2] + np.uint64(amount - netto) * factors[lane, 3]
                word += np.uint64(amount) * factors[lane, 4] + lanes[kind, lane] * factors[lane, 5]
                word = (word ^ (word >> _SHIFT)) * _MIX_A
                word = (word ^ (word >> _SHIFT)) * _MIX_B
                words[lane, event] += word ^ (word >> _SHIFT)
        sums[0, event] = gross
        sums[1, event] = before_tax
        sums[2, event] = pieces


def add_numbers(words: np.ndarray, numbers: np.ndarray, factors: np.ndarray) -> None:
    """Numbers of events (int64[n]) into their hashes (uint64[2, n]), by the factor of each lane."""
    for lane in range(2):
        factor = factors[lane]
        for event in range(len(numbers)):
            words[lane, event] += np.uint64(numbers[event]) * factor


def add_lanes(words: np.ndarray, lanes: np.ndarray, rows: np.ndarray, factors: np.ndarray) -> None:
    """Texts, as rows of a table of their lanes (uint64[m, 2]), into the hashes of events."""
    for event in range(len(rows)):
        words[0, event] += lanes[rows[event], 0] * factors[0]
        words[1, event] += lanes[rows[event], 1] * factors[1]


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
