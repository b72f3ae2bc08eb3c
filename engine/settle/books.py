"""The books: every transfer of the ledger as one balanced journal a day and pair of accounts.

Contacts' wallets, cards and certificates are one account a role (and pool), merchants have their own. A transfer is
booked on the local day of its effective time or, if that was closed in the log before it, on the first day that was
not: the books of a closed period stay as they are. Balances are debits less credits, as bookkeepers count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
from sqlalchemy import bindparam, select

from guerdon.engine.codes import KIND_SHIFT, OWNER_SHIFT, OwnerKind, Role, account_parts
from guerdon.engine.events.times import DAY
from guerdon.engine.ledger import tables
from guerdon.engine.ledger.settlement import POSTED_AT
from guerdon.engine.periods import day_date
from guerdon.engine.settle.source import SettleError, Source

PAGE: Final = 500_000
_T, _R = tables.transfer.c, tables.resolved.c
_PAGE = (
    select(_T.debit, _T.credit, _T.unit, _T.amount, _T.effective_at, POSTED_AT, _T.seq)
    .select_from(tables.transfer.outerjoin(tables.resolved, _T.seq == _R.seq))
    .where(_T.seq > bindparam("after"), _T.seq <= bindparam("until"))
)
_OWNER_BITS = ((1 << (KIND_SHIFT - OWNER_SHIFT)) - 1) << OWNER_SHIFT

_OF_BUSINESS: Final = {
    Role.REWARDS_COST: "Expenses:Rewards",
    Role.SPENT: "Income:Spent",
    Role.FEE_INCOME: "Income:Fees",
    Role.BREAKAGE: "Income:Breakage",
    Role.ADJUSTMENT: "Expenses:Adjustments",
    Role.BAD_DEBT: "Expenses:BadDebt",
    Role.BANK: "Assets:Bank",
    Role.SUSPENSE: "Assets:Suspense",
}
_OF_CONTACTS: Final = {
    Role.PENDING: "Liabilities:Wallets:Pending",
    Role.OPEN: "Liabilities:Wallets:Open",
    Role.OPEN_PAYABLE: "Liabilities:Wallets:Payable",
    Role.HELD: "Liabilities:Wallets:Held",
    Role.PAYOUT: "Liabilities:Wallets:Payout",
    Role.DEBT: "Assets:Wallets:Debt",
}
_OF_MERCHANT: Final = {
    Role.RECEIVABLE: "Assets:Merchants:{}:Receivable",
    Role.PAYABLE: "Liabilities:Merchants:{}:Payable",
    Role.BUDGET: "Liabilities:Merchants:{}:Budget",
    Role.SETTLED: "Liabilities:Merchants:{}:Settled",
}
_OF_INSTRUMENTS: Final = {
    Role.CARD_PAID: "Liabilities:Cards:Paid",
    Role.CARD_PROMO: "Liabilities:Cards:Promo",
    Role.CERTIFICATE: "Liabilities:Certificates",
}

Balances = dict[tuple[str, int], int]  # (account, unit) → minor units, debits less credits


@dataclass(frozen=True, slots=True)
class Journal:
    """What moved on one day from one account to another, in one unit; ``minor`` > 0."""

    day: date
    debit: str
    credit: str
    unit: int
    minor: int
    transfers: int


@dataclass(frozen=True, slots=True)
class Books:
    """The journals from ``first_day`` to ``last_day``, by day and accounts, and the balances around them.

    ``closings``: for each day on which something moved, the balance at its end of each account that moved.
    """

    first_day: date
    last_day: date
    units: tuple[tuple[str, int], ...]  # code and digits of unit 0 and, where the wallet holds points, of unit 1
    opening: Balances
    journals: tuple[Journal, ...]
    closings: tuple[tuple[date, Balances], ...]


def keep_books(source: Source, first_day: int, end_day: int) -> Books:
    """The books of the days from ``first_day`` to before ``end_day``. One pass over all transfers of the ledger.

    SettleError: they are not what the ledger's balances say (told only of books that reach to its end).
    """
    pairs: dict[tuple[int, int, int, int], list[int]] = defaultdict(lambda: [0, 0])
    moved: dict[tuple[int, int, int], int] = defaultdict(int)
    later = False
    for rows, days in _pages(source):
        later = later or bool((days >= end_day).any())
        inside = (days >= first_day) & (days < end_day)
        for (day, debit, credit, unit), minor, count in _grouped(rows[inside], days[inside], (0, 1, 2)):
            found = pairs[day, debit, credit, unit]
            found[0] += minor
            found[1] += count
        known, day_known = rows[days < end_day], np.maximum(days[days < end_day], first_day - 1)
        for side, sign in ((0, 1), (1, -1)):
            for (day, account, unit), minor, _ in _grouped(known, day_known, (side, 2)):
                moved[day, account, unit] += sign * minor
    names = _Names(source)
    opening, closings = _balances(moved, first_day, names)
    if not later and source.known_to == source.ledger.last_seq:
        _check(source, opening, closings, names)
    journals = [
        Journal(day_date(day), names.of(debit), names.of(credit), unit, minor, count)
        for (day, debit, credit, unit), (minor, count) in pairs.items()
        if names.of(debit) != names.of(credit)
    ]
    journals.sort(key=lambda journal: (journal.day, journal.debit, journal.credit, journal.unit))
    wallet, business = source.business.unit, source.business
    units = ((wallet.code, wallet.digits), (business.currency, business.digits))
    shown = tuple((day, balances) for day, balances in closings if balances)
    return Books(day_date(first_day), day_date(end_day - 1), units, opening, tuple(journals), shown)


def _pages(source: Source) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Transfers a page of the log at a time, with the day on which each is booked."""
    closed_at = np.array([closing.seq for closing in source.closings], np.int64)
    untils = np.array([np.iinfo(np.int64).min, *(closing.until for closing in source.closings)], np.int64)
    after, step = 0, PAGE // 4
    while after < source.known_to:
        until = min(after + step, source.known_to)
        rows = source.ledger.store.matrix(_PAGE, after=after, until=until)
        days = source.zone.locals(rows[:, 4]) // DAY
        yield rows, np.maximum(days, untils[np.searchsorted(closed_at, rows[:, 5], side="left")])
        after = until


