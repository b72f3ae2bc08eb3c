"""Requests for wallet money: what an estimate answers, what a trial leaves, which statement a transfer stands on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from guerdon.engine.codes import Outcome, Reason
from guerdon.engine.decide.asking import spend_asked
from guerdon.engine.decide.trial import Trial
from guerdon.engine.events.admission import admit
from guerdon.engine.events.normalise import CASE, Normaliser
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.pipeline import Admitted, Run
from guerdon.rules import read_programme

from ..engines import new

pytestmark = pytest.mark.usefixtures("engine")

FILES = {
    "business.yaml": "business: {id: corner, currency: EUR, time_zone: Europe/Nicosia, wallet: {full_cover: true}}",
    "everyday.yaml": """
scheme: {id: everyday}
offers:
  - {id: cash, goal: spend, lines: {sku: CASH}, award: {percent: 10}, redeem: instant}
  - {id: monthly, goal: spend, goals: {of: [{spend: 50.00, per: month}]}, award: {amount: 1.00}}
""",
}
BOUGHT = {"type": "purchase", "contact": "ann", "lines": [{"sku": "CASH", "total": "100.00"}]}


class Shop:
    """A run over a ledger in memory, told one event at a time."""

    def __init__(self) -> None:
        program = read_programme(None, FILES).program
        assert program is not None
        self.program = program
        self.ledger = Ledger.open(new())
        self.run = Run.open(program, self.ledger)
        self.told = 0

    def tell(self, *events: Mapping[str, Any]) -> Admitted:
        normaliser = Normaliser(self.program, CASE)
        items = []
        for event in events:
            self.told += 1
            told = {"id": f"e{self.told}", "source": "till", "time": f"2026-03-02 09:{self.told:02d}", **event}
            items.append(normaliser.normalise(told, 0))
        return self.run.admit(admit(items, sort=False))


@pytest.fixture
def shop() -> Iterator[Shop]:
    made = Shop()
    yield made
    made.ledger.close()


def test_an_estimate_answers_with_the_journal_and_leaves_nothing(shop: Shop) -> None:
    shop.tell(BOUGHT)
    before, last = shop.ledger.digest(), shop.ledger.last_seq
    asked = {**BOUGHT, "type": "estimate", "spend": {"amount": "15.00"}}
    first = shop.tell(asked)
    answer = first.estimates[0]
    assert first.outcomes == [(Outcome.IGNORED, Reason.ESTIMATE)]
    assert (answer.outcome, answer.spent) == (Outcome.POSTED, 1500)
    assert answer.awards["amount"].tolist() == [1000]
    assert {Reason(int(reason)) for reason in answer.refusals["reason"]} == {Reason.GOAL_NOT_REACHED}
    assert (shop.ledger.digest(), shop.ledger.last_seq) == (before, last)
    again = shop.tell(asked, {**BOUGHT, "spend": {"amount": "15.00"}})
    assert again.estimates[0].spent == 1500
    assert again.outcomes[1] == (Outcome.POSTED, Reason.NONE)
    assert shop.ledger.last_seq == last + 1


def test_an_estimate_tells_why_the_purchase_would_be_refused(shop: Shop) -> None:
    shop.tell(BOUGHT)
    answer = shop.tell({**BOUGHT, "type": "estimate", "spend": {"amount": "25.00"}}).estimates[0]
    assert (answer.outcome, answer.reason, answer.spent) == (Outcome.REFUSED, Reason.NOT_FULLY_COVERED, 0)
    stranger = shop.tell({**BOUGHT, "type": "estimate", "contact": "bob"}).estimates[0]
    assert (stranger.outcome, stranger.reason) == (Outcome.REFUSED, Reason.UNKNOWN_CONTACT)


def test_an_estimate_that_holds_money_answers_too(shop: Shop) -> None:
    shop.tell(BOUGHT)
    asked = {**BOUGHT, "type": "estimate", "spend": {"amount": "5.00"}, "hold_for": "15min"}
    admitted = shop.tell({"type": "tick"}, asked)
    assert admitted.outcomes[1] == (Outcome.POSTED, Reason.NONE)
    assert admitted.estimates[1].awards["amount"].tolist() == [1000]
    record = shop.ledger.records.one("hold", str(int(admitted.seqs[1])))
    assert record is not None
    assert record.fields["amount"] == 500


def test_counts_of_a_run_add_up_with_estimates(shop: Shop) -> None:
    shop.tell(BOUGHT, {**BOUGHT, "type": "estimate"}, {**BOUGHT, "type": "estimate"}, {"type": "tick"})
    counts = shop.run.counts
    assert (counts.read, counts.posted, counts.ignored, counts.reasons["estimate"]) == (4, 2, 2, 2)


def test_a_trial_leaves_the_state_as_it_was(shop: Shop) -> None:
    shop.tell(BOUGHT)
    decider = shop.run.decider
    kept: list[dict[str, np.ndarray]] = []
    decided = decider.run_one

    def watched(i: int, forced: int) -> None:
        trial = Trial(decider, int(decider.desk.b_event[i].contact))
        kept.append({name: array.copy() for name, array in decider.state.arrays.items()})
        decided(i, forced)
        changed = {name for name, array in decider.state.arrays.items() if (array != kept[0][name]).any()}
        assert {"s_contact", "s_slot"} <= changed
        trial.undo()
        for name, array in decider.state.arrays.items():
            assert (array == kept[0][name]).all(), name
        decided(i, forced)

    decider.run_one = watched  # type: ignore[method-assign]
    ended = shop.tell({**BOUGHT, "spend": {"amount": "5.00"}})
    assert ended.outcomes == [(Outcome.POSTED, Reason.NONE)]
    assert len(kept) == 1
    assert len(shop.ledger.transfers_of(int(ended.seqs[0]))) == 4  # an award, two redeems, a spend


def test_what_asks_for_nothing_is_left_alone(shop: Shop) -> None:
    shop.tell(BOUGHT)
    normalised = Normaliser(shop.program, CASE).normalise({**BOUGHT, "id": "x", "time": "2026-03-03 09:00"}, 0)
    event: Any = normalised
    with spend_asked(shop.run.decider, 0, event):
        pass
    assert shop.run.decider.records.of_kind("hold") == []
