"""The limit: the ten offers written by hand in one compiled pass for exactly this programme and this data.

Nothing is general here: product bits in a dense table, one record a contact, the offers as straight code, the year's
calendar as three small tables. It keeps every award and redeem it makes, as the engine keeps its transfers; a redeem
is one row an event, not one a lot. No rule language can be faster; the benchmark asks how near a general one comes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from numba import njit

from benchmarks.answer import OFFERS, Answer
from benchmarks.polars_by_hand import BIG_BASKET_MINOR, DAIRY, GOLD_MINOR, MEAT, ZONE

PRIVATE, PRODUCE, FLESH, MILK = 1, 2, 4, 8
REDEEM = len(OFFERS)
ROWS_PER_EVENT = 9  # eight awards at most (three offers compete for one) and a redeem
BATCH_LINES = 262_144
HOUR_US, DAY_US = 3_600_000_000, 86_400_000_000
FIRST_DAY, DAYS = datetime(2016, 12, 25, tzinfo=UTC), 400

CONTACT = np.dtype(
    [
        ("spent", "i8"),
        ("month", "i4"),
        ("week", "i4"),
        ("month_spent", "i8"),
        ("week_dairy", "i8"),
        ("month_meat", "i8"),
        ("commerce", "i8"),
        ("hundreds", "i8"),
        ("spare", "i8"),
    ]
)  # one cache line
OUT = np.dtype([("basket", "i8"), ("what", "i4"), ("amount", "i4")])


class Calendar(NamedTuple):
    """Per UTC hour the offset to local time, per local day its month, week and whether it is a weekend."""

    first_us: int
    offset_us: Any  # int64[hours]
    month: Any  # int32[days]
    week: Any
    weekend: Any  # bool[days]


def calendar() -> Calendar:
    """The business's calendar around the year of the data."""
    zone = ZoneInfo(ZONE)
    hours = [FIRST_DAY + timedelta(hours=n) for n in range(DAYS * 24)]
    offsets = [(moment.astimezone(zone).utcoffset() or timedelta()) // timedelta(microseconds=1) for moment in hours]
    days = [FIRST_DAY.date() + timedelta(days=n) for n in range(DAYS)]
    return Calendar(
        int(FIRST_DAY.timestamp()) * 1_000_000,
        np.array(offsets, dtype=np.int64),
        np.array([day.year * 12 + day.month for day in days], dtype=np.int32),
        np.array([(day.toordinal() - 1) // 7 for day in days], dtype=np.int32),
        np.array([day.weekday() >= 5 for day in days]),
    )


def product_bits(folder: Path) -> Any:
    """uint8[product id]: which offers' goods a product belongs to."""
    products = pl.read_parquet(folder / "products.parquet").select(
        "product_id",
        bits=(pl.col("brand") == "Private").fill_null(False) * PRIVATE
        + (pl.col("department") == "PRODUCE").fill_null(False) * PRODUCE
        + pl.col("department").is_in(MEAT).fill_null(False) * FLESH
        + pl.col("product_category").is_in(DAIRY).fill_null(False) * MILK,
    )
    ids = products["product_id"].to_numpy()
    table = np.zeros(int(ids.max()) + 2, dtype=np.uint8)
    table[ids] = products["bits"].to_numpy()
    return table


@njit(cache=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _percent(minor: int, rate: int) -> int:
    return (minor * rate + 50) // 100


@njit(inline="always")
def _give(basket, what, amount, out, size):  # type: ignore[no-untyped-def]
    """Write a row unless it is nothing; returns the number of rows."""
    if amount > 0:
        out[size].basket, out[size].what, out[size].amount = basket, what, amount
        size += 1
    return size


@njit(cache=True, error_model="numpy")
def _decide(basket, contact, time_us, total, private, produce, meat, dairy, state, days, out, size):  # type: ignore[no-untyped-def]
    """Decide one event; returns the number of rows in ``out`` after it."""
    first_us, offset_us, month_of, week_of, weekend_of = days
    since = time_us - first_us
    local = since + offset_us[since // HOUR_US]
    day = local // DAY_US
    hour = (local - day * DAY_US) // HOUR_US
    who = state[contact]
    if who.month != month_of[day]:
        who.month, who.month_spent, who.month_meat, who.hundreds = month_of[day], 0, 0, 0
    if who.week != week_of[day]:
        who.week, who.week_dairy = week_of[day], 0
    redeem = min(who.commerce, total)

    base = _percent(total, 1)
    best, which = min(_percent(private, 5), 500), 1
    evening = _percent(total, 3) if 19 <= hour < 23 else 0
    if evening > best:
        best, which = evening, 2
    if total >= BIG_BASKET_MINOR and best < 200:
        best, which = 200, 3
    steps = produce // 200 * 10
    roast = min(_percent(meat, 4), 300 - who.month_meat) if weekend_of[day] else 0
    who.month_meat += roast
    week = 50 if who.week_dairy < 1_000 <= who.week_dairy + dairy else 0
    who.week_dairy += dairy
    who.month_spent += total
    hundreds = min(who.month_spent // 10_000, 3)
    hundred = (hundreds - who.hundreds) * 100
    who.hundreds = hundreds
    spent = who.spent
    who.spent = spent + total
    thousand = ((spent + total) // 100_000 - spent // 100_000) * 1_000
    gold = base if spent >= GOLD_MINOR else 0

    size = _give(basket, 0, base, out, size)
    size = _give(basket, which, best, out, size)
    size = _give(basket, 4, steps, out, size)
    size = _give(basket, 5, roast, out, size)
    size = _give(basket, 6, week, out, size)
    size = _give(basket, 7, hundred, out, size)
    size = _give(basket, 8, thousand, out, size)
    size = _give(basket, 9, gold, out, size)
    size = _give(basket, REDEEM, redeem, out, size)
    who.commerce += base + best + steps + roast + week + hundred + thousand + gold - redeem
    return size


@njit(cache=True, error_model="numpy")
def _fold(basket, contact, product, time_us, value, bits, state, days, out, run, last_batch):  # type: ignore[no-untyped-def]
    """Fold the lines of a batch into events and decide each; ``run`` carries the open event from batch to batch.

    ``run``: basket, contact, time, total, private, produce, meat, dairy, events.
    """
    size = 0
    for i in range(len(basket)):
        if basket[i] != run[0]:
            if run[0] >= 0:
                size = _decide(run[0], run[1], run[2], run[3], run[4], run[5], run[6], run[7], state, days, out, size)
                run[8] += 1
            run[0], run[1], run[2] = basket[i], contact[i], time_us[i]
            run[3] = run[4] = run[5] = run[6] = run[7] = 0
        minor = np.int64(np.rint(value[i] * 100.0))
        product_id = product[i]
        kinds = bits[product_id] if product_id < len(bits) else 0
        run[3] += minor
        if kinds & 1:
            run[4] += minor
        if kinds & 2:
            run[5] += minor
        if kinds & 4:
            run[6] += minor
        if kinds & 8:
            run[7] += minor
    if last_batch and run[0] >= 0:
        size = _decide(run[0], run[1], run[2], run[3], run[4], run[5], run[6], run[7], state, days, out, size)
        run[8] += 1
        run[0] = -1
    return size


def _batches(folder: Path) -> Iterator[pl.DataFrame]:
    lines = pl.scan_parquet(folder / "transactions.parquet").select(
        "basket_id",
        "household_id",
        "product_id",
        pl.col("transaction_timestamp").cast(pl.Datetime("us")).cast(pl.Int64),
        "sales_value",
    )
    return iter(lines.collect_batches(chunk_size=BATCH_LINES, maintain_order=True))


def decide(folder: Path) -> tuple[int, list[Any]]:
    """The number of events, and every award and redeem in the order of events, as arrays of ``OUT``."""
    bits, days = product_bits(folder), calendar()
    households = pl.scan_parquet(folder / "transactions.parquet").select(pl.col("household_id").max()).collect().item()
    state = np.zeros(households + 1, dtype=CONTACT)
    run = np.zeros(9, dtype=np.int64)
    run[0] = -1
    kept: list[Any] = []
    for batch in _batches(folder):
        basket, contact, product, time_us, value = (_column(batch, name) for name in batch.columns)
        out = np.empty(len(batch) * ROWS_PER_EVENT + 16, dtype=OUT)
        size = _fold(basket, contact, product, time_us, value, bits, state, days, out, run, False)
        kept.append(out[:size].copy())
    out = np.empty(16, dtype=OUT)
    none, no_value = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float64)
    size = _fold(none, none, none, none, no_value, bits, state, days, out, run, True)
    kept.append(out[:size].copy())
    return int(run[8]), kept


def _column(batch: pl.DataFrame, name: str) -> Any:
    return np.ascontiguousarray(batch[name].to_numpy())


def answer(folder: Path) -> Answer:
    """The whole programme over the data in ``folder``."""
    return summed(*decide(folder))


def summed(events: int, kept: list[Any]) -> Answer:
    """Counts and sums of what ``decide`` kept."""
    counts, sums = np.zeros(len(OFFERS) + 1, dtype=np.int64), np.zeros(len(OFFERS) + 1, dtype=np.int64)
    for rows in kept:
        np.add.at(counts, rows["what"], 1)
        np.add.at(sums, rows["what"], rows["amount"])
    awards = {name: (int(counts[n]), int(sums[n])) for n, name in enumerate(OFFERS)}
    return Answer(events, awards, (int(counts[REDEEM]), int(sums[REDEEM])))
