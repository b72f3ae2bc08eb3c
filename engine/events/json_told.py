"""What many messages tell: the values of each name as columns, found by the compiled loops of ``json_scan``."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa

from guerdon.engine.events.envelope import MAX_BYTES
from guerdon.engine.events.frames import ATTRIBUTE
from guerdon.engine.events.json_scan import (
    DIGITS,
    LIST,
    NULL,
    NUMBER,
    OBJECT,
    START,
    STOP,
    TEXT,
    Grammar,
    Names,
    scan,
)
from guerdon.engine.events.json_values import BAD, TOLD, amounts, distinct, lay_out, numbered
from guerdon.engine.events.purchase import MAX_LINES, PRODUCT
from guerdon.engine.events.reading import MAX_TEXT

_TEXT = TEXT | DIGITS | NULL  # a whole number is its digits, as ``reading.text`` says
_AMOUNT = TEXT | DIGITS | NUMBER | NULL
_LONG = MAX_BYTES  # no limit of its own
_ATTRIBUTE_BYTES = 4096
_PRODUCT_BYTES = 256
_LINE_NUMBER_BYTES = 4
Members = Mapping[str, tuple[int, int]]  # name → what its value may be, and of how many bytes

_MONEY = {"total": (_AMOUNT, 64), "net": (_AMOUNT, 64), "tax": (_AMOUNT, 64)}
_EVENT: Members = {
    "id": (TEXT | DIGITS, MAX_TEXT),
    "source": (TEXT | DIGITS, MAX_TEXT),
    "type": (TEXT, MAX_TEXT),
    "time": (TEXT, MAX_TEXT),
    **dict.fromkeys(("contact", "merchant", "venue", "tap", "reference", "series"), (_TEXT, MAX_TEXT)),
    "channel": (_TEXT, 64),
    "currency": (TEXT | NULL, 3),
    **_MONEY,
    "lines": (LIST | NULL, _LONG),
    "attributes": (OBJECT | NULL, _LONG),
}
_LINE: Members = {
    **dict.fromkeys(PRODUCT, (_TEXT, _PRODUCT_BYTES)),
    **_MONEY,
    "quantity": (_AMOUNT, 64),
    "line": (_TEXT, _LINE_NUMBER_BYTES),
    "attributes": (OBJECT | NULL, _LONG),
}


class Form:
    """The names that plain purchases tell, and their places among the values; attributes as ``@name``."""

    def __init__(self, event_attributes: Iterable[str], line_attributes: Iterable[str]) -> None:
        self.event_attributes, self.line_attributes = sorted(event_attributes), sorted(set(line_attributes) - {*_LINE})
        self.event = {name: place for place, name in enumerate((*_EVENT, *map(_marked, self.event_attributes)))}
        self.line = {name: place for place, name in enumerate((*_LINE, *map(_marked, self.line_attributes)))}
        told = dict.fromkeys(self.line_attributes, (_TEXT, _ATTRIBUTE_BYTES))
        flat = _names({name: self.line[name] for name in _LINE} | _places(self.line, told), {**_LINE, **told})
        of_event = dict.fromkeys(self.event_attributes, (_TEXT, _ATTRIBUTE_BYTES))
        self.grammar = Grammar(
            _names({name: self.event[name] for name in _EVENT}, _EVENT),
            _names(_places(self.event, of_event), of_event),
            flat,  # a line's attributes may stand beside its fields
            _names(_places(self.line, told), told),
            MAX_LINES,
        )
        self.product = np.array([self.line[name] for name in (*PRODUCT, *map(_marked, self.line_attributes))])
        self.place = np.array([self.event[name] for name in ("merchant", "venue", "tap")])


def _marked(name: str) -> str:
    return ATTRIBUTE + name


def _places(known: Mapping[str, int], attributes: Iterable[str]) -> dict[str, int]:
    return {name: known[_marked(name)] for name in attributes}


def _names(places: Mapping[str, int], members: Members) -> Names:
    texts = [name.encode() for name in places]
    ends = np.cumsum([0, *map(len, texts)], dtype=np.int64)
    rows = [(place, *members[name]) for name, place in places.items()]
    told = np.column_stack([ends[:-1], ends[1:], np.array(rows, np.int64).reshape(-1, 3)])
    return Names(np.frombuffer(b"".join(texts), np.uint8), told)


@dataclass(slots=True)
class Told:
    """The values of messages that hold nothing but plain JSON of known names: ``rows`` says which messages these are.

    Values are int32[.., places, 3], see ``json_scan``; ``first`` and ``count``: which lines are whose.
    """

    data: np.ndarray
    rows: np.ndarray  # int64[n]
    events: np.ndarray
    lines: np.ndarray
    first: np.ndarray
    count: np.ndarray

    def take(self, kept: np.ndarray) -> Told:
        """The same of some of the messages, in their order; the lines stay where they are."""
        return Told(self.data, self.rows[kept], self.events[kept], self.lines, self.first[kept], self.count[kept])

    def texts(self, values: np.ndarray, name: str = "") -> pl.Series:
        """A column of texts, null where none is told. ``values``: int32[n, 3]."""
        told = values[:, START] >= 0
        offsets = np.zeros(len(values) + 1, np.int64)
        np.cumsum(np.where(told, values[:, STOP] - values[:, START], 0), out=offsets[1:])
        out = np.empty(int(offsets[-1]), np.uint8)
        lay_out(self.data, values, offsets, out)
        valid = None if told.all() else pa.py_buffer(np.packbits(told, bitorder="little"))
        buffers = [valid, pa.py_buffer(offsets), pa.py_buffer(out)]
        found = pl.from_arrow(pa.Array.from_buffers(pa.large_string(), len(values), buffers))
        assert isinstance(found, pl.Series)
        return found.alias(name)

    def amounts(self, values: np.ndarray, digits: int, limit: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """int64 × 10^digits; which are told, and which are no such amount, bool."""
        out, state = np.empty(len(values), np.int64), np.empty(len(values), np.uint8)
        amounts(self.data, values, digits, limit, out, state)
        return out, state == TOLD, state == BAD

    def distinct(self, values: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Which distinct combination of the values at ``places`` each row has, and the first row of each."""
        codes, rows = np.empty(len(values), np.int64), np.empty(len(values), np.int64)
        table = np.full(1 << (2 * len(values) + 1).bit_length(), -1, np.int64)
        found = distinct(self.data, values, places, np.uint64(secrets.randbits(64)), table, codes, rows)
        return codes, rows[:found]

    def misnumbered(self, values: np.ndarray) -> np.ndarray:
        """Which messages have a line that says it is another one, bool. ``values``: int32[lines, 3]."""
        good = np.ones(len(self.first), bool)
        numbered(self.data, values, self.first, self.count, good)
        return ~good


def read_told(form: Form, messages: Sequence[bytes]) -> Told:
    """Looks through messages, one event each; what is not plain in form is left out."""
    joined = b"\n".join(messages)
    data = np.frombuffer(joined, np.uint8)
    ends = np.cumsum([len(message) + 1 for message in messages], dtype=np.int64) - 1
    begins = ends - [len(message) for message in messages]
    events = np.empty((len(messages), len(form.event), 3), np.int32)
    lines = np.empty((joined.count(b"{"), len(form.line), 3), np.int32)
    first, count = np.empty(len(messages), np.int64), np.empty(len(messages), np.int32)
    good = np.empty(len(messages), bool)
    used = scan(data, begins, ends, form.grammar, events, lines, first, count, good)
    good &= ends - begins <= MAX_BYTES
    if not _is_utf8(joined):  # a line feed between two messages keeps half a character from finding its other half
        good &= [_is_utf8(message) for message in messages]
    return Told(data, np.arange(len(messages)), events, lines[:used], first, count).take(np.flatnonzero(good))


def _is_utf8(text: bytes) -> bool:
    if text.isascii():
        return True
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
