"""The books as files: CSV for any bookkeeping program, and as text for beancount and hledger.

Both texts open with the balances before the first day and assert, after each day, the balance of every account that
moved on it, so that another program proves our totals again. An account map gives accounts the codes of a business's
own chart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from fnmatch import fnmatchcase
from pathlib import Path

from guerdon.engine.report.naming import amount_text
from guerdon.engine.settle.books import Books, Journal
from guerdon.engine.settle.columns import Cell
from guerdon.engine.settle.csv_form import TRAILER, table_csv
from guerdon.engine.settle.source import SettleError

JOURNAL_COLUMNS = ("day", "debit", "debit_code", "credit", "credit_code", "unit", "amount", "transfers")
Codes = Mapping[str, str]


def read_codes(path: Path) -> Codes:
    """An account map: YAML of ``account: code``; an account may have ``*`` for any part. SettleError: it is none."""
    import yaml

    try:
        told = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeError, yaml.YAMLError) as error:
        message = str(error).splitlines()[0]
        raise SettleError(
            message, code="bad-account-map", place=str(path), hint="a YAML file of account: code"
        ) from None
    if not isinstance(told, dict) or not all(isinstance(code, (str, int)) for code in told.values()):
        hint = 'lines like Expenses:Rewards: "6100" or Assets:Merchants:*:Receivable: "1200"'
        raise SettleError("this is no account map", code="bad-account-map", place=str(path), hint=hint)
    return {str(account): str(code) for account, code in told.items()}


def code_of(account: str, codes: Codes) -> str:
    """The code of an account: its own, else that of the first pattern that fits, else ''.

    >>> code_of("Assets:Merchants:Bakery:Receivable", {"Assets:*": "1", "Assets:Merchants:*:Receivable": "2"})
    '1'
    """
    if account in codes:
        return codes[account]
    return next((code for pattern, code in codes.items() if fnmatchcase(account, pattern)), "")


def journal_csv(books: Books, codes: Codes) -> bytes:
    """One record a day and pair of accounts; the trailer has their count and the sum of each unit."""
    rows: list[list[Cell]] = []
    sums: dict[int, int] = {}
    for journal in books.journals:
        unit, digits = books.units[journal.unit]
        sums[journal.unit] = sums.get(journal.unit, 0) + journal.minor
        debit, credit = journal.debit, journal.credit
        accounts = [debit, code_of(debit, codes), credit, code_of(credit, codes)]
        amount = amount_text(journal.minor, digits)
        rows.append([journal.day.isoformat(), *accounts, unit, amount, journal.transfers])
    total = [[TRAILER, "", "", "", "", *_summed(books, unit, minor), len(rows)] for unit, minor in sorted(sums.items())]
    return table_csv(JOURNAL_COLUMNS, [*rows, *(total or [[TRAILER, "", "", "", "", "", "", 0]])])


def _summed(books: Books, unit: int, minor: int) -> list[Cell]:
    code, digits = books.units[unit]
    return [code, amount_text(minor, digits)]


def beancount_text(books: Books, title: str, codes: Codes) -> bytes:
    """A file that ``bean-check`` accepts."""
    first = books.first_day.isoformat()
    lines = [f'option "title" "{_quoted(title)}"', f'option "operating_currency" "{books.units[-1][0]}"', ""]
    for account in sorted(_accounts(books)):
        lines.append(f"{first} open {account}")
        if code := code_of(account, codes):
            lines.append(f'  code: "{_quoted(code)}"')
    lines.append("")
    if books.opening:
        lines.append(f'{first} * "opening balances"')
        lines += [f"  {account}  {amount}" for account, amount in _opening(books)]
        lines.append("")
    for day, journals, balances in _days(books):
        for journal in journals:
            amount = _amount(books, journal.unit, journal.minor)
            lines.append(f'{day.isoformat()} * "{journal.transfers} transfers"')
            lines += [f"  {journal.debit}  {amount}", f"  {journal.credit}  -{amount}"]
        after = (day + timedelta(days=1)).isoformat()
        for (account, unit), minor in balances:
            figure = amount_text(minor, books.units[unit][1])
            lines.append(f"{after} balance {account}  {figure} ~ 0 {books.units[unit][0]}")
        lines.append("")
    return "\n".join(lines).encode()


def hledger_text(books: Books, title: str, codes: Codes) -> bytes:
    """A journal that ``hledger check`` accepts, in its strict mode too."""
    lines = [f"; {' '.join(title.split())}", ""]
    for code, digits in dict.fromkeys(books.units):
        lines.append(f"commodity 1000{'.' + '0' * digits if digits else '.'} {_commodity(code)}")
    for account in sorted(_accounts(books)):
        code = code_of(account, codes)
        lines.append(f"account {account}" + (f"  ; code: {' '.join(code.split())}" if code else ""))
    lines.append("")
    if books.opening:
        lines.append(f"{books.first_day.isoformat()} * opening balances")
        lines += [f"    {account}  {_with_commodity(amount)}" for account, amount in _opening(books)]
        lines.append("")
    for day, journals, balances in _days(books):
        for journal in journals:
            amount = _with_commodity(_amount(books, journal.unit, journal.minor))
            lines.append(f"{day.isoformat()} * {journal.transfers} transfers")
            lines += [f"    {journal.debit}  {amount}", f"    {journal.credit}  -{amount}", ""]
        lines.append(f"{day.isoformat()} * balances")
        for (account, unit), minor in balances:
            zero, asserted = (_with_commodity(_amount(books, unit, each)) for each in (0, minor))
            lines.append(f"    {account}  {zero} = {asserted}")
        lines.append("")
    return "\n".join(lines).encode()


def _days(books: Books) -> Iterator[tuple[date, list[Journal], list[tuple[tuple[str, int], int]]]]:
    """Each day on which something moved, its journals, and the balances after it."""
    by_day: dict[date, list[Journal]] = {}
    for journal in books.journals:
        by_day.setdefault(journal.day, []).append(journal)
    for day, balances in books.closings:
        yield day, by_day.get(day, []), list(balances.items())


def _accounts(books: Books) -> set[str]:
    found = {account for account, _ in books.opening}
    return found | {account for _, balances in books.closings for account, _ in balances}


def _opening(books: Books) -> Iterator[tuple[str, str]]:
    """Account and amount of each opening balance; they add up to zero, which the other program sees to."""
    for (account, unit), minor in books.opening.items():
        yield account, _amount(books, unit, minor)


def _amount(books: Books, unit: int, minor: int) -> str:
    code, digits = books.units[unit]
    return f"{amount_text(minor, digits)} {code}"


def _with_commodity(amount: str) -> str:
    figure, code = amount.split(" ")
    return f"{figure} {_commodity(code)}"


def _commodity(code: str) -> str:
    return code if code.isalpha() else f'"{code}"'


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
