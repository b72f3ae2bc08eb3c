"""Cases, event by event, give on PostgreSQL what they give on SQLite: each tenth of them, or all.

All with GUERDON_SOAK, and where the whole suite is run on PostgreSQL.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from guerdon.engine.cases.reading import read_case
from guerdon.engine.cases.running import SINGLE, run_case

from ..engines import ASKED, POSTGRESQL
from .conftest import ROOT

EVERY = sorted((ROOT / "tests" / "cases" / "acceptance").rglob("*.yaml"))
CHOSEN = EVERY if os.environ.get("GUERDON_SOAK") or ASKED == POSTGRESQL else EVERY[::10]


@pytest.mark.parametrize("path", CHOSEN, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_same_on_both_engines(path: Path, postgresql_url: str) -> None:
    if "events" not in path.read_text() or not read_case(path).events:
        pytest.skip("a case of rule files alone")
    found = run_case(path, way=SINGLE, url=postgresql_url)
    expected = run_case(path, way=SINGLE)
    assert (found.found, found.digest) == (expected.found, expected.digest)
