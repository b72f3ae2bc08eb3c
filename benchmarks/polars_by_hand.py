"""The ten offers written by hand in polars: what a good analyst would write, window functions and no loop.

Written from the rules in ``programmes/ten`` and the specification, not from the engine. Two observations make it
possible at all: nothing expires within the data (pool ``1y``, and a year of purchases), and no offer with a memory
stands in the best-of group, so its counters do not depend on who wins there.

Redeeming is the queue recursion left(t) = max(left(t-1) + awarded(t-1) - total(t), 0), of which the closed form is a
running sum less its running minimum.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from benchmarks.answer import OFFERS, Answer

ZONE = "America/New_York"
DAIRY = ("FLUID MILK PRODUCTS", "CHEESE", "YOGURT", "EGGS")
KINDS = ("private", "produce", "meat", "dairy")
MEAT = ("MEAT", "MEAT-PCKGD", "SEAFOOD")
BIG_BASKET_MINOR, SILVER_MINOR, GOLD_MINOR = 7_500, 50_000, 150_000


def events(folder: Path) -> pl.LazyFrame:
    """One row a basket in the order (time, id): contact, time, total and the sums that the offers need."""
    lines = pl.scan_parquet(folder / "transactions.parquet")
    products = pl.scan_parquet(folder / "products.parquet").select(
        "product_id",
        private=pl.col("brand") == "Private",
        produce=pl.col("department") == "PRODUCE",
        meat=pl.col("department").is_in(MEAT),
        dairy=pl.col("product_category").is_in(DAIRY),
    )
    value = (pl.col("sales_value") * 100).round().cast(pl.Int64)
    joined = lines.with_columns(value=value).join(products, on="product_id", how="left")
    sums = [pl.when(name).then("value").otherwise(0).sum().alias(name) for name in KINDS]
    return (
        joined.group_by("basket_id")
        .agg(
            pl.col("household_id").first().alias("contact"),
            pl.col("transaction_timestamp").first().alias("time"),
            pl.col("value").sum().alias("total"),
            *sums,
        )
        .sort("time", "basket_id")
    )


def _percent(base: pl.Expr, percent: int) -> pl.Expr:
    return (base * percent + 50) // 100  # half up; bases are not negative


def awards(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Add one column an offer with what it finally gives on each event, in minor units."""
    local = pl.col("time").dt.replace_time_zone("UTC").dt.convert_time_zone(ZONE)
    frame = frame.with_columns(
        month=local.dt.year().cast(pl.Int32) * 12 + local.dt.month(),
        week=local.dt.truncate("1w"),
        evening_hours=local.dt.hour().is_between(19, 22),
        weekend=local.dt.weekday() >= 6,
        spent=pl.col("total").cum_sum().over("contact"),
    )
    frame = frame.with_columns(
        month_spent=pl.col("total").cum_sum().over("contact", "month"),
        dairy_spent=pl.col("dairy").cum_sum().over("contact", "week"),
        meat_award=pl.when("weekend").then(_percent(pl.col("meat"), 4)).otherwise(0),
    )
    frame = frame.with_columns(meat_sum=pl.col("meat_award").cum_sum().over("contact", "month"))
    month_before, spent_before = pl.col("month_spent") - pl.col("total"), pl.col("spent") - pl.col("total")
    dairy_before = pl.col("dairy_spent") - pl.col("dairy")
    meat_before = pl.col("meat_sum") - pl.col("meat_award")
    hundreds = [pl.min_horizontal(sum_ // 10_000, 3) for sum_ in (pl.col("month_spent"), month_before)]
    frame = frame.with_columns(
        _percent(pl.col("total"), 1).alias("base"),
        pl.min_horizontal(_percent(pl.col("private"), 5), 500).alias("own-brand"),
        pl.when("evening_hours").then(_percent(pl.col("total"), 3)).otherwise(0).alias("evening"),
        pl.when(pl.col("total") >= BIG_BASKET_MINOR).then(200).otherwise(0).alias("big-basket"),
        (pl.col("produce") // 200 * 10).alias("produce-steps"),
        (pl.min_horizontal("meat_sum", 300) - pl.min_horizontal(meat_before, 300)).alias("weekend-meat"),
        pl.when((dairy_before < 1_000) & (pl.col("dairy_spent") >= 1_000)).then(50).otherwise(0).alias("dairy-week"),
        ((hundreds[0] - hundreds[1]) * 100).alias("every-100"),
        ((pl.col("spent") // 100_000 - spent_before // 100_000) * 1_000).alias("every-1000"),
        pl.when(spent_before >= GOLD_MINOR).then(_percent(pl.col("total"), 1)).otherwise(0).alias("gold-extra"),
    )
    return frame.with_columns(_best_of("own-brand", "evening", "big-basket"))


def _best_of(*names: str) -> list[pl.Expr]:
    """Keep the largest; the first named wins a tie."""
    best = pl.max_horizontal(*names)
    kept = []
    for place, name in enumerate(names):
        beaten = [pl.col(earlier) == best for earlier in names[:place]]
        wins = pl.col(name) == best
        for earlier in beaten:
            wins = wins & ~earlier
        kept.append(pl.when(wins).then(pl.col(name)).otherwise(0).alias(name))
    return kept


def redeems(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Add ``redeemed``: on each purchase what is there from before it, at most its total."""
    frame = frame.with_columns(awarded=pl.sum_horizontal(*OFFERS))
    before = pl.col("awarded").shift(1, fill_value=0).over("contact")
    frame = frame.with_columns(before=before)
    frame = frame.with_columns(flow=(pl.col("before") - pl.col("total")).cum_sum().over("contact"))
    floor = pl.min_horizontal(pl.col("flow").cum_min().over("contact"), 0)
    frame = frame.with_columns(left=pl.col("flow") - floor)
    held = pl.col("left").shift(1, fill_value=0).over("contact") + pl.col("before")
    return frame.with_columns(redeemed=held - pl.col("left"))


def decide(folder: Path) -> pl.DataFrame:
    """Every event with its awards and its redeem, from the parquet files in ``folder``."""
    return redeems(awards(events(folder))).select("basket_id", "contact", "time", *OFFERS, "redeemed").collect()


def answer(folder: Path) -> Answer:
    """The whole programme over the data in ``folder``."""
    return summed(decide(folder))


def summed(decided: pl.DataFrame) -> Answer:
    """Counts and sums of a decided frame."""
    found = {name: (int((decided[name] > 0).sum()), int(decided[name].sum())) for name in OFFERS}
    redeemed = decided["redeemed"]
    return Answer(len(decided), found, (int((redeemed > 0).sum()), int(redeemed.sum())))
