"""Compiled loops over the JSON of many messages: where the value of each name stands.

They know a narrow JSON: objects of names that are known, each told once; texts without escapes; whole and decimal
numbers without exponents; ``null``. A message that holds anything else is not good, which does not mean that it is
wrong: whoever reads messages one by one looks at it. So nothing here has to say what is wrong with a message.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np

TEXT, DIGITS, NUMBER, NULL, OBJECT, LIST = 1, 2, 4, 8, 16, 32  # what a value is; sums say what a name's value may be
START, STOP, KIND = 0, 1, 2  # of a value: where its text begins (-1: none or null) and ends in the data, and what it is
_BEGIN, _STOP, _PLACE, _KINDS, _BYTES = 0, 1, 2, 3, 4  # of ``Names.members``
_END, _WRONG = -1, -2
QUOTE, BACKSLASH, COMMA, COLON, MINUS, PLUS, POINT, ZERO, NINE = 34, 92, 44, 58, 45, 43, 46, 48, 57
_OPEN, _CLOSE, _OPEN_LIST, _CLOSE_LIST = 123, 125, 91, 93
_N, _U, _L = 110, 117, 108


class Names(NamedTuple):
    """Names of members; for each the place of its value, what that may be, and of how many bytes."""

    text: np.ndarray  # uint8: the names one after the other
    members: np.ndarray  # int64[n, 5]: where its name begins and ends, place, kinds, bytes at most


class Grammar(NamedTuple):
    """The members of an event, of its ``attributes``, of a line, and of a line's ``attributes``."""

    event: Names
    event_attributes: Names
    line: Names
    line_attributes: Names
    lines_at_most: int


def loop(function: Any) -> Any:
    """Compiled, kept on disk, and free of Python's lock."""
    return numba.njit(cache=True, nogil=True, error_model="numpy")(function)


@loop
def scan(
    data: Any,  # uint8: the messages
    begins: Any,  # int64[n], ends: int64[n]
    ends: Any,
    grammar: Any,
    events: Any,  # int32[n, places, 3]: the values of events
    lines: Any,  # int32[objects in the data, places, 3]: those of lines, of good messages only
    first: Any,  # int64[n] first line and
    count: Any,  # int32[n] number of lines
    good: Any,  # bool[n]
) -> int:
    """Finds the values of all messages; returns how many lines there are."""
    used = 0
    for row in range(len(begins)):
        first[row] = used
        count[row] = 0
        good[row] = False
        found = _event(data, begins[row], ends[row], grammar, events, row, lines, used)
        if found >= 0:
            good[row] = True
            count[row] = found
            used += found
    return used


@loop
def _event(data: Any, at: int, stop: int, grammar: Any, events: Any, row: int, lines: Any, used: int) -> int:
    """Number of lines of the message that lies in [at, stop), or _WRONG."""
    _blank(events, row)
    at = _skipped(data, at, stop)
    if at >= stop or data[at] != _OPEN:
        return _WRONG
    found = 0
    place, at = _members(data, at + 1, stop, grammar.event, events, row, True)
    while place >= 0:
        if data[at] == _OPEN:
            at = _inner(data, at + 1, stop, grammar.event_attributes, events, row)
        else:
            found, at = _lines(data, at + 1, stop, grammar, lines, used)
        if at < 0:
            return _WRONG
        place, at = _members(data, at, stop, grammar.event, events, row, False)
    if place != _END or _skipped(data, at, stop) != stop:
        return _WRONG
    return found


@loop
def _lines(data: Any, at: int, stop: int, grammar: Any, lines: Any, used: int) -> Any:
    """Number of lines of a list whose bracket is behind ``at``, and the place after it (or _WRONG)."""
    found = 0
    at = _skipped(data, at, stop)
    if at < stop and data[at] == _CLOSE_LIST:
        return found, at + 1
    while at < stop and data[at] == _OPEN and found < grammar.lines_at_most:
        row = used + found
        _blank(lines, row)
        place, at = _members(data, at + 1, stop, grammar.line, lines, row, True)
        while place >= 0:
            at = _inner(data, at + 1, stop, grammar.line_attributes, lines, row)
            if at < 0:
                return found, _WRONG
            place, at = _members(data, at, stop, grammar.line, lines, row, False)
        if place != _END:
            return found, _WRONG
        found += 1
        at = _skipped(data, at, stop)
        if at < stop and data[at] == _CLOSE_LIST:
            return found, at + 1
        if at >= stop or data[at] != COMMA:
            return found, _WRONG
        at = _skipped(data, at + 1, stop)
    return found, _WRONG


