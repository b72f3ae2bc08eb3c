"""A year of the public data sets cut into months; where they can't be had, tables of the same shape made by lot.

In the normal suite a cut of the contacts, in a soak all of them.
"""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from benchmarks import data

from .soak import SOAK

MINUTES = 364 * 24 * 60
Tables = dict[str, pl.DataFrame]  # the purchases first, then what lies beside them


@dataclass(frozen=True, slots=True)
class Kind:
    """One data set: how its purchases are told apart by time, and which of them make the cut."""

    file: str
    time: str
    contact: str
    one_in: int  # contacts
    read: Callable[[], Tables]
    made: Callable[[], Tables]


def _cdnow() -> Tables:
    table = pl.read_csv(data.cdnow() / "purchases.csv", infer_schema=False)
    return {"purchases.csv": table.filter(pl.col("purchased_at") < "1998")}


def _journey() -> Tables:
    folder = data.complete_journey()
    lines = pl.read_parquet(folder / "transactions.parquet")
    # the data set's year is that of the stores: it ends some hours later in UTC
    lines = lines.filter(pl.col("transaction_timestamp") < datetime(2018, 1, 1))
    return {"transactions.parquet": lines, "products.parquet": pl.read_parquet(folder / "products.parquet")}


def _made_cdnow() -> Tables:
    dice = random.Random(1)
    days = sorted(dice.randrange(365) for _ in range(4_000))
    rows = [
        (
            f"{datetime(1997, 1, 1) + timedelta(days=day):%Y-%m-%d} 12:00:00",
            f"{number:05d}",
            f"{24 * dice.randrange(200):05d}",
            str(dice.randint(1, 6)),
            f"{dice.randint(500, 9000) / 100:.2f}",
        )
        for number, day in enumerate(days)
    ]
    names = ["purchased_at", "purchase_id", "customer_id", "cds", "dollars"]
    return {"purchases.csv": pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")}


def _made_journey() -> Tables:
    dice = random.Random(1)
    minutes = sorted(dice.randrange(MINUTES) for _ in range(6_000))
    begin = datetime(2017, 1, 1, 11)
    rows = [
        (100 * dice.randrange(24), dice.randint(300, 320), number, product, dice.randint(1, 4),
         dice.randint(50, 900) / 100, begin + timedelta(minutes=minute))
        for number, minute in enumerate(minutes)
        for product in dice.sample(range(900_000, 900_400), dice.randint(1, 8))
    ]  # fmt: skip
    lines = pl.DataFrame(rows, schema=list(data.SCALED_COLUMNS), orient="row")
    kinds = [("GROCERY", "COFFEE"), ("PRODUCE", "APPLES"), ("DRUG GM", "SOAP"), ("FUEL", "FUEL")]
    products = [(900_000 + n, *kinds[n % 4], "Private" if n % 3 else "National") for n in range(400)]
    names = ["product_id", "department", "product_category", "brand"]
    return {"transactions.parquet": lines, "products.parquet": pl.DataFrame(products, schema=names, orient="row")}


KINDS = {
    "cdnow": Kind("purchases.csv", "purchased_at", "customer_id", 24, _cdnow, _made_cdnow),
    "complete_journey": Kind(
        "transactions.parquet", "transaction_timestamp", "household_id", 100, _journey, _made_journey
    ),
}


def monthly(name: str, folder: Path) -> tuple[Path, list[Path]]:
    """The year as one file, and as a file for each month, each with what lies beside it."""
    kind = KINDS[name]
    tables = _fetched(kind)
    purchases = tables.pop(kind.file)
    if not SOAK:
        purchases = purchases.filter(pl.col(kind.contact).cast(pl.Int64) % kind.one_in == 0)
    whole = _write(folder / "year" / kind.file, purchases, tables)
    months = purchases.group_by(pl.col(kind.time).cast(pl.String).str.head(7), maintain_order=True)
    parts = {str(month): part for (month,), part in months}
    return whole, [_write(folder / month / kind.file, parts[month], tables) for month in sorted(parts)]


def _fetched(kind: Kind) -> Tables:
    try:
        data.fetch()
        return kind.read()
    except (OSError, subprocess.CalledProcessError):
        return kind.made()


def _write(path: Path, table: pl.DataFrame, beside: Tables) -> Path:
    path.parent.mkdir(parents=True)
    if path.suffix == ".csv":
        table.write_csv(path)
    else:
        table.write_parquet(path)
    for name, other in beside.items():
        other.write_parquet(path.parent / name)
    return path
