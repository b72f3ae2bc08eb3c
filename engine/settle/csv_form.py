"""Statements as CSV (RFC 4180, UTF-8): a header, a record a line, and a trailer with their count and sums.

A text that a spreadsheet would take for a formula is made inert by an apostrophe before it; figures stay figures.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import polars as pl

from guerdon.engine.settle.columns import AMOUNTS, LINE_COLUMNS, Cell, amount_text, summary_columns, summary_row
from guerdon.engine.settle.inert import inert, inert_column
from guerdon.engine.settle.lines import SCHEMA
from guerdon.engine.settle.statement import Statement

TRAILER: Final = "TRAILER"


def lines_csv(lines: pl.DataFrame, digits: int) -> bytes:
    """The lines of one statement. The trailer: the word, the count, and the sums under the amounts."""
    texts = [name for name in LINE_COLUMNS if SCHEMA[name] == pl.String]
    shown = lines.select(LINE_COLUMNS).with_columns(
        *(_written(name) for name in texts),
        *(amount_text(pl.col(name), digits).alias(name) for name in AMOUNTS),
        late=pl.when(pl.col("late")).then(pl.lit("late")),
    )
    sums = [Decimal(int(lines[name].sum() or 0)).scaleb(-digits) for name in AMOUNTS]
    blank: list[Cell] = [""] * (len(LINE_COLUMNS) - len(AMOUNTS) - 2)
    trailer = _row([TRAILER, len(lines), *blank, *sums])
    return shown.write_csv(line_terminator="\r\n").encode() + trailer.encode()


def _written(name: str) -> pl.Expr:
    """A column of texts, inert; no text is nothing at all."""
    return pl.when(pl.col(name) != "").then(inert_column(name)).alias(name)


def summary_csv(statements: Sequence[Statement], digits: int) -> bytes:
    """One record a statement. The trailer has their count and, under each amount, its sum."""
    columns = summary_columns(statements)
    rows = [summary_row(statement, columns, digits) for statement in statements]
    sums: list[Cell] = [TRAILER, len(rows)]
    for place in range(2, len(columns)):
        figures = [cell for row in rows if isinstance(cell := row[place], Decimal)]
        sums.append(sum(figures[1:], figures[0]) if figures else None)
    return table_csv(columns, [*rows, sums])


def table_csv(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> bytes:
    """A plain table."""
    return "".join([_row(columns), *(_row(row) for row in rows)]).encode()


def _row(cells: Sequence[Cell]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([_cell(cell) for cell in cells])
    return out.getvalue()


def _cell(cell: Cell) -> str:
    if isinstance(cell, str):
        return inert(cell)
    if cell is None:
        return ""
    return f"{cell:f}" if isinstance(cell, Decimal) else str(cell)
