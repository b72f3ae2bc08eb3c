"""Closing and the steps of a statement: what is asked too early, twice or of nobody is told, and changes nothing."""

from __future__ import annotations

import pytest

from guerdon.engine.codes import OwnerKind, Role
from guerdon.engine.settle.source import SettleError

from .shop import APRIL, GOLDEN, MARCH, Town, bank_yaml, bought


def balance(town: Town, role: Role, merchant: str = "bakery") -> int:
    number = town.ledger.names.find("merchant", merchant)
    return town.ledger.balances(number, OwnerKind.MERCHANT).get((int(role), 0), 0)


def refused(town: Town, code: str, **how: object) -> SettleError:
    """Settling ends with this code, and the ledger is as it was."""
    before = town.ledger.digest(), town.ledger.last_seq
    merchants = how.pop("merchants", [])
    steps = how.pop("steps", [])
    with pytest.raises(SettleError) as caught:
        settling = town.settling(**how)  # type: ignore[arg-type]
        settling.close(steps, merchants)  # type: ignore[arg-type]
        for step in steps:  # type: ignore[attr-defined]
            settling.take(step, merchants)  # type: ignore[arg-type]
    assert caught.value.code == code
    assert caught.value.hint or caught.value.place
    assert (town.ledger.digest(), town.ledger.last_seq) == before
    return caught.value


def test_a_statement_goes_from_draft_to_paid(town: Town) -> None:
    town.tell(GOLDEN)
    town.settle()
    assert town.states()["bakery/2026-03"] == "draft"
    town.settle(steps=["approve"])
    assert (balance(town, Role.RECEIVABLE), balance(town, Role.SETTLED)) == (0, 134)
    town.settle(steps=["send", "pay"])
    assert town.states()["bakery/2026-03"] == "paid"
    assert balance(town, Role.SETTLED) == 0
    steps = town.source.steps("bakery/2026-03")
    assert [(step["to"], step["actor"]) for step in steps] == [("approved", "eve"), ("sent", "eve"), ("paid", "eve")]


def test_a_failed_statement_is_issued_again(town: Town) -> None:
    town.tell(GOLDEN)
    town.settle(steps=["approve", "send", "fail"])
    assert (balance(town, Role.PAYABLE), balance(town, Role.RECEIVABLE), balance(town, Role.SETTLED)) == (800, -666, 0)
    town.settle(steps=["approve", "send", "pay"])
    assert town.states()["bakery/2026-03"] == "paid"


def test_settling_again_changes_nothing(town: Town) -> None:
    town.tell(GOLDEN)
    settled = town.settle()
    assert settled.messages == ["2026-03: closed"]
    before = town.ledger.last_seq
    assert town.settle().messages == ["2026-03: was closed before"]
    assert town.ledger.last_seq == before


def test_a_period_that_is_not_over_is_not_closed(town: Town) -> None:
    town.tell(GOLDEN)
    refused(town, "period-not-over", of=MARCH, at="2026-03-31 23:59")
    town.settle(MARCH, at="2026-04-01 00:00")
    refused(town, "period-not-over", of=APRIL, at="2026-04-30 23:59")


def test_a_closed_period_is_not_closed_again(town: Town) -> None:
    town.tell(GOLDEN)
    town.settle(APRIL)
    told = {"id": "x", "type": "statement_closed", "period": MARCH, "time": "2026-07-03 09:00"}
    assert [ended.reason.name for ended in town.tell(told).outcomes] == ["INVALID_TRANSITION"]


@pytest.mark.parametrize("period", ["2026-W54", "2025-W53"])
def test_a_period_that_does_not_exist_is_refused(town: Town, period: str) -> None:
    town.tell(GOLDEN)
    told = {"id": "x", "type": "statement_closed", "period": period, "time": "2026-07-03 09:00"}
    assert [ended.reason.name for ended in town.tell(told).outcomes] == ["INVALID_TRANSITION"]


def test_wrong_steps_are_told(town: Town) -> None:
    town.tell(GOLDEN)
    town.settle()
    refused(town, "unknown-merchant", steps=["approve"], merchants=["nobody"])
    refused(town, "wrong-state", steps=["pay"], merchants=["bakery"])
    town.settle(steps=["approve", "send", "pay"])
    assert "already" in refused(town, "already-paid", steps=["pay"], merchants=["bakery"]).message
    assert "stays so" in refused(town, "wrong-state", steps=["fail"], merchants=["bakery"]).hint


def test_what_cannot_be_done_is_told_before_anything_is_closed(town: Town) -> None:
    town.tell(GOLDEN)
    refused(town, "unknown-merchant", steps=["approve"], merchants=["nobody"])
    refused(town, "wrong-state", steps=["approve", "pay"], merchants=["bakery"])
    (town.folder / "bank.yaml").write_text(bank_yaml(bakery_1="DE00"))
    refused(town, "bad-iban")


def test_one_merchant_alone_takes_a_step(town: Town) -> None:
    town.tell(GOLDEN, bought("m1", "2026-03-09 09:00", "10.00", "gym"))
    settling = town.settling()
    settling.close()
    settling.take("approve", ["gym"])
    assert (town.states()["gym/2026-Q1"], town.states()["bakery/2026-03"]) == ("approved", "draft")


def test_all_steps_of_a_command_are_one_chunk(town: Town) -> None:
    town.tell(GOLDEN, bought("m1", "2026-03-09 09:00", "10.00", "gym"))
    settling = town.settling()
    settling.close()
    chunks = len(list(town.ledger.chunks()))
    settling.take("approve", [])
    assert len(list(town.ledger.chunks())) == chunks + 1
