"""Reading what moved on merchants' accounts: the sums that a statement's approval posts."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Select, and_, bindparam, func, or_, select

from guerdon.engine.ledger import tables
from guerdon.engine.ledger.store import Store
from guerdon.engine.settling import APPROVALS, MERCHANT_ACCOUNTS, Stretch

_T, _R = tables.transfer.c, tables.resolved.c
_LOW, _HIGH = MERCHANT_ACCOUNTS


def _side(account: Column[int]) -> Select[Any]:
    posted_at = func.coalesce(_R.at_seq, _T.seq)  # what had waited was posted with the event that ended it
    late = and_(posted_at > bindparam("since"), _T.effective_at >= bindparam("reaches"))
    return (
        select(account, _T.unit, func.sum(_T.amount))
        .select_from(tables.transfer.outerjoin(tables.resolved, _T.seq == _R.seq))
        .where(account >= _LOW, account < _HIGH, *(_T.kind != int(kind) for kind in APPROVALS))
        .where(_T.effective_at < bindparam("until"), or_(_T.effective_at >= bindparam("begins"), late))
        .group_by(account, _T.unit)
    )


_SIDES = tuple(
    (sign, _side(account), select(func.min(_T.effective_at)).where(account >= _LOW, account < _HIGH))
    for account, sign in ((_T.debit, -1), (_T.credit, 1))
)


class SettlementReading:
    """The settlement side of one ledger, as committed."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def first_effective_at(self) -> int | None:
        """The earliest effective time of a transfer on a merchant's account; None: there is none."""
        found = [self._store.rows(first)[0][0] for _, _, first in _SIDES]
        return min((int(time) for time in found if time is not None), default=None)

    def moved(self, stretch: Stretch) -> dict[tuple[int, int], int]:
        """How the balance of each merchant's account moved by the transfers of one period: (account, unit) → minor.

        Approvals and payments of statements are left out. One pass over the transfers for each side.
        """
        sums: dict[tuple[int, int], int] = {}
        for sign, statement, _ in _SIDES:
            for account, unit, amount in self._store.rows(statement, **stretch._asdict()):
                sums[int(account), int(unit)] = sums.get((int(account), int(unit)), 0) + sign * int(amount)
        return sums
