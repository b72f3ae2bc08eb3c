"""Members across rule versions, and the table of states."""

from __future__ import annotations

from typing import Any

import pytest

from guerdon.engine.codes import EventType, Status
from guerdon.engine.decide.statuses import SHUT, TRANSITIONS, events_taken
from guerdon.engine.events.admission import admit
from guerdon.engine.events.normalise import CASE, Normaliser
from guerdon.engine.ledger import Ledger
from guerdon.engine.pipeline import Run
from guerdon.rules import Program, read_programme

from ..engines import new

pytestmark = pytest.mark.usefixtures("engine")

BUSINESS = "business: {id: corner, currency: EUR, time_zone: Europe/Nicosia, redeem: automatic}\n"
CLUB = """
scheme: {id: club, sign_up: auto}
offers:
  - {id: ten, goal: spend, award: {percent: 10}, pool: locked}
"""
MATURITY = "  - {id: loyal, goal: membership, type: subscription_maturity, after: 1mo, award: {amount: 2.00}}\n"


def programme(pools: str, club: str = CLUB) -> Program:
    reading = read_programme(None, files={"business.yaml": BUSINESS, "pools.yaml": pools, "club.yaml": club})
    assert reading.program is not None, reading.problems
    return reading.program


def feed(ledger: Ledger, program: Program, *told: dict[str, Any]) -> None:
    normaliser = Normaliser(program, CASE)
    Run.open(program, ledger).admit(admit([normaliser.normalise({"source": "case", **each}, 0) for each in told]))


def test_an_activated_pool_stays_so_when_a_version_puts_another_before_it() -> None:
    with Ledger.open(new()) as ledger:
        feed(
            ledger,
            programme("pools: [{id: locked, activation: required}]\n"),
            {"id": "p1", "type": "purchase", "contact": "ann", "total": "50.00", "time": "2026-03-01 09:00"},
            {"id": "a1", "type": "pool_activated", "contact": "ann", "pool": "locked", "time": "2026-03-01 10:00"},
        )
        later = programme("pools: [{id: a-first, activation: required}, {id: locked, activation: required}]\n")
        feed(
            ledger,
            later,
            {"id": "p2", "type": "purchase", "contact": "ann", "total": "5.00", "time": "2026-03-02 09:00"},
        )
        opened = [row["amount"] for row in ledger.frame("transfer").iter_rows(named=True) if row["kind"] == 3]

    assert opened == [500]


def test_a_running_subscription_matures_by_an_offer_of_a_later_version() -> None:
    pools = "pools: [{id: locked}]\n"
    with Ledger.open(new()) as ledger:
        feed(
            ledger,
            programme(pools),
            {"id": "s1", "type": "subscription_started", "contact": "ann", "time": "2026-03-01 09:00"},
        )
        feed(ledger, programme(pools, CLUB + MATURITY), {"id": "t1", "type": "tick", "time": "2026-03-31 09:00"})
        before = len(ledger.frame("award"))
        feed(ledger, programme(pools, CLUB + MATURITY), {"id": "t2", "type": "tick", "time": "2026-04-01 09:00"})
        after = ledger.frame("award")

    assert before == 0
    assert after["amount"].to_list() == [200]


@pytest.mark.parametrize("status", list(SHUT))
def test_no_money_is_given_by_hand_to_whoever_is_shut_out(status: Status) -> None:
    assert EventType.ADJUST not in events_taken(status)
    assert EventType.TRANSFER not in events_taken(status)


def test_only_a_reactivation_ends_a_hold() -> None:
    assert events_taken(Status.ON_HOLD) == [EventType.REACTIVATE]


def test_what_the_member_has_closed_no_agent_opens() -> None:
    assert events_taken(Status.CLOSED_BY_MEMBER) == [EventType.ERASE]


def test_every_state_but_the_first_is_reached_by_some_event() -> None:
    reached = {transition.leads_to for transition in TRANSITIONS.values()} - {None}
    by_register_alone = {Status.PENDING}  # an incomplete registration

    assert set(Status) - reached - {Status.NEW} == by_register_alone
