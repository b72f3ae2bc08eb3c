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
from guerdon.engine.settle.reports.transfers import COMMERCE, OPEN, money_kind

_K = TransferKind
# These bring back what had gone out; they are no new money.
_RETURNS: Final = [int(k) for k in (_K.SPEND_REVERSAL, _K.WALLET_FEE_REVERSAL, _K.EXCHANGE_REVERSAL)]
_COMPACT_ROWS: Final = 4_000_000
_INFLOW: Final = ("contact", *LOT)


class OpenMoney:
    """Gathers, over pages of transfers, what came into each contact's open money and what is left of it."""

    def __init__(self) -> None:
        self._inflows: list[pl.DataFrame] = []
        self._balances: list[pl.DataFrame] = []
        self._merges: list[pl.DataFrame] = []

    def add(self, page: pl.DataFrame) -> None:
        """Take in what a page's seen transfers did to open money."""
        source, target = money_kind("from_role"), money_kind("to_role")
        seen = page.filter(pl.col("seen") & ((source == OPEN) | (target == OPEN)))
        out = seen.filter(source == OPEN).select(contact="giver", balance=-pl.col("amount"))
        into = seen.filter(target == OPEN).select(contact="taker", balance="amount")
        self._balances.append(_balances(pl.concat([out, into])))
        came = seen.filter((target == OPEN) & ((source != OPEN) | (pl.col("giver") != pl.col("taker"))))
        came = came.filter(~pl.col("kind").is_in([*_RETURNS, int(_K.MERGE)]))
        back = seen.filter((source == OPEN) & (target == COMMERCE) & (pl.col("kind") == int(_K.REDEEM_REVERSAL)))
        columns = ("lot_seq", "lot_n", "amount", "seq", "n", "month")
        less = back.with_columns(
            amount=-pl.col("amount"), seq=0 * pl.col("seq"), n=0 * pl.col("n"), month=0 * pl.col("month")
        )
        parts = [
            side.select(pl.col(owner).alias("contact"), *columns) for side, owner in ((came, "taker"), (less, "giver"))
        ]
        self._inflows.append(_inflows(pl.concat(parts)))
        merged = pl.col("seen") & (pl.col("kind") == int(_K.MERGE)) & (pl.col("giver") != 0)
        self._merges.append(page.filter(merged).select("giver", "taker").unique(maintain_order=True))
        if sum(map(len, self._inflows)) > _COMPACT_ROWS:
            self._inflows = [_inflows(pl.concat(self._inflows))]

    def left(self) -> pl.DataFrame:
        """What is left of the open money: lot_seq, lot_n (0: of no lot), month (in which it came), held (> 0)."""
        if not self._balances:
            return pl.DataFrame(schema=dict.fromkeys((*LOT, "month", "held"), pl.Int64))
        heirs = _heirs(pl.concat(self._merges))
        balances = _balances(_inherited(pl.concat(self._balances), heirs)).filter(pl.col("balance") > 0)
        inflows = _inflows(_inherited(pl.concat(self._inflows), heirs)).filter(pl.col("amount") > 0)
        inflows = inflows.join(balances, on="contact").sort("contact", "seq", "n", descending=[False, True, True])
        before = pl.col("amount").cum_sum().over("contact") - pl.col("amount")
        held = inflows.with_columns(held=pl.min_horizontal("amount", (pl.col("balance") - before).clip(lower_bound=0)))
        known = held.filter(pl.col("held") > 0)
        rest = balances.join(known.group_by("contact").agg(pl.col("held").sum()), on="contact", how="left")
        rest = rest.select(
            lot_seq=pl.lit(0, pl.Int64),
            lot_n=pl.lit(0, pl.Int64),
            month=pl.lit(0, pl.Int32),
            held=pl.col("balance") - pl.col("held").fill_null(0),
        ).filter(pl.col("held") > 0)
        columns = (*LOT, "month", "held")
        return pl.concat([known.select(columns), rest.select(columns)]).sort(LOT)


def _balances(changes: pl.DataFrame) -> pl.DataFrame:
    return changes.group_by("contact").agg(pl.col("balance").sum())


def _inflows(rows: pl.DataFrame) -> pl.DataFrame:
    """One row for each contact and lot, at the place where the last of it came."""
    last = pl.col("seq") == pl.col("seq").max()
    of_lots = (
        rows.filter(pl.col("lot_seq") != 0)
        .group_by(_INFLOW)
        .agg(pl.col("amount").sum(), pl.col("month", "seq").max(), pl.col("n").filter(last).max())
    )
    return pl.concat([rows.filter(pl.col("lot_seq") == 0).select(of_lots.columns), of_lots])


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
