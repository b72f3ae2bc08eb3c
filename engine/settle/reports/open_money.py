"""Which awards the open money of contacts came from.

Open money has no lots: what was redeemed lies in one purse. A report that asks by offer or funder takes it to be spent
in the order in which it came (first in, first out), so what is left is what came last. What did not come from a lot
(an adjustment, a gift from another contact) has no offer. What is held, or on its way out, is still in the purse.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from guerdon.engine.codes import TransferKind
from guerdon.engine.settle.reports.lots import LOT
from guerdon.engine.settle.reports.transfers import OPEN, money_kind

_K = TransferKind
# These bring back what had gone out; they are no new money.
_RETURNS: Final = [int(k) for k in (_K.SPEND_REVERSAL, _K.WALLET_FEE_REVERSAL, _K.EXCHANGE_REVERSAL)]
_BUCKETS: Final = 16
_INFLOW: Final = ("seq", pl.col("n").cast(pl.Int32), "amount", "lot_seq", pl.col("lot_n").cast(pl.Int32), "month")


class OpenMoney:
    """Gathers, over pages of transfers, what came into each contact's open money and what is left of it.

    Memory grows with the number of transfers that brought something: some 50 bytes each.
    """

    def __init__(self) -> None:
        self._inflows: list[pl.DataFrame] = []
        self._taken_back: list[pl.DataFrame] = []
        self._balances: list[pl.DataFrame] = []
        self._merges: list[pl.DataFrame] = []

    def add(self, page: pl.DataFrame) -> None:
        """Take in what a page's seen transfers did to open money."""
        source, target, kind = money_kind("from_role"), money_kind("to_role"), pl.col("kind")
        seen = page.filter(pl.col("seen") & ((source == OPEN) | (target == OPEN)))
        out = seen.filter(source == OPEN).select(contact="giver", balance=-pl.col("amount"))
        into = seen.filter(target == OPEN).select(contact="taker", balance="amount")
        self._balances.append(_balances(pl.concat([out, into])))
        came = seen.filter((target == OPEN) & ((source != OPEN) | (pl.col("giver") != pl.col("taker"))))
        came = came.filter(~kind.is_in([*_RETURNS, int(_K.MERGE)]))
        self._inflows.append(came.select(pl.col("taker").alias("contact"), *_INFLOW))
        back = seen.filter(kind == int(_K.REDEEM_REVERSAL)).select(
            seq="reverses_seq", n=pl.col("reverses_n").cast(pl.Int32), back="amount"
        )
        self._taken_back.append(back)
        merged = pl.col("seen") & (kind == int(_K.MERGE)) & (pl.col("giver") != 0)
        self._merges.append(page.filter(merged).select("giver", "taker").unique(maintain_order=True))

    def left(self) -> pl.DataFrame:
        """What is left of the open money: lot_seq, lot_n (0: of no lot), month (in which it came), held (> 0)."""
        if not self._balances:
            return pl.DataFrame(schema={**dict.fromkeys((*LOT, "held"), pl.Int64), "month": pl.Int32})
        heirs, taken_back = _heirs(pl.concat(self._merges)), pl.concat(self._taken_back)
        balances = _balances(_inherited(pl.concat(self._balances), heirs)).filter(pl.col("balance") > 0)
        inflows = [_inherited(part, heirs) for part in self._inflows]
        found = []
        for bucket in range(_BUCKETS):  # some of the contacts at a time
            mine = pl.col("contact") % _BUCKETS == bucket
            found.append(_left(balances.filter(mine), pl.concat(part.filter(mine) for part in inflows), taken_back))
        return pl.concat(found).group_by(*LOT, "month").agg(pl.col("held").sum()).sort(*LOT, "month")


def _left(balances: pl.DataFrame, inflows: pl.DataFrame, taken_back: pl.DataFrame) -> pl.DataFrame:
    """What is left of the open money of some contacts. ``inflows`` in the order in which they came."""
    inflows = inflows.reverse().join(balances, on="contact", maintain_order="left")
    inflows = _less(inflows, taken_back)
    before = pl.col("amount").cum_sum().over("contact") - pl.col("amount")
    held = pl.min_horizontal("amount", (pl.col("balance") - before).clip(lower_bound=0))
    known = inflows.with_columns(held=held).filter(pl.col("held") > 0)
    rest = balances.join(known.group_by("contact").agg(pl.col("held").sum()), on="contact", how="left")
    rest = rest.select(
        lot_seq=pl.lit(0, pl.Int64),
        lot_n=pl.lit(0, pl.Int64),
        month=pl.lit(0, pl.Int32),
        held=pl.col("balance") - pl.col("held").fill_null(0),
    ).filter(pl.col("held") > 0)
    columns = (*LOT, "month", "held")
    return pl.concat([known.with_columns(pl.col("lot_n").cast(pl.Int64)).select(columns), rest.select(columns)])


def _less(inflows: pl.DataFrame, taken_back: pl.DataFrame) -> pl.DataFrame:
    """Inflows without what was put back into its lot."""
    if not len(taken_back):
        return inflows
    back = taken_back.group_by("seq", "n").agg(pl.col("back").sum())
    both = inflows.join(back, on=("seq", "n"), how="left", maintain_order="left")
    return both.with_columns(amount=pl.col("amount") - pl.col("back").fill_null(0)).drop("back")


def _balances(changes: pl.DataFrame) -> pl.DataFrame:
    return changes.group_by("contact").agg(pl.col("balance").sum())


def _heirs(merges: pl.DataFrame) -> dict[int, int]:
    """Who has the money of each contact that was merged, through all later merges."""
    into: dict[int, int] = {}
    for giver, taker in merges.iter_rows():
        into[giver] = taker
        into.pop(taker, None)  # one who was merged before and has come back has money of their own
    for giver in into:
        while into[giver] in into:
            into[giver] = into[into[giver]]
    return into


def _inherited(rows: pl.DataFrame, heirs: dict[int, int]) -> pl.DataFrame:
    return rows.with_columns(pl.col("contact").replace(heirs)) if heirs else rows
