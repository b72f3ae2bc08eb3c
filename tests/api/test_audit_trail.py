"""The audit trail: any entry changed, taken out, put in or moved shows; the database lets none be changed anyway."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from guerdon.engine.ledger import audit_trail
from guerdon.engine.ledger.access import beside
from guerdon.engine.ledger.audit import verify
from guerdon.engine.ledger.audit_trail import Deed
from guerdon.engine.ledger.ledger import Ledger

Tamper = Callable[[sqlite3.Connection], object]


def deed(number: int) -> Deed:
    return Deed(number, f"r{number}", "k", "ann", "agent", "::1", "POST /events", f"p{number}", "done", "")


@pytest.fixture
def trail(tmp_path: Path) -> Path:
    file = tmp_path / "x.db"
    for start in (1, 4):
        with beside(f"sqlite:///{file}") as transaction:
            entries = audit_trail.chained(transaction.rows, [deed(start + each) for each in range(3)])
            transaction.add("audit_entry", [entry.row() for entry in entries])
    return file


def broken(file: Path) -> list[str]:
    with Ledger.open(f"sqlite:///{file}", read_only=True) as ledger:
        return audit_trail.broken_links(ledger.store.rows)


def test_a_whole_chain_holds(trail: Path) -> None:
    assert broken(trail) == []
    with Ledger.open(f"sqlite:///{trail}", read_only=True) as ledger:
        assert [entry.number for entry in audit_trail.entries(ledger.store.rows, 2, 3)] == [3, 4, 5]
        assert audit_trail.count(ledger.store.rows) == 6


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (lambda c: c.execute("UPDATE audit_entry SET actor = 'bob' WHERE number = 3"), "entry 3"),
        (lambda c: c.execute("UPDATE audit_entry SET at = 9 WHERE number = 6"), "entry 6"),
        (lambda c: c.execute("UPDATE audit_entry SET chain = zeroblob(32) WHERE number = 2"), "entry 2"),
        (lambda c: c.execute("DELETE FROM audit_entry WHERE number = 4"), "entries 4 to 4"),
        (lambda c: c.execute("DELETE FROM audit_entry WHERE number = 1"), "entries 1 to 1"),
        (lambda c: c.executescript(
            "UPDATE audit_entry SET number = 99 WHERE number = 2; UPDATE audit_entry SET number = 2 WHERE number = 3;"
            "UPDATE audit_entry SET number = 3 WHERE number = 99"), "entry 2"),
    ],
)  # fmt: skip
def test_tampering_shows(trail: Path, tamper: Tamper, said: str) -> None:
    connection = sqlite3.connect(trail)
    with pytest.raises(sqlite3.DatabaseError, match="append-only"):
        tamper(connection)  # the guard, which whoever owns the file can take away
    connection.rollback()
    for verb in ("update", "delete"):
        connection.execute(f"DROP TRIGGER audit_entry_no_{verb}")
    tamper(connection)
    connection.commit()
    connection.close()
    assert said in broken(trail)[0]
    with Ledger.open(f"sqlite:///{trail}", read_only=True) as ledger:
        assert [finding.what for finding in verify(ledger).findings][:1] == ["audit trail"]
