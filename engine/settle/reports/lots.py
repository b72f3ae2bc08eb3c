"""What every lot holds at a cut, from the transfers that carry its id, and what is known of those that hold something.

``held`` of a lot = granted − taken + put back; ``pending`` is the part that is not usable yet; ``gone`` is what was
reversed or has expired of its award, so that ``live`` = award − gone is what its funders still stand for.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from guerdon.engine.codes import Role, TransferKind
from guerdon.engine.decide.lot_records import LOT_RECORD
from guerdon.engine.events.times import DAY
from guerdon.engine.ledger import tables
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.rows import FOREVER
from guerdon.engine.settle.reports.cut import Cut
from guerdon.engine.settle.reports.funders import Funders
from guerdon.engine.settle.reports.months import months_of
from guerdon.engine.settle.reports.transfers import COMMERCE, money_kind, pages

LOT: Final = ("lot_seq", "lot_n")
_GONE: Final = [int(k) for k in (TransferKind.AWARD_REVERSAL, TransferKind.EXPIRY, TransferKind.FORFEIT)]
_COMPACT_ROWS: Final = 2_000_000
NO_EXPIRY: Final = FOREVER
DUE: Final = -1  # past its last instant; only the clock has not come to it yet
_AWARD: Final = ("seq", "n", "offer", "merchant", "pool", "amount", "merchant_part", "earned_at", "expires_at")


class LotSums:
    """Adds up lots over pages of transfers; memory grows with the lots that hold something or have expired."""

    def __init__(self) -> None:
        self._parts: list[pl.DataFrame] = []
        self._rows = 0

    def add(self, page: pl.DataFrame) -> None:
        """Take in what a page's seen transfers did to lots."""
        found = page.filter(pl.col("seen") & (pl.col("lot_seq") != 0))
        self._parts.append(_summed(_changes(found)))
        self._rows += len(self._parts[-1])
        if self._rows > _COMPACT_ROWS:
            # a lot that came and went whole adds nothing to what follows
            self._parts = [_summed(pl.concat(self._parts)).filter((pl.col("held") != 0) | (pl.col("gone") != 0))]
            self._rows = len(self._parts[0])

    def held(self) -> pl.DataFrame:
        """The lots with money in them: lot_seq, lot_n, held, pending, gone."""
        if not self._parts:
            return pl.DataFrame(schema=dict.fromkeys((*LOT, "held", "pending", "gone"), pl.Int64))
        return _summed(pl.concat(self._parts)).filter(pl.col("held") != 0).sort(LOT)


def moved_lot(side: str) -> tuple[pl.Expr, pl.Expr]:
    """The lot that a transfer takes from (``from``) or puts into (``to``): a part given to another contact is new."""
    if side == "from":
        return pl.col("lot_seq"), pl.col("lot_n")
    given = (pl.col("kind") == int(TransferKind.TRANSFER)) & (money_kind("to_role") == COMMERCE)
    return (
        pl.when(given).then("seq").otherwise("lot_seq").alias("lot_seq"),
        pl.when(given).then("n").otherwise("lot_n").alias("lot_n"),
    )


def _changes(page: pl.DataFrame) -> pl.DataFrame:
    amount, pending = pl.col("amount"), int(Role.PENDING)
    gone = pl.when(pl.col("kind").is_in(_GONE)).then(amount).otherwise(0)
    # what is reversed from open money or as debt takes nothing from the lot, but its award is less
    held = pl.when(money_kind("from_role") == COMMERCE).then(-amount).otherwise(0)
    out = page.select(
        *moved_lot("from"),
        held=held,
        pending=pl.when(pl.col("from_role") == pending).then(-amount).otherwise(0),
        gone=gone,
    )
    into = page.filter(money_kind("to_role") == COMMERCE).select(
        *moved_lot("to"),
        held=amount,
        pending=pl.when(pl.col("to_role") == pending).then(amount).otherwise(0),
        gone=pl.lit(0, pl.Int64),
    )
    return pl.concat([out, into])


def _summed(changes: pl.DataFrame) -> pl.DataFrame:
    return changes.group_by(LOT).agg(pl.col("held", "pending", "gone").sum())


# ---- facts


def facts_of_lots(ledger: Ledger, cut: Cut, lots: pl.DataFrame) -> pl.DataFrame:
    """What is known of each lot (lot_seq, lot_n): one pass over the awards.

    offer, pool (numbers), amount (as awarded), earned_at, expires_at, month (of award, since 1970), and of its funding:
    funder (number of the merchant, 0 none), part_num, part_den.
    """
    funders = Funders(ledger)
    found = [_of_awards(funders, page, lots) for page in pages(ledger, tables.award, _AWARD)]
    facts = pl.concat([*found, _of_records(ledger)], how="vertical").join(lots, on=LOT, how="semi")
    return facts.with_columns(month=pl.Series(months_of(cut.zone, facts["earned_at"].to_numpy()), dtype=pl.Int32))


_FACTS: Final = (*LOT, "offer", "pool", "amount", "earned_at", "expires_at", "funder", "part_num", "part_den")


def _of_awards(funders: Funders, page: pl.DataFrame, lots: pl.DataFrame) -> pl.DataFrame:
    mine = page.rename({"seq": "lot_seq", "n": "lot_n"}).join(lots.select(LOT), on=LOT, how="semi")
    return funders.of(mine).select(_FACTS)


def _of_records(ledger: Ledger) -> pl.DataFrame:
    """Lots that no award named: adjustments, and parts given to another contact."""
    names = ("seq", "n", "offer", "pool", "live", "earned_at", "expires_at", "funder", "part_num", "part_den")
    rows = [[int(r.fields.get(name, 0)) for name in names] for r in ledger.records.of_kind(LOT_RECORD)]
    matrix = np.array(rows, np.int64).reshape(len(rows), len(names))
    return pl.DataFrame({name: matrix[:, place] for place, name in enumerate(_FACTS)})


def expiry_days(expires_at: np.ndarray, cut: Cut) -> np.ndarray:
    """Days from the day of the cut to the last local day of each lot, int64; NO_EXPIRY, or DUE if it is due already."""
    ends = expires_at != FOREVER
    days = np.full(len(expires_at), NO_EXPIRY, np.int64)
    days[ends] = cut.zone.locals(expires_at[ends]) // DAY - cut.day
    days[ends & (expires_at < cut.until - 1)] = DUE
    return days
