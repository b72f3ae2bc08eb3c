"""On which lines of a purchase an award lies: every cent of it on one (spec 4, Arithmetic)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from guerdon.engine.events.amounts import shares
from guerdon.engine.events.event import Event
from guerdon.engine.match.matcher import Matcher
from guerdon.engine.rows import Batch
from guerdon.rules.program import Multiply, Offer, Percent, Program
from guerdon.rules.selection import ALL_LINES, Selection, select

Shares = dict[int, int]  # line → minor units


class LineShares:
    """Splits awards over lines under one programme."""

    def __init__(self, program: Program, matcher: Matcher | None = None) -> None:
        self._matcher = matcher or Matcher(program)
        self._selection: Selection = select(program)
        self._offers = {offer.id: (place, offer) for place, offer in enumerate(program.offers)}

    def of(
        self, event: Event, amounts: Mapping[str, int], earnings: Mapping[str, int] | None = None
    ) -> dict[str, Shares]:
        """The shares of what the offers gave on an event itself. ``amounts``: offer id → minor units.

        In proportion to the lines' base by largest remainder, ties to the lowest line; lines without a positive base
        bear nothing. An award that multiplies lies where what it multiplies lies. ``earnings``: the base of each
        award as it was, from which follows what ``less_spend`` took off it.
        """
        if not event.lines:
            return {offer: {} for offer in amounts}
        batch = self._matcher.events([event])
        split: dict[str, Shares] = {}
        for name, amount in amounts.items():
            place, offer = self._offers[name]
            if not isinstance(offer.award, Multiply):
                split[name] = _split(amount, self._weights(offer, place, batch, (earnings or {}).get(name)))
        for name, amount in amounts.items():
            award = self._offers[name][1].award
            if isinstance(award, Multiply):
                weights: Shares = {line.number: 0 for line in event.lines}
                for multiplied in award.offers:
                    for line, minor in split.get(multiplied, {}).items():
                        weights[line] += minor
                split[name] = _split(amount, weights)
        return split

    def matched(self, place: int, batch: Batch) -> np.ndarray:
        """Which lines an offer (index) matches: bool[lines]."""
        selector = self._selection.base[place]
        if selector == ALL_LINES:
            return np.ones(len(batch.lines), dtype=bool)
        word = batch.line_selectors[:, selector // 64] >> np.uint64(selector % 64)
        return np.asarray((word & np.uint64(1)) != 0)

    def _weights(self, offer: Offer, place: int, batch: Batch, earning: int | None) -> Shares:
        chosen = self.matched(place, batch)
        if isinstance(offer.award, Percent) and offer.award.of == "event":
            chosen[:] = True
        lines = batch.lines
        base = (lines["net"] if offer.net else lines["total"]).tolist()
        if offer.less_spend and earning is not None:
            base = _less_spend(base, lines["total"].tolist(), chosen.tolist(), earning)
        return {
            number: value
            for number, value, is_in in zip(lines["number"].tolist(), base, chosen.tolist(), strict=True)
            if is_in
        }


def _less_spend(base: list[int], totals: list[int], chosen: list[bool], earning: int) -> list[int]:
    """The lines' bases less what the spend took off them: the least spend that leaves this earning."""
    weights = [max(total, 0) for total in totals]
    low, high = 0, sum(weights)
    while low < high:
        middle = (low + high) // 2
        off = shares(middle, weights)
        left = sum(value - part for value, part, is_in in zip(base, off, chosen, strict=True) if is_in)
        low, high = (low, middle) if left <= earning else (middle + 1, high)
    off = shares(low, weights)
    return [value - part for value, part in zip(base, off, strict=True)]


def _split(amount: int, weights: Shares) -> Shares:
    positive = {line: weight for line, weight in sorted(weights.items()) if weight > 0}
    if not positive:
        return {}
    parts = shares(amount, list(positive.values()))
    return {line: part for line, part in zip(positive, parts, strict=True) if part}