@loop
def _inner(data: Any, at: int, stop: int, names: Any, values: Any, row: int) -> int:
    """The place after an object without objects whose brace is behind ``at``, or _WRONG."""
    place, at = _members(data, at, stop, names, values, row, True)
    return at if place == _END else _WRONG


@loop
def _members(data: Any, at: int, stop: int, names: Any, values: Any, row: int, fresh: bool) -> Any:
    """Notes the values of an object's members from ``at`` on, which is behind its brace (``fresh``) or a value.

    Returns _END and the place after the object, or the place of the first value that is an object or a list, which is
    to be read by whoever knows what is in it, and where it begins; or _WRONG.
    """
    while True:
        at = _skipped(data, at, stop)
        if at < stop and data[at] == _CLOSE:
            return _END, at + 1
        if not fresh:
            if at >= stop or data[at] != COMMA:
                return _WRONG, at
            at = _skipped(data, at + 1, stop)
        if at >= stop or data[at] != QUOTE:
            return _WRONG, at
        end = _closed(data, at + 1, stop)
        name = _WRONG if end < 0 else _named(data, at + 1, end, names)
        if name < 0:
            return _WRONG, at
        at = _skipped(data, end + 1, stop)
        if at >= stop or data[at] != COLON:
            return _WRONG, at
        at = _skipped(data, at + 1, stop)
        place = names.members[name, _PLACE]
        if at >= stop or values[row, place, KIND] != 0:  # told twice
            return _WRONG, at
        start, length, end, kind = _value(data, at, stop)
        if end < 0 or not kind & names.members[name, _KINDS] or length > names.members[name, _BYTES]:
            return _WRONG, at
        values[row, place, START], values[row, place, STOP], values[row, place, KIND] = start, start + length, kind
        if kind >= OBJECT:
            return place, at
        at = end
        fresh = False


@loop
def _value(data: Any, at: int, stop: int) -> Any:
    """What begins at ``at``: START, length, the place after it (of an object or a list: none) or _WRONG, and KIND."""
    byte = data[at]
    if byte == QUOTE:
        end = _closed(data, at + 1, stop)
        return at + 1, end - at - 1, end + 1 if end >= 0 else _WRONG, TEXT
    if byte in (_OPEN, _OPEN_LIST):
        return -1, 0, at, OBJECT if byte == _OPEN else LIST
    if byte == _N:
        whole = at + 4 <= stop and data[at + 1] == _U and data[at + 2] == _L and data[at + 3] == _L
        return -1, 0, at + 4 if whole else _WRONG, NULL
    kind, first = DIGITS, at
    if byte == MINUS:
        kind = NUMBER
        first += 1
    end = digits_end(data, first, stop)
    whole = end > first and (data[first] != ZERO or end == first + 1)
    if whole and end < stop and data[end] == POINT:
        kind = NUMBER
        first = end + 1
        end = digits_end(data, first, stop)
        whole = end > first
    return at, end - at, end if whole else _WRONG, kind


@loop
def _blank(values: Any, row: int) -> None:
    """Nothing is told yet."""
    for place in range(values.shape[1]):
        values[row, place, START] = -1
        values[row, place, STOP] = -1
        values[row, place, KIND] = 0


@loop
def _skipped(data: Any, at: int, stop: int) -> int:
    """The first place that is no white space."""
    while at < stop and (data[at] == 32 or (data[at] <= 13 and (data[at] == 10 or data[at] == 13 or data[at] == 9))):
        at += 1
    return at


@loop
def digits_end(data: Any, at: int, stop: int) -> int:
    """The first place that is no digit."""
    while at < stop and ZERO <= data[at] <= NINE:
        at += 1
    return at


@loop
def _closed(data: Any, at: int, stop: int) -> int:
    """Where the text that begins at ``at`` has its closing quote; _WRONG: an escape, a control character, no end."""
    while at < stop:
        byte = data[at]
        if byte == QUOTE:
            return at
        if byte == BACKSLASH or byte < 32:
            return _WRONG
        at += 1
    return _WRONG


@loop
def _named(data: Any, start: int, stop: int, names: Any) -> int:
    """Which of the names stands there, or _WRONG."""
    for each in range(len(names.members)):
        begin = names.members[each, _BEGIN]
        if names.members[each, _STOP] - begin != stop - start:
            continue
        ahead = 0
        while ahead < stop - start and data[start + ahead] == names.text[begin + ahead]:
            ahead += 1
        if ahead == stop - start:
            return each
    return _WRONG
