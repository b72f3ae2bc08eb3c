"""How cohorts run off: what of each had met a fate by each age in months, and what the younger ones may be expected to.

The projection is a chain ladder: from one age to the next a cohort grows as all older ones together did. It is exact
until the last step, and never passes what can still be redeemed.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import polars as pl

from guerdon.engine.events.amounts import half_up

AGES: Final = 24  # months; what is older counts with the last


@dataclass(frozen=True, slots=True)
class RunOff:
    """``so_far``: cohort → minor units by age, up to the age that the cohort has reached."""

    so_far: dict[int, list[int]]

    @classmethod
    def of(cls, fates: pl.DataFrame, fate: str, last: int) -> RunOff:
        """From frames of fates; ``last``: the month of the cut."""
        changes: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        for cohort, month, minor in fates.select("cohort", "month", fate).iter_rows():
            changes[cohort][min(max(month - cohort, 0), AGES)] += minor
        so_far = {}
        for cohort in sorted(changes):
            sums, total = [], 0
            for age in range(min(max(last - cohort, 0), AGES) + 1):
                total += changes[cohort][age]
                sums.append(total)
            so_far[cohort] = sums
        return cls(so_far)

    def growth(self, age: int) -> Fraction:
        """By what cohorts grow from an age to the next: 1 where none has been seen to.

        >>> RunOff({1: [50, 60, 66], 2: [100, 120], 3: [80]}).growth(0)
        Fraction(6, 5)
        """
        pairs = [(sums[age], sums[age + 1]) for sums in self.so_far.values() if len(sums) > age + 1]
        before = sum(pair[0] for pair in pairs)
        return Fraction(sum(pair[1] for pair in pairs), before) if before > 0 else Fraction(1)

    def projected(self, cohort: int, at_most: int) -> int:
        """What a cohort comes to in the end, minor units half up.

        >>> RunOff({1: [50, 60, 66], 2: [100, 120], 3: [80]}).projected(3, 200)
        106
        """
        sums = self.so_far[cohort]
        found = Fraction(sums[-1])
        oldest = max(len(each) for each in self.so_far.values())
        for age in range(len(sums) - 1, oldest - 1):
            found *= self.growth(age)
        return min(half_up(found), at_most)
