"""The same report as text, CSV, XLSX, JSON and HTML: exact, inert, self-contained, the same bytes each time."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from guerdon.engine.settle.reports.page import html_bytes
from guerdon.engine.settle.reports.plots import svg, ticks
from guerdon.engine.settle.reports.sheets import AMOUNT, COUNT, SHARE, Chart, Column, Report, Table
from guerdon.engine.settle.reports.writing import csv_bytes, json_bytes, text_bytes, xlsx_bytes

from ..cli.door import guerdon
from ..cli.shop import EVENTS, write_events, write_shop
from ..engines import Engine

D = Decimal
TABLE = Table(
    "things",
    "Things",
    (Column("name"), Column("count", COUNT), Column("amount", AMOUNT), Column("share", SHARE)),
    (("=cmd()", 2, D("-1.50"), D("33.33")), ('say "hi", twice', 1, D("12345678901234.56"), None)),
    total=True,
)
LONG = Table("long", "Long", (Column("name"), Column("amount", AMOUNT)), (("a<b", D("1.00")),), detail=True)
CHART = Chart("A & B", "bars", ("x", "y"), (("up", (D("2.00"), D("0.50"))), ("down", (D("-1.00"), D("0")))), "EUR")
REPORT = Report(
    "thing", "Things of <us>", (("unit", "EUR"), ("note", "@me")), (TABLE, LONG), (CHART,), ("that is all",)
)


def test_csv_has_a_trailer_and_no_formulas() -> None:
    found = list(csv.reader(io.StringIO(csv_bytes(REPORT, TABLE).decode(), newline="")))

    assert found[:3] == [
        ["name", "count", "amount", "share"],
        ["'=cmd()", "2", "-1.50", "33.33"],
        ['say "hi", twice', "1", "12345678901234.56", ""],
    ]
    assert found[3] == ["rows 2", "3", "12345678901233.06", ""]
    assert found[4:] == [["unit: EUR", "", "", ""], ["note: '@me", "", "", ""]]
    assert csv_bytes(REPORT, TABLE).count(b"\r\n") == 6


def test_workbooks_hold_numbers_as_numbers_and_text_as_text() -> None:
    openpyxl = pytest.importorskip("openpyxl")
    pytest.importorskip("xlsxwriter")
    book = openpyxl.load_workbook(io.BytesIO(xlsx_bytes(REPORT)))

    assert book.sheetnames == ["about", "things", "long"]
    cells = [[cell.value for cell in row] for row in book["things"].iter_rows()]
    assert cells[1][:3] == ["=cmd()", 2, -1.5] and book["things"]["A2"].data_type == "s"
    assert book["things"]["C2"].number_format == "#,##0.00"
    assert cells[3][0] == "total"
    assert xlsx_bytes(REPORT) == xlsx_bytes(REPORT)


def test_json_has_amounts_as_text() -> None:
    found = json.loads(json_bytes(REPORT))

    assert found["things"][0] == {"name": "=cmd()", "count": 2, "amount": "-1.50", "share": "33.33"}
    assert (found["report"], found["unit"], found["notes"]) == ("thing", "EUR", ["that is all"])


def test_the_page_needs_nothing_else() -> None:
    page = html_bytes(REPORT).decode()

    assert "Things of &lt;us&gt;" in page and "<us>" not in page and "a&lt;b" in page
    assert not re.search(r"https?:|<script|<link|@import|url\(", page)
    assert page.count("<svg") == 1 and "<details>" in page
    assert "12,345,678,901,234.56" in page and "33.33 %" in page


def test_text_cuts_nothing_off_and_leaves_details_out() -> None:
    shown = text_bytes(REPORT).decode()

    assert "12,345,678,901,234.56" in shown and "that is all" in shown
    assert "Long" not in shown and "a<b" in text_bytes(REPORT, "long").decode()


def test_plots_reach_over_their_figures() -> None:
    assert [str(tick) for tick in ticks(D("-1"), D("2.5"))] == ["-1", "0", "1", "2", "3"]
    assert [str(tick) for tick in ticks(D("0"), D("0.03"))][-1] == "0.03"
    widths = [int(width) for width in re.findall(r'<rect [^>]*width="(\d+)"', svg(CHART))]
    assert [round(100 * width / widths[0]) for width in widths] == [100, 50, 25, 0]  # row by row


# ---- at the door


@pytest.fixture
def ledger(engine: Engine, tmp_path: Path) -> str:
    url = engine.ledger_at(tmp_path / "shop.db")
    shop = write_shop(tmp_path)
    assert guerdon("run", shop, "--events", write_events(tmp_path / "e.jsonl", *EVENTS), "--ledger", url).code == 0
    return url


@pytest.mark.parametrize("report", ["liability", "breakage", "offers", "deferred-revenue"])
def test_every_report_in_every_form(ledger: str, tmp_path: Path, report: str) -> None:
    more = ["--expected", "80%"] if report == "deferred-revenue" else []
    for form in ("table", "csv", "xlsx", "json", "html"):
        paths = [tmp_path / f"{n}.{form}" for n in (1, 2)]
        for path in paths:
            ended = guerdon("report", report, "--ledger", ledger, *more, "--format", form, "--out", path)
            assert (ended.code, ended.err) == (0, "")
        assert paths[0].read_bytes() == paths[1].read_bytes() != b""
    told = json.loads((tmp_path / "1.json").read_text())
    assert len(told["ledger_digest"]) == 32 and len(told["programme_versions"]) == 64
    assert told["as_of"] == date(2026, 3, 4).isoformat()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["liability", "--as-of", "2026-02-30"], 2, "[bad-date]"),
        (["liability", "--as-of", "2026-03-01", "--since", "2026-03-02"], 2, "[bad-date]"),
        (["offers", "--table", "nonsense", "--format", "csv"], 2, "one of offers, funding"),
        (["breakage", "--format", "xlsx"], 2, "[needs-out]"),
        (["deferred-revenue"], 2, "[no-expectation]"),
        (["deferred-revenue", "--price", "0.01"], 2, "[no-expectation]"),
        (["deferred-revenue", "--expected", "120%"], 2, "[bad-amount]"),
    ],
)
def test_wrong_use(
    ledger: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], code: int, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = guerdon("report", *words, "--ledger", ledger)

    assert ended.code == code and said in ended.err and "hint: " in ended.err


def test_a_finance_file_of_the_programme(ledger: str, tmp_path: Path) -> None:
    file = tmp_path / "shop" / "finance.yaml"
    file.write_text("deferred_revenue:\n  expected_redemption: [{rate: 80}]\n")
    wrong = guerdon("report", "deferred-revenue", "--ledger", ledger, "--finance", tmp_path / "shop")
    file.write_text("deferred_revenue:\n  expected_redemption: [{rate: 80%}]\n")
    right = guerdon("report", "deferred-revenue", "--ledger", ledger, "--finance", tmp_path / "shop")

    assert wrong.code == 3 and "finance.yaml:2:" in wrong.err and "write it with its sign" in wrong.err
    assert right.code == 0 and re.search("expected redemption +80%", right.out)
    assert guerdon("check", tmp_path / "shop").code == 0  # it is no rule file


def test_no_ledger(tmp_path: Path) -> None:
    ended = guerdon("report", "liability", "--ledger", f"sqlite:///{tmp_path}/none.db")

    assert ended.code == 4 and "[ledger_unreachable]" in ended.err
