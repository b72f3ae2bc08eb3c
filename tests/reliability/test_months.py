"""A year fed in twelve monthly files ends in the same ledger as in one run."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from .ledgers import content, expect_same, expect_whole
from .processes import ROOT, run_words, to_the_end
from .public_data import KINDS, monthly
from .town import by_month, write_events, write_programme, year

pytestmark = [pytest.mark.usefixtures("engine"), pytest.mark.long]


@pytest.mark.parametrize("name", list(KINDS))
def test_twelve_months_of_real_purchases(name: str, tmp_path: Path) -> None:
    programme = ROOT / "schemes" / name
    whole, months = monthly(name, tmp_path)
    assert len(months) == 12
    year_answer = to_the_end(run_words(programme, [whole], tmp_path / "year.db"))
    answers = [to_the_end(run_words(programme, [month], tmp_path / "months.db")) for month in months]
    assert answers[-1]["digest"] == year_answer["digest"]
    assert sum(answer["events"]["posted"] for answer in answers) == year_answer["events"]["posted"] > 1_000
    expect_same(content(tmp_path / "months.db"), content(tmp_path / "year.db"))
    expect_whole(tmp_path / "months.db")


def test_a_year_of_every_kind_of_event(tmp_path: Path) -> None:
    """By months, by months in one command whatever their order, and out of order in one file."""
    programme = write_programme(tmp_path / "town")
    events = year(1_200, 60)
    whole = write_events(tmp_path / "year.jsonl", events, broken=range(50, 1_200, 100))
    months = []
    for month, part in by_month(events).items():
        first = next(place for place, event in enumerate(events) if event is part[0])
        broken = [place - first for place in range(50, 1_200, 100) if 0 <= place - first < len(part)]
        months.append(write_events(tmp_path / f"{month}.jsonl", part, broken))
    to_the_end(run_words(programme, [whole], tmp_path / "year.db"))
    expected = content(tmp_path / "year.db")
    expect_whole(tmp_path / "year.db")
    assert len(months) == 12
    for month in months:
        to_the_end(run_words(programme, [month], tmp_path / "months.db"))
    expect_same(content(tmp_path / "months.db"), expected)
    random.Random(1).shuffle(months)
    to_the_end(run_words(programme, months, tmp_path / "together.db", "--chunk-events", 170))
    expect_same(content(tmp_path / "together.db"), expected)


def test_a_file_out_of_order_is_the_same_log(tmp_path: Path) -> None:
    programme = write_programme(tmp_path / "town")
    events = year(400, 20)
    to_the_end(run_words(programme, [write_events(tmp_path / "a.jsonl", events)], tmp_path / "a.db"))
    random.Random(2).shuffle(events)
    mixed = write_events(tmp_path / "b.jsonl", events)
    to_the_end(run_words(programme, [mixed], tmp_path / "b.db", "--chunk-events", 90))
    expect_same(content(tmp_path / "b.db"), content(tmp_path / "a.db"))


def test_a_file_is_the_same_log_whenever_it_is_read(tmp_path: Path) -> None:
    """Its unreadable lines stand where they stand: at its beginning, at its end, among lines out of order."""
    programme = write_programme(tmp_path / "town")
    events = year(200, 10)
    for name, told in (("ordered", events), ("mixed", random.Random(3).sample(events, len(events)))):
        file = write_events(tmp_path / f"{name}.jsonl", told, broken=[0, 1, 80, len(told) - 1])
        to_the_end(run_words(programme, [file], tmp_path / f"{name}-a.db"))
        to_the_end(run_words(programme, [file], tmp_path / f"{name}-b.db", "--chunk-events", 30))
        expect_same(content(tmp_path / f"{name}-b.db"), content(tmp_path / f"{name}-a.db"))
