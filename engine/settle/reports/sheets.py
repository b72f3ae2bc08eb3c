"""A finished report: facts of where it comes from, tables of exact figures, and plots of some of them.

How it is written (table, CSV, XLSX, JSON, HTML) is decided elsewhere; everything here is in its final order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from guerdon.engine.report.naming import decimal_of

TEXT, AMOUNT, COUNT, SHARE = "text", "amount", "count", "share"
_SHARE_DIGITS: Final = 2
Cell = str | int | Decimal | None
Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """``kind``: text, amount (decimal, with its unit's digits), count, or share (per cent, two digits).

    ``adds_up``: the figures of the column may be summed.
    """

    name: str
    kind: str = TEXT
    adds_up: bool = True

    @property
    def is_figure(self) -> bool:
        """Whether it stands on the right."""
        return self.kind != TEXT

    @property
    def has_total(self) -> bool:
        """Whether a total of the column means something."""
        return self.adds_up and self.kind in (AMOUNT, COUNT)


@dataclass(frozen=True, slots=True)
class Table:
    """``name`` names files and sheets, ``title`` heads it. ``total``: shown with a line of totals.

    ``detail``: too long to be read; left out where people read.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    total: bool = False
    detail: bool = False

    def totals(self) -> Row:
        """The line of totals: the first column says so, columns that do not add up are empty."""
        cells: list[Cell] = ["total"]
        for place, column in enumerate(self.columns[1:], 1):
            figures = [cell for row in self.rows if isinstance(cell := row[place], (int, Decimal))]
            cells.append(sum(figures[1:], figures[0]) if column.has_total and figures else None)
        return tuple(cells)


@dataclass(frozen=True, slots=True)
class Chart:
    """Stacked bars (``bars``) or lines (``lines``) of exact figures over labels; one list of figures a series."""

    title: str
    kind: str
    labels: tuple[str, ...]
    series: tuple[tuple[str, tuple[Decimal, ...]], ...]
    unit: str


@dataclass(frozen=True, slots=True)
class Report:
    """``facts`` say what it was made from; the first table is the one that CSV shows unless told."""

    name: str
    title: str
    facts: tuple[tuple[str, str], ...]
    tables: tuple[Table, ...]
    charts: tuple[Chart, ...] = ()
    notes: tuple[str, ...] = ()

    def table(self, name: str) -> Table | None:
        """The table of a name; None: there is none."""
        return next((table for table in self.tables if table.name == name), None)

    def as_json(self) -> dict[str, Any]:
        """The object that ``--json`` prints: facts, notes, and each table as a list of objects."""
        return {
            "report": self.name,
            **{name.replace(" ", "_"): value for name, value in self.facts},
            "notes": list(self.notes),
            **{table.name: [_named(table, row) for row in table.rows] for table in self.tables},
        }


def _named(table: Table, row: Sequence[Cell]) -> dict[str, Cell]:
    return {column.name.replace(" ", "_"): cell for column, cell in zip(table.columns, row, strict=True)}


def amounts(digits: int, *minors: int) -> tuple[Decimal, ...]:
    """Minor units as decimals."""
    return tuple(decimal_of(minor, digits) for minor in minors)


def share(part: int | Fraction, whole: int | Fraction) -> Decimal | None:
    """A part as per cent of the whole, half up, exactly; None of nothing.

    >>> share(1, 3), share(-1, 8), share(0, 0)
    (Decimal('33.33'), Decimal('-12.50'), None)
    """
    from guerdon.engine.events.amounts import half_up

    if not whole:
        return None
    return decimal_of(half_up(Fraction(part) / Fraction(whole) * 100 * 10**_SHARE_DIGITS), _SHARE_DIGITS)
