"""Statements as XLSX workbooks: the statement, its lines, a summary by kind. Figures are numbers, text is text.

The same statement gives the same bytes: a workbook bears no time of writing but the last day of its period.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any

import polars as pl
import xlsxwriter

from guerdon.engine.report.naming import decimal_of
from guerdon.engine.settle.columns import AMOUNTS, LINE_COLUMNS, Cell, summary_columns, summary_row
from guerdon.engine.settle.statement import Statement

ROWS_MAX = 1_048_575  # of a sheet, below its header
# Rows leave memory as they are written: a busy merchant's month has more of them than memory should hold.
_OPTIONS = {
    "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False
}  # fmt: skip


class _Book:
    """A workbook being written; ``money`` is the look of amounts."""

    def __init__(self, title: str, day: datetime, digits: int) -> None:
        self.bytes = io.BytesIO()
        self.book: Any = xlsxwriter.Workbook(self.bytes, _OPTIONS)
        self.book.set_properties({"title": title, "author": "guerdon", "created": day})
        zeros = "." + "0" * digits if digits else ""
        self.money = self.book.add_format({"num_format": f"#,##0{zeros};[Red]-#,##0{zeros}"})
        self.bold = self.book.add_format({"bold": True})

    def sheet(self, name: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]], width: int = 16) -> None:
        """A sheet with a bold header that stays in sight."""
        sheet = self.book.add_worksheet(name)
        sheet.write_row(0, 0, columns, self.bold)
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, max(len(columns) - 1, 0), width)
        for place, row in enumerate(rows, 1):
            for column, cell in enumerate(row):
                self._write(sheet, place, column, cell)

    def _write(self, sheet: Any, row: int, column: int, cell: Cell) -> None:
        if isinstance(cell, str):
            if cell:
                sheet.write_string(row, column, cell)
        elif isinstance(cell, Decimal):
            sheet.write_number(row, column, float(cell), self.money)  # how the format holds numbers
        elif cell is not None:
            sheet.write_number(row, column, cell)

    def close(self) -> bytes:
        """The finished workbook."""
        self.book.close()
        return self.bytes.getvalue()


def statement_xlsx(statement: Statement, lines: pl.DataFrame, digits: int) -> bytes:
    """One statement: a sheet of what it says, one of its lines (more if they are too many), one of its kinds."""
    book = _Book(f"Statement {statement.id}", _moment(statement), digits)
    columns = summary_columns([statement])
    said = dict(zip(columns, summary_row(statement, columns, digits), strict=True))
    book.sheet("statement", ("field", "value"), [(name, cell) for name, cell in said.items() if cell is not None], 24)
    rows = _line_rows(lines, digits)
    for number in range(1, max(1, -(-len(lines) // ROWS_MAX)) + 1):
        book.sheet("lines" if number == 1 else f"lines {number}", LINE_COLUMNS, islice(rows, ROWS_MAX))
    kinds = [(kind, Decimal(minor).scaleb(-digits)) for kind, minor in statement.totals_minor.items()]
    kinds += [("NET", Decimal(statement.net_minor).scaleb(-digits))]
    book.sheet("summary", ("kind", "amount"), kinds)
    return book.close()


def _line_rows(lines: pl.DataFrame, digits: int) -> Iterator[list[Cell]]:
    """Lines as cells, one after the other."""
    amounts, late = [LINE_COLUMNS.index(name) for name in AMOUNTS], LINE_COLUMNS.index("late")
    for row in lines.select(LINE_COLUMNS).iter_rows():
        cells: list[Cell] = list(row)
        cells[late] = "late" if row[late] else None
        for place in amounts:
            cells[place] = decimal_of(row[place], digits)
        yield cells


def summary_xlsx(title: str, statements: Sequence[Statement], digits: int) -> bytes:
    """All statements of a period, one row each."""
    book = _Book(title, _moment(statements[-1]), digits)
    columns = summary_columns(statements)
    book.sheet("summary", columns, [summary_row(statement, columns, digits) for statement in statements])
    return book.close()


def _moment(statement: Statement) -> datetime:
    return datetime(statement.last_day.year, statement.last_day.month, statement.last_day.day)
