"""Deferred revenue (IFRS 15, ASC 606): the arithmetic, exact and free of any ledger.

A sale with points is two promises: the goods now, the points later. Its price is shared out between them by what each
would sell for alone (*allocation*); the points' share is owed (*contract liability*) until they are redeemed. Of a
cohort it becomes revenue in proportion: allocated × redeemed ÷ expected to be redeemed in all. A new estimate changes
the pace, never the allocation; what expires can't be expected any more, so that the last point releases the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from guerdon.engine.events.amounts import half_up


def allocated(sale_minor: int, points_value: Fraction) -> int:
    """The points' share of a sale, minor units, half up. ``points_value``: what the points would sell for alone, in
    minor units of the currency: points × stand-alone price × the share of points expected to be redeemed.

    >>> allocated(800_00, Fraction("19.20") * 100), allocated(2_000_00, Fraction(170_00))
    (1875, 15668)
    """
    if sale_minor <= 0 or points_value <= 0:
        return 0
    return half_up(sale_minor * points_value / (sale_minor + points_value))


@dataclass(frozen=True, slots=True)
class Cohort:
    """Points awarded with the sales of one month: minor units of the wallet, and of the currency what was allocated.

    ``points``: awarded and not reversed; ``lapsed``: expired, forfeited or taken back by an agent.
    """

    allocated: int = 0
    points: int = 0
    redeemed: int = 0
    lapsed: int = 0

    @property
    def outstanding(self) -> int:
        """Points that can still be redeemed."""
        return self.points - self.redeemed - self.lapsed

    def expected(self, rate: Fraction) -> Fraction:
        """How many are redeemed in all: by the estimate, but no fewer than were, and no more than still can be."""
        return min(max(self.points * rate, Fraction(self.redeemed)), Fraction(self.redeemed + self.outstanding))

    def released(self, rate: Fraction) -> int:
        """What has become revenue under an estimate, minor units of the currency.

        >>> cohort = Cohort(allocated=720_000_00, points=10_000, redeemed=4_000)
        >>> cohort.released(Fraction("0.8"))
        36000000
        """
        expected = self.expected(rate)
        if expected <= 0:
            return self.allocated
        return half_up(self.allocated * self.redeemed / expected)


@dataclass(frozen=True, slots=True)
class Change:
    """What a month did to a cohort: figures to add."""

    allocated: int = 0
    returned: int = 0  # of allocated, with points that were reversed
    points: int = 0
    redeemed: int = 0
    lapsed: int = 0


@dataclass(frozen=True, slots=True)
class Released:
    """What became revenue in a month, minor units of the currency; below zero: it is deferred again."""

    true_up: int
    redeemed: int
    lapsed: int


def step(cohort: Cohort, change: Change, before: Fraction, rate: Fraction) -> tuple[Cohort, Released]:
    """A cohort after a month, and what the month released by each cause.

    First the estimate changes from ``before`` to ``rate`` over what was there, then sales, returns and redemptions
    happen, then points lapse. The parts add up to released after − released before, whatever the order.

    >>> start = Cohort(allocated=720_000_00, points=10_000, redeemed=4_000)
    >>> later, released = step(start, Change(redeemed=4_100), Fraction("0.8"), Fraction("0.9"))
    >>> released, released.true_up + released.redeemed
    (Released(true_up=-4000000, redeemed=32800000, lapsed=0), 28800000)
    >>> step(later, Change(redeemed=900, lapsed=1_000), Fraction("0.9"), Fraction("0.9"))[1]
    Released(true_up=0, redeemed=7200000, lapsed=0)
    """
    there = cohort.released(before)
    after_estimate = cohort.released(rate)
    moved = replace(
        cohort,
        allocated=cohort.allocated + change.allocated - change.returned,
        points=cohort.points + change.points,
        redeemed=cohort.redeemed + change.redeemed,
    )
    after_use = moved.released(rate)
    end = replace(moved, lapsed=moved.lapsed + change.lapsed)
    return end, Released(after_estimate - there, after_use - after_estimate, end.released(rate) - after_use)
