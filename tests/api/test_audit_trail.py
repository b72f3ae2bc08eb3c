"""The audit trail: any entry changed, taken out, put in or moved shows; the database lets none be changed anyway."""

from __future__ import annotations

import pytest

from guerdon.engine.ledger import audit_trail
from guerdon.engine.ledger.access import beside
from guerdon.engine.ledger.audit import verify
from guerdon.engine.ledger.audit_trail import Deed
from guerdon.engine.ledger.ledger import Ledger

from ..engines import in_its_words, raw, unguarded


def deed(number: int) -> Deed:
    return Deed(number, f"r{number}", "k", "ann", "agent", "::1", "POST /events", f"p{number}", "done", "")


@pytest.fixture
def trail(ledger_url: str) -> str:
    for start in (1, 4):
        with beside(ledger_url) as transaction:
            entries = audit_trail.chained(transaction.rows, [deed(start + each) for each in range(3)])
            transaction.add("audit_entry", [entry.row() for entry in entries])
    return ledger_url


def broken(url: str) -> list[str]:
    with Ledger.open(url, read_only=True) as ledger:
        return audit_trail.broken_links(ledger.store.rows)


def test_a_whole_chain_holds(trail: str) -> None:
    assert broken(trail) == []
    with Ledger.open(trail, read_only=True) as ledger:
        assert [entry.number for entry in audit_trail.entries(ledger.store.rows, 2, 3)] == [3, 4, 5]
        assert audit_trail.count(ledger.store.rows) == 6


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        (["UPDATE audit_entry SET actor = 'bob' WHERE number = 3"], "entry 3"),
        (["UPDATE audit_entry SET at = 9 WHERE number = 6"], "entry 6"),
        (["UPDATE audit_entry SET chain = zeroblob(32) WHERE number = 2"], "entry 2"),
        (["DELETE FROM audit_entry WHERE number = 4"], "entries 4 to 4"),
        (["DELETE FROM audit_entry WHERE number = 1"], "entries 1 to 1"),
        (
            [f"UPDATE audit_entry SET number = {new} WHERE number = {old}" for old, new in ((2, 99), (3, 2), (99, 3))],
            "entry 2",
        ),
    ],
)
def test_tampering_shows(trail: str, statements: list[str], said: str) -> None:
    with Ledger.open(trail) as ledger:
        with pytest.raises(Exception, match="append-only"):
            raw(ledger).execute(in_its_words(statements[0]))  # the guard, which an owner can take away
        for statement in statements:
            unguarded(ledger).execute(in_its_words(statement))
    assert said in broken(trail)[0]
    with Ledger.open(trail, read_only=True) as ledger:
        assert [finding.what for finding in verify(ledger).findings][:1] == ["audit trail"]
