"""What became of awarded money: redeemed, expired, reversed, taken back, or still there; by cohort, offer and month.

Of every award, at any time: granted − reversed − redeemed − expired − adjusted = outstanding. What repays debt when it
is given is redeemed at once; what is reversed from open money or as debt had been redeemed and is so no more. An ad
hoc return reverses no award in particular: it counts in the cohort of its own month.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import polars as pl

from guerdon.engine.codes import TransferKind
from guerdon.engine.decide.lot_records import LOT_RECORD
from guerdon.engine.ledger import tables
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.settle.reports.checking import Check
from guerdon.engine.settle.reports.cut import Cut
from guerdon.engine.settle.reports.lots import LOT
from guerdon.engine.settle.reports.months import months_of
from guerdon.engine.settle.reports.transfers import COMMERCE, DEBT, money_kind, pages

_K = TransferKind
FATES: Final = ("granted", "reversed", "redeemed", "expired", "adjusted")
_KEY: Final = ("cohort", "group", "offer", "month")


class Fates:
    """Adds up the fates of lots over pages of transfers. ``lots``: as ``lot_cohorts`` gives them."""

    def __init__(self, lots: pl.DataFrame) -> None:
        self._lots = lots
        self._parts: list[pl.DataFrame] = []

    def add(self, page: pl.DataFrame) -> None:
        """Take in what a page's seen transfers did to awarded money."""
        ad_hoc = pl.col("kind") == int(_K.AWARD_REVERSAL)
        mine = page.filter(pl.col("seen") & ((pl.col("lot_seq") != 0) | ad_hoc)).with_columns(
            source=money_kind("from_role"), target=money_kind("to_role")
        )
        changed = mine.with_columns(_fates()).filter(pl.any_horizontal(pl.col(name) != 0 for name in FATES))
        changed = changed.select(*LOT, "offer", "month", *FATES).join(self._lots, on=LOT, how="left")
        changed = changed.with_columns(pl.col("cohort").fill_null(pl.col("month")), pl.col("group").fill_null(0))
        self._parts.append(changed.group_by(_KEY).agg(pl.col(*FATES).sum()))

    def frame(self) -> pl.DataFrame:
        """cohort (month of award), group, offer (number, 0 none), month (of the change), fates in minor units."""
        if not self._parts:
            return pl.DataFrame(schema=dict.fromkeys((*_KEY, *FATES), pl.Int64))
        return pl.concat(self._parts).group_by(_KEY).agg(pl.col(*FATES).sum()).sort(_KEY)


def _fates() -> list[pl.Expr]:
    kind, amount = pl.col("kind"), pl.col("amount")
    out, into, of_debt = pl.col("source") == COMMERCE, pl.col("target") == COMMERCE, pl.col("target") == DEBT
    reversal = kind == int(_K.AWARD_REVERSAL)
    used = kind.is_in([int(_K.REDEEM), int(_K.EXCHANGE)]) & out
    back = kind.is_in([int(_K.REDEEM_REVERSAL), int(_K.EXCHANGE_REVERSAL)]) & into
    repaid = (kind == int(_K.AWARD)) & of_debt
    corrected = kind.is_in([int(_K.ADJUST), int(_K.COMPENSATION)])
    plus_minus = {
        "granted": ((kind == int(_K.AWARD)) | (corrected & into), pl.lit(False)),
        "reversed": (reversal, pl.lit(False)),
        "redeemed": (used | repaid, back | (reversal & ~out)),
        "expired": (kind.is_in([int(_K.EXPIRY), int(_K.FORFEIT)]) & out, pl.lit(False)),
        "adjusted": (corrected & out, pl.lit(False)),
    }
    return [
        pl.when(plus).then(amount).when(minus).then(-amount).otherwise(0).alias(name)
        for name, (plus, minus) in plus_minus.items()
    ]


def outstanding(fates: pl.DataFrame) -> int:
    """What is still there of everything, minor units."""
    granted, *less = (int(fates[name].sum()) for name in FATES)
    return granted - sum(less)


def fate_checks(fates: pl.DataFrame, moved: dict[int, int]) -> list[Check]:
    """What is left of all awards is what the accounts hold in lots. ``moved``: by role, as seen."""
    from guerdon.engine.codes import Role

    in_lots = sum(minor for role, minor in moved.items() if role >= Role.COMMERCE or role == Role.PENDING)
    return [Check("money left of awards", outstanding(fates), in_lots)]


# ---- which cohort a lot is of


def lot_cohorts(ledger: Ledger, cut: Cut, sales: pl.DataFrame | None = None) -> pl.DataFrame:
    """Every lot with its cohort (month of award) and group: lot_seq, lot_n, cohort, group.

    ``sales``: the seqs of some events (column seq); lots of awards that these won themselves are in group 1, and what
    was given of them to others with them; all other lots in group 0.
    """
    found = []
    for page in pages(ledger, tables.award, ("seq", "n", "earned_at", "cause")):
        months = pl.Series(months_of(cut.zone, page["earned_at"].to_numpy()), dtype=pl.Int32)
        page = page.with_columns(cohort=months)
        if sales is not None:
            of_sale = page["seq"].is_in(sales["seq"].implode()) & (page["cause"] == 0)
            page = page.with_columns(group=of_sale.cast(pl.Int8))
        else:
            page = page.with_columns(group=pl.lit(0, pl.Int8))
        found.append(page.select(pl.col("seq").alias("lot_seq"), pl.col("n").alias("lot_n"), "cohort", "group"))
    awarded = pl.concat(found) if found else _none()
    others = _of_records(ledger, cut)
    if not len(others):
        return awarded
    known = others.join(awarded.select(*LOT, "group"), left_on=("root_seq", "root_n"), right_on=LOT, how="left")
    given = known.select(*LOT, "cohort", pl.col("group").fill_null(0).cast(pl.Int8))
    return pl.concat([awarded, given])


def _none() -> pl.DataFrame:
    return pl.DataFrame(schema={"lot_seq": pl.Int64, "lot_n": pl.Int64, "cohort": pl.Int32, "group": pl.Int8})


def _of_records(ledger: Ledger, cut: Cut) -> pl.DataFrame:
    """Lots that no award named, with the award's lot that they were given from (themselves if from none)."""
    rows = list(_records(ledger))
    names = (*LOT, "earned_at", "root_seq", "root_n")
    matrix = np.array(rows, np.int64).reshape(len(rows), len(names))
    lots = pl.DataFrame({name: matrix[:, place] for place, name in enumerate(names)})
    return lots.with_columns(cohort=pl.Series(months_of(cut.zone, matrix[:, 2]), dtype=pl.Int32))


def _records(ledger: Ledger) -> Iterator[tuple[int, int, int, int, int]]:
    known = {(int(r.fields["seq"]), int(r.fields["n"])): r for r in ledger.records.of_kind(LOT_RECORD)}
    for lot, record in known.items():
        root = lot
        while root in known and (source := _given_from(ledger, root)) is not None:
            root = source
        yield (*lot, int(record.fields["earned_at"]), *root)


def _given_from(ledger: Ledger, lot: tuple[int, int]) -> tuple[int, int] | None:
    """The lot of which this one is a part that was given away; None: it is an adjustment's."""
    rows = ledger.transfers_of(lot[0])
    row = rows[rows["n"] == lot[1]][0]
    return (int(row["lot_seq"]), int(row["lot_n"])) if row["kind"] == int(_K.TRANSFER) else None