def _grouped(rows: np.ndarray, days: np.ndarray, columns: Sequence[int]) -> Iterator[tuple[tuple[int, ...], int, int]]:
    """Sums of amounts and counts by day and columns; accounts stand without the owner unless it is a merchant."""
    if not len(rows):
        return
    keys = [days, *(rows[:, column] if column == 2 else _booked(rows[:, column]) for column in columns)]
    order = np.lexsort(keys[::-1])
    ordered = np.stack([key[order] for key in keys], axis=1)
    starts = np.flatnonzero(np.concatenate(([True], (ordered[1:] != ordered[:-1]).any(axis=1))))
    sums = np.add.reduceat(rows[order, 3], starts)
    counts = np.diff(np.append(starts, len(order)))
    for key, minor, count in zip(ordered[starts].tolist(), sums.tolist(), counts.tolist(), strict=True):
        yield tuple(key), minor, count


def _booked(accounts: np.ndarray) -> np.ndarray:
    return np.where(accounts >> KIND_SHIFT == OwnerKind.MERCHANT, accounts, accounts & ~_OWNER_BITS)


def _balances(
    moved: dict[tuple[int, int, int], int], first_day: int, names: _Names
) -> tuple[Balances, list[tuple[date, Balances]]]:
    """Balances before the first day, and at the end of each day those of the accounts that moved on it."""
    opening: Balances = {}
    running: Balances = defaultdict(int)
    by_day: dict[int, list[tuple[str, int, int]]] = defaultdict(list)
    for (day, number, unit), minor in moved.items():
        account = names.of(number)
        if day < first_day:
            opening[account, unit] = opening.get((account, unit), 0) + minor
        else:
            by_day[day].append((account, unit, minor))
    running.update(opening)
    closings = []
    for day in sorted(by_day):
        touched = set()
        for name, unit, minor in by_day[day]:
            running[name, unit] += minor
            touched.add((name, unit))
        closings.append((day_date(day), {key: running[key] for key in sorted(touched)}))
    return {key: minor for key, minor in sorted(opening.items()) if minor}, closings


def _check(source: Source, opening: Balances, closings: list[tuple[date, Balances]], names: _Names) -> None:
    """The balances that the books end with are those that the ledger stores."""
    last: Balances = dict(opening)
    for _, balances in closings:
        last.update(balances)
    stored: Balances = defaultdict(int)
    for account, unit, minor in source.ledger.store.matrix(select(*tables.balance.c[("account", "unit", "minor")])):
        stored[names.of(int(_booked(np.array([account]))[0])), int(unit)] -= int(minor)
    for key in sorted({*last, *stored}):
        if last.get(key, 0) != stored.get(key, 0):
            message = f"{last.get(key, 0)} minor units in the books, {stored.get(key, 0)} in the ledger"
            raise SettleError(message, code="books-disagree", place=key[0], hint="run guerdon verify")


class _Names:
    """The accounts of the books by number of the ledger."""

    def __init__(self, source: Source) -> None:
        self._id = source.ledger.names.id
        self._known: dict[int, str] = {}

    def of(self, number: int) -> str:
        """The account's name, as beancount and hledger take it."""
        if number not in self._known:
            self._known[number] = self._named(number)
        return self._known[number]

    def _named(self, number: int) -> str:
        kind, owner, role = account_parts(number)
        if role >= Role.COMMERCE:
            return f"Liabilities:Wallets:Commerce:{_part(self._id('pool', role - Role.COMMERCE))}"
        if kind == OwnerKind.MERCHANT:
            return _OF_MERCHANT[Role(role)].format(_part(self._id("merchant", owner)))
        if kind == OwnerKind.CONTACT:
            return _OF_CONTACTS[Role(role)]
        return _OF_BUSINESS[Role(role)] if kind == OwnerKind.BUSINESS else _OF_INSTRUMENTS[Role(role)]


def _part(id: str) -> str:
    """An id as part of an account's name: it begins with a capital."""
    return id[:1].upper() + id[1:]
