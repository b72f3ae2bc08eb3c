"""Finance asks: ``report liability | breakage | offers | deferred-revenue``. Reads a ledger, changes nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from guerdon.engine.cli.failing import CommandFailed, Exit
from guerdon.engine.cli.options import LEDGER_DEFAULT, Json, Ledger

if TYPE_CHECKING:
    from guerdon.engine.ledger.ledger import Ledger as OpenLedger
    from guerdon.engine.settle.reports.sheets import Report
    from guerdon.rules.program import Program

    Make = Callable[[OpenLedger, Program], Report]


class Format(StrEnum):
    """How a report is written."""

    TABLE = "table"
    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"
    HTML = "html"


reports = typer.Typer(help="Liability, breakage, profit and loss by offer, deferred revenue.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add these commands to the door."""
    app.add_typer(reports, name="report")


AsOf = Annotated[str, typer.Option("--as-of", metavar="D", help="The end of that local day; that of the latest event.")]
KnownAt = Annotated[
    str, typer.Option("--known-at", metavar="D", help="As the ledger stood at the end of that day; as it stands now.")
]
AFormat = Annotated[Format, typer.Option("--format", help="How it is written.")]
Out = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write it to a file; xlsx needs one.")]
TableName = Annotated[str, typer.Option("--table", metavar="NAME", help="Of table and csv: only this one.")]


Price = Annotated[
    str, typer.Option("--price", metavar="AMOUNT", help="Stand-alone price of one unit; what it is worth unless told.")
]
Expected = Annotated[
    str, typer.Option("--expected", metavar="PERCENT", help="Expected to be redeemed, as 80%; instead of a file.")
]
FinanceFile = Annotated[
    Path | None,
    typer.Option("--finance", metavar="FILE", help="A finance.yaml, or the folder it lies in; that of this folder."),
]


@reports.command()
def liability(
    as_of: AsOf = "",
    known_at: KnownAt = "",
    since: Annotated[
        str, typer.Option("--since", metavar="D", help="First day of the roll-forward; that of the month.")
    ] = "",
    ledger: Ledger = LEDGER_DEFAULT,
    form: AFormat = Format.TABLE,
    out: Out = None,
    only: TableName = "",
    as_json: Json = False,
) -> None:
    """What contacts are owed, by offer, pool, funder, month of award and days to expiry; and the roll-forward."""
    from guerdon.engine.settle.reports.liability import liability as make

    days = _day("--as-of", as_of), _day("--known-at", known_at), _day("--since", since)
    if days[0] and days[2] and days[2] > days[0]:
        hint = "name an earlier day"
        raise CommandFailed("it is after --as-of", Exit.USAGE, code="bad-date", place="--since", hint=hint)
    _report(lambda opened, program: make(opened, program, *days), ledger, _Written(form, out, only, as_json))


@reports.command()
def breakage(
    as_of: AsOf = "",
    known_at: KnownAt = "",
    ledger: Ledger = LEDGER_DEFAULT,
    form: AFormat = Format.TABLE,
    out: Out = None,
    only: TableName = "",
    as_json: Json = False,
) -> None:
    """How much of each month's awards was used, and how much expired unused, by age."""
    from guerdon.engine.settle.reports.breakage import breakage as make

    days = _day("--as-of", as_of), _day("--known-at", known_at)
    _report(lambda opened, program: make(opened, program, *days), ledger, _Written(form, out, only, as_json))


@reports.command()
def offers(
    as_of: AsOf = "",
    known_at: KnownAt = "",
    ledger: Ledger = LEDGER_DEFAULT,
    form: AFormat = Format.TABLE,
    out: Out = None,
    only: TableName = "",
    as_json: Json = False,
) -> None:
    """Profit and loss of each offer: what it gave, who bore it, what became of it, its cost of the sales."""
    from guerdon.engine.settle.reports.offers import offers as make

    days = _day("--as-of", as_of), _day("--known-at", known_at)
    _report(lambda opened, program: make(opened, program, *days), ledger, _Written(form, out, only, as_json))


