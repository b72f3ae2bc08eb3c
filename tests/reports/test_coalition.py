"""The coalition of schemes/: its template, its year of events, its finance file."""

from __future__ import annotations

import json
from pathlib import Path

from guerdon.engine.events.event import Event
from guerdon.engine.events.normalise import OPERATOR, Normaliser
from guerdon.engine.settle.reports.finance_file import read_finance
from guerdon.rules import read_programme

from ..cli.door import guerdon


def test_the_template_is_whole(tmp_path: Path) -> None:
    folder = tmp_path / "valley"

    assert guerdon("init", folder, "--template", "coalition").code == 0
    checked = guerdon("check", folder)
    assert checked.code == 0 and "0 errors, 0 lints" in checked.out
    assert read_finance(folder / "finance.yaml").problems == []
    program = read_programme(folder).program
    assert program is not None
    assert len(program.merchants) == 6 and {terms.merchant for terms in program.terms} == {
        m.id for m in program.merchants
    }
    assert {terms.prepaid for terms in program.terms} == {True, False}
    assert [terms.merchant for terms in program.terms].count("greenleaf") == 2


def test_every_event_of_the_year_can_be_read() -> None:
    folder = Path(__file__).parents[2] / "schemes" / "coalition"
    program = read_programme(folder).program
    assert program is not None
    normaliser = Normaliser(program, OPERATOR)
    told = [json.loads(line) for line in (folder / "year.jsonl").read_text().splitlines()]
    items = [normaliser.normalise(record, 1_600_000_000_000_000) for record in told]

    assert [item for item in items if not isinstance(item, Event)] == []
    assert [record["time"] for record in told] == sorted(record["time"] for record in told)
    prepaid = {terms.merchant for terms in program.terms if terms.prepaid}
    assert {record["merchant"] for record in told if record["type"] == "budget_loaded"} == prepaid
