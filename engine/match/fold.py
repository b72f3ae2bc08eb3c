"""Lines to what decide reads of them: one pass that sums each event's lines by selector and by the pools they may pay.

Compiled on first use and kept on disk; the same function runs without the compiler.
"""

from __future__ import annotations

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


def fold_lines(
    first: np.ndarray,  # int64[n] rows of the line arrays
    count: np.ndarray,  # int32[n]
    product: np.ndarray,  # int32[lines] rows of product_words and product_pools
    number: np.ndarray,  # int32[lines]
    total: np.ndarray,  # int64[lines]
    net: np.ndarray,
    quantity: np.ndarray,
    product_words: np.ndarray,  # uint64[products, words] selectors that the product alone decides
    line_words: np.ndarray,  # uint64[lines, words] the other selectors; no rows where there are none
    product_pools: np.ndarray,  # uint64[products] pools whose lines the product decides
    line_pools: np.ndarray,  # int64[pools, 2] pool and selector of the other pools
    event_pools: np.ndarray,  # uint64[n] pools open at the event's place and time
    events: Any,  # EVENT[n], its ranges are filled
    lines: Any,  # LINE[lines]
    line_selectors: np.ndarray,  # uint64[lines, words]
    selectors: Any,  # SELECTOR[...]
    buckets: Any,  # BUCKET[...]
    start: int,  # the event to go on with
    selectors_used: int,
    buckets_used: int,
    lines_used: int,
) -> tuple[int, int, int, int]:
    """Folds events from ``start`` on until the output is full: the next event, and the rows used of each output."""
    words = product_words.shape[1]
    per_line = line_words.shape[0] > 0
    sums = np.zeros((words * 64, 3), dtype=np.int64)
    touched = np.zeros(words, dtype=np.uint64)
    for event in range(start, len(first)):
        if selectors_used + words * 64 > len(selectors) or buckets_used + count[event] > len(buckets):
            return event, selectors_used, buckets_used, lines_used
        bucket_first = buckets_used
        events[event].line_first = lines_used
        events[event].line_count = count[event]
        for line in range(first[event], first[event] + count[event]):
            kind = product[line]
            for word in range(words):
                bits = product_words[kind, word]
                if per_line:
                    bits |= line_words[line, word]
                line_selectors[lines_used, word] = bits
                touched[word] |= bits
                while bits != _ZERO:
                    rest = bits & (bits - _BIT)
                    place = word * 64 + _PLACES[((bits ^ rest) * _PATTERN) >> _TOP]
                    sums[place, 0] += total[line]
                    sums[place, 1] += net[line]
                    sums[place, 2] += quantity[line]
                    bits = rest
            lines[lines_used].total = total[line]
            lines[lines_used].net = net[line]
            lines[lines_used].quantity = quantity[line]
            lines[lines_used].number = number[line]
            pools = product_pools[kind]
            for row in range(len(line_pools)):
                selector = line_pools[row, 1]
                if (line_selectors[lines_used, selector // 64] >> np.uint64(selector % 64)) & _BIT:
                    pools |= _BIT << np.uint64(line_pools[row, 0])
            pools &= event_pools[event]
            lines_used += 1
            if pools == _ZERO:
                continue
            bucket = bucket_first
            while bucket < buckets_used and buckets[bucket].pools != pools:
                bucket += 1
            if bucket == buckets_used:
                buckets[bucket].pools = pools
                buckets[bucket].total = 0
                buckets[bucket].first_line = number[line]
                buckets_used += 1
            buckets[bucket].total += total[line]
        events[event].bucket_first = bucket_first
        events[event].bucket_count = buckets_used - bucket_first
        events[event].selector_first = selectors_used
        for word in range(words):
            bits = touched[word]
            touched[word] = _ZERO
            while bits != _ZERO:
                rest = bits & (bits - _BIT)
                place = word * 64 + _PLACES[((bits ^ rest) * _PATTERN) >> _TOP]
                selectors[selectors_used].selector = place
                selectors[selectors_used].total = sums[place, 0]
                selectors[selectors_used].net = sums[place, 1]
                selectors[selectors_used].quantity = sums[place, 2]
                sums[place, 0] = 0
                sums[place, 1] = 0
                sums[place, 2] = 0
                selectors_used += 1
                bits = rest
        events[event].selector_count = selectors_used - events[event].selector_first
    return len(first), selectors_used, buckets_used, lines_used
