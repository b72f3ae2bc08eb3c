"""The books of a whole generated year, as beancount and hledger see them, and against the ledger's own balances."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from guerdon.engine.codes import EventType, TransferKind
from guerdon.engine.ledger.audit import verify
from guerdon.engine.periods import period
from guerdon.engine.settle.books import Books, keep_books
from guerdon.engine.settle.books_form import beancount_text, code_of, hledger_text, journal_csv, read_codes
from guerdon.engine.settle.source import SettleError

from ..engines import Engine, raw
from .shop import Town
from .year import lived

pytestmark = pytest.mark.usefixtures("engine")

CODES = {"Expenses:Rewards": "6100", "Assets:Merchants:*:Receivable": "1200", "Income:*": '4 "x"'}
FIRST, END = period("2025").first_day, period("2026").end_day


@pytest.fixture(scope="module")
def year(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    town = lived(tmp_path_factory.mktemp("year") / "town")
    yield town
    town.ledger.close()


@pytest.fixture(scope="module")
def books(year: Town) -> Books:
    return keep_books(year.source, FIRST, END)


def test_the_year_has_everything_in_it(year: Town) -> None:
    kinds = {TransferKind(kind) for kind in year.ledger.frame("transfer", ["kind"])["kind"].unique().to_list()}
    assert kinds >= {
        TransferKind.AWARD, TransferKind.REDEEM, TransferKind.SPEND, TransferKind.EXPIRY, TransferKind.AWARD_REVERSAL,
        TransferKind.SPEND_REVERSAL, TransferKind.PAYOUT, TransferKind.BUDGET_LOAD, TransferKind.STATEMENT_PAID,
        TransferKind.STATEMENT_FAILED,
    }  # fmt: skip
    types = {EventType(kind) for kind in year.ledger.frame("event", ["type"])["type"].unique().to_list()}
    assert {EventType.STATEMENT_CLOSED, EventType.CANCEL, EventType.RETURN} <= types
    assert verify(year.ledger).findings == []


def checked(command: list[str], content: bytes, path: Path) -> str:
    """What another program says of a file, and that it accepts it."""
    path.write_bytes(content)
    done = subprocess.run([*command, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:2000]
    return done.stdout


@pytest.mark.parametrize("of", ["2025", "2025-06"])
def test_bean_check_accepts_the_books(year: Town, tmp_path: Path, of: str) -> None:
    pytest.importorskip("beancount", reason="the program that checks the books is not installed")
    from beancount import loader

    kept = keep_books(year.source, period(of).first_day, period(of).end_day)
    path = tmp_path / "books.beancount"
    path.write_bytes(beancount_text(kept, 'Town "Rewards"', CODES))
    entries, errors, _ = loader.load_file(str(path))
    assert errors == [] and len(entries) > 100
    broken = path.read_text().replace(" balance Income:Fees  -", " balance Income:Fees  -9", 1)
    path.write_text(broken)
    assert loader.load_file(str(path))[1]  # its assertions are really looked at


@pytest.mark.parametrize("of", ["2025", "2025-06"])
def test_hledger_accepts_the_books(year: Town, tmp_path: Path, of: str) -> None:
    hledger = shutil.which("hledger")
    if hledger is None:
        pytest.skip("hledger is not installed")
    kept = keep_books(year.source, period(of).first_day, period(of).end_day)
    path = tmp_path / "books.hledger"
    checked([hledger, "check", "--strict", "-f"], hledger_text(kept, "Town", CODES), path)
    path.write_text(path.read_text().replace("0.00 EUR = ", "0.00 EUR = 1", 1))
    assert subprocess.run([hledger, "check", "-f", str(path)], capture_output=True, check=False).returncode


def test_the_other_program_finds_our_balances(year: Town, books: Books, tmp_path: Path) -> None:
    hledger = shutil.which("hledger")
    if hledger is None:
        pytest.skip("hledger is not installed")
    path = tmp_path / "books.hledger"
    path.write_bytes(hledger_text(books, "Town", {}))
    shown = subprocess.run(
        [hledger, "-f", str(path), "balance", "-N", "--flat", "-O", "csv"], capture_output=True, text=True, check=True
    ).stdout
    found = {row[0]: Decimal(row[1].split()[0]) for row in list(csv.reader(io.StringIO(shown)))[1:]}
    fees = sum(
        minor for account, minor in year.ledger.frame("balance", ["account", "minor"]).iter_rows()
        if account == (1 << 56 | 34)
    )  # fmt: skip
    assert found["Income:Fees"] == -Decimal(fees).scaleb(-2)


def test_every_journal_is_a_day_and_a_pair_of_accounts(books: Books) -> None:
    header, *rows, trailer = csv.reader(io.StringIO(journal_csv(books, CODES).decode(), newline=""))
    keys = [tuple(row[header.index(name)] for name in ("day", "debit", "credit", "unit")) for row in rows]
    assert len(set(keys)) == len(keys) == int(trailer[-1])
    assert sum(Decimal(row[header.index("amount")]) for row in rows) == Decimal(trailer[header.index("amount")])
    assert {row[2] for row in rows if row[1] == "Expenses:Rewards"} == {"6100"}
    assert {row[2] for row in rows if row[1].endswith(":Receivable")} == {"1200"}


def test_the_journals_lead_from_opening_to_closing(year: Town) -> None:
    june = keep_books(year.source, period("2025-06").first_day, period("2025-06").end_day)
    july = keep_books(year.source, period("2025-07").first_day, period("2025-07").end_day)
    balances: dict[tuple[str, int], int] = defaultdict(int, june.opening)
    for journal in june.journals:
        balances[journal.debit, journal.unit] += journal.minor
        balances[journal.credit, journal.unit] -= journal.minor
    assert {key: minor for key, minor in balances.items() if minor} == july.opening
    assert sum(july.opening.values()) == 0


def test_the_books_of_a_closed_month_stay_as_they_are(tmp_path: Path) -> None:
    from .shop import GOLDEN, bought

    town = Town(tmp_path / "town")
    with town.ledger:
        town.tell(GOLDEN)
        town.settle()
        days = period("2026-03").first_day, period("2026-03").end_day
        before = journal_csv(keep_books(town.source, *days), {})
        town.tell(bought("l1", "2026-03-30 10:00", "70.00"))
        assert journal_csv(keep_books(town.source, *days), {}) == before
        late = keep_books(town.source, days[1], days[1] + 30)
        assert {journal.day.isoformat() for journal in late.journals} == {"2026-04-01"}


def test_books_that_are_not_the_ledgers_are_told(tmp_path: Path) -> None:
    from .shop import GOLDEN

    town = Town(tmp_path / "town")
    with town.ledger:
        town.tell(GOLDEN)
        raw(town.ledger).execute(f"UPDATE balance SET minor = minor + 1 WHERE account = {1 << 56 | 34}")
        with pytest.raises(SettleError) as caught:
            keep_books(town.source, FIRST, period("2027").end_day)
        assert (caught.value.code, caught.value.place) == ("books-disagree", "Income:Fees")


def test_an_account_map_is_read(tmp_path: Path) -> None:
    path = tmp_path / "codes.yaml"
    path.write_text("Expenses:Rewards: 6100\n'Assets:*': '1000'\n")
    codes = read_codes(path)
    assert (code_of("Expenses:Rewards", codes), code_of("Assets:Bank", codes), code_of("Income:Fees", codes)) == (
        "6100",
        "1000",
        "",
    )
    for wrong in ("- a\n", "a: {b: c}\n", "a: [\n"):
        path.write_text(wrong)
        with pytest.raises(SettleError) as caught:
            read_codes(path)
        assert caught.value.code == "bad-account-map"
