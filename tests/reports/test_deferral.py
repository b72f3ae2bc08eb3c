"""Deferred revenue: the golden cases to the cent, then the same from a ledger of sales, returns and expiries."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guerdon.engine.settle.reports.deferral import Change, Cohort, allocated, step
from guerdon.engine.settle.reports.deferred_revenue import deferred_revenue
from guerdon.engine.settle.reports.finance_file import Finance, by_date, parse_finance

from .shops import POINTS, buy, day, played, rows, tick

pytestmark = pytest.mark.usefixtures("engine")

D = Decimal
EIGHTY = Fraction(80, 100)


def finance(*rates: tuple[str | None, int], price: str = "0.10", own: bool = True) -> Finance:
    expected = by_date([(since, Fraction(rate, 100)) for since, rate in rates])
    return Finance(by_date([(None, Fraction(price))]), expected, own)


# ---- the golden cases


@pytest.mark.parametrize(
    ("sale", "points", "price", "rate", "goods", "deferred"),
    [
        ("800", 2_000, "0.012", "0.80", "781.25", "18.75"),
        ("2000", 2_000, "0.10", "0.85", "1843.32", "156.68"),
        ("7200000", 10_000, "100", "0.80", "6480000", "720000"),
    ],
)
def test_a_sale_is_shared_out(sale: str, points: int, price: str, rate: str, goods: str, deferred: str) -> None:
    total = int(D(sale) * 100)
    part = allocated(total, points * Fraction(price) * Fraction(rate) * 100)

    assert (D(total - part) / 100, D(part) / 100) == (D(goods), D(deferred))


def test_it_is_released_as_points_are_redeemed_and_the_estimate_rises() -> None:
    cohort, rates, released = Cohort(), [EIGHTY, Fraction(90, 100), Fraction(90, 100)], []
    changes = [
        Change(allocated=720_000_00, points=10_000, redeemed=4_000),
        Change(redeemed=4_100),
        Change(redeemed=900),
    ]
    before = EIGHTY
    for change, rate in zip(changes, rates, strict=True):
        cohort, became = step(cohort, change, before, rate)
        released.append(became.true_up + became.redeemed + became.lapsed)
        before = rate

    assert released == [360_000_00, 288_000_00, 72_000_00]
    assert step(cohort, Change(lapsed=1_000), before, before)[1] == (type(became))(0, 0, 0)


def test_what_expires_can_not_be_expected_any_more() -> None:
    cohort = Cohort(allocated=100_00, points=1_000, redeemed=400)  # of 800 expected

    after, released = step(cohort, Change(lapsed=400), EIGHTY, EIGHTY)  # 200 are left: 600 at most

    assert cohort.released(EIGHTY) == 50_00
    assert released.lapsed == 16_67  # 100 × 400 ÷ 600 − 50
    assert step(after, Change(lapsed=200), EIGHTY, EIGHTY)[1].lapsed == 33_33


def test_points_that_nobody_ever_used_are_revenue_when_they_are_gone() -> None:
    cohort = Cohort(allocated=100_00, points=1_000)

    assert cohort.released(EIGHTY) == 0
    assert step(cohort, Change(lapsed=1_000), EIGHTY, EIGHTY)[1].lapsed == 100_00


@given(
    st.integers(0, 10**9),
    st.lists(st.tuples(st.integers(0, 100), st.integers(0, 50), st.integers(0, 50), st.integers(0, 100)), max_size=8),
)
def test_whatever_happens_all_of_it_is_released_once(money: int, months: list[tuple[int, int, int, int]]) -> None:
    cohort, before, total = Cohort(), EIGHTY, 0
    for place, (points, redeemed, lapsed, percent) in enumerate(months):
        redeemed = min(redeemed, cohort.outstanding + points)
        lapsed = min(lapsed, cohort.outstanding + points - redeemed)
        rate = Fraction(percent, 100)
        sold = money if place == 0 else 0
        change = Change(allocated=sold, points=points, redeemed=redeemed, lapsed=lapsed)
        cohort, became = step(cohort, change, before, rate)
        total += became.true_up + became.redeemed + became.lapsed
        before = rate
        assert 0 <= cohort.released(rate) <= money
    cohort, became = step(cohort, Change(lapsed=cohort.outstanding), before, before)

    assert total + became.true_up + became.redeemed + became.lapsed == (money if months else 0)


# ---- from a ledger


def test_from_sales_to_journals() -> None:
    sale = buy("ann", "2026-01-05", "2000.00")  # 2,000 points: 156.68 by 85% of 0.10
    later = buy("ann", "2026-02-10", "10.00")  # redeems 1,000 of them, wins 10 of its own
    with played([sale, later], POINTS) as (ledger, program):
        report = deferred_revenue(ledger, program, finance((None, 85)), day("2026-02-28"))

    first, second = rows(report, "months")["2026-01"], rows(report, "months")["2026-02"]
    assert first == (D("0.00"), D("156.68"), D("0.00"), D("0.00"), D("0.00"), D("0.00"), D("156.68"))
    assert second[1] == D("0.78")  # 10.00 × 0.85 ÷ 10.85
    assert second[4] == D("-92.16")  # 156.68 × 1,000 ÷ 1,700
    assert report.tables[0].rows == (
        ("2026-01-31", "revenue", "contract liability", D("156.68"), "deferred 2026-01"),
        ("2026-02-28", "revenue", "contract liability", D("0.78"), "deferred 2026-02"),
        ("2026-02-28", "contract liability", "revenue from points", D("92.16"), "released by redemption 2026-02"),
    )


def test_returned_points_take_their_part_back_and_expiry_releases_the_rest() -> None:
    events = [
        buy("ann", "2026-01-05", "2000.00"),
        {"type": "return", "contact": "ann", "of": "e1", "amount": "500.00", "time": "2026-02-03 10:00"},
        tick("2027-01-10"),
    ]
    with played(events, POINTS) as (ledger, program):
        report = deferred_revenue(ledger, program, finance((None, 85)), day("2027-01-31"))

    months = rows(report, "months")
    assert months["2026-02"][1:3] == (D("0.00"), D("-39.17"))  # a quarter of 156.68
    assert months["2027-01"][5:] == (D("-117.51"), D("0.00"))


def test_a_new_estimate_is_a_true_up_of_old_sales_and_the_price_of_new_ones() -> None:
    events = [
        buy("ann", "2026-01-05", "2000.00"),
        buy("ann", "2026-01-06", "10.00"),
        buy("bob", "2026-02-05", "2000.00"),
    ]
    with played(events, POINTS) as (ledger, program):
        report = deferred_revenue(ledger, program, finance((None, 85), ("2026-02-01", 100)), day("2026-02-28"))

    february = rows(report, "months")["2026-02"]
    assert february[1] == D("181.82")  # 2,000 × 200 ÷ 2,200
    assert february[3] == D("13.82")  # 157.46 × 1,000 ÷ 1,708.5 = 92.16; ÷ 2,010 = 78.34


def test_sales_of_merchants_are_not_the_businesss() -> None:
    events = [buy("ann", "2026-03-02", "100.00", venue="b1"), buy("ann", "2026-03-03", "10.00")]
    with played(events) as (ledger, program):
        own = deferred_revenue(ledger, program, finance((None, 100), price="1"), day("2026-03-31"))
        every = deferred_revenue(ledger, program, finance((None, 100), price="1", own=False), day("2026-03-31"))

    assert rows(own, "cohorts")["2026-03"][:2] == (D("10.00"), D("0.91"))
    assert rows(every, "cohorts")["2026-03"][:2] == (D("110.00"), D("10.00"))


# ---- finance.yaml

GOOD = """\
deferred_revenue:
  stand_alone_price: [{price: 0.012}]
  expected_redemption: [{rate: 80%}, {rate: 90%, from: 2026-07-01}]
  sales: all
  accounts: {contract_liability: "2400"}
