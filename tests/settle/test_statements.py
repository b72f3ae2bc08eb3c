"""What statements say: totals by kind, late items, foreign purchases, points, prepaid budgets, openings, Σ = 0."""

from __future__ import annotations

from pathlib import Path

import pytest

from guerdon.engine.settle.source import SettleError
from guerdon.engine.settle.statement import Statement

from ..engines import unguarded
from .shop import APRIL, FILES, GOLDEN, MARCH, Town, bought

pytestmark = pytest.mark.usefixtures("engine")


def kinds(statement: Statement) -> dict[str, int]:
    return {**statement.totals_minor, "NET": statement.net_minor}


def test_the_golden_case(town: Town) -> None:
    town.tell(GOLDEN)
    town.settle()
    statement = town.statement("bakery/2026-03")
    assert kinds(statement) == {"AWARD": -600, "AWARD_FEE": -50, "SPEND": 800, "SPEND_FEE": -16, "NET": 134}
    assert (statement.due_on and statement.due_on.isoformat(), statement.opening_minor) == ("2026-04-16", 0)
    drawn = town.drawn()
    assert drawn.business.net_minor + sum(each.net_minor for each in drawn.statements) == 0
    lines = drawn.lines_of(statement)
    award = lines.filter(kind="AWARD").row(0, named=True)
    assert (award["event"], award["contact"], award["offer"], award["time"]) == (
        "g1",
        1,
        "ten-back",
        "2026-03-06T09:00:00",
    )
    assert lines["line"].to_list() == [1, 2, 3, 4]


def test_each_merchant_is_settled_in_its_rhythm(town: Town) -> None:
    town.tell(
        bought("c1", "2026-03-01 12:00", "10.00", "cinema"),
        bought("c2", "2026-03-02 00:00", "20.00", "cinema"),
        bought("c3", "2026-03-31 23:59", "40.00", "cinema"),
        bought("m1", "2026-03-31 23:59", "10.00", "gym"),
    )
    town.settle()
    nets = {each.id: each.net_minor for each in town.drawn().statements if each.net_minor}
    assert nets == {"cinema/2026-W09": -101, "cinema/2026-W10": -202, "gym/2026-Q1": -200}
    town.settle(APRIL)
    nets = {each.id: each.net_minor for each in town.drawn(APRIL).statements if each.net_minor}
    assert nets == {"cinema/2026-W14": -404}
    assert [each.id for each in town.drawn("2026-W14").statements] == [
        "bakery/2026-03",
        "cinema/2026-W14",
        "gym/2026-Q1",
    ]


def test_what_comes_late_stands_on_the_first_open_period(town: Town) -> None:
    town.tell(GOLDEN)
    town.settle()
    before = town.drawn().lines.rows()
    town.tell(bought("l1", "2026-03-31 18:00", "50.00"), bought("a1", "2026-04-02 18:00", "10.00"))
    assert town.drawn().lines.rows() == before
    town.settle(APRIL)
    statement = town.statement("bakery/2026-04", APRIL)
    lines = town.drawn(APRIL).lines_of(statement)
    assert {(row["event"], row["late"]) for row in lines.rows(named=True)} == {("l1", True), ("a1", False)}
    assert statement.opening_minor == 134
    assert town.drawn().lines.rows() == before


def test_a_return_after_the_close_is_mirrored_in_the_next_period(town: Town) -> None:
    town.tell(GOLDEN)
    town.settle()
    town.tell(
        {"id": "k1", "type": "cancel", "of": "g1", "contact": "ann", "merchant": "bakery", "time": "2026-04-03 09:00"}
    )
    town.settle(APRIL)
    assert town.statement("bakery/2026-03").net_minor == 134
    statement = town.statement("bakery/2026-04", APRIL)
    assert kinds(statement) == {"AWARD": 600, "AWARD_FEE": 50, "SPEND": -800, "SPEND_FEE": 16, "NET": -134}
    lines = town.drawn(APRIL).lines_of(statement)
    assert all(row["reverses"] for row in lines.rows(named=True))


