"""The compiled loops around SQLite's bind, step and column functions; they run without Python's lock."""

from __future__ import annotations

from typing import Any

import numba

_ROW, _DONE = 100, 101


@numba.njit(cache=True, nogil=True)
def write(
    enter: Any, leave: Any, mutex: Any, bind_number: Any, bind_text: Any, step: Any, reset: Any, statement: Any,
    first: Any, at_once: Any, width: Any, numbers: Any, number_places: Any, data: Any, offsets: Any, text_places: Any,
) -> Any:  # fmt: skip
    """Binds ``at_once`` rows of ``width`` values and runs the statement, until fewer than that are left.

    Begins with the row ``first``. Returns the row after the last that was written, and the status of the last run:
    done unless it failed.
    """
    row = first
    status = _DONE
    enter(mutex)  # SQLite takes it in every call: who has it already passes much faster
    while row + at_once <= numbers.shape[0]:
        for ahead in range(at_once):
            place = ahead * width
            for k in range(number_places.shape[0]):
                value = numbers[row + ahead, k]
                if row == first or value != numbers[row + ahead - at_once, k]:  # a binding stays until it is bound anew
                    bind_number(statement, place + number_places[k], value)
            for k in range(text_places.shape[0]):
                start = offsets[k, row + ahead]
                length = offsets[k, row + ahead + 1] - start
                bind_text(statement, place + text_places[k], data[k] + start, length, 0)
        status = step(statement)
        if status != _DONE:
            break
        reset(statement)
        row += at_once
    leave(mutex)
    return row, status


@numba.njit(cache=True, nogil=True)
def read(enter: Any, leave: Any, mutex: Any, step: Any, column: Any, statement: Any, block: Any) -> Any:
    """Fills the block with rows; returns how many, and the status: a row (there may be more) or done."""
    row = 0
    status = _ROW
    enter(mutex)
    while row < block.shape[0]:
        status = step(statement)
        if status != _ROW:
            break
        for k in range(block.shape[1]):
            block[row, k] = column(statement, k)
        row += 1
    leave(mutex)
    return row, status
