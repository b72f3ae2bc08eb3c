"""The deferred revenue of points from a ledger's sales and lots: by cohort, month by month, with its journals.

The wallet ledger holds none of it: this is a report beside it, made anew each time from the whole history.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

import numpy as np
import polars as pl

from guerdon.engine.codes import TransferKind
from guerdon.engine.events.times import DAY
from guerdon.engine.ledger import tables
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.settle.reports.checking import Check, hold
from guerdon.engine.settle.reports.cut import Cut, cut_of
from guerdon.engine.settle.reports.deferral import Change, Cohort, Released, allocated, step
from guerdon.engine.settle.reports.fates import FATES, Fates, fate_checks, lot_cohorts, outstanding
from guerdon.engine.settle.reports.finance_file import Finance
from guerdon.engine.settle.reports.gathering import gather
from guerdon.engine.settle.reports.months import month_end, month_of
from guerdon.engine.settle.reports.provenance import facts_of
from guerdon.engine.settle.reports.sales import purchases
from guerdon.engine.settle.reports.sheets import Report
from guerdon.engine.settle.reports.transfers import pages
from guerdon.engine.settle.reports.wallets import Flows, balance_checks, by_role
from guerdon.rules.program import Program, Unit

_OF_SALES: Final = 1  # the group of lots that were awarded on a sale
_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Line:
    """One month of one cohort. ``deferred``, ``returned``: what was allocated, and taken back with reversed points."""

    month: int
    cohort: int
    deferred: int
    returned: int
    released: Released

    @property
    def change(self) -> int:
        """By how much the contract liability rose."""
        released = self.released
        return self.deferred - self.returned - released.true_up - released.redeemed - released.lapsed


@dataclass(slots=True)
class Deferred:
    """The whole history: what each month did to each cohort, the cohorts as they stand, and the sales behind them."""

    lines: list[Line]
    cohorts: dict[int, Cohort]
    sales: dict[int, int]  # cohort → minor units of the currency


class Reversed:
    """Adds up the points of sales that were reversed: by the award's seq, and the month."""

    def __init__(self, of_sales: pl.DataFrame) -> None:
        self._of_sales = of_sales
        self._parts: list[pl.DataFrame] = []

    def add(self, page: pl.DataFrame) -> None:
        """Take in a page of transfers."""
        mine = page.filter(pl.col("seen") & (pl.col("kind") == int(TransferKind.AWARD_REVERSAL)))
        mine = mine.join(self._of_sales, left_on=("lot_seq", "lot_n"), right_on=("seq", "n"), how="semi")
        self._parts.append(mine.group_by("lot_seq", "month").agg(pl.col("amount").sum()))

    def by_sale(self) -> dict[int, list[tuple[int, int]]]:
        """Seq of the sale → (month, points) in the order of months."""
        found: dict[int, list[tuple[int, int]]] = defaultdict(list)
        if self._parts:
            whole = pl.concat(self._parts).group_by("lot_seq", "month").agg(pl.col("amount").sum())
            for seq, month, amount in whole.sort("lot_seq", "month").iter_rows():
                found[seq].append((month, amount))
        return found


def deferred_revenue(
    ledger: Ledger, program: Program, finance: Finance, as_of: date | None = None, known_at: date | None = None
) -> Report:
    """Deferred revenue at the end of ``as_of``. ReportMismatch, and no report, if its totals are not the ledger's."""
    from guerdon.engine.settle.reports import deferred_tables as shown

    cut = cut_of(ledger, program, as_of, known_at)
    program = cut.program
    sold = _sold(ledger, cut, own=finance.own)
    awards = _awards(ledger, cut, sold)
    fates, flows, reversed_ = Fates(lot_cohorts(ledger, cut, sold)), Flows(cut.until), Reversed(awards)
    gather(ledger, cut, fates, flows, reversed_)
    fate, moved = fates.frame(), flows.frame()
    found = _history(program, cut, finance, _Sales.of(sold, awards), fate, reversed_.by_sale())
    checks = fate_checks(fate, by_role(moved, seen=True)) + balance_checks(ledger, cut, moved)
    hold([*checks, *_checks(found, fate, awards, finance.expected.at(cut.as_of))], ledger.place)
    return Report(
        "deferred-revenue",
        f"Deferred revenue of {program.business.name} at the end of {cut.as_of.isoformat()}",
        (*facts_of(ledger, cut), *shown.assumptions(program, finance)),
        shown.tables(program, finance, found, cut.as_of),
        shown.charts(program, found),
        shown.NOTES,
    )


# ---- what was sold and awarded


def _sold(ledger: Ledger, cut: Cut, *, own: bool) -> pl.DataFrame:
    """The sales that may carry points: seq, time, total, merchant, day (number of the local day)."""
    found = purchases(ledger, cut)
    if own:
        found = found.filter(pl.col("merchant") == 0)
    days = cut.zone.locals(found["time"].to_numpy()) // DAY
    return found.with_columns(day=pl.Series(np.asarray(days, np.int64)))


def _awards(ledger: Ledger, cut: Cut, sold: pl.DataFrame) -> pl.DataFrame:
    """The awards of money that these sales won themselves: seq, n, amount."""
    found = [pl.DataFrame(schema=dict.fromkeys(("seq", "n", "amount"), pl.Int64))]
    for page in pages(ledger, tables.award, ("seq", "n", "pool", "cause", "amount")):
        mine = page.filter((pl.col("pool") != 0) & (pl.col("cause") == 0)).join(sold, on="seq", how="semi")
        found.append(mine.select("seq", "n", "amount"))
    return pl.concat(found)


