"""What the rule language knows of events for alerts is what the engine's events carry."""

from __future__ import annotations

from pathlib import Path

import pytest

from guerdon.engine.care.alerts.attempts import TYPES_BY_NUMBER
from guerdon.engine.events.fields import SHAPES, TYPES, Kind
from guerdon.rules import read_programme
from guerdon.rules.alerts import NAMED_BY, OF_MONEY, OF_UNITS
from guerdon.rules.words import CARD_LOAD, CONTROLLED_EVENTS, SCOPES

EVENTS = [name for name in CONTROLLED_EVENTS if name != CARD_LOAD]


@pytest.mark.parametrize("name", EVENTS)
def test_what_an_event_can_be_watched_by_is_what_it_carries(name: str) -> None:
    shape = SHAPES[TYPES[name]]
    for scope in ("card", "certificate", "coupon", "site", "email"):
        carries = scope in shape.fields and not (scope == "card" and shape.of_contact)
        assert carries == (name in NAMED_BY[scope]), scope
    for scope in ("kind", "distributor"):
        of = {"kind": {"card", "certificate"}, "distributor": {"certificate"}}[scope]
        assert (name in NAMED_BY[scope]) == any(name in NAMED_BY[each] for each in of), scope


@pytest.mark.parametrize("name", EVENTS)
def test_what_can_be_summed_carries_an_amount(name: str) -> None:
    shape = SHAPES[TYPES[name]]
    kind = shape.fields.get("amount")
    assert (name in OF_UNITS) == (kind in (Kind.UNITS, Kind.UNITS_SIGNED) and not shape.bought)
    assert (name in OF_MONEY) == (shape.bought or kind in (Kind.MONEY, Kind.MONEY_SIGNED))


def test_every_scope_may_stand_alone_and_joined(tmp_path: Path) -> None:
    folder = tmp_path / "programme"
    folder.mkdir()
    (folder / "business.yaml").write_text("business: {id: mall, currency: EUR, time_zone: UTC}\nscheme: {id: club}\n")
    on = {name: next(iter(sorted(NAMED_BY.get(name, {"adjust"})))) for name in SCOPES}
    for scope in SCOPES:
        for whole in {scope, scope if scope == "business" else f"{scope} + role" if scope != "role" else "role+actor"}:
            (folder / "alerts.yaml").write_text(
                f"alerts: [{{id: a, on: {on[scope]}, window: 1h, threshold: 5, scope: {whole}}}]\n"
            )
            assert [str(problem) for problem in read_programme(folder).errors] == []


def test_every_event_of_the_log_has_a_name_for_alerts() -> None:
    assert set(TYPES_BY_NUMBER.values()) >= set(EVENTS)
