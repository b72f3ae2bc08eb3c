"""Reading a ledger's tables page by page, and what each transfer does to wallets.

However long the log, no more than a page of transfers is in memory. A transfer is *seen* if a cut sees it; those that
are not seen are needed as well, to lead from the day of the report back to the balances that are stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import polars as pl
from sqlalchemy import Table, bindparam, select, tuple_

from guerdon.engine.codes import KIND_SHIFT, OWNER_SHIFT, OwnerKind, Role
from guerdon.engine.ledger import tables
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.settle.reports.cut import Cut
from guerdon.engine.settle.reports.months import months_of

PAGE: Final = 500_000
_COLUMNS: Final = (
    "seq",
    "n",
    "kind",
    "debit",
    "credit",
    "amount",
    "lot_seq",
    "lot_n",
    "offer",
    "reverses_seq",
    "reverses_n",
    "effective_at",
)
_ROLE_MASK: Final = (1 << OWNER_SHIFT) - 1
_OWNER_MASK: Final = (1 << (KIND_SHIFT - OWNER_SHIFT)) - 1

# What kind of wallet money an account of a contact holds.
NO_WALLET, COMMERCE, OPEN, DEBT = 0, 1, 2, 3
_OPEN_ROLES: Final = [int(role) for role in (Role.OPEN, Role.OPEN_PAYABLE, Role.HELD, Role.PAYOUT)]


def pages(ledger: Ledger, table: Table, columns: Sequence[str], *, unit: int | None = None) -> Iterator[pl.DataFrame]:
    """The rows of a table with the key (seq, n), some columns of it, in the order of the key, a page at a time."""
    key = tuple_(table.c.seq, table.c.n)
    chosen = select(*(table.c[name] for name in columns)).order_by(table.c.seq, table.c.n).limit(PAGE)
    chosen = chosen.where(key > tuple_(bindparam("seq"), bindparam("n")))
    if unit is not None:
        chosen = chosen.where(table.c.unit == unit)
    seq, n = 0, 0
    while True:
        matrix = ledger.store.matrix(chosen, seq=seq, n=n)
        if len(matrix):
            yield pl.DataFrame({name: matrix[:, place] for place, name in enumerate(columns)})
        if len(matrix) < PAGE:
            return
        seq, n = int(matrix[-1, columns.index("seq")]), int(matrix[-1, columns.index("n")])


def transfer_pages(ledger: Ledger, cut: Cut) -> Iterator[pl.DataFrame]:
    """Transfers of the wallet's unit: their columns, and

    ``from_role``, ``to_role`` (0: no contact's account), ``giver``, ``taker`` (numbers of contacts, 0: none),
    ``month`` (months since 1970, local), ``seen`` (whether the cut sees it). What was posted after the report had begun
    is left out.
    """
    for page in pages(ledger, tables.transfer, _COLUMNS, unit=0):
        ended = ledger.frame("resolved", ("seq", "at_seq"))  # after the page: it names whatever the page has of them
        months = months_of(cut.zone, page["effective_at"].to_numpy())
        page = page.with_columns(month=pl.Series(months, dtype=pl.Int32))
        place = pl.coalesce("at_seq", "seq")  # what had waited was posted with the event that ended it
        page = page.join(ended, on="seq", how="left", maintain_order="left").filter(place <= cut.head)
        yield page.with_columns(
            *_side("debit", "from_role", "giver"),
            *_side("credit", "to_role", "taker"),
            seen=(pl.col("effective_at") < cut.until) & (place <= cut.last_seq),
        ).drop("at_seq")


def _side(account: str, role: str, owner: str) -> tuple[pl.Expr, pl.Expr]:
    of_contact = pl.col(account) // (1 << KIND_SHIFT) == int(OwnerKind.CONTACT)
    number = (pl.col(account) // (1 << OWNER_SHIFT)) & _OWNER_MASK
    return (
        pl.when(of_contact).then(pl.col(account) & _ROLE_MASK).otherwise(0).cast(pl.Int32).alias(role),
        pl.when(of_contact).then(number).otherwise(0).alias(owner),
    )


def money_kind(role: str) -> pl.Expr:
    """The kind of wallet money behind a column of roles: COMMERCE (pending too), OPEN (held and payout too), DEBT."""
    column = pl.col(role)
    return (
        pl.when((column >= int(Role.COMMERCE)) | (column == int(Role.PENDING)))
        .then(COMMERCE)
        .when(column.is_in(_OPEN_ROLES))
        .then(OPEN)
        .when(column == int(Role.DEBT))
        .then(DEBT)
        .otherwise(NO_WALLET)
        .cast(pl.Int8)
    )
