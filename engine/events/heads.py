"""The columns of purchases that are no lines: who, where, which invoice, and the hash of the whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from guerdon.engine.codes import EventType
from guerdon.engine.events.coding import Coded, distinct_rows
from guerdon.engine.events.content import HEAD_FACTORS, place_text
from guerdon.engine.events.frames import EVENT_COLUMNS
from guerdon.engine.events.kernel import add_lanes, add_numbers, compiled, mixed
from guerdon.engine.events.mapping import Feed
from guerdon.engine.events.place import Places, UnknownPlace
from guerdon.engine.events.reading import MAX_TEXT, compared
from guerdon.engine.events.rendered import Rendered
from guerdon.engine.events.units import lanes, texts

_PLACE = ("merchant", "venue", "tap")
_TOLD = ("id", "contact", "channel", "reference", "series")
TOLD_REST = "told_rest"  # a text of ``Words`` that is no column: ``content.rest_text``
_HASHED = ("contact", "place", "channel", "reference", "series", "currency", TOLD_REST)  # as in content.HEAD_FACTORS
_FACTORS = np.array(HEAD_FACTORS, dtype=np.uint64)
_FIRST_TEXT = 6
_Key = tuple[str | None, str | None, str | None]


@dataclass(slots=True)
class Words:
    """Texts of some events, and the numbers of their contacts and places in tables of distinct ones."""

    texts: dict[str, pl.Series]
    ids: np.ndarray | None  # of ids that are whole numbers of the same count of digits: in the order of the texts
    place: Coded
    contact: Coded | None

    def take(self, rows: np.ndarray) -> Words:
        """The same of the events at ``rows``."""
        found = {name: each[rows] for name, each in self.texts.items()}
        ids = None if self.ids is None else self.ids[rows]
        return Words(found, ids, self.place.take(rows), self.contact and self.contact.take(rows))


@dataclass(slots=True)
class PlaceTexts:
    """Each distinct place that a feed told, with what it stands for; grows as events come."""

    rows: dict[_Key, int] = field(default_factory=dict)
    full: list[_Key] = field(default_factory=list)
    known: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    lanes: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), np.uint64))  # of the place as it was told
    columns: dict[str, pl.Series] = field(default_factory=dict)

    def add(self, keys: Iterable[_Key], places: Places) -> None:
        """Look up places that are new."""
        fresh = [key for key in dict.fromkeys(keys) if key not in self.rows]
        if not fresh and self.columns:
            return
        known = []
        for key in fresh:
            self.rows[key] = len(self.rows)
            try:
                self.full.append(places.resolve(*key) if any(key) else (None, None, None))
                known.append(True)
            except UnknownPlace:
                self.full.append((None, None, None))
                known.append(False)
        self.known = np.concatenate([self.known, np.array(known, bool)])
        self.lanes = np.concatenate([self.lanes, lanes([place_text(*key) for key in fresh])])
        for place, name in enumerate(_PLACE):
            self.columns[name] = pl.Series(name, [each[place] for each in self.full], dtype=pl.String)

    def gathered(self, rows: np.ndarray) -> dict[str, pl.Series]:
        """merchant, venue and tap of events at these rows of the table."""
        return {name: _gathered(column, rows) for name, column in self.columns.items()}


class Heads:
    """Reads what the rows of one feed say of the event itself."""

    def __init__(self, feed: Feed, places: Places, source: str) -> None:
        self.feed = feed
        self.places = places
        self.source = source
        self.contacts = Rendered()
        self.met = PlaceTexts()

    def words(self, rows: pl.DataFrame, first: np.ndarray, good: np.ndarray) -> Words:
        """Text of each event, places looked up; events whose text can't be taken so are no longer good."""
        found: dict[str, pl.Series] = {}
        contact = ids = None
        for name in _TOLD:
            told = self._told(name, rows, first)
            if told is None:
                found[name] = self._constant(name, len(first))
                continue
            if name == "contact" and (contact := self.contacts.code(told)) is not None:
                found[name] = _gathered(self.contacts.texts, contact.rows).alias(name)
                continue
            if name == "id":
                ids = _ordered(told)
            found[name] = texts(told).alias(name)
            if not told.dtype.is_integer():
                good &= _fits(found[name], 64 if name == "channel" else MAX_TEXT)
        if found["id"].null_count():
            good &= found["id"].is_not_null().to_numpy()
        found["reference_told"] = found["reference"]
        found["reference"], found["series"] = compared_texts(found["reference"]), compared_texts(found["series"])
        found["source"] = pl.Series("source", [self.source], dtype=pl.String).new_from_index(0, len(first))
        place = self._look_up(rows, first, good)
        found |= self.met.gathered(place)
        return Words(found, ids, Coded(self.met, place), contact)

    def _told(self, name: str, rows: pl.DataFrame, first: np.ndarray) -> pl.Series | None:
        source = self.feed.fields.get(name)
        if source is None or not source.name:
            return None
        told = rows[source.name]
        if told.dtype.is_integer() and not told.null_count():
            return pl.Series(name, told.to_numpy()[first], dtype=told.dtype)
        return told[first]

    def _constant(self, name: str, size: int) -> pl.Series:
        source = self.feed.fields.get(name)
        return pl.Series(name, [source.value if source is not None else None], dtype=pl.String).new_from_index(0, size)

    def _look_up(self, rows: pl.DataFrame, first: np.ndarray, good: np.ndarray) -> np.ndarray:
        """int32: the row of each event's place; each distinct one looked up once."""
        told = []
        for name in _PLACE:
            column = self._told(name, rows, first)
            if column is None:
                column = self._constant(name, len(first))
            elif not column.dtype.is_integer():
                column = texts(column)
                good &= _fits(column, MAX_TEXT)
            told.append(column)
        example, which = distinct_rows(told)
        keys = list(zip(*(texts(_gathered(each, example)) for each in told), strict=True))
        self.met.add(keys, self.places)
        place: np.ndarray = np.array([self.met.rows[key] for key in keys], dtype=np.int32)[which]
        if not self.met.known.all():
            good &= self.met.known[place]
        return place