def test_the_currency_of_a_purchase_is_shown(town: Town) -> None:
    town.tell(bought("e1", "2026-03-05 09:00", "10.00"))
    town.tell(
        bought("u1", "2026-03-06 09:00", "10.00", currency="USD", rate="0.9"), bought("e2", "2026-03-07 09:00", "1.00")
    )
    town.settle()
    shown = {row["event"]: row["currency"] for row in town.drawn().lines.rows(named=True)}
    assert shown == {"e1": "", "u1": "USD", "e2": ""}


def test_openings_follow_what_was_paid(town: Town) -> None:
    town.tell(GOLDEN, bought("a1", "2026-04-02 18:00", "10.00"))
    town.settle(MARCH, ["approve", "send", "pay"])
    town.settle(APRIL)
    assert town.statement("bakery/2026-04", APRIL).opening_minor == 0
    town.settle("2026-05")
    assert town.statement("bakery/2026-05", "2026-05").opening_minor == -65


def test_points_become_money_by_running_totals(tmp_path: Path) -> None:
    points = FILES["business.yaml"].replace(
        "currency: EUR,", "currency: EUR, wallet: {unit: {code: PTS, digits: 0, worth: 0.015}},"
    )
    town = Town(tmp_path / "points", files={**FILES, "business.yaml": points})
    with town.ledger:
        town.tell(*(bought(f"p{n}", f"2026-03-0{n} 09:00", "0.35", "cinema") for n in range(2, 7)))
        town.settle()
        statement = town.statement("cinema/2026-W10")
        lines = town.drawn().lines_of(statement).filter(kind="AWARD")["amount"].to_list()
        # 2 points a purchase are 3 cents; a fee of 1% is no whole point
        assert (lines, statement.net_minor) == ([-3, -3, -3, -3, -3], -15)
        assert town.drawn().business.net_minor == 15


def test_halves_of_a_cent_do_not_add_up(tmp_path: Path) -> None:
    points = FILES["business.yaml"].replace(
        "currency: EUR,", "currency: EUR, wallet: {unit: {code: PTS, digits: 0, worth: 0.015}},"
    )
    one = FILES["town.yaml"].replace("award: {percent: 10}", "award: {amount: 1}")
    town = Town(tmp_path / "points", files={**FILES, "business.yaml": points, "town.yaml": one})
    with town.ledger:
        town.tell(*(bought(f"p{n}", f"2026-03-0{n} 09:00", "5.00", "cinema") for n in range(2, 6)))
        town.settle()
        lines = town.drawn().lines_of(town.statement("cinema/2026-W10")).filter(kind="AWARD")["amount"].to_list()
        assert lines == [-2, -1, -2, -1]  # 1.5, 3, 4.5, 6 in whole cents


def test_what_a_prepaid_budget_bears_stands_outside_the_net(tmp_path: Path) -> None:
    prepaid = FILES["terms.yaml"].replace("settle: {every: week}", "settle: {every: month, mode: prepaid}")
    town = Town(tmp_path / "prepaid", files={**FILES, "terms.yaml": prepaid})
    with town.ledger:
        load = {
            "id": "b1",
            "type": "budget_loaded",
            "merchant": "cinema",
            "amount": "100.00",
            "time": "2026-03-01 08:00",
        }
        town.tell(load, bought("c1", "2026-03-02 09:00", "100.00", "cinema"))
        town.settle()
        statement = town.statement("cinema/2026-03")
        assert (statement.totals_minor, statement.net_minor, statement.prepaid_minor) == (
            {"AWARD_FEE": -10},
            -10,
            -1000,
        )


def test_a_ledger_that_contradicts_its_closing_is_told(town: Town) -> None:
    town.tell(GOLDEN)
    town.settle()
    unguarded(town.ledger).execute(f"UPDATE transfer SET amount = amount + 1 WHERE kind = 1 AND debit >= {3 << 56}")
    with pytest.raises(SettleError) as caught:
        town.drawn()
    assert (caught.value.code, caught.value.place) == ("statement-disagrees", "bakery/2026-03")
