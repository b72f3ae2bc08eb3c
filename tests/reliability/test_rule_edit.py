"""An edit of the rules in the middle of a log: what was bought before is returned by the rules it was bought under."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ..cli.door import guerdon
from .ledgers import content, expect_same, expect_whole
from .processes import run_words, to_the_end, url
from .town import Event, write_events, write_programme, year

pytestmark = [pytest.mark.usefixtures("engine"), pytest.mark.long]

EDIT = {"everyday.yaml": ("award: {percent: 4}", "award: {percent: 1}")}
WITHOUT = {"everyday.yaml": ("  - {id: each-50,", "  - {id: each-50, state: inactive,")}


def purchase(id: str, day: str, total: str) -> Event:
    line = {"sku": "s1", "family": "BREAD", "quantity": "2", "total": total}
    return {"id": id, "type": "purchase", "contact": "ann", "time": f"2025-{day}T09:00:00Z", "lines": [line]}


def returned(id: str, of: str, day: str, total: str) -> Event:
    lines = [{"line": 1, "total": total}]
    return {"id": id, "type": "return", "contact": "ann", "of": of, "time": f"2025-{day}T09:00:00Z", "lines": lines}


def expect_replayed(ledger: Path) -> None:
    said = guerdon("verify", "--replay", "--ledger", url(ledger))
    assert said.code == 0, said.out
    assert re.search(r"V14.*replay", said.out)


def reversed_by_offer(answer: dict[str, object]) -> dict[str, str]:
    offers = answer["offers"]
    assert isinstance(offers, list)
    return {line["offer"]: line["reversed"] for line in offers if line["reversed"] != "0.00"}


def test_a_return_takes_back_what_the_old_rules_gave(tmp_path: Path) -> None:
    ledger = tmp_path / "a.db"
    before = write_programme(tmp_path / "before")
    after = write_programme(tmp_path / "after", EDIT)
    first = write_events(tmp_path / "1.jsonl", [purchase("p1", "03-03", "20.00")])
    given = {line["offer"]: line["amount"] for line in to_the_end(run_words(before, [first], ledger))["offers"]}
    assert given["four-percent"] == "0.80"
    later = [purchase("p2", "03-04", "20.00"), returned("r1", "p1", "03-05", "10.00")]
    answer = to_the_end(run_words(after, [write_events(tmp_path / "2.jsonl", later)], ledger))
    assert {line["offer"]: line["amount"] for line in answer["offers"]}["four-percent"] == "0.20"
    assert reversed_by_offer(answer) == {"four-percent": "0.40"}
    last = write_events(tmp_path / "3.jsonl", [returned("r2", "p2", "03-06", "10.00")])
    assert reversed_by_offer(to_the_end(run_words(before, [last], ledger))) == {"four-percent": "0.10"}
    expect_whole(ledger)
    expect_replayed(ledger)


@pytest.mark.parametrize("edit", [EDIT, WITHOUT])
def test_a_year_with_an_edit_in_its_middle(tmp_path: Path, edit: dict[str, tuple[str, str]]) -> None:
    """Replayed, and fed in other parts, it is the same; the edit itself counts from the same event on."""
    before, after = write_programme(tmp_path / "before"), write_programme(tmp_path / "after", edit)
    events = year(500, 25)
    halves = [write_events(tmp_path / f"{n}.jsonl", part) for n, part in enumerate((events[:260], events[260:]))]
    to_the_end(run_words(before, [halves[0]], tmp_path / "a.db"))
    to_the_end(run_words(after, [halves[1]], tmp_path / "a.db"))
    expect_whole(tmp_path / "a.db")
    expect_replayed(tmp_path / "a.db")
    to_the_end(run_words(before, [halves[0]], tmp_path / "b.db", "--chunk-events", 45))
    for place in (260, 300, 410):
        part = events[place : {260: 300, 300: 410, 410: None}[place]]
        to_the_end(run_words(after, [write_events(tmp_path / f"{place}.jsonl", part)], tmp_path / "b.db"))
    expect_same(content(tmp_path / "b.db"), content(tmp_path / "a.db"))
    expect_replayed(tmp_path / "b.db")
