"""What must hold of any ledger, shown on the judge itself: it is only worth something while it obeys its own rules."""

from __future__ import annotations

import os
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.judge import Judge

from .comparing import normal, read_judge
from .histories import histories
from .strategies import programmes

pytestmark = [pytest.mark.usefixtures("engine"), pytest.mark.long]

Events = list[dict[str, Any]]
quietly = settings(
    max_examples=int(os.environ.get("GUERDON_EXAMPLES", "40")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
everything = histories(late=True, returns=True, members=True)
NEVER_BELOW_ZERO = ("commerce", "pending", "open", "open:payable", "held", "payout", "budget")


def fed(files: dict[str, str], events: Events) -> Judge:
    judge = Judge(files)
    for event in events:
        judge.feed(event)
    return judge


@quietly
@given(programmes(), everything)
def test_accounts_sum_to_zero_and_wallets_are_never_negative(files: dict[str, str], events: Events) -> None:
    balances = fed(files, events).state.balances
    assert sum(balances.values()) == 0
    for account, amount in balances.items():
        role = account.split("/")[1]
        assert amount >= 0 or role not in NEVER_BELOW_ZERO, account
        assert amount <= 0 or role != "debt", account


@quietly
@given(programmes(), everything)
def test_a_pool_holds_what_its_lots_hold(files: dict[str, str], events: Events) -> None:
    state = fed(files, events).state
    held: dict[str, int] = {}
    for lot in state.lots:
        assert lot.remaining >= 0
        account = f"{lot.contact}/pending" if lot.pending else f"{lot.contact}/commerce/{lot.pool}"
        held[account] = held.get(account, 0) + lot.remaining
    for account, amount in state.balances.items():
        if account.split("/")[1] in ("pending", "commerce"):
            assert amount == held.get(account, 0), account


@quietly
@given(programmes(), everything)
def test_every_cent_of_an_award_is_on_a_line_and_none_is_reversed_twice(files: dict[str, str], events: Events) -> None:
    state = fed(files, events).state
    for award in state.awards:
        assert not award.lines or sum(award.lines.values()) == award.amount
        assert 0 <= award.funding.live <= award.amount
        assert 0 <= award.undone_total <= award.amount
    given: dict[str, int] = {}
    for award in state.awards:
        given[award.offer.id] = given.get(award.offer.id, 0) + award.amount
    for (_, offer), amount in state.reversals.items():
        given[offer] = given.get(offer, 0) - amount
    assert all(amount >= 0 for amount in given.values())


@quietly
@given(programmes(), everything, st.integers(0, 13))
def test_a_cut_changes_nothing(files: dict[str, str], events: Events, cut: int) -> None:
    judge = Judge(files)
    for event in events[:cut]:
        judge.feed(event)
    again = deepcopy(judge)
    for event in events[cut:]:
        again.feed(event)
    assert normal(read_judge(again)) == normal(read_judge(fed(files, events)))


@quietly
@given(programmes(), histories())
def test_ticks_change_nothing_in_a_log_in_order(files: dict[str, str], events: Events) -> None:
    last = {"type": "tick", "id": "very-last", "source": "case", "time": "2029-01-01 00:00"}
    with_ticks = normal(read_judge(fed(files, [*events, last])))
    without = normal(read_judge(fed(files, [e for e in events if e["type"] != "tick"] + [last])))
    with_ticks["outcomes"] = without["outcomes"] = {}
    assert with_ticks == without


@quietly
@given(programmes(), everything)
def test_the_same_told_again_changes_nothing(files: dict[str, str], events: Events) -> None:
    judge = fed(files, events)
    before = deepcopy(judge.state.balances)
    for event in events:
        judge.feed(event)
    assert judge.state.balances == before
