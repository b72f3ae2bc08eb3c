"""The ten offers in plain Python, one event at a time: the slow and obvious judge of the fast implementations.

Written for reading. It knows this programme only; the general judge of the engine lives in ``tests``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from benchmarks.answer import OFFERS, Answer

ZONE = ZoneInfo("America/New_York")


@dataclass(slots=True)
class Line:
    department: str | None
    brand: str | None
    family: str | None
    total_minor: int


@dataclass(slots=True)
class Purchase:
    id: int
    contact: int
    at: datetime  # local time
    lines: list[Line]

    @property
    def total_minor(self) -> int:
        return sum(line.total_minor for line in self.lines)


@dataclass(slots=True)
class Wallet:
    """What is remembered of one contact."""

    commerce_minor: int = 0
    climb_minor: int = 0
    spent_in: dict[object, int] = field(default_factory=lambda: defaultdict(int))
    dairy_in: dict[object, int] = field(default_factory=lambda: defaultdict(int))
    hundreds_in: dict[object, int] = field(default_factory=lambda: defaultdict(int))
    meat_award_in: dict[object, int] = field(default_factory=lambda: defaultdict(int))


def percent(base_minor: int, rate: int) -> int:
    """Half up, away from zero."""
    return int(Fraction(base_minor * rate, 100) + Fraction(1, 2))


def decide(purchase: Purchase, wallet: Wallet) -> tuple[dict[str, int], int]:
    """What the purchase is awarded, by offer, and what it redeems; moves the wallet on."""
    total = purchase.total_minor
    month = (purchase.at.year, purchase.at.month)
    week = purchase.at.date() - timedelta(days=purchase.at.weekday())

    def of(**wanted: set[str]) -> int:
        return sum(line.total_minor for line in purchase.lines if all(getattr(line, k) in v for k, v in wanted.items()))

    given = {"base": percent(total, 1), "produce-steps": of(department={"PRODUCE"}) // 200 * 10}

    contest = {
        "own-brand": min(percent(of(brand={"Private"}), 5), 500),
        "evening": percent(total, 3) if 19 <= purchase.at.hour < 23 else 0,
        "big-basket": 200 if total >= 7_500 else 0,
    }
    winner = max(contest, key=lambda offer: contest[offer])  # the first of equals, which is the order of priority
    given[winner] = contest[winner]

    if purchase.at.weekday() >= 5:
        meat = percent(of(department={"MEAT", "MEAT-PCKGD", "SEAFOOD"}), 4)
        given["weekend-meat"] = min(meat, 300 - wallet.meat_award_in[month])
        wallet.meat_award_in[month] += given["weekend-meat"]

    dairy_before = wallet.dairy_in[week]
    wallet.dairy_in[week] += of(family={"FLUID MILK PRODUCTS", "CHEESE", "YOGURT", "EGGS"})
    given["dairy-week"] = 50 if dairy_before < 1_000 <= wallet.dairy_in[week] else 0

    hundreds_before = wallet.spent_in[month] // 10_000
    wallet.spent_in[month] += total
    won = wallet.spent_in[month] // 10_000 - hundreds_before
    won = min(won, 3 - wallet.hundreds_in[month])
    wallet.hundreds_in[month] += won
    given["every-100"] = won * 100

    climb_before = wallet.climb_minor
    wallet.climb_minor += total
    given["every-1000"] = (wallet.climb_minor // 100_000 - climb_before // 100_000) * 1_000
    given["gold-extra"] = percent(total, 1) if climb_before >= 150_000 else 0

    redeemed = min(wallet.commerce_minor, total)
    wallet.commerce_minor += sum(given.values()) - redeemed
    return {offer: amount for offer, amount in given.items() if amount > 0}, redeemed


def purchases(folder: Path) -> Iterator[Purchase]:
    """The purchases of the data in ``folder``, in the order (time, basket)."""
    goods: dict[int, tuple[str | None, str | None, str | None]] = {
        product: (department, brand, family)
        for product, department, brand, family in pl.read_parquet(folder / "products.parquet")
        .select("product_id", "department", "brand", "product_category")
        .iter_rows()
    }
    unknown = (None, None, None)
    current: Purchase | None = None
    frame = pl.read_parquet(folder / "transactions.parquet").with_columns(
        at=pl.col("transaction_timestamp").dt.replace_time_zone("UTC"),
        minor=(pl.col("sales_value") * 100).round().cast(pl.Int64),
    )
    for basket, contact, at, product, minor in frame.select(
        "basket_id", "household_id", "at", "product_id", "minor"
    ).iter_rows():
        if current is None or current.id != basket:
            if current is not None:
                yield current
            current = Purchase(basket, contact, at.astimezone(ZONE), [])
        department, brand, family = goods.get(product, unknown)
        current.lines.append(Line(department, brand, family, minor))
    if current is not None:
        yield current


def answer(folder: Path) -> Answer:
    """The whole programme over the data in ``folder``."""
    wallets: dict[int, Wallet] = defaultdict(Wallet)
    found = Answer(awards=dict.fromkeys(OFFERS, (0, 0)))
    for purchase in purchases(folder):
        given, redeemed = decide(purchase, wallets[purchase.contact])
        found.events += 1
        for offer, amount in given.items():
            count, minor = found.awards[offer]
            found.awards[offer] = (count + 1, minor + amount)
        if redeemed:
            found.redeems = (found.redeems[0] + 1, found.redeems[1] + redeemed)
    return found
