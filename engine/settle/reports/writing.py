"""A report as bytes: plain text, CSV of one table, JSON, XLSX. The same report gives the same bytes."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from guerdon.engine.settle.inert import inert
from guerdon.engine.settle.reports.sheets import AMOUNT, COUNT, SHARE, Cell, Column, Report, Table

_SHEET_NAME: Final = 31
_SHEET_ROWS: Final = 1_048_576


class TooLong(Exception):
    """A table has more rows than a sheet can hold."""

    code = "too-long"
    hint = "write it as csv"


def text_bytes(report: Report, only: str = "") -> bytes:
    """For people: the facts, then each table that is short enough to be read, or ``only`` one; nothing is cut off."""
    width = max((len(name) for name, _ in report.facts), default=0) + 2
    facts = [name.ljust(width) + value for name, value in report.facts]
    chosen = [table for table in report.tables if (table.name == only if only else not table.detail)]
    parts = ["\n".join([report.title, *facts]), *map(_text_table, chosen), "\n".join(report.notes)]
    return ("\n\n".join(part for part in parts if part) + "\n").encode()


def _text_table(table: Table) -> str:
    rows = [*table.rows, *([table.totals()] if table.total and table.rows else [])]
    cells = [[shown(c, cell) for c, cell in zip(table.columns, row, strict=True)] for row in rows]
    grid = [[column.name for column in table.columns], *cells]
    widths = [max(len(row[place]) for row in grid) for place in range(len(table.columns))]
    lines = (
        "  ".join(
            cell.rjust(width) if column.is_figure else cell.ljust(width)
            for column, cell, width in zip(table.columns, row, widths, strict=True)
        ).rstrip()
        for row in grid
    )
    return "\n".join([table.title, *lines])


def shown(column: Column, cell: Cell) -> str:
    """A cell as people read it."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    text = f"{cell:,f}" if isinstance(cell, Decimal) else f"{cell:,}"
    return f"{text} %" if column.kind == SHARE else text


def csv_bytes(report: Report, table: Table) -> bytes:
    """RFC 4180 in UTF-8: head, rows, then a trailer with the count of rows, the totals, and the report's facts."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([inert(column.name) for column in table.columns])
    writer.writerows([_csv_cell(cell) for cell in row] for row in table.rows)
    writer.writerow([f"rows {len(table.rows)}", *(_csv_cell(cell) for cell in table.totals()[1:])])
    for name, value in report.facts:
        writer.writerow([f"{name}: {inert(value)}", *[""] * (len(table.columns) - 1)])
    return out.getvalue().encode()


def _csv_cell(cell: Cell) -> str:
    if isinstance(cell, str):
        return inert(cell)
    return "" if cell is None else format(cell, "f") if isinstance(cell, Decimal) else str(cell)


def json_bytes(report: Report) -> bytes:
    """One object; amounts are decimal text."""
    text = json.dumps(report.as_json(), indent=2, ensure_ascii=False, default=lambda value: format(value, "f"))
    return text.encode() + b"\n"


def xlsx_bytes(report: Report) -> bytes:
    """A sheet of facts, then one for each table: numbers as numbers, text as text. TooLong: see there."""
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": report.title, "created": datetime(1980, 1, 1, tzinfo=UTC)})
    bold = book.add_format({"bold": True})
    about = book.add_worksheet("about")
    about.set_column(0, 0, 20)
    about.write_string(0, 0, report.title, bold)
    for row, (name, value) in enumerate(report.facts, 2):
        about.write_string(row, 0, name)
        about.write_string(row, 1, value)
    for row, note in enumerate(report.notes, len(report.facts) + 3):
        about.write_string(row, 0, note)
    for table in report.tables:
        _sheet(book, table, bold)
    book.close()
    return out.getvalue()


def _sheet(book: Any, table: Table, bold: Any) -> None:
    if len(table.rows) + 2 > _SHEET_ROWS:
        raise TooLong(f"the table '{table.name}' has {len(table.rows):,} rows")
    sheet = book.add_worksheet(table.name[:_SHEET_NAME])
    formats = [book.add_format({"num_format": _number_format(table, place)}) for place in range(len(table.columns))]
    for place, column in enumerate(table.columns):
        sheet.write_string(0, place, column.name, bold)
        sheet.set_column(place, place, 16 if column.is_figure else 24)
    rows = [*table.rows, *([table.totals()] if table.total else [])]
    for number, row in enumerate(rows, 1):
        for place, cell in enumerate(row):
            if isinstance(cell, str):
                sheet.write_string(number, place, cell)
            elif cell is not None:
                sheet.write_number(number, place, cell, formats[place])
    sheet.freeze_panes(1, 1)


def _number_format(table: Table, place: int) -> str:
    """As many decimals as the column's figures have."""
    column: Column = table.columns[place]
    if column.kind == COUNT:
        return "#,##0"
    found = next((row[place] for row in table.rows if isinstance(row[place], Decimal)), None)
    exponent = found.as_tuple().exponent if isinstance(found, Decimal) else 0
    digits = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    return ("#,##0" if column.kind == AMOUNT else "0") + ("." + "0" * digits if digits else "")
