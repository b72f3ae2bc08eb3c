"""The money that contacts have at the end of a day, by what it came from: one pass over all transfers.

Outstanding money is pending, commerce (both in lots) and open (held and on its way out too).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import polars as pl

from guerdon.engine.codes import Role
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.settle.reports.checking import Check, hold
from guerdon.engine.settle.reports.cut import Cut
from guerdon.engine.settle.reports.funders import part
from guerdon.engine.settle.reports.lots import DUE, LOT, NO_EXPIRY, LotSums, expiry_days, facts_of_lots
from guerdon.engine.settle.reports.months import month_text
from guerdon.engine.settle.reports.open_money import OpenMoney
from guerdon.engine.settle.reports.transfers import COMMERCE, OPEN, transfer_pages
from guerdon.engine.settle.reports.wallets import Flows, balance_checks, by_role, moves

STATES: Final = ("pending", "commerce", "open")
BUCKETS: Final = ("0–30", "30–60", "60–90", "90+")
NEVER_EXPIRES, OVERDUE, OF_OPEN = "never", "due", "open money"
BUCKET_ORDER: Final = (OVERDUE, *BUCKETS, NEVER_EXPIRES, OF_OPEN)
_NO_OFFER: Final = "(none)"
DIMENSIONS: Final = ("state", "offer", "pool", "funder", "month", "days")


class Outstanding(NamedTuple):
    """``cube``: state, offer, pool, funder, month, days (texts) and minor (> 0); ``flows``: as ``Flows.frame``."""

    cube: pl.DataFrame
    flows: pl.DataFrame


def outstanding(ledger: Ledger, cut: Cut, since: int) -> Outstanding:
    """What is outstanding at a cut. ``since``: the instant at which the flows' opening ends.

    ReportMismatch if it doesn't lead to the ledger's balances.
    """
    lots, purses, flows = LotSums(), OpenMoney(), Flows(since)
    for page in transfer_pages(ledger, cut):
        for sums in (lots, purses, flows):
            sums.add(page)
    moved = flows.frame()
    held, left = lots.held(), purses.left()
    ids = pl.concat([held.select(LOT), left.filter(pl.col("lot_seq") != 0).select(LOT)]).unique()
    facts = facts_of_lots(ledger, cut, ids)
    held = held.join(facts, on=LOT, how="left", maintain_order="left")
    hold(_lot_checks(held, moved) + balance_checks(ledger, cut, moved), ledger.place)
    rows = pl.concat([_of_lots(held, cut), _of_purses(left, facts)])
    cube = _named(ledger, _by_funder(rows)).group_by(DIMENSIONS).agg(pl.col("minor").sum())
    cube = cube.filter(pl.col("minor") != 0).sort(DIMENSIONS)
    hold(_cube_checks(cube, moved), ledger.place)
    return Outstanding(cube, moved)


def _lot_checks(held: pl.DataFrame, flows: pl.DataFrame) -> list[Check]:
    """Lots hold what the accounts of each pool, and pending, hold at the cut."""
    moved = by_role(flows, seen=True)
    usable = held.group_by("pool").agg((pl.col("held") - pl.col("pending")).sum()).iter_rows()
    of_lots = {int(Role.COMMERCE) + pool: minor for pool, minor in usable if minor}
    of_lots[int(Role.PENDING)] = int(held["pending"].sum())
    roles = {*of_lots, *(role for role in moved if role >= Role.COMMERCE or role == Role.PENDING)}
    return [Check(f"lots of account {role}", of_lots.get(role, 0), moved.get(role, 0)) for role in sorted(roles)]


def _cube_checks(cube: pl.DataFrame, flows: pl.DataFrame) -> list[Check]:
    """What the cube adds up to is what the roll-forward closes with."""
    closing = dict.fromkeys((COMMERCE, OPEN), 0)
    for (_, _, kind), minor in moves(flows).items():
        if kind in closing:
            closing[kind] += minor
    of_open = pl.col("state") == "open"
    return [
        Check("outstanding commerce money", int(cube.filter(~of_open)["minor"].sum()), closing[COMMERCE]),
        Check("outstanding open money", int(cube.filter(of_open)["minor"].sum()), closing[OPEN]),
    ]


def buckets(days: np.ndarray) -> pl.Series:
    """The span of days in which each lot expires.

    >>> buckets(np.array([0, 29, 30, 90, NO_EXPIRY, DUE])).to_list()
    ['0–30', '0–30', '30–60', '90+', 'never', 'due']
    """
    place = np.clip(days // 30 + 1, 1, len(BUCKETS))
    place[days == DUE] = 0
    place[days == NO_EXPIRY] = len(BUCKETS) + 1
    return pl.Series(np.array(BUCKET_ORDER[:-1])[place], dtype=pl.String)


# ---- the cube


_ROW: Final = ("state", "offer", "pool", "month", "days", "minor", "part")


def _of_lots(held: pl.DataFrame, cut: Cut) -> pl.DataFrame:
    """Each lot, with the part of it that its merchant would get back if it expired now."""
    live = pl.col("amount") - pl.col("gone")
    days = buckets(expiry_days(held["expires_at"].to_numpy(), cut))
    return held.with_columns(
        state=pl.when(pl.col("pending") != 0).then(pl.lit("pending")).otherwise(pl.lit("commerce")),
        days=days,
        minor="held",
        part=part(live) - part(live - pl.col("held")),
    ).select(*_ROW, "funder")


def _of_purses(left: pl.DataFrame, facts: pl.DataFrame) -> pl.DataFrame:
    """What is left of open money, by the lots it came from; the merchant's part by the award's share."""
    of_lots = left.filter(pl.col("lot_seq") != 0).drop("month").join(facts, on=LOT, how="left")
    none = left.filter(pl.col("lot_seq") == 0)
    rest = none.select(
        pl.col("month").cast(pl.Int32),
        "held",
        *(pl.lit(0, pl.Int64).alias(name) for name in ("offer", "pool", "funder", "part")),
    )
    known = of_lots.with_columns(part=part(pl.col("held")))
    columns = ("offer", "pool", "month", "held", "part", "funder")
    both = pl.concat([known.select(columns), rest.select(columns)])
    return both.with_columns(state=pl.lit("open"), days=pl.lit(OF_OPEN), minor="held").select(*_ROW, "funder")


def _by_funder(rows: pl.DataFrame) -> pl.DataFrame:
    """Two rows of each: the business's part and the merchant's."""
    business = rows.with_columns(funder=pl.lit(0, pl.Int64), minor=pl.col("minor") - pl.col("part"))
    return pl.concat([business, rows.with_columns(minor="part")]).drop("part")


def _named(ledger: Ledger, rows: pl.DataFrame) -> pl.DataFrame:
    grouped = rows.group_by("state", "offer", "pool", "funder", "month", "days").agg(pl.col("minor").sum())
    names = {
        column: [ledger.names.id(kind, number) if number else none for number in grouped[column].to_list()]
        for column, kind, none in (
            ("offer", "offer", _NO_OFFER),
            ("pool", "pool", _NO_OFFER),
            ("funder", "merchant", "business"),
        )
    }
    months = [month_text(month) if month else _NO_OFFER for month in grouped["month"].to_list()]
    return grouped.with_columns(
        **{name: pl.Series(found, dtype=pl.String) for name, found in {**names, "month": months}.items()}
    )
