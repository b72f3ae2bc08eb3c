"""Events to the rows that decide reads: many at once or a few, with the same result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from guerdon.engine.codes import EventType
from guerdon.engine.events.coding import distinct_rows
from guerdon.engine.events.event import Event, Line
from guerdon.engine.events.fields import SHAPES, TYPE_NAMES
from guerdon.engine.events.frames import Frames
from guerdon.engine.events.times import zone
from guerdon.engine.match.columns import EventTests, ProductWords, word_table
from guerdon.engine.match.fold import compiled, lay_lines, sum_pools, sum_selectors
from guerdon.engine.match.terms import WEEK_MINUTES, PlaceTable, Terms, set_bit
from guerdon.engine.rows import BUCKET, EVENT, LINE, SELECTOR, Batch
from guerdon.rules.program import Program

_MINUTE = 60 * 1_000_000
_DAY_MINUTES = 24 * 60
_FIRST_MONDAY = 4 * _DAY_MINUTES  # 1970-01-05
_NAMES = ("seq", "time", "total", "net", "quantity", "spend_amount", "spend_kind")
_REGISTERS = np.array(
    [kind in SHAPES and SHAPES[EventType(kind)].registers for kind in range(max(SHAPES) + 1)], dtype=np.int8
)  # fmt: skip


class Matcher:
    """The stateless half of a programme in force. Its table of places grows from batch to batch."""

    def __init__(self, program: Program) -> None:
        self.terms = Terms(program)
        self.event_tests = EventTests(self.terms)
        self.product_words = ProductWords(self.terms)
        self.places = PlaceTable(program)
        self.zone = zone(program.business.time_zone)
        self.registers = program.business.register
        self._met: dict[int, tuple[object, np.ndarray, np.ndarray]] = {}  # table, place rows, merchants

    def events(self, events: Sequence[Event], contacts: Sequence[int] | np.ndarray | None = None) -> Batch:
        """The rows of a few events, tested in plain Python. ``contacts``: rows of the state arrays, -1 for none."""
        terms = self.terms
        rows = np.zeros(len(events), dtype=EVENT)
        for name in (*_NAMES, "type"):
            rows[name] = [getattr(event, name) for event in events]
        rows["place"] = [self.places.row(event.merchant, event.venue, event.channel) for event in events]
        rows["merchant"] = [self.places.merchants.get(event.merchant or "", -1) for event in events]
        masks = np.tile(terms.untested, (len(events), 1))
        for index, event in enumerate(events):
            told = event_values(event, terms.currency) if terms.event_tests else {}
            for test in terms.event_tests:
                if test.test(told):
                    masks[index] |= test.mask
        lines = [line for event in events for line in event.lines]
        words = np.zeros((len(lines), terms.selector_words), dtype=np.uint64)
        for index, line in enumerate(lines):
            values = line_values(line) if terms.selectors else {}
            for selector, check in enumerate(terms.selector_tests):
                if check(values):
                    set_bit(words[index], selector)
        count = np.array([len(event.lines) for event in events], dtype=np.int32)
        sums = {
            name: np.array([getattr(line, name) for line in lines], dtype=np.int64)
            for name in ("total", "net", "quantity")
        }
        number = np.array([line.number for line in lines], dtype=np.int32)
        product = np.arange(len(lines), dtype=np.int32)
        return self._batch(
            rows, masks, contacts, count, product, number, sums, words, np.zeros((0, 1), dtype=np.uint64), True
        )

    def frames(self, frames: Frames, contacts: np.ndarray | None = None) -> Batch:
        """The rows of many events, tested by column. ``contacts``: rows of the state arrays, -1 for none."""
        rows = np.zeros(len(frames), dtype=EVENT)
        for name in (*_NAMES, "type"):
            rows[name] = frames.events[name].to_numpy()
        rows["place"], rows["merchant"] = self._places(frames)
        masks = self.event_tests.table(frames)
        of_product = self.product_words.words(frames)
        of_line = word_table(self.terms, frames)
        lines = frames.lines
        sums = {name: lines[name].to_numpy() for name in ("total", "net", "quantity")}
        count = frames.events["line_count"].to_numpy()
        return self._batch(
            rows,
            masks,
            contacts,
            count,
            lines["product"].to_numpy(),
            lines["number"].to_numpy(),
            sums,
            of_product,
            of_line,
            self.terms.splits_spend,
        )

    def _places(self, frames: Frames) -> tuple[np.ndarray, np.ndarray]:
        """Place row and merchant index of each event, each distinct place looked up once."""
        coded, channel = frames.coded.get("place"), frames.events["channel"]
        if coded is not None and channel.null_count() == len(channel):
            places, merchants = self._of_table(coded.table)
            return places[coded.rows], merchants[coded.rows]
        told = [frames.events[name] for name in ("merchant", "venue", "channel")]
        example, which = distinct_rows(told)
        keys = list(zip(*(each[example] for each in told), strict=True))
        places, merchants = self._look_up(keys)
        return places[which], merchants[which]

    def _of_table(self, table: Any) -> tuple[np.ndarray, np.ndarray]:
        """Place row and merchant index of each row of a reader's table of places, which only grows."""
        _, places, merchants = self._met.get(id(table), (None, np.zeros(0, np.int32), np.zeros(0, np.int32)))
        if len(places) < len(table.full):
            more = self._look_up([(merchant, venue, None) for merchant, venue, _ in table.full[len(places) :]])
            places, merchants = np.concatenate([places, more[0]]), np.concatenate([merchants, more[1]])
            self._met[id(table)] = (table, places, merchants)  # held, so that its id stays its own
        return places, merchants

    def _look_up(self, keys: Sequence[tuple[str | None, str | None, str | None]]) -> tuple[np.ndarray, np.ndarray]:
        """Place row and merchant index of (merchant, venue, channel)."""
        places = np.array([self.places.row(*key) for key in keys], dtype=np.int32)
        merchants = np.array([self.places.merchants.get(key[0] or "", -1) for key in keys], dtype=np.int32)
        return places, merchants

    def _batch(
        self,
        rows: np.ndarray,
        masks: np.ndarray,
        contacts: Sequence[int] | np.ndarray | None,
        count: np.ndarray,
        product: np.ndarray,
        number: np.ndarray,
        sums: dict[str, np.ndarray],
        of_product: np.ndarray,
        of_line: np.ndarray,
        laid: bool,
    ) -> Batch:
        """The parts that both ways share: local time, pools open, and the fold of the lines."""
        terms = self.terms
        rows["local"] = self.zone.locals(rows["time"])
        rows["contact"] = -1 if contacts is None else contacts
        if self.registers:
            rows["auto_registers"] = _REGISTERS[rows["type"]]
        place_masks, place_pools = self.places.arrays()
        minute = (rows["local"] // _MINUTE - _FIRST_MONDAY) % WEEK_MINUTES
        open_pools = place_pools[rows["place"]] & terms.pool_week[minute] if len(rows) else place_pools[:0]
        first = _spread(rows, count)
        figures = (product, number, *sums.values())
        lines, line_selectors = self._lines(figures, of_product, of_line, laid)
        pools = (*self._pools(of_product, bool(len(of_line))), open_pools)
        selectors = np.empty(4 * len(rows) + 64 * terms.selector_words, dtype=SELECTOR)
        done, used = 0, 0
        while True:
            done, used = compiled(sum_selectors)(
                (done, used), first, count, figures, of_product, of_line, rows, selectors
            )
            if done == len(rows):
                break
            selectors = _grown(selectors, used, 64 * terms.selector_words)
        buckets = np.empty(2 * len(rows), dtype=BUCKET)
        done, filled = 0, 0
        while True:
            done, filled = compiled(sum_pools)((done, filled), first, count, figures, of_line, *pools, rows, buckets)
            if done == len(rows):
                break
            buckets = _grown(buckets, filled, int(count[done]))
        return Batch(rows, selectors[:used], buckets[:filled], lines, line_selectors, masks, place_masks)

    def _lines(
        self, figures: tuple[np.ndarray, ...], of_product: np.ndarray, of_line: np.ndarray, laid: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        """Rows and selectors of each line; none where nobody will look at single lines."""
        size = len(figures[0]) if laid else 0
        lines = np.empty(size, dtype=LINE)
        line_selectors = np.empty((size, self.terms.selector_words), dtype=np.uint64)
        if size:
            compiled(lay_lines)(figures, of_product, of_line, lines, line_selectors)
        return lines, line_selectors

    def _pools(self, of_product: np.ndarray, per_line: bool) -> tuple[np.ndarray, np.ndarray]:
        """Pools that each product may be paid by, and (pool, selector) of those that the line itself decides.

        One row for all products where pools ask nothing of them.
        """
        if all(selector < 0 for selector in self.terms.pool_selectors):
            every = sum(1 << pool for pool in range(len(self.terms.pool_selectors)))
            return np.array([every], dtype=np.uint64), np.zeros((0, 2), dtype=np.int64)
        pools = np.zeros(len(of_product), dtype=np.uint64)
        others = []
        for pool, selector in enumerate(self.terms.pool_selectors):
            bit = np.uint64(1 << pool)
            if selector < 0:
                pools |= bit
            elif per_line and not self.terms.by_product[selector]:
                others.append((pool, selector))
            else:
                matched = (of_product[:, selector // 64] >> np.uint64(selector % 64)) & np.uint64(1)
                pools |= np.where(matched != 0, bit, np.uint64(0))
        return pools, np.array(others, dtype=np.int64).reshape(-1, 2)


def event_values(event: Event, currency: str) -> dict[str, Any]:
    """The fields of an event that conditions test."""
    return event.attributes | {
        "total": event.total,
        "net": event.net,
        "tax": event.tax,
        "quantity": event.quantity,
        "currency": event.currency or currency,
        "channel": event.channel,
        "type": TYPE_NAMES[event.type],
        "classification": event.fields.get("classification"),
        "amount": event.fields.get("amount"),
    }


def line_values(line: Line) -> dict[str, Any]:
    """The fields of a line that conditions test."""
    return line.attributes | {
        "sku": line.sku,
        "type": line.type,
        "family": line.family,
        "brand": line.brand,
        "category": line.category,
        "quantity": line.quantity,
        "net": line.net,
        "tax": line.tax,
        "total": line.total,
    }


def _spread(rows: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Sets first and count of the events' lines, which lie one after the other; gives the firsts as int64."""
    first: np.ndarray = np.cumsum(count, dtype=np.int64) - count
    rows["line_first"], rows["line_count"] = first, count
    return first


def _grown(rows: np.ndarray, used: int, more: int) -> np.ndarray:
    """Twice the room, and at least ``more``, with what is in use."""
    grown = np.empty(2 * len(rows) + more, dtype=rows.dtype)
    grown[:used] = rows[:used]
    return grown
