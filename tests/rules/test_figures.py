"""Figures from text, exactly."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guerdon.rules import figures
from guerdon.rules.program import Duration, Hours, Rate, Share


@given(st.integers(-(10**14), 10**14), st.integers(0, 4))
def test_amounts_are_read_as_decimals_are(value: int, digits: int) -> None:
    text = f"{Decimal(value).scaleb(-digits):f}"
    assert figures.minor(text, digits) == value
    assert figures.minor(figures.plain_decimal(text), digits) == value


@pytest.mark.parametrize("text", ["", ".5", "5.", "1e3", "1_000", "5,00", "+5", "٥", " 5", "--1", "nan", "0x1"])
def test_what_is_no_decimal(text: str) -> None:
    with pytest.raises(figures.NoFigure):
        figures.minor(text, 2)


def test_percentages_are_fractions_in_lowest_terms() -> None:
    assert figures.percent("2.5") == Rate(1, 40)
    assert figures.percent("100%") == Rate(1, 1)
    assert figures.share("60%", 2) == Share(rate=Rate(3, 5))
    assert figures.share("0.20", 2) == Share(amount_minor=20)
    with pytest.raises(figures.NoFigure):
        figures.percent("0.00000001")


def test_durations() -> None:
    read = [figures.duration(text) for text in ("15min", "6h", "14d", "2w", "1mo", "1q", "1y")]
    assert [step.unit for step in read] == ["min", "h", "d", "w", "mo", "q", "y"]
    assert read[0] == Duration(15, "min")
    for text in ("1m", "0d", "d", "-1d", "1.5h", "1 d"):
        with pytest.raises(figures.NoFigure):
            figures.duration(text)


def test_hours() -> None:
    assert figures.hours("09:00-24:00") == (540, 1440)
    assert figures.hours("22:00-02:00") == (1320, 1560)
    assert figures.hours("00:59-23:59") == (59, 1439)
    for text in ("24:00-01:00", "09:60-10:00", "09:75-12:00", "9-10", "09:00-09:00", "09:00-25:00"):
        with pytest.raises(figures.NoFigure):
            figures.hours(text)


def test_without_weekdays_every_day_is_meant() -> None:
    assert figures.span([], "09:00-12:00") == Hours((0, 1, 2, 3, 4, 5, 6), 540, 720)
    assert figures.span(["sun", "mon", "sun"], None) == Hours((0, 6), 0, 1440)
