"""Which line tests a programme has: each distinct one once, and who uses it.

Offers with the same ``lines`` share a selector, so that a line is tested once for all of them. -1 stands for all lines.
"""

from __future__ import annotations

from dataclasses import dataclass

from guerdon.rules.condition import All, AnyOf, Condition, NoneOf
from guerdon.rules.program import Offer, Program

ALL_LINES = -1


@dataclass(frozen=True, slots=True)
class Selection:
    """The distinct line tests of a programme.

    ``base`` and ``bundle`` go by the index of the offer, ``pool_selector`` by that of the pool. The tests of one
    ``bundle`` exclude each other: each unit counts for the first matcher that it fits.
    """

    selectors: tuple[Condition, ...]
    base: tuple[int, ...]
    bundle: tuple[tuple[int, ...], ...]
    pool_selector: tuple[int, ...]


def select(program: Program) -> Selection:
    """The selectors of ``program``, numbered in the order of offers, then pools."""
    numbers: dict[Condition, int] = {}

    def number(condition: Condition | None) -> int:
        return ALL_LINES if condition is None else numbers.setdefault(condition, len(numbers))

    base: list[int] = []
    bundle: list[tuple[int, ...]] = []
    for offer in program.offers:
        base.append(number(_base(offer)))
        bundle.append(tuple(number(test) for test in _exclusive(_bundle(offer))))
    pools = tuple(number(pool.lines) for pool in program.pools)
    return Selection(tuple(numbers), tuple(base), tuple(bundle), pools)


def _bundle(offer: Offer) -> tuple[Condition, ...]:
    return offer.needs.matchers if offer.needs is not None and offer.needs.kind == "all" else ()


def _base(offer: Offer) -> Condition | None:
    """The lines that an award is of: those of ``lines``; of a bundle also those of its matchers."""
    matchers = _bundle(offer)
    if not matchers:
        return offer.lines
    distinct = tuple(dict.fromkeys(matchers if offer.lines is None else (*matchers, offer.lines)))
    return distinct[0] if len(distinct) == 1 else AnyOf(distinct)


def _exclusive(matchers: tuple[Condition, ...]) -> list[Condition]:
    return [
        matcher if place == 0 else All((matcher, NoneOf(matchers[:place]))) for place, matcher in enumerate(matchers)
    ]
