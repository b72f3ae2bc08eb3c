"""The columns of purchases that are no lines: who, where, which invoice, and the hash of the whole."""

from __future__ import annotations

import numpy as np
import polars as pl

from guerdon.engine.codes import EventType
from guerdon.engine.events.coding import distinct_rows
from guerdon.engine.events.content import HEAD_FACTORS, place_text
from guerdon.engine.events.frames import EVENT_COLUMNS, column
from guerdon.engine.events.kernel import mixed
from guerdon.engine.events.mapping import Feed
from guerdon.engine.events.place import Places, UnknownPlace
from guerdon.engine.events.reading import MAX_TEXT, compared
from guerdon.engine.events.units import lanes, texts

_PLACE = ("merchant", "venue", "tap")
_WORDS = ("id", "contact", *_PLACE, "channel", "reference", "series")
_HASHED = ("contact", "place", "channel", "reference", "series")  # in the order of content.HEAD_FACTORS
_FACTORS = np.array(HEAD_FACTORS, dtype=np.uint64)
_FIRST_TEXT = 6


class Heads:
    """Reads what the rows of one feed say of the event itself."""

    def __init__(self, feed: Feed, places: Places, source: str) -> None:
        self.feed = feed
        self.places = places
        self.source = source

    def words(self, rows: pl.DataFrame, first: np.ndarray, good: np.ndarray) -> dict[str, pl.Series]:
        """Text of each event, places looked up; events whose text can't be taken so are no longer good.

        ``place_a`` and ``place_b`` are the lanes of the place as it was told.
        """
        found: dict[str, pl.Series] = {}
        for name in _WORDS:
            source = self.feed.fields.get(name)
            if source is None or not source.name:
                value = source.value if source is not None else None
                found[name] = pl.Series(name, [value], dtype=pl.String).new_from_index(0, len(first))
                continue
            told = rows[source.name][first]
            found[name] = texts(told).alias(name)
            if not told.dtype.is_integer():
                good &= _fits(found[name], 64 if name == "channel" else MAX_TEXT)
        if found["id"].null_count():
            good &= found["id"].is_not_null().to_numpy()
        found["reference_told"] = found["reference"]
        found["reference"], found["series"] = _compared(found["reference"]), _compared(found["series"])
        self._look_up(found, good)
        return found

    def _look_up(self, found: dict[str, pl.Series], good: np.ndarray) -> None:
        """Each distinct place once."""
        told = [found[name] for name in _PLACE]
        example, which = distinct_rows(told)
        keys = list(zip(*(each[example] for each in told), strict=True))
        known = np.ones(len(keys), dtype=bool)
        full: list[tuple[str | None, ...]] = []
        for row, key in enumerate(keys):
            try:
                full.append(self.places.resolve(*key) if any(key) else (None, None, None))
            except UnknownPlace:
                full.append((None, None, None))
                known[row] = False
        if not known.all():
            good &= known[which]
        for name, values in zip(_PLACE, zip(*full, strict=True), strict=True):
            found[name] = pl.Series(name, values, dtype=pl.String)[which]
        place = lanes([place_text(*key) for key in keys])[which]
        found["place_a"], found["place_b"] = column(place[:, 0]), column(place[:, 1])

    def events(
        self,
        times: np.ndarray,
        words: dict[str, pl.Series],
        order: np.ndarray,
        sums: np.ndarray,
        line_lanes: np.ndarray,
        received_at: int,
    ) -> dict[str, pl.Series]:
        """Columns of the events frame but for lines, in ``order``; times, sums and lanes are in it already."""
        size = len(times)
        if size != len(words["id"]) or not np.array_equal(order, np.arange(size)):
            words = {name: each[order] for name, each in words.items()}
        content = self._content(times, words, sums, line_lanes)
        constant = {"source": self.source, "type": int(EventType.PURCHASE), "received_at": received_at}
        constant |= dict.fromkeys(("seq", "contact_number", "spend_kind", "spend_amount"), 0)
        constant |= dict.fromkeys(("contact_kind", "currency", "rest", "sealed"), None)
        arrays = {
            "time": times,
            "total": sums[:, 0],
            "net": sums[:, 1],
            "tax": sums[:, 0] - sums[:, 1],
            "quantity": sums[:, 2],
            "content_a": content[:, 0],
            "content_b": content[:, 1],
        }
        fixed = {
            name: pl.Series(name, [value], dtype=EVENT_COLUMNS[name]).new_from_index(0, size)
            for name, value in constant.items()
        }
        return words | {name: column(array) for name, array in arrays.items()} | fixed

    def _content(
        self, times: np.ndarray, words: dict[str, pl.Series], sums: np.ndarray, line_lanes: np.ndarray
    ) -> np.ndarray:
        """``content.event_content`` of whole columns."""
        hashed = line_lanes.copy()
        place = np.stack([words["place_a"].to_numpy(), words["place_b"].to_numpy()], axis=1)
        numbers = (times.astype(np.uint64), sums[:, 0].astype(np.uint64), sums[:, 1].astype(np.uint64))
        hashed += np.uint64(EventType.PURCHASE) * _FACTORS[:, 0]
        for lane in (0, 1):
            for number, factor in zip(numbers, _FACTORS[lane, 1:], strict=False):
                hashed[:, lane] += number * factor
        for row, name in enumerate(_HASHED):
            if name == "place" or words[name].null_count() < len(times):
                hashed += (place if name == "place" else lanes(words[name])) * _FACTORS[:, _FIRST_TEXT + row]
        return mixed(hashed)


def _fits(values: pl.Series, limit: int) -> np.ndarray:
    fits = (values.str.len_bytes() <= limit) & ~values.str.contains("\x00", literal=True)
    return fits.fill_null(True).to_numpy()


def _compared(values: pl.Series) -> pl.Series:
    """``reading.compared`` of a column; what is empty then is null."""
    if values.null_count() == len(values):
        return values
    formed = [None if value is None else compared(value) or None for value in values]
    return pl.Series(values.name, formed, dtype=pl.String)