"""


def test_a_finance_file() -> None:
    found = parse_finance("finance.yaml", GOOD).finance

    assert found is not None
    assert found.expected.at(day("2026-06-30")) == EIGHTY and found.expected.at(day("2026-07-01")) == Fraction(9, 10)
    assert found.price is not None and found.price.at(day("2026-07-01")) == Fraction(12, 1000)
    assert (found.own, found.accounts[1]) == (False, "2400")


@pytest.mark.parametrize(
    ("wrong", "right", "expected"),
    [
        ("stand_alone_prize", "stand_alone_price", (2, "unknown-field")),
        ("rate: 80", "rate: 80%", (3, "wrong-type")),
        ("rate: 180%", "rate: 80%", (3, "bad-amount")),
        ("from: 2026-02-30", "from: 2026-07-01", (3, "bad-date")),
        ("{rate: 90%}", "{rate: 90%, from: 2026-07-01}", (3, "missing-field")),
        (
            "{rate: 90%, from: 2026-07-01}, {rate: 95%, from: 2026-07-01}",
            "{rate: 90%, from: 2026-07-01}",
            (3, "bad-date"),
        ),
        ("price: 0", "price: 0.012", (2, "bad-amount")),
        ("sales: mine", "sales: all", (4, "wrong-type")),
    ],
)
def test_a_wrong_finance_file(wrong: str, right: str, expected: tuple[int, str]) -> None:
    found: Any = parse_finance("finance.yaml", GOOD.replace(right, wrong))

    assert found.finance is None
    assert [(problem.line, problem.code) for problem in found.problems] == [expected]
    assert all(problem.hint for problem in found.problems)
