"""What was sold: the totals of purchases, read out of the log's chunks one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import polars as pl

from guerdon.engine.codes import EventType, Outcome
from guerdon.engine.events.body import decode
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.settle.reports.cut import Cut

_SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "seq": pl.Int64,
    "time": pl.Int64,
    "total": pl.Int64,
    "merchant": pl.Int32,
}


def purchases(ledger: Ledger, cut: Cut) -> pl.DataFrame:
    """The posted purchases that a cut sees, by seq: seq, time (µs UTC), total (minor of the currency), merchant."""
    ended = ledger.frame("event", ("seq", "time", "merchant", "type", "outcome"))
    ended = ended.filter(
        (pl.col("type") == int(EventType.PURCHASE))
        & (pl.col("outcome") == int(Outcome.POSTED))
        & (pl.col("time") < cut.until)
        & (pl.col("seq") <= cut.last_seq)
    )
    totals = pl.concat([pl.DataFrame(schema={"seq": pl.Int64, "total": pl.Int64}), *_totals(ledger, cut)])
    return ended.join(totals, on="seq", how="inner", maintain_order="left").select(
        pl.col(name).cast(kind) for name, kind in _SCHEMA.items()
    )


def _totals(ledger: Ledger, cut: Cut) -> Iterator[pl.DataFrame]:
    for chunk in ledger.chunks():
        if chunk.first_seq > cut.last_seq:
            return
        told = decode(chunk.body_format, chunk.body).told
        bought = np.asarray(told.numbers("type")) == int(EventType.PURCHASE)
        columns = {name: np.asarray(told.numbers(name), np.int64)[bought] for name in ("seq", "total")}
        yield pl.DataFrame(columns)
