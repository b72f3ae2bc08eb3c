"""Statements as CSV, Parquet, XLSX and JSON: exact figures, inert texts, the same bytes each time."""

from __future__ import annotations

import csv
import io
import json
import time
from decimal import Decimal

import openpyxl
import polars as pl
import pytest

from guerdon.engine.settle import csv_form, json_form, parquet_form, xlsx_form
from guerdon.engine.settle.inert import inert
from guerdon.engine.settle.statement import Drawn, Statement

from .shop import GOLDEN, Town, bought

RISKY = ["=1+1", "+1", "-1", "@sum", "\tx", "\ry"]


@pytest.fixture
def drawn(town: Town) -> Drawn:
    references = [
        bought(f"n{place}", f"2026-03-0{place + 1} 10:00", "10.00", reference=text) for place, text in enumerate(RISKY)
    ]
    town.tell(GOLDEN, *references)
    town.settle()
    return town.drawn()


def bakery(drawn: Drawn) -> tuple[Statement, pl.DataFrame]:
    statement = next(each for each in drawn.statements if each.merchant == "bakery")
    return statement, drawn.lines_of(statement)


def test_csv_is_read_back_with_its_count_and_sum(drawn: Drawn) -> None:
    statement, lines = bakery(drawn)
    content = csv_form.lines_csv(lines, 2)
    assert content.count(b"\r\n") == content.count(b"\n") == len(lines) + 2
    header, *rows, trailer = csv.reader(io.StringIO(content.decode(), newline=""))
    amounts = [Decimal(row[header.index("amount")]) for row in rows]
    assert trailer[:2] == ["TRAILER", str(len(rows))]
    assert trailer[header.index("amount")] == str(sum(amounts)) == str(Decimal(statement.net_minor).scaleb(-2))


def test_no_cell_of_a_csv_is_a_formula(drawn: Drawn) -> None:
    _, lines = bakery(drawn)
    header, *rows, _ = csv.reader(io.StringIO(csv_form.lines_csv(lines, 2).decode(), newline=""))
    references = {row[header.index("reference")] for row in rows} - {""}
    assert references == {"'" + text for text in RISKY}
    texts = [cell for row in rows for name, cell in zip(header, row, strict=True) if name not in ("amount", "prepaid")]
    assert not any(text.startswith(("=", "+", "-", "@", "\t", "\r")) for text in texts)
    summary = list(csv.reader(io.StringIO(csv_form.summary_csv(drawn.statements, 2).decode(), newline="")))
    assert summary[1][2] == "'=Bakery & Φούρνος"


@pytest.mark.parametrize("text", RISKY)
def test_risky_texts_are_made_inert(text: str) -> None:
    assert inert(text) == "'" + text
    shown = csv_form.lines_csv(pl.DataFrame({**dict.fromkeys(csv_form.LINE_COLUMNS, ""), "reference": text} | {
        "line": 1, "late": False, "contact": 0, "amount": -5, "prepaid": 0}), 2)  # fmt: skip
    assert "'" + text in next(iter(list(csv.reader(io.StringIO(shown.decode(), newline="")))[1:]))


def test_the_trailer_of_a_summary_comes_to_zero(drawn: Drawn) -> None:
    rows = list(
        csv.reader(io.StringIO(csv_form.summary_csv([*drawn.statements, drawn.business], 2).decode(), newline=""))
    )
    assert rows[-1][rows[0].index("net")] == "0.00"


def test_parquet_holds_decimals(drawn: Drawn) -> None:
    statement, lines = bakery(drawn)
    found = pl.read_parquet(io.BytesIO(parquet_form.lines_parquet(lines, 2)))
    assert found.schema["amount"] == pl.Decimal(38, 2)
    assert not any(kind.is_float() for kind in found.schema.values())
    assert found["amount"].sum() == Decimal(statement.net_minor).scaleb(-2)
    summary = pl.read_parquet(io.BytesIO(parquet_form.summary_parquet(drawn.statements, 2)))
    assert (summary.schema["net"], summary.schema["due_on"]) == (pl.Decimal(38, 2), pl.Date)


def test_a_workbook_holds_numbers_as_numbers_and_text_as_text(drawn: Drawn) -> None:
    statement, lines = bakery(drawn)
    book = openpyxl.load_workbook(io.BytesIO(xlsx_form.statement_xlsx(statement, lines, 2)))
    assert book.sheetnames == ["statement", "lines", "summary"]
    said = {row[0].value: row[1] for row in book["statement"].iter_rows()}
    assert (said["name"].value, said["name"].data_type) == ("=Bakery & Φούρνος", "s")
    assert (said["net"].value, said["net"].data_type) == (statement.net_minor / 100, "n")
    header = [cell.value for cell in book["lines"][1]]
    assert len(list(book["lines"].iter_rows())) == len(lines) + 1
    assert {cell.data_type for cell in book["lines"][2] if cell.value is not None} == {"n", "s"}
    assert book["lines"].cell(2, header.index("amount") + 1).number_format.startswith("#,##0.00")
    assert [row[0].value for row in book["summary"].iter_rows()][-1] == "NET"


def test_more_lines_than_a_sheet_holds_go_on_the_next(drawn: Drawn, monkeypatch: pytest.MonkeyPatch) -> None:
    statement, lines = bakery(drawn)
    monkeypatch.setattr(xlsx_form, "ROWS_MAX", 6)
    book = openpyxl.load_workbook(io.BytesIO(xlsx_form.statement_xlsx(statement, lines, 2)))
    sheets = [book[name] for name in book.sheetnames if name.startswith("lines")]
    assert len(sheets) == -(-len(lines) // 6) > 1
    numbers = [row[0].value for sheet in sheets for row in sheet.iter_rows(min_row=2)]
    assert numbers == list(range(1, len(lines) + 1))


def test_json_has_amounts_as_text(drawn: Drawn) -> None:
    statement, lines = bakery(drawn)
    told = json.loads(json_form.statement_json(statement, lines, "EUR", 2))
    assert sum(Decimal(line["amount"]) for line in told["lines"]) == Decimal(told["net"])
    assert told["count"] == len(told["lines"]) == len(lines)
    assert json.loads(json_form.summary_json(drawn.statements, "EUR", 2))[0]["due_on"] == "2026-04-16"


def test_a_statement_without_lines_is_a_statement(drawn: Drawn) -> None:
    statement, lines = bakery(drawn)
    none = lines.clear()
    assert csv_form.lines_csv(none, 2).splitlines()[-1].startswith(b"TRAILER,0,")
    assert json.loads(json_form.statement_json(statement, none, "EUR", 2))["lines"] == []
    assert len(pl.read_parquet(io.BytesIO(parquet_form.lines_parquet(none, 2)))) == 0
    assert openpyxl.load_workbook(io.BytesIO(xlsx_form.statement_xlsx(statement, none, 2)))["lines"].max_row == 1


def test_the_same_statement_gives_the_same_bytes(drawn: Drawn, monkeypatch: pytest.MonkeyPatch) -> None:
    statement, lines = bakery(drawn)
    first = [xlsx_form.statement_xlsx(statement, lines, 2), parquet_form.lines_parquet(lines, 2)]
    later = time.time() + 86_400 * 400
    monkeypatch.setattr(time, "time", lambda: later)
    time.sleep(1.1)  # a workbook's parts could bear the second in which they were packed
    assert first == [xlsx_form.statement_xlsx(statement, lines, 2), parquet_form.lines_parquet(lines, 2)]
