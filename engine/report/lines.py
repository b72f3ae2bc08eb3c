"""On which lines of a purchase an award lies: every cent of it on one (spec 4, Arithmetic)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from guerdon.engine.events.amounts import shares
from guerdon.engine.events.event import Event
from guerdon.engine.match.matcher import Matcher
from guerdon.rules.program import Multiply, Offer, Percent, Program
from guerdon.rules.selection import ALL_LINES, select

Shares = dict[int, int]  # line → minor units


class LineShares:
    """Splits awards over lines under one programme."""

    def __init__(self, program: Program) -> None:
        self._matcher = Matcher(program)
        self._base = select(program).base
        self._offers = {offer.id: (place, offer) for place, offer in enumerate(program.offers)}

    def of(self, event: Event, amounts: Mapping[str, int]) -> dict[str, Shares]:
        """The shares of what the offers gave on an event itself. ``amounts``: offer id → minor units.

        In proportion to the lines' base by largest remainder, ties to the lowest line; lines without a positive base
        bear nothing. An award that multiplies lies where what it multiplies lies.
        """
        if not event.lines:
            return {offer: {} for offer in amounts}
        batch = self._matcher.events([event])
        split: dict[str, Shares] = {}
        for name, amount in amounts.items():
            place, offer = self._offers[name]
            if not isinstance(offer.award, Multiply):
                split[name] = _split(amount, self._weights(offer, place, batch.lines, batch.line_selectors))
        for name, amount in amounts.items():
            award = self._offers[name][1].award
            if isinstance(award, Multiply):
                weights: Shares = {line.number: 0 for line in event.lines}
                for multiplied in award.offers:
                    for line, minor in split.get(multiplied, {}).items():
                        weights[line] += minor
                split[name] = _split(amount, weights)
        return split

    def _weights(self, offer: Offer, place: int, lines: np.ndarray, words: np.ndarray) -> Shares:
        selector = self._base[place]
        if selector == ALL_LINES or (isinstance(offer.award, Percent) and offer.award.of == "event"):
            chosen = np.ones(len(lines), dtype=bool)
        else:
            chosen = (words[:, selector // 64] >> np.uint64(selector % 64)) & np.uint64(1) != 0
        base = lines["net"] if offer.net else lines["total"]
        return {
            int(line["number"]): int(value) for line, value, is_in in zip(lines, base, chosen, strict=True) if is_in
        }


def _split(amount: int, weights: Shares) -> Shares:
    positive = {line: weight for line, weight in sorted(weights.items()) if weight > 0}
    if not positive:
        return {}
    parts = shares(amount, list(positive.values()))
    return {line: part for line, part in zip(positive, parts, strict=True) if part}
