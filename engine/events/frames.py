"""Many events as columns: the same facts as ``Event``, in the order of the log."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import polars as pl
import pyarrow as pa

from guerdon.engine.codes import EventType
from guerdon.engine.events.coding import Coded
from guerdon.engine.events.event import Event, Line

# Columns of every events frame, beside the attributes (one typed column each, named after ATTRIBUTE).
EVENT_COLUMNS: dict[str, Any] = {
    "seq": pl.Int64,
    "source": pl.String,
    "id": pl.String,
    "type": pl.Int16,
    "time": pl.Int64,
    "received_at": pl.Int64,
    "contact": pl.String,
    "contact_kind": pl.String,
    "contact_number": pl.Int64,
    "merchant": pl.String,
    "venue": pl.String,
    "tap": pl.String,
    "channel": pl.String,
    "reference": pl.String,
    "series": pl.String,
    "reference_told": pl.String,
    "currency": pl.String,
    "total": pl.Int64,
    "net": pl.Int64,
    "tax": pl.Int64,
    "quantity": pl.Int64,
    "spend_kind": pl.Int8,
    "spend_amount": pl.Int64,
    "content_a": pl.UInt64,
    "content_b": pl.UInt64,
    "line_first": pl.Int64,
    "line_count": pl.Int32,
    "rest": pl.String,  # JSON of `fields` and of who handed it in; null if there is nothing
    "sealed": pl.String,  # JSON of what names or reaches a person beside `contact`; null if there is nothing
}
LINE_COLUMNS: dict[str, Any] = {
    "number": pl.Int32,
    "product": pl.Int32,  # row of the products frame
    "quantity": pl.Int64,
    "net": pl.Int64,
    "tax": pl.Int64,
    "total": pl.Int64,
}
LINE_FIELDS = ("quantity", "net", "tax", "total")  # those of a line that conditions test
PRODUCT_COLUMNS = ("sku", "type", "family", "brand", "category")
ATTRIBUTE = "@"
_APART = {"type", "contact_kind", "series", "content_a", "content_b", "line_first", "line_count", "rest", "sealed"}
LIKE_EVENT = [name for name in EVENT_COLUMNS if name not in _APART]
DOOR = ("actor", "approver", "role")


class LineMemory(Protocol):
    """Memory that the lines of several frames share, see ``block.Block``."""

    def frame(self, first: int, lines: int) -> pl.DataFrame:
        """The lines from place ``first`` on."""


@dataclass(slots=True)
class Frames:
    """Events, their lines, and each distinct product of those lines once.

    ``events`` has EVENT_COLUMNS and an ``@name`` column for each event attribute that occurs; ``lines`` LINE_COLUMNS,
    the lines of one event together, in line order, at ``line_first``; ``products`` the five product fields and a column
    for each line attribute, under its own name. ``personal`` names the attributes that are sealed when stored.
    ``catalog``: frames that share one have products that only ever grew at their end. ``coded``: what a reader knows of
    a column's distinct values already (``contact``; ``place``: merchant and venue). ``memory``: where the lines lie, if
    those of the next frames lie behind them, from place ``memory_at`` on.
    """

    events: pl.DataFrame
    lines: pl.DataFrame
    products: pl.DataFrame
    personal: frozenset[str] = frozenset()
    catalog: object = None
    coded: dict[str, Coded] = field(default_factory=dict)
    memory: LineMemory | None = None
    memory_at: int = 0

    def __len__(self) -> int:
        return self.events.height

    def event(self, row: int) -> Event:
        """One event, as ``normalise`` would have given it."""
        told = self.events.row(row, named=True)
        event = Event(**{name: told[name] for name in LIKE_EVENT}, type=EventType(told["type"]))
        event.contact_kind = told["contact_kind"] or "id"
        event.series = told["series"] or ""
        event.content = told["content_a"].to_bytes(8, "little") + told["content_b"].to_bytes(8, "little")
        names = [name for name in told if name.startswith(ATTRIBUTE) and told[name] is not None]
        event.attributes = {name.removeprefix(ATTRIBUTE): told[name] for name in names}
        rest = json.loads(told["rest"]) if told["rest"] else {}
        sealed = json.loads(told["sealed"]) if told["sealed"] else {}
        event.fields = rest.get("fields", {}) | sealed.get("fields", {})
        event.attributes |= sealed.get("attributes", {}) | rest.get("attributes", {})
        event.actor, event.approver, event.role = (rest.get(name) for name in DOOR)
        event.verified = rest.get("verified", False)
        first = told["line_first"]
        event.lines = self._lines_of(first, first + told["line_count"])
        return event

    def to_events(self) -> list[Event]:
        """All of them."""
        return [self.event(row) for row in range(len(self))]

    def numbers(self, name: str) -> np.ndarray:
        """A column of numbers, one an event, as wide as it is."""
        return self.events[name].to_numpy()

    def texts(self, name: str) -> pl.Series:
        """A column of texts, one an event; '' for none."""
        return self.events[name].fill_null("")

    def given(self, name: str) -> np.ndarray:
        """Which events have the text of that name, bool."""
        return self.events[name].is_not_null().to_numpy()

    def identified(self) -> np.ndarray:
        """Which events name their contact by an identifier, bool."""
        return self.given("contact_kind")

    def mentions(self, *names: str) -> np.ndarray:
        """Which events carry a field of one of those names, bool."""
        rest = self.events["rest"]
        if rest.null_count() == len(rest):
            return np.zeros(len(rest), bool)
        return rest.str.contains(f'"(?:{"|".join(names)})":').fill_null(False).to_numpy()

    def contents(self) -> tuple[np.ndarray, np.ndarray]:
        """The two halves of the hashes of their content, int64."""
        return self.numbers("content_a").view(np.int64), self.numbers("content_b").view(np.int64)

    def placed(self, seqs: np.ndarray) -> Frames:
        """The same with their places in the log."""
        return replace(self, events=self.events.with_columns(seq=pl.Series(seqs)))

    def line_table(self, columns: Iterable[str], first: int = 0, stop: int | None = None) -> pl.DataFrame:
        """The figures of lines (LINE_FIELDS) with the named columns of their product beside them."""
        lines = self.lines.slice(first, None if stop is None else stop - first)
        product = lines["product"]
        named = [self.products[name][product] for name in columns if name in self.products.columns]
        return lines.select(LINE_FIELDS).hstack(named)

    def take(self, rows: np.ndarray) -> Frames:
        """The events at ``rows``, in that order, with their lines. The products stay as they are."""
        events = self.events[rows]
        counts = events["line_count"].to_numpy().astype(np.int64)
        places = ranges(events["line_first"].to_numpy(), counts)
        events = events.with_columns(line_first=column(np.cumsum(counts) - counts))
        coded = {name: each.take(rows) for name, each in self.coded.items()}
        return Frames(events, self.lines[places], self.products, self.personal, self.catalog, coded)

    def part(self, start: int, stop: int) -> Frames:
        """The events from row ``start`` to before ``stop``."""
        if start == 0 and stop == len(self):
            return self
        events = self.events.slice(start, stop - start)
        if not events.height:
            return Frames(events, self.lines.clear(), self.products, self.personal, self.catalog)
        first = int(events["line_first"][0])
        size = int(events["line_count"].sum())
        return Frames(
            events.with_columns(pl.col("line_first") - first),
            self.lines.slice(first, size),
            self.products,
            self.personal,
            self.catalog,
            {name: Coded(each.table, each.rows[start:stop]) for name, each in self.coded.items()},
            self.memory,
            self.memory_at + first,
        )

    def _lines_of(self, first: int, stop: int) -> tuple[Line, ...]:
        """The lines at places [first, stop), row by row: of a few lines a plan of polars costs more than the rows."""
        lines = []
        attributes = [name for name in self.products.columns if name not in PRODUCT_COLUMNS]
        for told in self.lines.slice(first, stop - first).iter_rows(named=True):
            product = self.products.row(told["product"], named=True)
            figures = {name: told[name] for name in LINE_FIELDS}
            line = Line(told["number"], **{name: product[name] for name in PRODUCT_COLUMNS}, **figures)
            line.attributes = {name: product[name] for name in attributes if product[name] is not None}
            lines.append(line)
        return tuple(lines)


def concatenated(parts: Sequence[Frames]) -> Frames:
    """Frames one after the other, as one."""
    events, lines = [], []
    lines_before = offset = 0
    products = [parts[0].products]
    catalog = parts[0].catalog
    for part in parts:
        if catalog is not None and part.catalog is catalog:
            products[-1] = part.products  # the same, and what came since
        elif part.products is not products[-1]:
            offset += products[-1].height
            products.append(part.products)
            catalog = part.catalog
        events.append(part.events.with_columns(pl.col("line_first") + lines_before))
        lines.append(part.lines.with_columns(pl.col("product") + offset) if offset else part.lines)
        lines_before += part.lines.height
    whole = products[0] if len(products) == 1 else pl.concat(products, how="diagonal")
    personal = frozenset().union(*(part.personal for part in parts))
    memory, at = _adjacent(parts)
    return Frames(
        pl.concat(events, how="diagonal", rechunk=True),
        pl.concat(lines, rechunk=True) if memory is None else memory.frame(at, lines_before),
        whole,
        personal,
        catalog if len(products) == 1 else None,
        _coded(parts),
        memory,
        at,
    )


def _adjacent(parts: Sequence[Frames]) -> tuple[LineMemory | None, int]:
    """The memory of all the parts' lines and where it begins, if they lie there one after the other."""
    memory, at = parts[0].memory, parts[0].memory_at
    for part in parts:
        if part.memory is None or part.memory is not memory or part.memory_at != at:
            return None, 0
        at += part.lines.height
    return memory, parts[0].memory_at


def _coded(parts: Sequence[Frames]) -> dict[str, Coded]:
    """What is known of the columns of all parts by the same tables."""
    coded = {}
    for name, first in parts[0].coded.items():
        same = [part.coded[name].rows for part in parts if name in part.coded and part.coded[name].table is first.table]
        if len(same) == len(parts):
            coded[name] = Coded(first.table, np.concatenate(same))
    return coded


def ranges(first: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The numbers first[0].. for counts[0], then first[1].. for counts[1], and so on.

    >>> ranges(np.array([5, 0]), np.array([2, 3])).tolist()
    [5, 6, 0, 1, 2]
    """
    offsets = np.cumsum(counts) - counts
    return np.repeat(first - offsets, counts) + np.arange(int(counts.sum()))


def column(values: np.ndarray) -> pl.Series:
    """An array as a polars column, sharing its memory."""
    series = pl.from_arrow(pa.array(np.ascontiguousarray(values)))
    assert isinstance(series, pl.Series)
    return series


def columns(arrays: dict[str, np.ndarray]) -> pl.DataFrame:
    """Arrays as a frame, sharing their memory."""
    return pl.DataFrame([column(array).alias(name) for name, array in arrays.items()])
