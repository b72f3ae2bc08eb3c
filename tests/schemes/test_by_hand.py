"""The ten offers written by hand three times, and told to two rule engines, answer the same on purchases made here."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from benchmarks import numba_by_hand, plain_python, polars_by_hand, rivals
from benchmarks.answer import OFFERS, Answer

GOODS = [
    (1, "GROCERY", "Private", "CHEESE"),
    (2, "GROCERY", "National", "FLUID MILK PRODUCTS"),
    (3, "PRODUCE", "National", "TOMATOES"),
    (4, "MEAT", "National", "BEEF"),
    (5, "GROCERY", "Private", "SOUP"),
    (6, "MISCELLANEOUS", "National", None),
]


def _year(folder: Path, seed: int, baskets: int = 600) -> None:
    dice = random.Random(seed)
    rows = []
    for basket in range(baskets):
        at = datetime(2017, 1, 1, 12) + timedelta(seconds=dice.randrange(364 * 86_400))
        household = dice.randrange(1, 6)
        for _ in range(dice.randrange(1, 6)):
            product = dice.choice([1, 2, 3, 4, 5, 6, 7])  # 7 is no known product
            value = dice.choice([0.0, 0.49, 3.5, 9.99, 25.0, 60.0])
            rows.append((household, 1, 1_000 + basket, product, 1, value, at))
    rows.sort(key=lambda row: (row[6], row[2]))
    names = ("household_id", "store_id", "basket_id", "product_id", "quantity", "sales_value", "transaction_timestamp")
    frame = pl.DataFrame(rows, schema=list(names), orient="row")
    frame.with_columns(pl.col("transaction_timestamp").cast(pl.Datetime("ns"))).write_parquet(
        folder / "transactions.parquet"
    )
    products = pl.DataFrame(GOODS, schema=["product_id", "department", "brand", "product_category"], orient="row")
    products.write_parquet(folder / "products.parquet")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_all_agree(tmp_path: Path, seed: int) -> None:
    _year(tmp_path, seed)
    judged = plain_python.answer(tmp_path)
    assert all(judged.awards[offer][0] > 0 for offer in OFFERS), "each offer must have something to say"
    assert judged.differences(polars_by_hand.answer(tmp_path)) == []
    assert judged.differences(numba_by_hand.answer(tmp_path)) == []
    assert judged.differences(rivals.decide(rivals.told(tmp_path), rivals.durable_judge())) == []


def test_zen_agrees(tmp_path: Path) -> None:
    pytest.importorskip("zen")
    _year(tmp_path, 4, baskets=150)
    found = rivals.decide(rivals.told(tmp_path), rivals.zen_judge())
    assert plain_python.answer(tmp_path).differences(found) == []


def test_an_answer_names_its_differences() -> None:
    one = Answer(2, {"base": (1, 50)}, (1, 20))
    assert one.differences(Answer(2, {"base": (1, 51)}, (1, 20))) == ["base: (1, 50) and (1, 51)"]
    assert Answer.from_json(one.to_json()).differences(one) == []
