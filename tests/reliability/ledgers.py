"""Two ledgers side by side: everything that has to be the same, however the events came in."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from guerdon.engine.ledger import Ledger, verify
from guerdon.engine.ledger.tables import metadata

from .processes import url

# How the events were cut, which files brought them, when they were received and the random keys play no part.
BY_CUT = {"chunk", "feed_file", "run"}
LEFT_OUT = {"event": ["received_at"], "contact_key": ["key"]}


def content(ledger: Path) -> dict[str, pl.DataFrame]:
    """All tables of a ledger that don't depend on how its events came in."""
    with Ledger.open(url(ledger), create=False, read_only=True) as opened:
        return tables_of(opened)


def tables_of(ledger: Ledger) -> dict[str, pl.DataFrame]:
    """``content`` of an open ledger."""
    tables = [table.name for table in metadata.sorted_tables if table.name not in BY_CUT]
    found = {name: ledger.frame(name).drop(LEFT_OUT.get(name, [])) for name in tables}
    return found | {"digest": pl.DataFrame({"digest": [ledger.digest()]})}


def expect_same(found: dict[str, pl.DataFrame], expected: dict[str, pl.DataFrame]) -> None:
    """Fails with the first rows that differ of each table that differs."""
    told = []
    for name, table in expected.items():
        if not found[name].equals(table):
            gone = table.join(found[name], on=table.columns, how="anti", nulls_equal=True).head(3)
            new = found[name].join(table, on=table.columns, how="anti", nulls_equal=True).head(3)
            told.append(f"{name}: expected {gone.rows()}, found {new.rows()}")
    assert not told, "\n".join(told)


def expect_whole(ledger: Path, *, ran_to_its_end: bool = True) -> None:
    """Every invariant holds; of a run that was cut short only the count of its events may still be missing."""
    with Ledger.open(url(ledger), create=False, read_only=True) as opened:
        findings = verify(opened).findings
    allowed = set() if ran_to_its_end else {"V12"}
    told = [str(finding) for finding in findings if finding.check not in allowed]
    assert not told, "\n".join(told)
