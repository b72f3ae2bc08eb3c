"""Scaled data are the same year over again, in time order, the same bytes each time; figures know their targets."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from benchmarks.data import scaled
from benchmarks.figures import Figure, median_of, table, to_json
from benchmarks.generate import TEN, programme
from guerdon.rules import read_programme


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "complete_journey"
    folder.mkdir()
    for name in ("products", "campaigns", "campaign_descriptions", "coupons", "coupon_redemptions", "demographics"):
        pl.DataFrame(
            {"product_id": [1, 2], "product_category": ["TEA", "SOUP"], "department": ["GROCERY", "DELI"]}
        ).write_parquet(folder / f"{name}.parquet")
    at = [datetime(2017, 1, 1, 12), datetime(2017, 1, 1, 12), datetime(2017, 1, 1, 12), datetime(2017, 1, 2, 9)]
    lines = {
        "household_id": [7, 7, 5, 7],
        "store_id": [1, 1, 1, 1],
        "basket_id": [31, 31, 30, 40],
        "product_id": [2, 1, 1, 1],
        "quantity": [1, 1, 1, 1],
        "sales_value": [1.5, 2.5, 3.5, 4.5],
        "transaction_timestamp": at,
    }
    pl.DataFrame(lines).write_parquet(folder / "transactions.parquet")
    return tmp_path


def test_copies_are_other_households_at_the_same_instants(data: Path) -> None:
    found = pl.read_parquet(scaled(2, data) / "transactions.parquet")
    assert found["basket_id"].to_list() == [3000, 3001, 3100, 3100, 3101, 3101, 4000, 4001]
    assert found["household_id"].to_list() == [500, 501, 700, 700, 701, 701, 700, 701]
    assert found["product_id"].to_list() == [1, 1, 2, 1, 2, 1, 1, 1]  # lines stay in their order
    assert found["transaction_timestamp"].is_sorted()


def test_the_same_bytes_each_time(data: Path) -> None:
    path = scaled(3, data) / "transactions.parquet"
    first = path.read_bytes()
    path.unlink()
    assert scaled(3, data).joinpath("transactions.parquet").read_bytes() == first


@pytest.mark.parametrize("copies", [0, 101])
def test_no_more_copies_than_two_digits_hold(data: Path, copies: int) -> None:
    with pytest.raises(ValueError, match="copies must be"):
        scaled(copies, data)


@pytest.mark.parametrize("offers", [10, 50, 200])
def test_programmes_have_as_many_offers_as_asked_for(data: Path, offers: int) -> None:
    folder = programme(offers, data)
    reading = read_programme(folder)
    assert [str(problem) for problem in reading.problems if problem.is_error] == []
    assert reading.program is not None and len(reading.program.offers) == offers
    assert (folder == TEN) == (offers == 10)


def test_a_figure_knows_whether_it_met_its_target() -> None:
    figures = [
        median_of("speed", "ours ÷ theirs", [0.9, 0.5, 0.7], "×", at_most=0.8),
        Figure("speed", "rate", 12_000.0, "transfers/s", at_least=400_000),
        Figure("speed", "seconds", 1.0, "s"),
    ]
    assert [figure.met for figure in figures] == [True, False, None]
    assert [found["met"] for found in json.loads(to_json(figures))] == [True, False, None]
    lines = table(figures).splitlines()
    assert lines[0] == "speed"
    assert lines[1].split() == ["ours", "÷", "theirs", "0.70", "×", "0.50–0.90", "≤", "0.80", "met"]
    assert "MISSED" in lines[2] and "≥ 400,000" in lines[2]
