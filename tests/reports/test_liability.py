"""What is outstanding, by what it came from, on any day and as known on any day; always what the ledger holds."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from guerdon.engine.cases.playing import Play
from guerdon.engine.cases.reading import find_cases, read_case
from guerdon.engine.cases.running import read_program
from guerdon.engine.report.naming import decimal_of
from guerdon.engine.settle.reports.checking import ReportMismatch
from guerdon.engine.settle.reports.cut import cut_of, end_of
from guerdon.engine.settle.reports.liability import liability
from guerdon.engine.settle.reports.outstanding import buckets
from guerdon.engine.settle.reports.page import html_bytes
from guerdon.engine.settle.reports.writing import json_bytes

from ..engines import new, unguarded
from .by_hand import by_hand
from .shops import FILES, buy, cube, day, played, program_of, rows, tick

pytestmark = pytest.mark.usefixtures("engine")

CASES = Path(__file__).parent.parent / "cases" / "acceptance"
BOUGHT = buy("ann", "2026-03-02", "100.00", venue="b1")  # 10.00 of tenth, 6.00 of it the bakery's
D = Decimal


def test_by_state_offer_pool_funder_month_and_days() -> None:
    with played([BOUGHT]) as (ledger, program):
        found = cube(liability(ledger, program, day("2026-03-02")))
        later = cube(liability(ledger, program, day("2026-03-20")))

    assert found == {
        ("commerce", "tenth", "anywhere", "bakery", "2026-03", "30–60"): D("6.00"),
        ("commerce", "tenth", "anywhere", "business", "2026-03", "30–60"): D("4.00"),
    }
    assert {key[-1] for key in later} == {"0–30"}


def test_what_is_due_and_what_never_expires() -> None:
    load = {"type": "budget_loaded", "merchant": "cinema", "time": "2026-03-01 09:00", "amount": "50.00"}
    events = [load, buy("ann", "2026-03-02", "10.00", venue="c1")]
    with played(events) as (ledger, program):
        found = rows(liability(ledger, program, day("2026-04-30")), "by-days")
    with played([*events, tick("2026-05-01")]) as (ledger, program):
        after_the_clock = rows(liability(ledger, program, day("2026-04-30")), "by-days")

    assert {name: row[-1] for name, row in found.items()} == {"due": D("1.00"), "never": D("2.00")}
    assert {name: row[-1] for name, row in after_the_clock.items()} == {"never": D("2.00")}


def test_a_part_of_a_lot_is_split_by_running_totals() -> None:
    events = [buy("ann", "2026-03-02", "1.10", venue="b1"), buy("ann", "2026-03-03", "0.04")]
    with played(events) as (
        ledger,
        program,
    ):  # 0.11 of which 0.04 is redeemed: half_down(0.11 × 60%) − half_down(0.04 × 60%)
        found = cube(liability(ledger, program, day("2026-03-03")))

    assert found["commerce", "tenth", "anywhere", "bakery", "2026-03", "0–30"] == D("0.05")
    assert found["commerce", "tenth", "anywhere", "business", "2026-03", "0–30"] == D("0.02")


def test_open_money_is_what_came_last() -> None:
    events = [
        buy("ann", "2026-03-02", "30.00"),
        buy("ann", "2026-04-01", "40.00", venue="b1"),  # redeems the 3.00 of March
        buy("ann", "2026-04-02", "5.00", spend={"amount": "2.00"}),  # redeems 4.00, spends 2.00 of the 3.00
    ]
    with played(events) as (ledger, program):
        found = cube(liability(ledger, program, day("2026-04-02")))

    of_open = {key[1:5]: amount for key, amount in found.items() if key[0] == "open"}
    assert of_open == {
        ("tenth", "anywhere", "business", "2026-03"): D("1.00"),
        ("tenth", "anywhere", "bakery", "2026-04"): D("2.40"),
        ("tenth", "anywhere", "business", "2026-04"): D("1.60"),
    }


def test_roll_forward_leads_from_opening_to_closing() -> None:
    events = [
        buy("ann", "2026-03-02", "100.00"),
        buy("ann", "2026-03-20", "4.00", spend={"amount": "1.00"}),
        {"type": "return", "contact": "ann", "of": "e1", "amount": "50.00", "time": "2026-04-05 10:00"},
        tick("2026-05-01"),
    ]
    with played(events) as (ledger, program):
        march = rows(liability(ledger, program, day("2026-03-31")), "roll-forward")
        april = rows(liability(ledger, program, day("2026-04-30")), "roll-forward")
        both = rows(liability(ledger, program, day("2026-04-30"), since=day("2026-03-10")), "roll-forward")

    assert march["awarded"] == (D("10.40"), D("0.00"), D("10.40"), D("0.00"))
    assert march["redeemed"] == (D("-4.00"), D("4.00"), D("0.00"), D("0.00"))
    assert march["spent"][1] == D("-1.00")
    assert april["opening"] == march["closing"] == (D("6.40"), D("3.00"), D("9.40"), D("0.00"))
    assert april["reversed"][0] + april["expired"][0] == -april["opening"][0]
    assert both["opening"] == (D("10.00"), D("0.00"), D("10.00"), D("0.00"))
    assert both["closing"] == april["closing"]


def test_a_report_of_what_was_known_does_not_change() -> None:
    events = [buy("ann", "2026-03-02", "10.00"), buy("bob", "2026-03-03", "20.00"), buy("cat", "2026-03-01", "40.00")]
    recorded = ["2026-03-02", "2026-03-03", "2026-03-20"]  # the last one came late
    with played(events[:2], recorded=recorded) as (ledger, program):
        then = liability(ledger, program, day("2026-03-03"), day("2026-03-10"))
    with played(events, recorded=recorded) as (ledger, program):
        again = liability(ledger, program, day("2026-03-03"), day("2026-03-10"))
        now = liability(ledger, program, day("2026-03-03"))

    assert html_bytes(again) == html_bytes(then) and json_bytes(again) == json_bytes(then)
    assert then.tables[0].totals()[-1] == D("3.00")
    assert now.tables[0].totals()[-1] == D("7.00")
    assert dict(now.facts)["ledger digest"] != dict(then.facts)["ledger digest"]


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE balance SET minor = minor + 1 WHERE account >= {2 << 56} AND account < {3 << 56}",
        "DELETE FROM transfer WHERE n = 1",
    ],
)
def test_no_report_unless_it_ties(statement: str) -> None:
    with played([BOUGHT]) as (ledger, program):
        unguarded(ledger).execute(statement)
        with pytest.raises(
            ReportMismatch, match=r"the report and the ledger differ, in minor units: .* \d+, the ledger \d+"
        ):
            liability(ledger, program, day("2026-03-02"))


def test_a_ledger_without_events() -> None:
    with played([]) as (ledger, program):
        report = liability(ledger, program)

    assert rows(report, "roll-forward")["closing"] == (D("0.00"),) * 4
    assert b"nothing to plot" in html_bytes(report)


def test_spans_of_days() -> None:
    assert buckets(np.arange(0, 120, 29)).to_list() == ["0–30", "0–30", "30–60", "60–90", "90+"]


@pytest.mark.long
@pytest.mark.parametrize("topic", ["expiry", "members", "returns", "gift-cards", "holds", "payout", "points"])
def test_every_case_ledger_adds_up_by_hand(topic: str) -> None:
    """The outstanding money of acceptance cases, at their end and some days before, against plain Python."""
    for path in find_cases(CASES / topic):
        case = read_case(path)
        program, _ = read_program(case.programme, case.files)
        if program is None:
            continue
        with Play(program, [step.fields for step in case.events], sort=case.sorted, url=new()) as play:
            play.feed(len(case.events))
            last = cut_of(play.ledger, program)
            for back in (0, 7):
                of = last.as_of - timedelta(days=back)
                hand = by_hand(play.ledger, end_of(last.zone, of))
                report = liability(play.ledger, program, of)
                closing = rows(report, "roll-forward")["closing"]
                digits = program.business.unit.digits
                assert (report.tables[0].totals()[-1] or 0) == decimal_of(hand.owed, digits), path
                assert closing[2] == decimal_of(hand.owed, digits), path
                assert closing[3] == decimal_of(hand.debt, digits), path


def test_gift_cards_stand_beside_the_wallets() -> None:
    case = read_case(CASES / "gift-cards" / "bonus-for-a-large-load.yaml")
    program, _ = read_program(case.programme, case.files)
    assert program is not None
    with Play(program, [step.fields for step in case.events], sort=case.sorted, url=new()) as play:
        play.feed(len(case.events))
        report = liability(play.ledger, program)
        day_before = liability(play.ledger, program, cut_of(play.ledger, program).as_of - timedelta(days=400))

    assert rows(report, "instruments")["gift cards, promotional"] == (D("10.00"),)
    assert rows(day_before, "instruments")["gift cards, paid"] == (D("0.00"),)


def test_beside_a_writer(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is posted while the report is made is not in it, and does not keep it from adding up."""
    late = {"type": "return", "contact": "ann", "of": "e4", "amount": "5.00", "time": "2026-03-03 11:00"}
    bought = buy("ann", "2026-03-03", "50.00")
    events = [BOUGHT, buy("bob", "2026-03-03", "20.00"), {"id": "r", **late}, {"id": "e4", **bought}]
    told = [{"id": f"e{place}", "source": "case", **event} for place, event in enumerate(events, 1)]
    with Play(program_of(FILES), told, url=new()) as play:
        play.feed(3)  # the return waits for its purchase
        before = json_bytes(liability(play.ledger, play.program))
        read = play.ledger.store.matrix

        def interrupted(*statement: object, **parameters: object) -> np.ndarray:
            if play.fed == 3 and "transfer" in str(statement[0]):
                play.feed(4)
            return read(*statement, **parameters)  # type: ignore[arg-type]

        monkeypatch.setattr(play.ledger.store, "matrix", interrupted)
        during = json_bytes(liability(play.ledger, play.program))
        after = json_bytes(liability(play.ledger, play.program))

    assert during == before != after
