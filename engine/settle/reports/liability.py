"""The liability report: what is owed to contacts at the end of a day, how it came about, and by when it expires."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final

import polars as pl

from guerdon.engine.events.amounts import half_up
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.report.naming import decimal_of
from guerdon.engine.settle.reports.cut import cut_of, end_of
from guerdon.engine.settle.reports.instruments import instruments
from guerdon.engine.settle.reports.months import month_text
from guerdon.engine.settle.reports.outstanding import BUCKET_ORDER, DIMENSIONS, STATES, outstanding
from guerdon.engine.settle.reports.provenance import facts_of
from guerdon.engine.settle.reports.sheets import AMOUNT, Chart, Column, Report, Row, Table, amounts
from guerdon.engine.settle.reports.transfers import COMMERCE, DEBT, OPEN
from guerdon.engine.settle.reports.wallets import KINDS, LINES, OTHER, Moves, moves
from guerdon.rules.program import Program

_OWED: Final = (COMMERCE, OPEN)  # what is owed to contacts; debt is owed by them
_LINES: Final = (*LINES, OTHER)
_MOST_OFFERS: Final = 12  # in a plot


def liability(
    ledger: Ledger, program: Program, as_of: date | None = None, known_at: date | None = None, since: date | None = None
) -> Report:
    """The liability at the end of ``as_of``; the roll-forward begins with ``since`` (the first of that month).

    ReportMismatch, and no report, if its totals are not the ledger's.
    """
    cut = cut_of(ledger, program, as_of, known_at)
    program = cut.program
    since = since or cut.as_of.replace(day=1)
    found = outstanding(ledger, cut, end_of(cut.zone, since - timedelta(days=1)))
    digits, unit = program.business.unit.digits, program.business.unit.code
    by = {dimension: _by(found.cube, dimension, digits) for dimension in DIMENSIONS[1:]}
    months = history(moves(found.flows), digits)
    return Report(
        "liability",
        f"Liability of {program.business.name} at the end of {cut.as_of.isoformat()}",
        (*facts_of(ledger, cut), *_worth(program, int(found.cube["minor"].sum()))),
        (
            _cube_table(found.cube, digits),
            roll_forward(
                moves(found.flows, opening=True), moves(found.flows, opening=False), digits, (since, cut.as_of)
            ),
            *by.values(),
            months,
            *_instrument_tables(instruments(ledger, cut), program.business.digits),
        ),
        (_over_months(months, unit), *(_bars(by[name], unit) for name in ("days", "month", "funder", "offer"))),
        (
            "Open money is taken to be spent in the order in which it came; what is held or on its way out is in it.",
            "A funder's part of a lot is what it would get back if the lot expired now.",
        ),
    )


def _worth(program: Program, minor: int) -> tuple[tuple[str, str], ...]:
    """Of a wallet of points: what all of it is worth in the currency, half up."""
    business = program.business
    if not business.unit.points:
        return ()
    worth = half_up(Fraction(minor * business.unit.worth.num, business.unit.worth.den))
    return (("worth", f"{decimal_of(worth, business.digits):f} {business.currency}"),)


# ---- tables


def _cube_table(cube: pl.DataFrame, digits: int) -> Table:
    columns = (*(Column(name) for name in DIMENSIONS), Column("amount", AMOUNT))
    rows: tuple[Row, ...] = tuple(
        (*row[:-1], decimal_of(row[-1], digits)) for row in cube.select(*DIMENSIONS, "minor").iter_rows()
    )
    return Table("outstanding", "Outstanding money", columns, rows, total=True, detail=True)


def _by(cube: pl.DataFrame, dimension: str, digits: int) -> Table:
    """Outstanding money by one dimension, a column for each state."""
    sums: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(STATES, 0))
    grouped = cube.group_by(dimension, "state").agg(pl.col("minor").sum())
    for name, state, minor in grouped.iter_rows():
        sums[name][state] = minor
    order = [name for name in BUCKET_ORDER if name in sums] if dimension == "days" else sorted(sums)
    rows: tuple[Row, ...] = tuple(
        (name, *amounts(digits, *sums[name].values(), sum(sums[name].values()))) for name in order
    )
    title = {"days": "days to expiry", "month": "month of award"}.get(dimension, dimension)
    columns = (Column(title), *(Column(state, AMOUNT) for state in STATES), Column("outstanding", AMOUNT))
    return Table(f"by-{dimension}", f"By {title}", columns, rows, total=True)


def _instrument_tables(held: dict[str, int], digits: int) -> tuple[Table, ...]:
    """What gift cards and certificates hold, where there are any; in the currency."""
    if not held:
        return ()
    columns = (Column("instrument"), Column("outstanding", AMOUNT))
    rows: tuple[Row, ...] = tuple((name, decimal_of(minor, digits)) for name, minor in held.items())
    return (Table("instruments", "Gift cards and certificates, beside the wallets", columns, rows, total=True),)


def roll_forward(before: Moves, during: Moves, digits: int, days: tuple[date, date]) -> Table:
    """Opening, what moved, closing; by kind of money. What is owed is commerce and open; debt stands beside it."""
    opening = _by_kind(before)
    rows = [("opening", opening)]
    for line in _LINES:
        sums = _by_kind({key: minor for key, minor in during.items() if key[1] == line})
        if line != OTHER or any(sums.values()):
            rows.append((line, sums))
    rows.append(("closing", {kind: sum(sums[kind] for _, sums in rows) for kind in KINDS}))
    columns = (Column("line"), *(Column(name, AMOUNT) for name in ("commerce", "open", "owed", "debt")))
    cells: tuple[Row, ...] = tuple(
        (line, *amounts(digits, s[COMMERCE], s[OPEN], sum(s[k] for k in _OWED), s[DEBT])) for line, s in rows
    )
    first, last = (day.isoformat() for day in days)
    return Table("roll-forward", f"Roll-forward from {first} to {last}", columns, cells)


def _by_kind(moved: Moves) -> dict[int, int]:
    sums = dict.fromkeys(KINDS, 0)
    for (_, _, kind), minor in moved.items():
        sums[kind] += minor
    return sums


def history(moved: Moves, digits: int) -> Table:
    """The roll-forward of what is owed, one row each month from the first in which anything moved."""
    present = [line for line in _LINES if any(key[1] == line for key in moved)]
    sums: dict[int, dict[str, int]] = defaultdict(lambda: dict.fromkeys(present, 0))
    for (month, line, kind), minor in moved.items():
        if kind in _OWED:
            sums[month][line] += minor
    rows: list[Row] = []
    closing = 0
    for month in _without_gaps(sums):
        opening, lines = closing, sums[month]
        closing = opening + sum(lines.values())
        rows.append((month_text(month), *amounts(digits, opening, *lines.values(), closing)))
    columns = (
        Column("month"),
        Column("opening", AMOUNT, adds_up=False),
        *(Column(line, AMOUNT) for line in present),
        Column("closing", AMOUNT, adds_up=False),
    )
    return Table("months", "What is owed, by month", columns, tuple(rows))


def _without_gaps(months: Iterable[int]) -> range:
    known = sorted(months)
    return range(known[0], known[-1] + 1) if known else range(0)


# ---- plots


def _over_months(months: Table, unit: str) -> Chart:
    labels = tuple(str(row[0]) for row in months.rows)
    return Chart("What is owed at the end of each month", "lines", labels, (("owed", _figures(months, -1)),), unit)


def _bars(table: Table, unit: str) -> Chart:
    """Stacked by state; of many rows the largest, in the table's order."""
    largest = sorted(table.rows, key=lambda row: -_decimal(row[-1]))[:_MOST_OFFERS]
    rows = [row for row in table.rows if row in largest] if len(table.rows) > _MOST_OFFERS else list(table.rows)
    shown = Table(table.name, table.title, table.columns, tuple(rows))
    series = tuple((state, _figures(shown, place)) for place, state in enumerate(STATES, 1))
    return Chart(
        f"Outstanding {table.title[0].lower()}{table.title[1:]}", "bars", tuple(str(r[0]) for r in rows), series, unit
    )


def _figures(table: Table, place: int) -> tuple[Decimal, ...]:
    return tuple(_decimal(row[place]) for row in table.rows)


def _decimal(cell: object) -> Decimal:
    assert isinstance(cell, Decimal)
    return cell
