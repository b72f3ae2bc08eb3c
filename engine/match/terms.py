"""What of a programme match needs: tests of events and lines, the places that offers ask for, when pools are open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from guerdon.engine.events.place import Places
from guerdon.rules.condition import Condition, fields
from guerdon.rules.match.python import compile_test
from guerdon.rules.program import Hours, Program
from guerdon.rules.selection import select

WEEK_MINUTES = 7 * 24 * 60
_PRODUCT_FIELDS = frozenset({"sku", "type", "family", "brand", "category"})


def word_count(bits: int) -> int:
    """Words of 64 bits that hold ``bits``; at least one."""
    return max(1, -(-bits // 64))


def set_bit(words: np.ndarray, bit: int) -> None:
    """Sets a bit in a row of 64-bit words."""
    words[bit // 64] |= np.uint64(1 << (bit % 64))


@dataclass(frozen=True, slots=True)
class EventTest:
    """A distinct ``event`` condition and the mask of the offers that make it."""

    condition: Condition
    test: Callable[[Mapping[str, Any]], bool]
    mask: np.ndarray


class Terms:
    """The tests of one programme, numbered. Offers, pools and selectors go by their index."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.currency = program.business.currency
        selection = select(program)
        self.selectors = selection.selectors
        self.selector_tests = [compile_test(condition) for condition in self.selectors]
        self.selector_words = word_count(len(self.selectors))
        attributes = {each.name for each in program.business.attributes_line}
        of_product = _PRODUCT_FIELDS | attributes
        self.by_product = [set(fields(condition)) <= of_product for condition in self.selectors]
        self.offer_words = word_count(len(program.offers))
        self.untested, self.event_tests = self._event_tests()
        self.pool_selectors = selection.pool_selector
        self.splits_spend = any(offer.less_spend for offer in program.offers)  # decide looks at single lines then
        self.pool_week = _week_table([pool.times for pool in program.pools])

    def _event_tests(self) -> tuple[np.ndarray, list[EventTest]]:
        """The mask of the offers that test no event field, and each distinct test with its offers."""
        untested = np.zeros(self.offer_words, dtype=np.uint64)
        masks: dict[Condition, np.ndarray] = {}
        for index, offer in enumerate(self.program.offers):
            if offer.event is None:
                set_bit(untested, index)
            else:
                set_bit(masks.setdefault(offer.event, np.zeros(self.offer_words, dtype=np.uint64)), index)
        return untested, [EventTest(condition, compile_test(condition), mask) for condition, mask in masks.items()]


class PlaceTable:
    """A row for each distinct (merchant, venue, channel) met so far; grows as events come.

    ``masks``: the offers whose ``at`` holds there; ``pools``: the pools whose ``at`` holds there.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.merchants = Places(program).merchants
        self.words = word_count(len(program.offers))
        self.rows: dict[tuple[str | None, str | None, str | None], int] = {}
        self._masks: list[np.ndarray] = []
        self._pools: list[int] = []
        self._arrays = (np.zeros((0, self.words), dtype=np.uint64), np.zeros(0, dtype=np.uint64))

    def row(self, merchant: str | None, venue: str | None, channel: str | None) -> int:
        """The row of a place, made when it is first met."""
        key = (merchant, venue, channel)
        row = self.rows.get(key)
        if row is None:
            row = self.rows[key] = len(self._masks)
            mask = np.zeros(self.words, dtype=np.uint64)
            for index, offer in enumerate(self.program.offers):
                if _at(key, offer.merchants, offer.venues, offer.channels):
                    set_bit(mask, index)
            self._masks.append(mask)
            pools = self.program.pools
            self._pools.append(
                sum(1 << n for n, pool in enumerate(pools) if _at(key, pool.merchants, pool.venues, pool.channels))
            )
        return row

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """``masks`` uint64[places, words] and ``pools`` uint64[places] of all rows so far; at least one row."""
        if len(self._arrays[0]) != len(self._masks):
            self._arrays = (np.array(self._masks, dtype=np.uint64), np.array(self._pools, dtype=np.uint64))
        return self._arrays


def _at(
    place: tuple[str | None, str | None, str | None],
    merchants: tuple[str, ...],
    venues: tuple[str, ...],
    channels: tuple[str, ...],
) -> bool:
    """All kinds named must hold, one value of each is enough; an empty list is no test."""
    return all(
        not wanted or found in wanted for found, wanted in zip(place, (merchants, venues, channels), strict=True)
    )


def _week_table(times: list[tuple[Hours, ...]]) -> np.ndarray:
    """For each minute of the local week from Monday 00:00 the set of those whose times it lies in, as bits."""
    table = np.zeros(WEEK_MINUTES, dtype=np.uint64)
    for index, hours in enumerate(times):
        bit = np.uint64(1 << index)
        if not hours:
            table |= bit
        for span in hours:
            for weekday in span.weekdays:
                minutes = np.arange(span.from_minute, span.until_minute) + weekday * 24 * 60
                table[minutes % WEEK_MINUTES] |= bit
    return table
