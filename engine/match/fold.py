"""Lines to what decide reads of them: each event's sums by selector, and by the set of pools that may pay its lines.

Plain loops over arrays; ``compiled`` gives their compiled twins, made when first wanted and kept on disk. Arrays
go by the batch's rows: the lines of one event lie together, from ``first`` on.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

_BIT = np.uint64(1)
_ZERO = np.uint64(0)
# The place of a word's lowest bit, by a multiplication that moves a distinct pattern for each into the top six bits.
_PATTERN = np.uint64(0x03F79D71B4CB0A89)
_TOP = np.uint64(58)
_PLACES = np.zeros(64, dtype=np.int64)
for _place in range(64):
    _PLACES[(((1 << _place) * 0x03F79D71B4CB0A89) & 0xFFFFFFFFFFFFFFFF) >> 58] = _place


@cache
def compiled(function: Callable[..., Any]) -> Any:
    """The compiled twin of a loop of this module."""
    import numba

    return numba.njit(cache=True, error_model="numpy", nogil=True)(function)


def lay_lines(
    figures: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray],  # product, number, total, net, quantity
    product_words: np.ndarray,  # uint64[products, words] selectors that the product alone decides
    line_words: np.ndarray,  # uint64[lines, words] the other selectors; no rows where there are none
    lines: Any,  # LINE[lines]
    line_selectors: np.ndarray,  # uint64[lines, words]
) -> None:
    """One row for each line, and the selectors that match it."""
    product, number, total, net, quantity = figures
    per_line = line_words.shape[0] > 0
    for line in range(len(product)):
        lines[line].total = total[line]
        lines[line].net = net[line]
        lines[line].quantity = quantity[line]
        lines[line].number = number[line]
        for word in range(product_words.shape[1]):
            bits = product_words[product[line], word]
            if per_line:
                bits |= line_words[line, word]
            line_selectors[line, word] = bits


def sum_selectors(
    at: tuple[int, int],  # the event to begin with, and the rows of selectors in use
    first: np.ndarray,  # int64[n]
    count: np.ndarray,  # int32[n]
    figures: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray],  # product, number, total, net, quantity
    product_words: np.ndarray,  # uint64[products, words] selectors that the product alone decides
    line_words: np.ndarray,  # uint64[lines, words] the other selectors; no rows where there are none
    events: Any,  # EVENT[n]: the ranges of selectors are filled
    selectors: Any,  # SELECTOR: a row for each selector that matches a line of the event, in ascending selector
) -> tuple[int, int]:
    """What lines add up to by selector; the first event without sure room (or n), and the rows in use."""
    product, _, total, net, quantity = figures
    words = product_words.shape[1]
    per_line = line_words.shape[0] > 0
    sums = np.zeros((words * 64, 3), dtype=np.int64)
    touched = np.zeros(words, dtype=np.uint64)
    start, row = at
    for event in range(start, len(first)):
        if row + words * 64 > len(selectors):
            return event, row
        events[event].selector_first = row
        for line in range(first[event], first[event] + count[event]):
            for word in range(words):
                bits = product_words[product[line], word]
                if per_line:
                    bits |= line_words[line, word]
                touched[word] |= bits
                while bits != _ZERO:
                    rest = bits & (bits - _BIT)
                    place = word * 64 + _PLACES[((bits ^ rest) * _PATTERN) >> _TOP]
                    sums[place, 0] += total[line]
                    sums[place, 1] += net[line]
                    sums[place, 2] += quantity[line]
                    bits = rest
        for word in range(words):
            bits = touched[word]
            touched[word] = _ZERO
            while bits != _ZERO:
                rest = bits & (bits - _BIT)
                place = word * 64 + _PLACES[((bits ^ rest) * _PATTERN) >> _TOP]
                selectors[row].selector = place
                selectors[row].total = sums[place, 0]
                selectors[row].net = sums[place, 1]
                selectors[row].quantity = sums[place, 2]
                sums[place] = 0
                row += 1
                bits = rest
        events[event].selector_count = row - events[event].selector_first
    return len(first), row


def sum_pools(
    at: tuple[int, int],  # the event to begin with, and the rows of buckets in use
    first: np.ndarray,  # int64[n]
    count: np.ndarray,  # int32[n]
    figures: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray],  # product, number, total, net, quantity
    line_words: np.ndarray,  # uint64[lines, words]; no rows where lines decide nothing
    product_pools: np.ndarray,  # uint64[products] pools that the product alone decides; one row if it decides none
    line_pools: np.ndarray,  # int64[m, 2] pool and selector of those that the line decides
    event_pools: np.ndarray,  # uint64[n] pools open at the event's place and time
    events: Any,  # EVENT[n]: the ranges of buckets are filled
    buckets: Any,  # BUCKET: a row for each set of pools that allows lines of the event, in the order of first lines
) -> tuple[int, int]:
    """What lines add up to by the pools that may pay them; the first event without room (or n), and the rows in use.

    A line's value is its total, negative ones too; a line that no pool allows is in none.
    """
    product, number, total, _, _ = figures
    same = product_pools.shape[0] == 1
    start, used = at
    for event in range(start, len(first)):
        if used + count[event] > len(buckets):
            return event, used
        begin = used
        for line in range(first[event], first[event] + count[event]):
            pools = product_pools[0 if same else product[line]]
            for row in range(len(line_pools)):
                selector = line_pools[row, 1]
                if (line_words[line, selector // 64] >> np.uint64(selector % 64)) & _BIT:
                    pools |= _BIT << np.uint64(line_pools[row, 0])
            pools &= event_pools[event]
            if pools == _ZERO:
                continue
            bucket = begin
            while bucket < used and buckets[bucket].pools != pools:
                bucket += 1
            if bucket == used:
                buckets[bucket].pools = pools
                buckets[bucket].total = 0
                buckets[bucket].first_line = number[line]
                used += 1
            buckets[bucket].total += total[line]
        events[event].bucket_first = begin
        events[event].bucket_count = used - begin
    return len(first), used
