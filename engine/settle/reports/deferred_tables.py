"""The tables, journals and plots of deferred revenue."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from guerdon.engine.report.naming import decimal_of
from guerdon.engine.settle.reports.finance_file import ByDate, Finance
from guerdon.engine.settle.reports.months import month_end, month_text
from guerdon.engine.settle.reports.sheets import AMOUNT, SHARE, Chart, Column, Row, Table, amounts, share
from guerdon.rules.program import Program

if TYPE_CHECKING:
    from guerdon.engine.settle.reports.deferred_revenue import Deferred, Line

NOTES: Final = (
    "Points of sales alone: what an offer gave on the purchase itself. Gifts without a sale defer nothing.",
    "Released: allocated × redeemed ÷ expected to be redeemed in all, by cohort (month of the sale); the last point, "
    "redeemed or expired, releases the rest. A new estimate changes the pace, not what was allocated.",
)
_MOVES: Final = ("deferred", "returned", "true-up", "released by redemption", "released by expiry")


def assumptions(program: Program, finance: Finance) -> tuple[tuple[str, str], ...]:
    """What the report rests on beside the ledger, as facts."""
    unit, currency = program.business.unit, program.business.currency
    if finance.price is None:
        worth = Fraction(unit.worth.num, unit.worth.den) * Fraction(10**unit.digits, 10**program.business.digits)
        price = f"{_plain(worth)} {currency} for 1 {unit.code}, what it is worth"
    else:
        price = f"{_over_time(finance.price, _plain)} {currency} for 1 {unit.code}"
    return (
        ("stand-alone price", price),
        ("expected redemption", _over_time(finance.expected, lambda rate: f"{_plain(rate * 100)}%")),
        ("sales", "the business's own" if finance.own else "all, merchants' too"),
    )


def _over_time(figure: ByDate, shown: Callable[[Fraction], str]) -> str:
    parts = [
        shown(value) + ("" if since == date.min else f" from {since.isoformat()}") for since, value in figure.entries
    ]
    return ", ".join(parts)


def _plain(value: Fraction) -> str:
    """The decimal of a fraction whose decimal ends, else the fraction."""
    decimal = Decimal(value.numerator) / Decimal(value.denominator)
    return f"{decimal.normalize():f}" if Fraction(decimal) == value else str(value)


def tables(program: Program, finance: Finance, found: Deferred, as_of: date) -> tuple[Table, ...]:
    """The months, the cohorts, the journals, and each month of each cohort."""
    digits = program.business.digits
    return (
        journals(finance, found, digits, as_of),
        months(found, digits),
        _cohorts(program, finance, found, as_of),
        _lines(found, digits),
    )


def _moves(line: Line) -> tuple[int, ...]:
    released = line.released
    return (line.deferred, -line.returned, -released.true_up, -released.redeemed, -released.lapsed)


def _by_month(found: Deferred) -> dict[int, tuple[int, ...]]:
    sums: dict[int, list[int]] = defaultdict(lambda: [0] * len(_MOVES))
    for line in found.lines:
        for place, minor in enumerate(_moves(line)):
            sums[line.month][place] += minor
    return {month: tuple(sums[month]) for month in sorted(sums)}


def months(found: Deferred, digits: int) -> Table:
    """The roll-forward of the contract liability, minor units of the currency as decimals."""
    rows: list[Row] = []
    closing = 0
    for month, moved in _by_month(found).items():
        opening, closing = closing, closing + sum(moved)
        rows.append((month_text(month), *amounts(digits, opening, *moved, closing)))
    columns = (
        Column("month"),
        Column("opening", AMOUNT, adds_up=False),
        *(Column(name, AMOUNT) for name in _MOVES),
        Column("closing", AMOUNT, adds_up=False),
    )
    return Table("months", "Contract liability by month", columns, tuple(rows), total=True)


def _cohorts(program: Program, finance: Finance, found: Deferred, as_of: date) -> Table:
    digits, units = program.business.digits, program.business.unit.digits
    rate = finance.expected.at(as_of)
    rows: list[Row] = []
    for number, cohort in found.cohorts.items():
        released = cohort.released(rate)
        points = (cohort.points, cohort.redeemed, cohort.lapsed, cohort.outstanding)
        rows.append(
            (
                month_text(number),
                *amounts(digits, found.sales.get(number, 0), cohort.allocated),
                *amounts(units, *points),
                share(cohort.redeemed, cohort.expected(rate)),
                *amounts(digits, released, cohort.allocated - released),
            )
        )
    code = program.business.unit.code
    columns = (
        Column("month of sale"),
        Column("sales", AMOUNT),
        Column("allocated", AMOUNT),
        *(Column(f"{name} {code}", AMOUNT) for name in ("kept", "redeemed", "lapsed", "outstanding")),
        Column("of expected", SHARE),
        Column("released", AMOUNT),
        Column("liability", AMOUNT),
    )
    return Table("cohorts", "By month of sale", columns, tuple(rows), total=True)


def journals(finance: Finance, found: Deferred, digits: int, as_of: date) -> Table:
    """One balanced entry for each month and cause, at the month's last day; an amount below zero is turned round."""
    rows = tuple(_entries(finance, found, digits, as_of))
    columns = (Column("date"), Column("debit"), Column("credit"), Column("amount", AMOUNT), Column("text"))
    return Table("journals", "Journals", columns, rows, total=True)


def _entries(finance: Finance, found: Deferred, digits: int, as_of: date) -> Iterator[Row]:
    revenue, liability, points, breakage = finance.accounts
    accounts = (
        (revenue, liability),
        (revenue, liability),
        (points, liability),
        (points, liability),
        (breakage, liability),
    )
    for month, moved in _by_month(found).items():
        day = min(month_end(month), as_of).isoformat()
        for name, (debit, credit), minor in zip(_MOVES, accounts, moved, strict=True):
            if minor < 0:
                debit, credit = credit, debit
            if minor:
                yield (day, debit, credit, decimal_of(abs(minor), digits), f"{name} {month_text(month)}")


def _lines(found: Deferred, digits: int) -> Table:
    rows: tuple[Row, ...] = tuple(
        (month_text(line.month), month_text(line.cohort), *amounts(digits, *_moves(line)))
        for line in sorted(found.lines, key=lambda line: (line.month, line.cohort))
        if any(_moves(line))
    )
    columns = (Column("month"), Column("month of sale"), *(Column(name, AMOUNT) for name in _MOVES))
    return Table("months-by-cohort", "What each month did to each cohort", columns, rows, total=True, detail=True)


def charts(program: Program, found: Deferred) -> tuple[Chart, ...]:
    """The liability over time, and what moved it."""
    currency, rows = program.business.currency, months(found, program.business.digits).rows
    labels = tuple(str(row[0]) for row in rows)

    def figures(place: int) -> tuple[Decimal, ...]:
        return tuple(cell for row in rows if isinstance(cell := row[place], Decimal))

    moved = tuple((name, figures(place)) for place, name in enumerate(_MOVES, 2))
    return (
        Chart("Contract liability at the end of each month", "lines", labels, (("liability", figures(7)),), currency),
        Chart("What moved it", "bars", labels, moved, currency),
    )
