"""Compiled loops over the values that ``json_scan`` found: amounts, distinct combinations, texts as columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from guerdon.engine.events.json_scan import MINUS, NINE, PLUS, POINT, START, STOP, ZERO, digits_end, loop

NONE, TOLD, BAD = 0, 1, 2  # of an amount
_WHOLE_DIGITS, _PART_DIGITS = 13, 18  # of an amount; what has more is looked at by itself
_PRIME, _SHIFT, _NEXT = np.uint64(0x9E3779B97F4A7C15), np.uint64(29), np.uint64(1)


@loop
def amounts(data: Any, values: Any, digits: int, limit: int, out: Any, state: Any) -> None:
    """Decimal texts and numbers (int32[n, 3]) × 10^digits as int64, 0 where none is told; ``state`` of each.

    What has more decimals than ``digits``, or is beyond ±limit, is bad.
    """
    for row in range(len(values)):
        at, stop = values[row, START], values[row, STOP]
        out[row], state[row] = 0, NONE
        if at < 0:
            continue
        state[row] = BAD
        minus = at < stop and data[at] == MINUS
        if minus or (at < stop and data[at] == PLUS):
            at += 1
        end = digits_end(data, at, stop)
        if not 0 < end - at <= _WHOLE_DIGITS:
            continue
        number = 0
        for place in range(at, end):
            number = number * 10 + (data[place] - ZERO)
        left = digits
        if end < stop:
            if data[end] != POINT or digits_end(data, end + 1, stop) != stop or not 0 < stop - end - 1 <= _PART_DIGITS:
                continue
            fits = True
            for place in range(end + 1, stop):
                if left:
                    number = number * 10 + (data[place] - ZERO)
                    left -= 1
                else:
                    fits &= data[place] == ZERO
            if not fits:
                continue
        number *= 10**left
        if number <= limit:
            out[row], state[row] = -number if minus else number, TOLD


@loop
def numbered(data: Any, values: Any, first: Any, count: Any, good: Any) -> None:
    """Lines that say which they are (int32[lines, 3]) and are not: their events are no longer good."""
    for event in range(len(first)):
        for place in range(count[event]):
            at, stop = values[first[event] + place, START], values[first[event] + place, STOP]
            if at < 0:
                continue
            number = 0
            for digit in range(at, stop):
                number = number * 10 + (data[digit] - ZERO) if ZERO <= data[digit] <= NINE else -1_000_000
            if number != place + 1 or data[at] == ZERO:
                good[event] = False


@loop
def distinct(data: Any, values: Any, places: Any, seed: Any, table: Any, codes: Any, rows: Any) -> int:
    """Numbers rows (int32[n, .., 3]) by what stands at ``places``; ``rows``: the first row of each number.

    ``table``: int64[2^k], all -1, larger than the number of rows. Returns how many there are.
    """
    found = 0
    mask = np.uint64(len(table) - 1)
    for row in range(len(values)):
        word = seed
        for place in places:
            start = values[row, place, START]
            word = (word ^ np.uint64(values[row, place, STOP] - start + 2 if start >= 0 else 1)) * _PRIME
            for at in range(start, values[row, place, STOP] if start >= 0 else start):
                word = (word ^ np.uint64(data[at])) * _PRIME
                word ^= word >> _SHIFT
        slot = (word ^ (word >> _SHIFT)) & mask
        while table[slot] >= 0 and not _same(data, values[rows[table[slot]]], values[row], places):
            slot = (slot + _NEXT) & mask
        if table[slot] < 0:
            table[slot] = found
            rows[found] = row
            found += 1
        codes[row] = table[slot]
    return found


@loop
def _same(data: Any, one: Any, other: Any, places: Any) -> bool:
    """Whether two rows hold the same at all the places."""
    for place in places:
        a, b = one[place, START], other[place, START]
        if (a < 0) != (b < 0):
            return False
        if a >= 0:
            length = one[place, STOP] - a
            if other[place, STOP] - b != length:
                return False
            for ahead in range(length):
                if data[a + ahead] != data[b + ahead]:
                    return False
    return True


@loop
def lay_out(data: Any, values: Any, offsets: Any, out: Any) -> None:
    """Copies texts (int32[n, 3]) one after the other; ``offsets``: int64[n + 1], where each begins."""
    for row in range(len(values)):
        start = values[row, START]
        for ahead in range(offsets[row + 1] - offsets[row]):
            out[offsets[row] + ahead] = data[start + ahead]
