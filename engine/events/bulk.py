"""Purchases of a table by whole columns: the fast way of the common case, with the same result as one by one.

A column test never refuses: what looks wrong goes to ``Records``, through the door that JSON goes through.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from guerdon.engine.events.amounts import MAX_MINOR, MAX_QUANTITY
from guerdon.engine.events.block import LINES, Block
from guerdon.engine.events.catalog import Catalog
from guerdon.engine.events.content import LINE_FACTORS
from guerdon.engine.events.frames import EVENT_COLUMNS, Frames
from guerdon.engine.events.heads import Heads, Words, event_columns
from guerdon.engine.events.kernel import compiled, gather_lines, same_inside
from guerdon.engine.events.mapping import Column, Feed
from guerdon.engine.events.normalise import DEFAULT_SOURCE, Normaliser
from guerdon.engine.events.purchase import MAX_LINES
from guerdon.engine.events.reading import MAX_TEXT
from guerdon.engine.events.tables import TIME
from guerdon.engine.events.times import DAY
from guerdon.engine.events.units import whole

_PLAIN = frozenset(
    {"id", "time", "type", "source", "contact", "merchant", "venue", "tap", "channel", "reference", "series"}
)
_AMOUNTS = frozenset({"total", "net", "tax"})
_LINE_FACTORS = np.array(LINE_FACTORS, dtype=np.uint64)
_NONE = np.zeros(0, dtype=np.int64)


def suits(feed: Feed, catalog: Catalog) -> bool:
    """Whether whole columns can read this feed."""
    kind = feed.fields["type"]
    fixed = kind.value == "purchase" and feed.fields.get("source", Column(value="")).value is not None
    fields = feed.fields.keys() <= (_PLAIN if feed.grain == "line" else _PLAIN | _AMOUNTS) and not feed.attributes
    amounts = feed.lines if feed.grain == "line" else feed.fields
    gross = "total" in amounts and not ({"net", "tax"} <= amounts.keys())
    joined = feed.join is None or feed.join.on == feed.lines.get("sku", Column()).name
    lines = catalog.simple and joined if feed.grain == "line" else not feed.lines and feed.join is None
    return fixed and fields and gross and lines


@dataclass(slots=True)
class Slice:
    """What columns made of some rows; ``odd``: first row and count of each event that they could not read."""

    frames: Frames
    odd: np.ndarray  # int64[m, 2]


class Bulk:
    """Reads the slices of one table."""

    def __init__(self, feed: Feed, normaliser: Normaliser, catalog: Catalog, personal: frozenset[str]) -> None:
        self.feed = feed
        self.normaliser = normaliser
        self.catalog = catalog
        self.personal = personal
        self.digits = normaliser.digits
        self.amounts = feed.lines if feed.grain == "line" else feed.fields
        source = feed.fields.get("source")
        self.source = source.value if source is not None and source.value is not None else DEFAULT_SOURCE
        self.permitted = self._permitted()
        self.heads = Heads(feed, normaliser.places, self.source)
        self.block = Block(0, False)

    def _permitted(self) -> bool:
        """Whether this source may tell purchases of every merchant; else each event is looked at by itself."""
        if self.normaliser.door.permits_all:
            return True
        entry = self.normaliser.sources.get(self.source)
        return entry is None or ("purchase" in entry.types and not entry.merchants)

    def read(self, rows: pl.DataFrame, received_at: int) -> Slice:
        """Events of whole groups of rows, in log order."""
        first = self._firsts(rows)
        count = np.diff(np.append(first, rows.height)).astype(np.int32)
        good = self._agreed(rows, first) & (count <= MAX_LINES)
        good &= np.full(len(first), self.permitted and len(self.source) <= MAX_TEXT and self.source != "")
        total, net, quantity, product = self._figures(rows, first, good)
        times, dated = _instants(rows[TIME], first)
        good &= dated
        if self.normaliser.door.from_now:
            good &= times <= received_at + DAY
        words = self.heads.words(rows, first, good)
        order = self._order(times, words, good)
        if len(order) != len(first) or not np.array_equal(order, np.arange(len(order))):
            words, count, begin, times = words.take(order), count[order], first[order], times[order]
        else:
            begin = first
        figures, sums, lanes, at = self._gather(begin, count, product, quantity, total, net)
        keep = (sums[0] >= 0) & (sums[0] <= MAX_MINOR)
        events = event_columns(times, words, sums, lanes, received_at)
        events["line_first"] = pl.Series(np.cumsum(count, dtype=np.int64) - count)
        events["line_count"] = pl.Series(count)
        table = pl.DataFrame({name: events[name] for name in EVENT_COLUMNS})
        coded = {"place": words.place} | ({"contact": words.contact} if words.contact is not None else {})
        frames = Frames(table, figures, self.catalog.frame, self.personal, self.catalog, coded, self.block, at)
        odd = np.flatnonzero(~good)
        if not keep.all():
            odd = np.union1d(odd, order[~keep])
            frames = frames.take(np.flatnonzero(keep))
        ends = np.append(first, rows.height)
        return Slice(frames, np.stack([first[odd], ends[odd + 1] - first[odd]], axis=1))

    def _firsts(self, rows: pl.DataFrame) -> np.ndarray:
        """int64: the first row of each event."""
        if self.feed.grain != "line":
            return np.arange(rows.height, dtype=np.int64)
        ids = rows[self.feed.fields["id"].name]
        return np.append(0, changes(ids) + 1) if rows.height else np.zeros(0, dtype=np.int64)

    def _agreed(self, rows: pl.DataFrame, first: np.ndarray) -> np.ndarray:
        """Events whose rows tell the same of everything but lines."""
        good = np.ones(len(first), dtype=bool)
        if len(first) == rows.height:
            return good
        names = {source.name for name, source in self.feed.fields.items() if source.name and name != "id"}
        for name in names:
            plain = _plain(rows[name])
            if plain is not None:
                compiled(same_inside)(plain, first, good)
                continue
            starts = changes(rows[name]) + 1
            inside = starts[first[np.searchsorted(first, starts, side="right") - 1] != starts]
            good[np.searchsorted(first, inside, side="right") - 1] = False
        return good

    def _figures(
        self, rows: pl.DataFrame, first: np.ndarray, good: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """total, net (empty: the total), quantity (empty: one each) and product of all rows; bad ones are not good."""
        total = self._amount(rows, "total", self.digits, MAX_MINOR, first, good)
        net = _NONE
        if "net" in self.amounts:
            net = self._amount(rows, "net", self.digits, MAX_MINOR, first, good)
        elif "tax" in self.amounts:
            net = total - self._amount(rows, "tax", self.digits, MAX_MINOR, first, good)
        if "quantity" in self.feed.lines:
            quantity = self._amount(rows, "quantity", 3, MAX_QUANTITY, first, good)
        else:
            quantity = _NONE
        if "sku" in self.feed.lines:
            skus = rows[self.feed.lines["sku"].name]
            if skus.dtype == pl.String:
                _mark(skus.str.len_chars().fill_null(0).to_numpy() > 256, first, good)
            product = self.catalog.rows(skus)
        else:
            product = self.catalog.rows(pl.Series([None], dtype=pl.String).new_from_index(0, rows.height))
        return total, net, quantity, product

    def _amount(
        self, rows: pl.DataFrame, name: str, digits: int, limit: int, first: np.ndarray, good: np.ndarray
    ) -> np.ndarray:
        source = self.feed.lines[name] if name == "quantity" else self.amounts[name]
        values = rows[source.name] if source.name else pl.Series([source.value]).new_from_index(0, rows.height)
        numbers, bad = whole(values, digits, source)
        if bad is not None:
            _mark(bad, first, good)
        if len(numbers) and (numbers.max() > limit or numbers.min() < -limit):
            _mark(np.abs(numbers) > limit, first, good)
        return numbers

    def _order(self, times: np.ndarray, words: Words, good: np.ndarray) -> np.ndarray:
        """int64: the good events in log order. Rows come by time; only the ids of one time may need sorting."""
        ids = words.texts["id"]
        tied = times[1:] == times[:-1]
        if words.ids is not None:
            sorted_ = not (tied & (words.ids[1:] < words.ids[:-1])).any()
        else:
            rows = np.flatnonzero(tied)
            sorted_ = not len(rows) or not (ids[rows + 1] < ids[rows]).any()
        if sorted_:
            return np.flatnonzero(good)
        order = pl.DataFrame({"time": times, "id": ids}).select(pl.arg_sort_by("time", "id", maintain_order=True))
        found: np.ndarray = order.to_series().to_numpy().astype(np.int64)
        kept: np.ndarray = found[good[found]]
        return kept

    def _gather(
        self,
        first: np.ndarray,
        count: np.ndarray,
        product: np.ndarray,
        quantity: np.ndarray,
        total: np.ndarray,
        net: np.ndarray,
    ) -> tuple[pl.DataFrame, np.ndarray, np.ndarray, int]:
        """Lines, what they add up to, their share of the content, and where in the block they lie."""
        size = int(count.sum())
        if not self.block.room(size):
            self.block = Block(max(size, LINES), len(net) > 0)
        sums = np.empty((3, len(first)), dtype=np.int64)
        words = np.zeros((2, len(first)), dtype=np.uint64)
        given = (first, count, product, quantity, total, net, self.catalog.lanes, _LINE_FACTORS)
        compiled(gather_lines)(*given, self.block.arrays(size), sums, words)
        at = self.block.take(size)
        return self.block.frame(at, size), sums, words, at


def _instants(times: pl.Series, first: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The times of the events, int64, 0 where there is none, and where there is one."""
    if not times.null_count():
        return times.to_numpy()[first], np.ones(len(first), dtype=bool)
    told = times[first]
    return told.fill_null(0).to_numpy(), told.is_not_null().to_numpy()


def changes(values: pl.Series) -> np.ndarray:
    """int64: the rows whose next row has another value; a missing value is a value."""
    plain = _plain(values)
    if plain is not None:
        return np.flatnonzero(plain[1:] != plain[:-1])
    return values.slice(1).ne_missing(values.slice(0, max(0, len(values) - 1))).arg_true().to_numpy().astype(np.int64)


def _plain(values: pl.Series) -> np.ndarray | None:
    """A column of numbers or times, none missing, as numbers that are the same where its values are."""
    if values.null_count() or not (values.dtype.is_integer() or isinstance(values.dtype, pl.Datetime)):
        return None
    array = values.to_numpy()
    return array.view(np.int64) if array.dtype.kind == "M" else array


def _mark(bad: np.ndarray, first: np.ndarray, good: np.ndarray) -> None:
    """The events of bad rows are no longer good."""
    good[np.searchsorted(first, np.flatnonzero(bad), side="right") - 1] = False
