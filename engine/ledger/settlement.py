"""Reading what moved on merchants' accounts: the sums that a statement's approval posts, and the transfers behind them.

Where a transfer was posted in the log: at its event's seq or, of one that had waited, at the seq that ended it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sqlalchemy import Column, ColumnElement, Select, and_, bindparam, func, or_, select

from guerdon.engine.ledger import tables
from guerdon.engine.ledger.store import Row, Store
from guerdon.engine.settling import APPROVALS, MERCHANT_ACCOUNTS, Stretch

_T, _R, _E, _C = tables.transfer.c, tables.resolved.c, tables.event.c, tables.chunk.c
_LOW, _HIGH = MERCHANT_ACCOUNTS
_POSTED = tables.transfer.outerjoin(tables.resolved, _T.seq == _R.seq)
POSTED_AT = func.coalesce(_R.at_seq, _T.seq).label("posted_at")

# The columns of ``transfers``, in their order.
COLUMNS = (
    "seq", "n", "kind", "unit", "debit", "credit", "amount", "offer", "reverses_seq", "reverses_n", "effective_at"
)  # fmt: skip


def _is_within() -> list[ColumnElement[bool]]:
    late = and_(bindparam("since") < POSTED_AT, _T.effective_at >= bindparam("reaches"))
    return [
        _T.effective_at < bindparam("until"),
        or_(_T.effective_at >= bindparam("begins"), late),
        bindparam("last") >= POSTED_AT,
        *(_T.kind != int(kind) for kind in APPROVALS),
    ]


def _side(account: Column[int]) -> Select[Any]:
    return (
        select(account, _T.unit, func.sum(_T.amount))
        .select_from(_POSTED)
        .where(account >= _LOW, account < _HIGH, *_is_within())
        .group_by(account, _T.unit)
    )


_SIDES = tuple(
    (sign, _side(account), select(func.min(_T.effective_at)).where(account >= _LOW, account < _HIGH))
    for account, sign in ((_T.debit, -1), (_T.credit, 1))
)
_OF_MERCHANTS = or_(_T.debit.between(_LOW, _HIGH - 1), _T.credit.between(_LOW, _HIGH - 1))
_TRANSFERS = (
    select(*(_T[name] for name in COLUMNS), POSTED_AT)
    .select_from(_POSTED)
    .where(_OF_MERCHANTS, *_is_within())
    .order_by(_T.seq, _T.n)
)
_EVENTS = (
    select(_E.seq, _E.contact, _E.source, _E.id, _E.reference)
    .where(_E.seq.between(bindparam("low"), bindparam("high")))
    .order_by(_E.seq)
)
_APPROVED = (
    select(_T.kind, _T.unit, _T.debit, _T.credit, _T.amount, _T.seq, POSTED_AT)
    .select_from(_POSTED)
    .where(or_(*(_T.kind == int(kind) for kind in APPROVALS)))
    .order_by(_T.seq, _T.n)
)
_DIGEST = (
    select(_C.last_seq, _C.digest, _C.chain).where(_C.last_seq >= bindparam("seq")).order_by(_C.number).limit(1)
)  # fmt: skip


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

    def transfers(self, stretch: Stretch) -> np.ndarray:
        """The transfers of merchants in a period: int64[n, COLUMNS and where in the log], in the order of their ids."""
        return self._store.matrix(_TRANSFERS, **stretch._asdict())

    def events(self, low: int, high: int) -> list[Row]:
        """(seq, contact, source, id, reference) of the events in a part of the log."""
        return self._store.rows(_EVENTS, low=low, high=high)

    def approvals(self) -> np.ndarray:
        """Transfers of approvals, payments and failures: int64[n, (kind, unit, debit, credit, amount, seq, place)]."""
        return self._store.matrix(_APPROVED)

    def digest_at(self, seq: int) -> tuple[int, np.ndarray, str]:
        """The last seq, the sums of the digest and the link of the chunk that holds an event."""
        last, digest, chain = self._store.rows(_DIGEST, seq=seq)[0]
        return int(last), np.frombuffer(digest, "<u8"), bytes(chain).hex()
