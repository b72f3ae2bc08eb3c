"""Cases, event by event, give on PostgreSQL what they give on SQLite: each tenth of them, all with GUERDON_SOAK."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from guerdon.engine.cases import playing
from guerdon.engine.cases.reading import read_case
from guerdon.engine.cases.running import SINGLE, run_case
from guerdon.engine.ledger import Ledger

from .conftest import ROOT

EVERY = sorted((ROOT / "tests" / "cases" / "acceptance").rglob("*.yaml"))
CHOSEN = EVERY if os.environ.get("GUERDON_SOAK") else EVERY[::20]


class OnPostgres:
    """Opens a new ledger in PostgreSQL wherever one in memory is asked for."""

    def __init__(self, server: str) -> None:
        self.server = server

    def open(self, url: str, **told: Any) -> Ledger:
        if url != "sqlite://":
            return Ledger.open(url, **told)
        import psycopg

        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
        return Ledger.open(self.server.replace("postgresql://", "postgresql+psycopg://"))


@pytest.mark.parametrize("path", CHOSEN, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_same_on_both_engines(path: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if "events" not in path.read_text() or not read_case(path).events:
        pytest.skip("a case of rule files alone")
    expected = run_case(path, way=SINGLE)
    monkeypatch.setattr(playing, "Ledger", OnPostgres(postgresql))
    assert run_case(path, way=SINGLE).found == expected.found
