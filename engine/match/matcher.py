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
            rows, masks, contacts, count, product, number, sums, words, np.zeros((0, 1), dtype=np.uint64)
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
        )

    def _places(self, frames: Frames) -> tuple[np.ndarray, np.ndarray]:
        """Place row and merchant index of each event, each distinct place looked up once."""
        told = [frames.events[name] for name in ("merchant", "venue", "channel")]
        example, which = distinct_rows(told)
        keys = list(zip(*(each[example] for each in told), strict=True))
        places = np.array([self.places.row(*key) for key in keys], dtype=np.int32)
        merchants = np.array([self.places.merchants.get(key[0] or "", -1) for key in keys], dtype=np.int32)
        return places[which], merchants[which]

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
        lines = np.empty(len(product), dtype=LINE)
        line_selectors = np.empty((len(product), terms.selector_words), dtype=np.uint64)
        compiled(lay_lines)((product, number, *sums.values()), of_product, of_line, lines, line_selectors)
        first = _spread(rows, "line", count)
        selectors = np.empty(_spread_selectors(rows, first, count, line_selectors), dtype=SELECTOR)
        compiled(sum_selectors)(first, count, line_selectors, *sums.values(), selectors)
        buckets = np.empty(len(product), dtype=BUCKET)
        bucket_count = np.zeros(len(rows), dtype=np.int32)
        pools = (*self._pools(of_product, bool(len(of_line))), open_pools)
        used = compiled(sum_pools)(
            first, count, product, number, sums["total"], line_selectors, *pools, buckets, bucket_count
        )
        _spread(rows, "bucket", bucket_count)
        return Batch(rows, selectors, buckets[:used], lines, line_selectors, masks, place_masks)

    def _pools(self, of_product: np.ndarray, per_line: bool) -> tuple[np.ndarray, np.ndarray]:
        """Pools that each product may be paid by, and (pool, selector) of those that the line itself decides."""
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


def _spread(rows: np.ndarray, name: str, count: np.ndarray) -> np.ndarray:
    """Sets first and count of a part of the events, which lie one after the other; gives the firsts as int64."""
    first: np.ndarray = np.cumsum(count, dtype=np.int64) - count
    rows[f"{name}_first"], rows[f"{name}_count"] = first, count
    return first


def _spread_selectors(rows: np.ndarray, first: np.ndarray, count: np.ndarray, line_selectors: np.ndarray) -> int:
    """Sets the ranges of selector rows: one for each selector that any line of the event matches; how many in all."""
    matched = np.zeros(len(rows), dtype=np.int64)
    filled = np.flatnonzero(count)
    if len(filled):
        for word in range(line_selectors.shape[1]):
            touched = np.bitwise_or.reduceat(line_selectors[:, word], first[filled])
            matched[filled] += np.bitwise_count(touched)
    _spread(rows, "selector", matched)
    return int(matched.sum())
