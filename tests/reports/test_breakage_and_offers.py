"""Breakage by cohort and the profit and loss of offers, on histories small enough to be worked out by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from guerdon.engine.settle.reports.breakage import breakage
from guerdon.engine.settle.reports.offers import offers
from guerdon.engine.settle.reports.run_off import RunOff

from .shops import buy, day, played, rows, tick

pytestmark = pytest.mark.usefixtures("engine")

D = Decimal
# March: 10.00 of ann at the bakery, 3.00 of bob; ann redeems 4.00 and gives a half back; the rest expires in April.
HISTORY = [
    buy("ann", "2026-03-02", "100.00", venue="b1"),
    buy("bob", "2026-03-03", "30.00"),
    buy("ann", "2026-03-10", "4.00"),  # redeems 4.00, wins 0.40
    {"type": "return", "contact": "ann", "of": "e1", "amount": "50.00", "time": "2026-03-11 10:00"},
    buy("bob", "2026-04-02", "1.00"),  # redeems 1.00, wins 0.10
    tick("2026-04-20"),
]


def test_what_became_of_a_months_awards() -> None:
    with played(HISTORY) as (ledger, program):
        report = breakage(ledger, program, day("2026-04-30"))
        before = breakage(ledger, program, day("2026-03-31"))

    # awarded 13.40, 5.00 of it back; redeemed 4.00 and 1.00; 1.00 + 2.00 + 0.40 expired
    assert rows(report, "cohorts") == {
        "2026-03": tuple(map(D, ("13.40", "5.00", "0.00", "5.00", "3.40", "0.00", "59.52", "40.48", "59.52"))),
        "2026-04": tuple(map(D, ("0.10", "0.00", "0.00", "0.00", "0.00", "0.10", "0.00", "0.00", "0.00"))),
    }
    assert rows(before, "cohorts")["2026-03"][:6] == tuple(map(D, ("13.40", "5.00", "0.00", "4.00", "0.00", "4.40")))
    assert dict(report.facts)["expected redemption"] == "59.52 %"
    assert dict(before.facts)["expected redemption"] == "no cohort has run off yet"


def test_by_age() -> None:
    with played(HISTORY) as (ledger, program):
        report = breakage(ledger, program, day("2026-05-31"))

    assert rows(report, "redeemed-by-age") == {
        "2026-03": (D("47.62"), D("59.52"), D("59.52")),
        "2026-04": (D("0.00"), D("0.00"), None),
    }
    assert rows(report, "expired-by-age")["2026-03"] == (D("0.00"), D("40.48"), D("40.48"))


def test_a_young_cohort_is_projected_by_the_growth_of_older_ones() -> None:
    run_off = RunOff({1: [50, 60, 66], 2: [100, 120], 3: [80]})

    assert [run_off.projected(cohort, 1_000) for cohort in (1, 2, 3)] == [66, 132, 106]  # × 11/10, × 6/5 × 11/10
    assert run_off.projected(3, 90) == 90  # no more than can still be redeemed


def test_money_given_away_stays_in_its_cohort() -> None:
    gift = {
        "type": "transfer",
        "contact": "ann",
        "to": "bob",
        "pool": "anywhere",
        "amount": "4.00",
        "time": "2026-04-01 09:00",
    }
    events = [*HISTORY[:2], gift, tick("2026-05-10")]
    with played(events) as (ledger, program):
        report = breakage(ledger, program, day("2026-05-31"))

    assert list(rows(report, "cohorts")) == ["2026-03"]
    assert rows(report, "cohorts")["2026-03"][4] == D("13.00")  # all of it expired, the gift on the day of its award


def test_profit_and_loss_of_an_offer() -> None:
    with played(HISTORY) as (ledger, program):
        report = offers(ledger, program, day("2026-04-30"))

    awards, winners, *figures, share = rows(report, "offers")["tenth"]
    assert (awards, winners) == (4, 2)
    # awarded, redeemed, expired, reversed, outstanding, cost, business, merchants, fees, sales, base
    assert figures == list(map(D, (
        "13.50", "5.00", "3.40", "5.00", "0.10", "5.10", "2.70", "2.40", "0.25", "135.00", "135.00",
    )))  # fmt: skip
    assert share == D("3.78")
    assert {row[1]: row[2:] for row in report.tables[1].rows} == {
        "bakery": tuple(map(D, ("6.00", "3.00", "0.60", "2.40"))),
        "business": tuple(map(D, ("7.50", "2.00", "2.80", "2.70"))),
    }


def test_a_prepaid_budget_bears_as_the_merchant_and_gets_nothing_back_at_expiry() -> None:
    load = {"type": "budget_loaded", "merchant": "cinema", "time": "2026-03-01 09:00", "amount": "50.00"}
    events = [load, buy("ann", "2026-03-02", "10.00", venue="c1"), tick("2026-05-01")]
    with played(events) as (ledger, program):
        report = offers(ledger, program, day("2026-05-01"))

    borne = {(row[0], row[1]): row[-1] for row in report.tables[1].rows}
    assert borne == {("flat", "cinema"): D("2.00"), ("tenth", "business"): D("-1.00"), ("tenth", "cinema"): D("1.00")}