def event_columns(
    times: np.ndarray, words: Words, sums: np.ndarray, line_lanes: np.ndarray, received_at: int
) -> dict[str, pl.Series]:
    """Columns of the events frame but for lines, all in one order; sums and lanes are those of ``gather_lines``."""
    size = len(times)
    content = _content(times, words, sums, line_lanes)
    constant: dict[str, int | None] = {"type": int(EventType.PURCHASE), "received_at": received_at}
    constant |= dict.fromkeys(("seq", "contact_number", "spend_kind", "spend_amount"), 0)
    constant |= dict.fromkeys(("contact_kind", "currency", "rest", "sealed"), None)
    arrays = {
        "time": times,
        "total": sums[0],
        "net": sums[1],
        "tax": sums[0] - sums[1],
        "quantity": sums[2],
        "content_a": content[0],
        "content_b": content[1],
    }
    fixed = {
        name: pl.Series(name, [value], dtype=EVENT_COLUMNS[name]).new_from_index(0, size)
        for name, value in constant.items()
    }
    return fixed | words.texts | {name: pl.Series(name, array) for name, array in arrays.items()}


def _content(times: np.ndarray, words: Words, sums: np.ndarray, line_lanes: np.ndarray) -> np.ndarray:
    """uint64[2, n]: ``content.event_content`` of whole columns. ``line_lanes`` is used up."""
    hashed = line_lanes
    for place, numbers in enumerate((times, sums[0], sums[1])):
        compiled(add_numbers)(hashed, numbers, np.ascontiguousarray(_FACTORS[:, 1 + place]))
    hashed += (np.uint64(EventType.PURCHASE) * _FACTORS[:, 0])[:, None]
    coded = {"place": words.place, "contact": words.contact}
    for place, name in enumerate(_HASHED):
        factors = np.ascontiguousarray(_FACTORS[:, _FIRST_TEXT + place])
        rows = coded.get(name)
        if rows is not None:
            compiled(add_lanes)(hashed, rows.table.lanes, rows.rows, factors)
        elif name in words.texts and words.texts[name].null_count() < len(times):
            hashed += (lanes(words.texts[name]) * factors).T
    content: np.ndarray = mixed(hashed)
    return content


def compared_texts(values: pl.Series) -> pl.Series:
    """``reading.compared`` of a column; what is empty then is null."""
    if values.null_count() == len(values):
        return values
    formed = [None if value is None else compared(value) or None for value in values]
    return pl.Series(values.name, formed, dtype=pl.String)


def _gathered(values: pl.Series, rows: np.ndarray) -> pl.Series:
    if values.null_count() == len(values) > 0:
        return values.new_from_index(0, len(rows))
    return values[rows.astype(np.uint32)]


def _ordered(told: pl.Series) -> np.ndarray | None:
    """Whole numbers that are in order where their texts are; None if they may not be."""
    if not told.dtype.is_integer() or told.null_count() or not len(told):
        return None
    numbers = told.to_numpy()
    low, high = int(numbers.min()), int(numbers.max())
    return numbers if low >= 0 and len(str(low)) == len(str(high)) else None


def _fits(values: pl.Series, limit: int) -> np.ndarray:
    fits = (values.str.len_bytes() <= limit) & ~values.str.contains("\x00", literal=True)
    return fits.fill_null(True).to_numpy()
