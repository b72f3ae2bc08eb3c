"""One class for each line of an extract and of the ledger (spec 7), by their keys.

    kind, merchant, series, reference   the same on both sides: matched, amount_differs or wrong_day
    kind, series, reference             the same, the merchant another, the amount and about the day too: wrong_merchant
    the same key once more in an extract: duplicate

Each line stands in one class, so that the classes' differences add up to the difference of the two sides.
"""

from __future__ import annotations

from datetime import date

import polars as pl

MATCHED, AMOUNT, DAY, MERCHANT = "matched", "amount_differs", "wrong_day", "wrong_merchant"
DUPLICATE, TILL, LEDGER, UNREADABLE = "duplicate", "only_till", "only_ledger", "unreadable"
CLASSES = (MATCHED, AMOUNT, DAY, MERCHANT, DUPLICATE, TILL, LEDGER, UNREADABLE)
NEAR_DAYS = 1  # that the two sides' days may lie apart
Days = tuple[date, date]
_KEY = ["kind", "merchant", "series", "reference"]
_LOOSE = ["kind", "series", "reference"]
RESULT = {
    "class": pl.String,
    "line": pl.Int64,
    "kind": pl.String,
    "merchant": pl.String,
    "series": pl.String,
    "reference": pl.String,
    "day": pl.Date,
    "amount": pl.Int64,
    "event": pl.String,
    "ledger_merchant": pl.String,
    "ledger_day": pl.Date,
    "ledger_amount": pl.Int64,
}


def classed(till: pl.DataFrame, ledger: pl.DataFrame, days: Days, merchants: set[str]) -> pl.DataFrame:
    """The lines of both sides (extract.COLUMNS) as RESULT: those of the till in their order, then only the ledger's.

    Only what the ledger holds of these days (both inclusive) and merchants can be missing in the till; what it holds
    of other merchants and the days around is there to be found.
    """
    whole = pl.all_horizontal(pl.col("reference", "day", "amount").is_not_null())
    unreadable = _alone(till.filter(~whole), UNREADABLE)
    told, booked = till.filter(whole), ledger
    equal, told, booked = _taken(told, booked, [*_KEY, "amount"])
    differing, told, booked = _taken(told, booked, _KEY)
    paired = pl.concat([equal, differing]).with_columns(_difference().alias("class"))
    again = _turns(_KEY) > 1
    known = paired.select(_KEY).unique()
    seen = told.select(pl.struct(_KEY).is_in(known.select(pl.struct(_KEY)).to_series().implode())).to_series()
    repeated = told.select(again).to_series() | seen
    duplicate, told = _alone(told.filter(repeated), DUPLICATE), told.filter(~repeated)
    elsewhere, told, booked = _elsewhere(told, booked)
    parts = [unreadable, duplicate, paired, elsewhere, _alone(told, TILL)]
    of_till = pl.concat([_result(part) for part in parts]).sort("line")
    missing = booked.filter(pl.col("day").is_between(*days), pl.col("merchant").is_in(list(merchants)))
    return pl.concat([of_till, _of_ledger(missing)])


def _difference() -> pl.Expr:
    return (
        pl.when(pl.col("amount") != pl.col("ledger_amount"))
        .then(pl.lit(AMOUNT))
        .when(pl.col("day") != pl.col("ledger_day"))
        .then(pl.lit(DAY))
        .otherwise(pl.lit(MATCHED))
    )


def _turns(key: list[str]) -> pl.Expr:
    """The how-manieth line of its key a line is, from 1: two cards may pay one receipt."""
    return pl.col("line").rank("ordinal").over(key)


def _taken(told: pl.DataFrame, booked: pl.DataFrame, key: list[str]) -> tuple[pl.DataFrame, ...]:
    """Lines of both sides that the key pairs, the first with the first, and what is left of either side."""
    turn = _turns(key).alias("turn")
    paired = _paired(told.with_columns(turn), booked.with_columns(turn), [*key, "turn"]).drop("turn")
    return paired, _rest(told, paired, "line"), _rest(booked, paired, "ledger_line")


def _elsewhere(told: pl.DataFrame, booked: pl.DataFrame) -> tuple[pl.DataFrame, ...]:
    """Lines that are another merchant's in the ledger, each with the first that can be meant."""
    found = _paired(told, booked, [*_LOOSE, "amount"]).filter(
        (pl.col("day") - pl.col("ledger_day")).dt.total_days().abs() <= NEAR_DAYS
    )
    found = found.sort("line", "ledger_line").unique("line", keep="first", maintain_order=True)
    found = found.unique("ledger_line", keep="first", maintain_order=True)
    found = _alone(found, MERCHANT)
    return found, _rest(told, found, "line"), _rest(booked, found, "ledger_line")


def _paired(told: pl.DataFrame, booked: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """Lines of both sides with the same key; what is the ledger's is named so."""
    named = booked.select(
        *key,
        ledger_line=pl.col("line"),
        ledger_day=pl.col("day"),
        ledger_amount=pl.col("amount"),
        ledger_event=pl.col("event"),
        ledger_merchant=pl.col("merchant") if "merchant" not in key else pl.lit(None, pl.String),
    )
    paired = (
        told.drop("event").join(named, on=key, how="inner", maintain_order="left").rename({"ledger_event": "event"})
    )
    if "merchant" in key:
        paired = paired.with_columns(ledger_merchant=pl.col("merchant"))
    return paired


def _rest(side: pl.DataFrame, paired: pl.DataFrame, name: str) -> pl.DataFrame:
    return side.join(paired.select(line=pl.col(name)), on="line", how="anti", maintain_order="left")


def _alone(told: pl.DataFrame, kind: str) -> pl.DataFrame:
    return told.with_columns(pl.lit(kind).alias("class"))


def _of_ledger(booked: pl.DataFrame) -> pl.DataFrame:
    named = booked.rename({"day": "ledger_day", "amount": "ledger_amount"}).with_columns(
        pl.lit(LEDGER).alias("class"), pl.lit(None, pl.Int64).alias("line"), ledger_merchant=pl.col("merchant")
    )
    return _result(named)


def _result(part: pl.DataFrame) -> pl.DataFrame:
    missing = [pl.lit(None, dtype).alias(name) for name, dtype in RESULT.items() if name not in part.columns]
    return part.with_columns(missing).select(pl.col(name).cast(dtype) for name, dtype in RESULT.items())