@reports.command("deferred-revenue")
def deferred_revenue(
    as_of: AsOf = "",
    known_at: KnownAt = "",
    finance: FinanceFile = None,
    price: Price = "",
    expected: Expected = "",
    ledger: Ledger = LEDGER_DEFAULT,
    form: AFormat = Format.TABLE,
    out: Out = None,
    only: TableName = "",
    as_json: Json = False,
) -> None:
    """Contract liability of points (IFRS 15, ASC 606): allocation, release, true-up, expiry, with journals."""
    from guerdon.engine.cli.finances import finance_of
    from guerdon.engine.settle.reports.deferred_revenue import deferred_revenue as make

    days = _day("--as-of", as_of), _day("--known-at", known_at)
    told = finance_of(finance, price, expected)
    _report(lambda opened, program: make(opened, program, told, *days), ledger, _Written(form, out, only, as_json))


# ---- common to all


def _day(option: str, text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        hint = f"a date as {option} 2026-03-31"
        raise CommandFailed(f"'{text}' is no date", Exit.USAGE, code="bad-date", place=option, hint=hint) from None


class _Written(NamedTuple):
    """How a report is to be written."""

    form: Format
    out: Path | None
    only: str
    as_json: bool


def _report(make: Make, url: str, written: _Written) -> None:
    """Make the report and write it; nothing is written if it can't be made."""
    form, out = Format.JSON if written.as_json else written.form, written.out
    if form is Format.XLSX and out is None:
        raise CommandFailed("a workbook is no text", Exit.USAGE, code="needs-out", hint="add --out FILE.xlsx")
    with _reading(url) as (ledger, program):
        report = make(ledger, program)
    content = _bytes(report, form, written.only)
    if out is None:
        sys.stdout.write(content.decode())
    else:
        out.write_bytes(content)
        print(f"{out}: {report.title}")


@contextmanager
def _reading(url: str) -> Iterator[tuple[OpenLedger, Program]]:
    """The ledger, open for reading, and the programme in force; a report that does not tie ends the command."""
    from guerdon.engine.ledger.ledger import Ledger
    from guerdon.engine.report.versions import program_in_force
    from guerdon.engine.settle.reports.checking import ReportMismatch

    with Ledger.open(url, create=False, read_only=True) as ledger:
        try:
            yield ledger, program_in_force(ledger)
        except ReportMismatch as wrong:
            place, hint = wrong.place, wrong.hint
            raise CommandFailed(wrong.message, Exit.FINDINGS, code=wrong.code, place=place, hint=hint) from None


def _bytes(report: Report, form: Format, only: str) -> bytes:
    from guerdon.engine.settle.reports import writing

    if only and report.table(only) is None:
        hint = f"one of {', '.join(table.name for table in report.tables)}"
        message = f"there is no table '{only}'"
        raise CommandFailed(message, Exit.USAGE, code="unknown-table", place="--table", hint=hint)
    if form is Format.CSV:
        return writing.csv_bytes(report, report.table(only) or report.tables[0])
    if form is Format.XLSX:
        return _workbook(report)
    if form is Format.JSON:
        return writing.json_bytes(report)
    if form is Format.HTML:
        from guerdon.engine.settle.reports.page import html_bytes

        return html_bytes(report)
    return writing.text_bytes(report, only)


def _workbook(report: Report) -> bytes:
    from guerdon.engine.settle.reports.writing import TooLong, xlsx_bytes

    try:
        return xlsx_bytes(report)
    except ModuleNotFoundError:
        hint = "pip install 'guerdon[settlement]'"
        raise CommandFailed("workbooks need xlsxwriter", Exit.USAGE, code="not-installed", hint=hint) from None
    except TooLong as error:
        raise CommandFailed(str(error), Exit.FINDINGS, code=error.code, hint=error.hint) from None
