"""A return goes by the rules that decided its purchase, whatever rules are in force by then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from guerdon.engine.codes import Outcome, OwnerKind, Role
from guerdon.engine.events.admission import admit
from guerdon.engine.events.normalise import CASE, Normaliser
from guerdon.engine.ledger.audit import verify
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.pipeline import Ended, Run
from guerdon.engine.replaying import replay
from guerdon.rules import read_programme

from ...engines import new

pytestmark = pytest.mark.usefixtures("engine")

BUSINESS = "business: {id: corner, currency: EUR, time_zone: Europe/Nicosia}"
OLD = """
scheme: {id: everyday}
offers:
  - {id: from-fifty, goal: spend, event: {total: {min: 50.00}}, award: {amount: 10.00}}
  - {id: every-100, goal: spend, goals: {of: [{spend: 100.00, per: year}], repeat: true}, award: {amount: 5.00}}
"""
NEW = """
scheme: {id: other}
offers:
  - {id: from-fifty, goal: spend, event: {total: {min: 10.00}}, award: {amount: 1.00}, claw_back: pending_only}
"""


class Counter:
    """A ledger in memory under one programme after the other."""

    def __init__(self) -> None:
        self.ledger = Ledger.open(new())

    def tell(self, rules: str, *events: Mapping[str, Any]) -> list[Ended]:
        """Admit events under these rules; says how they ended."""
        program = read_programme(None, {"business.yaml": BUSINESS, "rules.yaml": rules}).program
        assert program is not None
        normaliser = Normaliser(program, CASE)
        items = [normaliser.normalise({"source": "till", "contact": "ann", **event}, 0) for event in events]
        return Run.open(program, self.ledger).admit(admit(items)).outcomes

    def balance(self, role: int) -> int:
        return self.ledger.balances(1, OwnerKind.CONTACT).get((role, 0), 0)

    @property
    def commerce(self) -> int:
        pool = self.ledger.names.find("pool", "anywhere")
        return self.balance(Role.COMMERCE + pool)


@pytest.fixture
def counter() -> Counter:
    return Counter()


def bought(id: str, day: int, total: str) -> dict[str, Any]:
    return {"id": id, "type": "purchase", "time": f"2026-03-{day:02d} 09:00", "total": total}


def test_the_test_that_it_met_is_the_one_it_must_still_meet(counter: Counter) -> None:
    counter.tell(OLD, bought("p1", 2, "60.00"))
    ended = counter.tell(NEW, {"id": "r1", "type": "return", "of": "p1", "time": "2026-03-03 09:00", "amount": "20.00"})
    assert ended[0].outcome is Outcome.POSTED
    assert counter.commerce == 0  # 40.00 is under the old minimum of 50.00; the old policy takes it back


def test_progress_of_an_offer_that_is_gone_is_still_taken_back(counter: Counter) -> None:
    counter.tell(OLD, bought("p1", 2, "45.00"), bought("p2", 3, "45.00"), bought("p3", 4, "30.00"))
    assert counter.commerce == 500
    counter.tell(NEW, {"id": "r1", "type": "return", "of": "p1", "time": "2026-03-05 09:00", "amount": "21.00"})
    assert counter.commerce == 0  # 99.00 of the year is left: the win of p3 falls
    counter.tell(NEW, {"id": "r2", "type": "return", "of": "p2", "time": "2026-03-06 09:00", "amount": "21.00"})
    assert counter.commerce == 0 and counter.balance(Role.DEBT) == 0
    assert verify(counter.ledger).ok


def test_years_later_and_after_a_restart(counter: Counter) -> None:
    counter.tell(OLD, bought("p1", 2, "60.00"))
    counter.tell(OLD, {**bought("p2", 2, "3.00"), "time": "2028-05-02 09:00"})
    back = {"id": "r1", "type": "cancel", "of": "p1", "time": "2029-03-03 09:00"}
    assert counter.tell(NEW, back)[0].outcome is Outcome.POSTED
    assert counter.commerce == 0 and counter.balance(Role.DEBT) == 0  # it expired in 2027: nothing is left to take
    assert verify(counter.ledger).ok


def test_what_was_forfeited_by_older_rules_is_not_taken_back_again(counter: Counter) -> None:
    """The rules in force know nothing of forfeits; those by which the contact was closed did."""
    keeping = "scheme: {id: club, sign_up: auto}\noffers: [{id: x, goal: spend, award: {percent: 10}, claw_back: debt}]"
    losing = keeping.replace("sign_up: auto", "sign_up: auto, on_close: {forfeit_after: 1d}")
    counter.tell(losing, {"id": "p1", "type": "purchase", "time": "2026-03-02 09:00", "total": "100.00"})
    assert counter.commerce == 1000
    close = {"id": "u1", "type": "unenrol", "time": "2026-03-03 09:00", "actor": "eve"}
    counter.tell(losing, close, {"id": "t1", "type": "tick", "time": "2026-03-06 09:00", "contact": None})
    assert counter.commerce == 0
    back = {"id": "r1", "type": "cancel", "of": "p1", "time": "2026-03-07 09:00"}
    assert counter.tell(keeping, back)[0].outcome is Outcome.POSTED
    assert counter.balance(Role.DEBT) == 0 and counter.commerce == 0
    assert verify(counter.ledger, replay=replay).findings == []