@dataclass(frozen=True, slots=True)
class _Sales:
    """Sales that won points, in columns of equal length."""

    seqs: list[int]
    days: list[int]
    totals: list[int]
    points: list[int]

    @classmethod
    def of(cls, sold: pl.DataFrame, awards: pl.DataFrame) -> _Sales:
        """Each sale with all the points that it won."""
        points = awards.group_by("seq").agg(pl.col("amount").sum())
        both = sold.join(points, on="seq").sort("seq")
        return cls(*(both[name].to_list() for name in ("seq", "day", "total", "amount")))


# ---- month by month


def _history(
    program: Program,
    cut: Cut,
    finance: Finance,
    sales: _Sales,
    fates: pl.DataFrame,
    reversed_: Mapping[int, list[tuple[int, int]]],
) -> Deferred:
    changes: dict[tuple[int, int], Change] = defaultdict(Change)
    sold: dict[int, int] = defaultdict(int)
    for cohort, month, change in _allocations(program, finance, sales, reversed_):
        changes[cohort, month] = _plus(changes[cohort, month], change)
    for day, total in zip(sales.days, sales.totals, strict=True):
        sold[_month(day)] += total
    grouped = fates.filter(pl.col("group") == _OF_SALES).group_by("cohort", "month").agg(pl.col(*FATES).sum())
    for cohort, month, granted, back, redeemed, expired, adjusted in grouped.iter_rows():
        change = Change(points=granted - back, redeemed=redeemed, lapsed=expired + adjusted)
        changes[cohort, month] = _plus(changes[cohort, month], change)
    lines: list[Line] = []
    cohorts: dict[int, Cohort] = {}
    last = month_of(cut.as_of)
    for cohort in sorted({cohort for cohort, _ in changes}):
        state, before = Cohort(), _rate(finance, cohort, cut)
        for month in range(cohort, last + 1):
            change, rate = changes.get((cohort, month), Change()), _rate(finance, month, cut)
            state, released = step(state, change, before, rate)
            lines.append(Line(month, cohort, change.allocated, change.returned, released))
            before = rate
        cohorts[cohort] = state
    return Deferred(lines, cohorts, dict(sold))


def _allocations(
    program: Program, finance: Finance, sales: _Sales, reversed_: Mapping[int, list[tuple[int, int]]]
) -> list[tuple[int, int, Change]]:
    """(cohort, month, change): what each sale deferred, and what went back with its points."""
    value = _Value(program, finance)
    by_month: dict[int, int] = defaultdict(int)
    found = []
    for seq, day, total, points in zip(sales.seqs, sales.days, sales.totals, sales.points, strict=True):
        amount = allocated(total, points * value.on(day))
        cohort = _month(day)
        by_month[cohort] += amount
        gone = kept_back = 0
        for month, back in reversed_.get(seq, ()):
            gone += back
            kept = allocated_part(amount, points - gone, points)
            found.append((cohort, month, Change(returned=amount - kept - kept_back)))
            kept_back = amount - kept
    return [*((cohort, cohort, Change(allocated=amount)) for cohort, amount in by_month.items()), *found]


def allocated_part(amount: int, points: int, of: int) -> int:
    """What of an allocation stays with the points that stay, half up.

    >>> allocated_part(1875, 1_000, 2_000)
    938
    """
    return (2 * amount * max(points, 0) + of) // (2 * of)


class _Value:
    """What one minor unit of the wallet is worth on a day, as expected to be redeemed: minor units of the currency."""

    def __init__(self, program: Program, finance: Finance) -> None:
        self._business, self._finance = program.business, finance
        self._known: dict[int, Fraction] = {}

    def on(self, day: int) -> Fraction:
        """The value on a local day."""
        if day not in self._known:
            at = _EPOCH + timedelta(days=day)
            self._known[day] = price_minor(self._business.digits, self._business.unit, self._finance, at) * (
                self._finance.expected.at(at)
            )
        return self._known[day]


def price_minor(digits: int, unit: Unit, finance: Finance, day: date) -> Fraction:
    """The stand-alone price of one minor unit of the wallet, minor units of the currency."""
    if finance.price is None:
        return Fraction(unit.worth.num, unit.worth.den)
    return finance.price.at(day) * Fraction(10**digits, 10**unit.digits)


def _month(day: int) -> int:
    return month_of(_EPOCH + timedelta(days=day))


def _rate(finance: Finance, month: int, cut: Cut) -> Fraction:
    """The estimate at the end of a month, or at the cut if that is earlier."""
    return finance.expected.at(min(month_end(month), cut.as_of))


def _plus(a: Change, b: Change) -> Change:
    return Change(
        a.allocated + b.allocated,
        a.returned + b.returned,
        a.points + b.points,
        a.redeemed + b.redeemed,
        a.lapsed + b.lapsed,
    )


# ---- what must hold


def _checks(found: Deferred, fates: pl.DataFrame, awards: pl.DataFrame, rate: Fraction) -> list[Check]:
    """The months lead to what the cohorts stand at, and the points are those of the ledger."""
    mine = fates.filter(pl.col("group") == _OF_SALES)
    cohorts = found.cohorts.values()
    standing = sum(cohort.allocated - cohort.released(rate) for cohort in cohorts)
    return [
        Check("points of sales", int(mine["granted"].sum()), int(awards["amount"].sum())),
        Check("points of sales outstanding", sum(cohort.outstanding for cohort in cohorts), outstanding(mine)),
        Check("contract liability by months", sum(line.change for line in found.lines), standing),
    ]
