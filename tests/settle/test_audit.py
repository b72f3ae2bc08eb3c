"""V11 of ``verify``: good ledgers have no finding, and every seeded corruption of statements is found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from guerdon.engine.codes import TransferKind
from guerdon.engine.ledger.audit import Report, verify
from guerdon.engine.replaying import replay

from ..engines import unguarded
from .shop import APRIL, GOLDEN, Town, bought

pytestmark = pytest.mark.usefixtures("engine")


@pytest.fixture
def settled(tmp_path: Path) -> Iterator[Town]:
    """Two months, late items, statements in every state."""
    town = Town(tmp_path / "town")
    town.tell(
        GOLDEN, bought("c1", "2026-03-05 09:00", "30.00", "cinema"), bought("m1", "2026-03-06 12:00", "9.00", "gym")
    )
    town.settle(steps=["approve", "send", "pay"])
    town.tell(bought("l1", "2026-03-30 09:00", "50.00"), bought("a1", "2026-04-03 09:00", "50.00"))
    town.settle(APRIL, steps=["approve", "send", "fail", "approve"])
    yield town
    town.ledger.close()


def checked(town: Town, *statements: str) -> Report:
    """What verify says after raw changes, the guards taken away."""
    connection = unguarded(town.ledger) if statements else None
    for statement in statements:
        assert connection.execute(statement).rowcount > 0, statement
    return verify(town.ledger)


def test_settled_months_have_no_findings(settled: Town) -> None:
    report = checked(settled)
    assert report.findings == []
    assert not next(each for each in report.checks if each.check == "V11").skipped


def test_a_replay_settles_alike(settled: Town) -> None:
    report = verify(settled.ledger, replay=replay)
    assert report.findings == []


APPROVED, PAID = int(TransferKind.STATEMENT_APPROVED), int(TransferKind.STATEMENT_PAID)
MONTHS = 90 * 86_400_000_000
AWARDED = f"kind = {int(TransferKind.AWARD)} AND debit >= 3 << 56"
BAKERY = "kind = 'statement' AND id = 'bakery/2026-03'"
CORRUPTIONS = {
    "a transfer is more": f"UPDATE transfer SET amount = amount + 1 WHERE {AWARDED}",
    "a transfer is gone": f"DELETE FROM transfer WHERE {AWARDED}",
    "a transfer is of a later month": f"UPDATE transfer SET effective_at = effective_at + {MONTHS} WHERE {AWARDED}",
    "what was fixed is more": f"UPDATE record SET fields = replace(fields, '800', '801') WHERE {BAKERY}",
    "a statement is gone": f"DELETE FROM record WHERE {BAKERY}",
    "a statement of an open month": f"UPDATE record SET id = 'bakery/2027-01' WHERE {BAKERY}",
    "an approval is more": f"UPDATE transfer SET amount = amount + 1 WHERE kind = {APPROVED}",
    "a payment is gone": f"DELETE FROM transfer WHERE kind = {PAID}",
    "a payment of nothing": (
        f"INSERT INTO transfer SELECT 1, 77, kind, unit, debit, credit, amount, lot_seq, lot_n, offer, reverses_seq, "
        f"reverses_n, line, effective_at FROM transfer WHERE kind = {PAID} LIMIT 1"
    ),
    "a closing is gone": "DELETE FROM record WHERE kind = 'closing' AND id = '2026-04'",
    "a closing closed less": "UPDATE record SET fields = replace(fields, '20574', '20573') WHERE kind = 'closing'",
}


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_seeded_corruption_of_statements_is_found(settled: Town, name: str) -> None:
    report = checked(settled, CORRUPTIONS[name])
    found = [finding for finding in report.findings if finding.check == "V11"]
    assert found, [str(finding) for finding in report.findings]
    assert all(each.what and each.where and each.expected != each.found for each in found)
