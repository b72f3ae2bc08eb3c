"""What gift cards and certificates hold at a cut, beside the wallets: always in the currency."""

from __future__ import annotations

from typing import Any, Final

import polars as pl
from sqlalchemy import Column, and_, case, func, select

from guerdon.engine.codes import KIND_SHIFT, OwnerKind, Role, account_parts
from guerdon.engine.ledger import tables
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.settle.reports.checking import Check, hold
from guerdon.engine.settle.reports.cut import Cut

POCKETS: Final = {
    Role.CARD_PAID: "gift cards, paid",
    Role.CARD_PROMO: "gift cards, promotional",
    Role.CERTIFICATE: "certificates",
}
_LOW: Final = int(OwnerKind.CARD) << KIND_SHIFT
_HIGH: Final = (int(OwnerKind.CERTIFICATE) + 1) << KIND_SHIFT
_T, _R = tables.transfer.c, tables.resolved.c


def _moved(account: Column[int], cut: Cut) -> Any:
    place = func.coalesce(_R.at_seq, _T.seq)
    seen = and_(_T.effective_at < cut.until, place <= cut.last_seq)
    return (
        select(account, func.sum(_T.amount), func.sum(case((seen, _T.amount), else_=0)))
        .select_from(tables.transfer.outerjoin(tables.resolved, _T.seq == _R.seq))
        .where(account >= _LOW, account < _HIGH, place <= cut.head)
        .group_by(account)
    )


def instruments(ledger: Ledger, cut: Cut) -> dict[str, int]:
    """What each kind of pocket holds, minor units of the currency; nothing if there never was a card or certificate.

    ReportMismatch if the transfers do not lead to the stored balances.
    """
    stored = dict.fromkeys(POCKETS, 0)
    rows = cut.balances.filter((pl.col("account") >= _LOW) & (pl.col("account") < _HIGH)).select("account", "minor")
    for account, minor in rows.iter_rows():
        stored[Role(account_parts(account)[2])] += minor
    if not len(rows):
        return {}
    moved, seen = dict.fromkeys(POCKETS, 0), dict.fromkeys(POCKETS, 0)
    for side, sign in ((_T.debit, -1), (_T.credit, 1)):
        for account, all_of_it, of_cut in ledger.store.rows(_moved(side, cut)):
            role = Role(account_parts(account)[2])
            moved[role] += sign * int(all_of_it)
            seen[role] += sign * int(of_cut)
    hold([Check(name, moved[role], stored[role]) for role, name in POCKETS.items()], ledger.place)
    return {name: seen[role] for role, name in POCKETS.items()}
