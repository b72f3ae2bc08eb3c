"""Breakage by cohort: of what was awarded in a month, how much was used, and how much expired unused, by age.

Everything comes from the ledger's own history. A cohort is *run off* when nothing of it is left; only such cohorts say
for sure which share is never redeemed.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final

import polars as pl

from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.settle.reports.checking import hold
from guerdon.engine.settle.reports.cut import cut_of
from guerdon.engine.settle.reports.fates import FATES, Fates, fate_checks, lot_cohorts
from guerdon.engine.settle.reports.gathering import gather
from guerdon.engine.settle.reports.months import month_of, month_text
from guerdon.engine.settle.reports.provenance import facts_of
from guerdon.engine.settle.reports.run_off import RunOff
from guerdon.engine.settle.reports.sheets import AMOUNT, SHARE, Chart, Column, Report, Row, Table, amounts, share
from guerdon.engine.settle.reports.wallets import Flows, balance_checks, by_role
from guerdon.rules.program import Program

Cohorts = dict[int, dict[str, int]]  # cohort → fate → minor units


def breakage(ledger: Ledger, program: Program, as_of: date | None = None, known_at: date | None = None) -> Report:
    """Breakage at the end of ``as_of``. ReportMismatch, and no report, if its totals are not the ledger's."""
    cut = cut_of(ledger, program, as_of, known_at)
    program = cut.program
    sums, flows = Fates(lot_cohorts(ledger, cut)), Flows(cut.until)
    gather(ledger, cut, sums, flows)
    fates, moved = sums.frame(), flows.frame()
    hold(fate_checks(fates, by_role(moved, seen=True)) + balance_checks(ledger, cut, moved), ledger.place)
    digits, unit = program.business.unit.digits, program.business.unit.code
    whole = _by(fates, "cohort")
    redeemed, expired = (RunOff.of(fates, fate, month_of(cut.as_of)) for fate in ("redeemed", "expired"))
    projected = {cohort: redeemed.projected(cohort, fate["redeemed"] + left(fate)) for cohort, fate in whole.items()}
    cohorts = _cohort_table(whole, projected, digits)
    names = {number: ledger.names.id("offer", number) or "(none)" for number in fates["offer"].unique().to_list()}
    return Report(
        "breakage",
        f"Breakage of {program.business.name} by month of award, at the end of {cut.as_of.isoformat()}",
        (*facts_of(ledger, cut), *_expectations(whole, projected)),
        (
            cohorts,
            _by_age("expired", expired, whole),
            _by_age("redeemed", redeemed, whole),
            _offer_table(_by(fates, "offer"), names, digits),
        ),
        _charts(cohorts, unit),
        (
            "kept: what was awarded less what was reversed or taken back; shares are of what was kept.",
            "A cohort is run off when nothing of it is outstanding; expected redemption is of those cohorts alone.",
            "projected: redeemed in the end, if younger cohorts grow with age as the older ones did (chain ladder).",
        ),
    )


def _by(fates: pl.DataFrame, column: str) -> Cohorts:
    grouped = fates.group_by(column).agg(pl.col(*FATES).sum()).sort(column)
    return {row[0]: dict(zip(FATES, row[1:], strict=True)) for row in grouped.iter_rows()}


def kept(fate: dict[str, int]) -> int:
    """What was awarded and neither reversed nor taken back."""
    return fate["granted"] - fate["reversed"] - fate["adjusted"]


def left(fate: dict[str, int]) -> int:
    """What is outstanding."""
    return kept(fate) - fate["redeemed"] - fate["expired"]


def _expectations(cohorts: Cohorts, projected: dict[int, int]) -> tuple[tuple[str, str], ...]:
    """The share redeemed of all cohorts that have run off, and the share that all may be expected to come to."""
    over = [fate for fate in cohorts.values() if left(fate) == 0 and kept(fate) > 0]
    seen = share(sum(fate["redeemed"] for fate in over), sum(kept(fate) for fate in over))
    whole = share(sum(projected.values()), sum(kept(fate) for fate in cohorts.values()))
    return (
        ("expected redemption", "no cohort has run off yet" if seen is None else f"{seen} %"),
        ("projected redemption", "nothing was awarded yet" if whole is None else f"{whole} %"),
    )


_FIGURES: Final = ("awarded", "reversed", "taken back", "redeemed", "expired", "outstanding")


def _figures(fate: dict[str, int]) -> tuple[int, ...]:
    return (fate["granted"], fate["reversed"], fate["adjusted"], fate["redeemed"], fate["expired"], left(fate))


def _columns(first: str) -> tuple[Column, ...]:
    shares = (Column("redeemed of kept", SHARE), Column("expired of kept", SHARE))
    return (Column(first), *(Column(name, AMOUNT) for name in _FIGURES), *shares)


def _row(name: str, fate: dict[str, int], digits: int) -> Row:
    shares = (share(fate["redeemed"], kept(fate)), share(fate["expired"], kept(fate)))
    return (name, *amounts(digits, *_figures(fate)), *shares)


def _cohort_table(cohorts: Cohorts, projected: dict[int, int], digits: int) -> Table:
    rows = tuple(
        (*_row(month_text(cohort), fate, digits), share(projected[cohort], kept(fate)))
        for cohort, fate in cohorts.items()
    )
    columns = (*_columns("month of award"), Column("projected", SHARE))
    return Table("cohorts", "By month of award", columns, rows, total=True)


def _offer_table(offers: Cohorts, names: dict[int, str], digits: int) -> Table:
    rows = sorted((_row(names[number], fate, digits) for number, fate in offers.items()), key=lambda row: str(row[0]))
    return Table("by-offer", "By offer", _columns("offer"), tuple(rows), total=True)


def _by_age(name: str, run_off: RunOff, whole: Cohorts) -> Table:
    """Of each cohort, the share of what was kept that had met a fate by each age in months."""
    ages = range(max((len(sums) for sums in run_off.so_far.values()), default=1))
    rows: list[Row] = []
    for cohort, sums in run_off.so_far.items():
        cells = (share(sums[age], kept(whole[cohort])) if age < len(sums) else None for age in ages)
        rows.append((month_text(cohort), *cells))
    columns = (Column("month of award"), *(Column(str(age), SHARE) for age in ages))
    return Table(f"{name}-by-age", f"Per cent {name} of what was kept, by months since the award", columns, tuple(rows))


def _charts(cohorts: Table, unit: str) -> tuple[Chart, ...]:
    labels = tuple(str(row[0]) for row in cohorts.rows)
    series = tuple(
        (name, tuple(cell for row in cohorts.rows if isinstance(cell := row[place], Decimal)))
        for place, name in ((4, "redeemed"), (5, "expired"), (6, "outstanding"))
    )
    rate = tuple(cell if isinstance(cell := row[8], Decimal) else Decimal(0) for row in cohorts.rows)
    return (
        Chart("What became of each month's awards", "bars", labels, series, unit),
        Chart("Expired, per cent of what was kept", "lines", labels, (("expired", rate),), "%"),
    )
