"""All wallets together: what moved them, month by month, and what they hold; held against the stored balances.

Money of wallets is *commerce* (pending too), *open* (held and on its way out too) or *debt*, which is below zero.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Final

import polars as pl

from guerdon.engine.codes import KIND_SHIFT, OWNER_SHIFT, OwnerKind, TransferKind
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.report.naming import role_name
from guerdon.engine.settle.reports.checking import Check
from guerdon.engine.settle.reports.cut import Cut
from guerdon.engine.settle.reports.transfers import COMMERCE, DEBT, NO_WALLET, OPEN, money_kind

_K = TransferKind
# The lines of a roll-forward in their order, by kind of transfer. What has no line of its own is "other".
LINES: Final[dict[str, tuple[TransferKind, ...]]] = {
    "awarded": (_K.AWARD,),
    "redeemed": (_K.REDEEM,),
    "spent": (_K.SPEND, _K.CAPTURE, _K.EXCHANGE),
    "wallet fees": (_K.WALLET_FEE,),
    "paid out": (_K.PAYOUT_CONFIRMED,),
    "expired": (_K.EXPIRY,),
    "forfeited": (_K.FORFEIT,),
    "adjusted": (_K.ADJUST, _K.COMPENSATION),
    "reversed": (
        _K.AWARD_REVERSAL, _K.REDEEM_REVERSAL, _K.SPEND_REVERSAL, _K.WALLET_FEE_REVERSAL, _K.EXCHANGE_REVERSAL,
    ),
}  # fmt: skip
OTHER: Final = "other"
KINDS: Final = {COMMERCE: "commerce", OPEN: "open", DEBT: "debt"}
_LINE_OF: Final = {int(kind): line for line, kinds in LINES.items() for kind in kinds}
_KEY: Final = ("kind", "from_role", "to_role", "month", "seen", "opening")


class Flows:
    """Adds up transfers of wallets by kind, accounts, month, and whether the cut sees them.

    ``since``: what took effect before that instant counts as *opening*.
    """

    def __init__(self, since: int) -> None:
        self._since = since
        self._parts: list[pl.DataFrame] = []

    def add(self, page: pl.DataFrame) -> None:
        """Take in a page of transfers."""
        mine = page.filter((pl.col("from_role") != 0) | (pl.col("to_role") != 0))
        mine = mine.with_columns(opening=pl.col("effective_at") < self._since)
        self._parts.append(mine.group_by(_KEY).agg(pl.col("amount").sum()))

    def frame(self) -> pl.DataFrame:
        """kind, from_role, to_role, month, seen, opening, amount, and the kinds of money ``source`` and ``target``."""
        if not self._parts:
            columns = dict.fromkeys((*_KEY, "amount", "source", "target"), pl.Int64)
            return pl.DataFrame(schema={**columns, "seen": pl.Boolean, "opening": pl.Boolean})
        whole = pl.concat(self._parts).group_by(_KEY).agg(pl.col("amount").sum()).sort(_KEY)
        return whole.with_columns(source=money_kind("from_role"), target=money_kind("to_role"))


Moves = dict[tuple[int, str, int], int]


def moves(flows: pl.DataFrame, *, opening: bool | None = None) -> Moves:
    """What seen transfers changed: (month, line, kind of money) → minor units.

    ``opening``: only those of the opening, or only those after it.
    """
    found: Moves = defaultdict(int)
    seen = flows.filter(pl.col("seen") & (True if opening is None else pl.col("opening") == opening))
    seen = seen.select("kind", "month", "source", "target", "amount")
    for kind, month, source, target, amount in seen.iter_rows():
        if source == target:
            continue
        line = _LINE_OF.get(kind, OTHER)
        if source != NO_WALLET:
            found[month, line, source] -= amount
        if target != NO_WALLET:
            found[month, line, target] += amount
    return dict(found)


def by_role(flows: pl.DataFrame, *, seen: bool) -> dict[int, int]:
    """How the balance of each role of contacts moved by transfers that are, or are not, seen: role → minor units."""
    sums: dict[int, int] = defaultdict(int)
    mine = flows.filter(pl.col("seen") == seen).select("from_role", "to_role", "amount")
    for source, target, amount in mine.iter_rows():
        sums[source] -= amount
        sums[target] += amount
    sums.pop(0, None)
    return {role: minor for role, minor in sorted(sums.items()) if minor}


def stored_by_role(balances: pl.DataFrame) -> dict[int, int]:
    """The stored balances (account, unit, minor) of all contacts by role, minor units of the wallet."""
    low, high = (int(OwnerKind.CONTACT) + more << KIND_SHIFT for more in (0, 1))
    account = pl.col("account")
    rows = balances.filter((account >= low) & (account < high) & (pl.col("unit") == 0))
    sums = rows.group_by(role=account & ((1 << OWNER_SHIFT) - 1)).agg(pl.col("minor").sum()).sort("role")
    return {role: minor for role, minor in sums.iter_rows() if minor}


def balance_checks(ledger: Ledger, cut: Cut, flows: pl.DataFrame) -> list[Check]:
    """Of each role: what the cut sees and what it doesn't add up to the balances that the ledger stores."""
    seen, later, stored = by_role(flows, seen=True), by_role(flows, seen=False), stored_by_role(cut.balances)
    return [
        Check(
            f"{role_name(role, ledger.names.id)}: closing and what came after",
            seen.get(role, 0) + later.get(role, 0),
            stored.get(role, 0),
        )
        for role in sorted({*seen, *later, *stored})
    ]
