"""A few events as a list answer what the same events as columns answer, and are stored as the same bytes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from guerdon.engine.events import admission as admissions
from guerdon.engine.events.admission import Admission, admit
from guerdon.engine.events.body import encode
from guerdon.engine.events.event import Event, Parked, Refused
from guerdon.engine.events.listed import EventList
from guerdon.engine.events.normalise import CASE, Normaliser
from guerdon.engine.ledger import keyring, tables
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.pipeline import Run
from tests.events.programme import programme

from ..engines import new

pytestmark = pytest.mark.usefixtures("engine")

PERSONAL = frozenset({"birth_date"})
LINES = [
    {"sku": "A", "total": "6.00", "family": "COFFEE", "quantity": "2", "department": "A", "organic": True},
    {"sku": "B", "total": "1.50", "grade": 2},
]
DAY = "2026-03-06"
TOLD: list[dict[str, Any]] = [
    {"id": "r", "type": "register", "contact": "ann", "email": "a@b.org", "attributes": {"birth_date": "1990-01-02"}},
    {"id": "p1", "contact": "ann", "lines": LINES, "tap": "t1", "attributes": {"weather": "sun", "heat": "31"}},
    {"id": "p1", "contact": "ann", "lines": LINES, "tap": "t1", "attributes": {"weather": "sun", "heat": "31"}},
    {"id": "p1", "contact": "bob", "lines": LINES},
    {"id": "p2", "contact": "bob", "total": "9.00", "reference": "INV-1", "series": "b", "merchant": "butcher"},
    {"id": "p3", "contact": "cat", "total": "9.00", "reference": " inv-1", "series": "b", "merchant": "butcher"},
    {"id": "p4", "contact": {"email": "a@b.org"}, "lines": LINES[:1], "channel": "web"},
    {"id": "e", "type": "estimate", "contact": "ann", "total": "5.00"},
    {"id": "l", "type": "achievement", "contact": "dan", "classification": "like"},
    {"id": "w", "contact": "ann", "totl": "1"},
    {"id": "", "contact": "ann"},
    {"id": "b", "type": "return", "contact": "ann", "of": "p1", "total": "6.00"},
    {"id": "late", "type": "return", "contact": "eve", "of": "p9", "total": "1.00"},
    {"id": "p9", "contact": "eve", "total": "4.00", "corrects": "p2"},
    {"id": "t", "type": "tick"},
]


def told() -> list[Event | Refused | Parked]:
    normaliser = Normaliser(programme(), CASE)
    return [
        normaliser.normalise({"type": "purchase", "time": f"{DAY} 09:{minute:02d}"} | each, 0)
        for minute, each in enumerate(TOLD)
    ]


def events() -> list[Event]:
    return [each for each in told() if isinstance(each, Event)]


def test_both_forms_answer_alike() -> None:
    listed = EventList(events(), PERSONAL)
    framed = listed.frames()
    assert framed.to_events() == listed.to_events() == [listed.event(row) for row in range(len(listed))]
    for name in ("type", "time", "received_at", "total"):
        assert framed.numbers(name).tolist() == listed.numbers(name).tolist(), name
    for name in ("id", "source", "merchant", "series", "reference_told"):
        assert list(framed.texts(name)) == listed.texts(name), name
    for name in ("reference", "contact", "channel"):
        assert framed.given(name).tolist() == listed.given(name).tolist(), name
    assert framed.identified().tolist() == listed.identified().tolist()
    for names in (("of",), ("corrects", "classification"), ("email",)):
        assert framed.mentions(*names).tolist() == listed.mentions(*names).tolist(), names
    assert [half.tolist() for half in framed.contents()] == [half.tolist() for half in listed.contents()]
    rows, seqs = np.array([3, 0, 5]), np.array([7, 8, 9])
    assert framed.take(rows).placed(seqs).to_events() == listed.take(rows).placed(seqs).to_events()
    assert framed.part(2, 5).to_events() == listed.part(2, 5).to_events()


def test_what_is_taken_out_may_be_changed() -> None:
    listed = EventList(events())
    listed.event(0).fields["email"] = "other@b.org"
    listed.placed(np.arange(1, len(listed) + 1))
    assert listed.to_events() == events()


def test_both_forms_are_stored_alike() -> None:
    listed = admit(told(), PERSONAL, sort=False)
    assert encode(Admission(listed.frames, listed.asides)) == encode(listed)


def contents(few: int, way: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Everything that a ledger holds of the events, when up to ``few`` of them go through as a list."""
    monkeypatch.setattr(admissions, "FEW_EVENTS", few)
    monkeypatch.setattr(keyring, "os", SimpleNamespace(urandom=bytes))  # else keys, and what they seal, would differ
    with Ledger.open(new()) as ledger:
        run = Run.open(programme(), ledger)
        admitted = run.admit(admit(told(), PERSONAL, sort=False), way)
        whole: dict[str, Any] = {
            table.name: ledger.frame(table.name).rows()
            for table in tables.metadata.sorted_tables
            if table.name not in ("chunk", "run", "alembic_version")
        }
        whole["digest"], whole["outcomes"], whole["seqs"] = ledger.digest(), admitted.outcomes, admitted.seqs.tolist()
        whole["bodies"] = [chunk.body for chunk in ledger.chunks()]
        return whole


def test_the_ledger_is_the_same_whichever_form_they_come_in(monkeypatch: pytest.MonkeyPatch) -> None:
    columns, listed = (contents(few, "batch", monkeypatch) for few in (0, 1_000))
    assert len(set(columns["outcomes"])) > 3
    for name, found in columns.items():
        assert listed[name] == found, name
    alone, alone_as_columns = (contents(few, "single", monkeypatch) for few in (16, 0))
    assert alone == alone_as_columns
    for name in columns.keys() - {"bodies"}:
        assert alone[name] == columns[name], name
