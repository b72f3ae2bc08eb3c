"""Alerts: what is measured, over refused attempts too, once a window and key, however the passes are cut."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guerdon.engine.care.alerts import AlertError, act, alerts, change_state, rules_of, scan
from guerdon.engine.care.alerts.attempts import Attempt
from guerdon.engine.care.alerts.rules import AlertRule
from guerdon.engine.care.alerts.windows import Window
from guerdon.rules import read_programme

from ..cli.door import guerdon
from .desk import CARDS, NOW, Desk, compiled, programme

pytestmark = pytest.mark.usefixtures("engine")

RULES = """
business: {id: mall, currency: EUR, time_zone: UTC, adjust: {reasons: [goodwill]}}
merchants: [{id: cafe, venues: [{id: hall, taps: [t1, t2]}]}, {id: kiosk}]
cards: [{id: plain, reload: true, load: {max: 100.00}}]
scheme: {id: club}
alerts:
  - {id: guessing, on: card_pin_failed, window: 1h, threshold: 3, scope: tap, action: lock}
  - {id: refused, on: card_spent, measure: ratio, window: 1h, threshold: 0.9, scope: tap, notify: merchant}
  - {id: loaded, on: card_load, measure: sum, window: 1d, threshold: 150.00, scope: merchant, action: hold}
  - {id: spread, on: card_spent, measure: distinct, window: 1h, threshold: 3}
  - {id: adjusting, on: adjust, window: 1d, threshold: 2, scope: actor, action: approve}
"""


@pytest.fixture
def mall(tmp_path: Path) -> Any:
    desk = Desk(tmp_path, programme(tmp_path, RULES))
    for n in range(5):
        desk.feed({"type": "card_issued", "card": f"c{n}", "kind": "plain", "time": "2026-03-01 08:00"})
        desk.feed({"type": "card_activated", "card": f"c{n}", "amount": "10.00", "time": "2026-03-01 08:30"})
    yield desk
    desk.close()


def raised(desk: Desk) -> list[tuple[str, str, str]]:
    return [(found.rule, found.key, found.fields["measured"]) for found in scan(desk.ledger, desk.program)]


def states(desk: Desk) -> dict[str, str]:
    return {record.id: record.fields["status"] for record in desk.ledger.records.of_kind("card")}


def test_refused_attempts_raise_one_though_nothing_was_posted(mall: Desk) -> None:
    spend = {"type": "card_spent", "card": "c1", "amount": "99.00", "tap": "t1"}
    told = [mall.feed({**spend, "time": f"2026-03-02 10:{n:02}"}) for n in range(12)]
    assert all("insufficient_funds" in next(iter(each.values())) for each in told)
    assert raised(mall) == [("refused", "t1", "1")]
    assert raised(mall) == []
    (found,) = alerts(mall.ledger)
    assert found.merchant == "cafe"


def test_once_a_window_then_again(mall: Desk) -> None:
    for time in ("10:00", "10:10", "10:20", "10:30", "11:19", "11:20", "11:21", "11:22"):
        mall.feed({"type": "card_pin_failed", "card": "c1", "tap": "t1", "time": f"2026-03-02 {time}"})
    assert [(found.rule, found.raised_at) for found in scan(mall.ledger, mall.program)] == [
        ("guessing", 1_772_446_800_000_000),
        ("guessing", 1_772_450_400_000_000),
    ]


def test_sums_and_holds_what_was_loaded(mall: Desk) -> None:
    for n, amount in enumerate(("100.00", "40.00", "500.00", "10.00")):  # the third is refused and counts nothing
        mall.feed(
            {
                "type": "card_reloaded",
                "card": f"c{n}",
                "amount": amount,
                "merchant": "kiosk",
                "time": f"2026-03-02 1{n}:00",
            }
        )
    assert raised(mall) == [("loaded", "kiosk", "150.00")]
    fed = act(mall.ledger, mall.program, NOW, mall.run)
    assert sorted(id.rpartition("/")[2] for id in fed) == ["c0", "c1", "c2", "c3"]
    assert states(mall)["c0"] == "suspended" and states(mall)["c4"] == "active"
    assert act(mall.ledger, mall.program, NOW, mall.run) == []
    id = alerts(mall.ledger)[0].id
    change_state(mall.ledger, id, "cleared", "eve", NOW)
    act(mall.ledger, mall.program, NOW + 1, mall.run)
    assert set(states(mall).values()) == {"active"}
    with pytest.raises(AlertError, match="is cleared"):
        change_state(mall.ledger, id, "confirmed", "eve", NOW)


def test_clearing_leaves_what_was_suspended_before(mall: Desk) -> None:
    mall.feed({"type": "card_suspended", "card": "c0", "time": "2026-03-02 09:00"})
    for n in (1, 2):
        mall.feed(
            {
                "type": "card_reloaded",
                "card": f"c{n}",
                "amount": "90.00",
                "merchant": "kiosk",
                "time": f"2026-03-02 1{n}:00",
            }
        )
    mall.feed(
        {"type": "card_reloaded", "card": "c0", "amount": "90.00", "merchant": "kiosk", "time": "2026-03-02 13:00"}
    )
    scan(mall.ledger, mall.program)
    act(mall.ledger, mall.program, NOW, mall.run)
    change_state(mall.ledger, alerts(mall.ledger)[0].id, "cleared", "eve", NOW)
    act(mall.ledger, mall.program, NOW + 1, mall.run)
    assert states(mall)["c0"] == "suspended" and states(mall)["c1"] == "active"


def test_approve_waits_for_somebody_to_confirm(mall: Desk) -> None:
    mall.feed({"type": "register", "contact": "ann", "time": "2026-03-02 09:00"})
    for n in range(2):
        mall.feed(
            {
                "type": "adjust",
                "contact": "ann",
                "amount": "1.00",
                "reason": "goodwill",
                "actor": "eve",
                "time": f"2026-03-02 1{n}:00",
            }
        )
    assert raised(mall) == [("adjusting", "eve", "2")]
    assert act(mall.ledger, mall.program, NOW, mall.run) == []
    id = alerts(mall.ledger)[0].id
    change_state(mall.ledger, id, "confirmed", "max", NOW)
    assert [each.rpartition("/")[0].rpartition("/")[2] for each in act(mall.ledger, mall.program, NOW, mall.run)] == [
        "hold_account"
    ]
    told = mall.feed(
        {"type": "adjust", "contact": "ann", "amount": "1.00", "reason": "goodwill", "time": "2026-12-02 12:00"}
    )
    assert "invalid_transition" in str(told)


def test_passes_may_be_cut_anywhere(tmp_path: Path) -> None:
    def played(folder: Path, every: int) -> list[tuple[str, int]]:
        folder.mkdir()
        desk = Desk(folder, programme(folder, RULES))
        found = []
        for n in range(24):
            desk.feed(
                {
                    "type": "card_pin_failed",
                    "card": f"c{n % 3}",
                    "tap": f"t{1 + n % 2}",
                    "time": f"2026-03-02 {10 + n // 6}:{n % 6}0",
                }
            )
            if n % every == 0:
                found += scan(desk.ledger, desk.program)
        found += scan(desk.ledger, desk.program)
        desk.close()
        return [(each.rule + each.key, each.raised_at) for each in found]

    once = sorted(played(tmp_path / "once", 100))
    assert once == sorted(played(tmp_path / "each", 1)) == sorted(played(tmp_path / "some", 5))
    assert len(once) == 8  # of two tills in four hours; that no such card was issued makes no difference


def test_codes_tried_that_nobody_issued_count_too(mall: Desk) -> None:
    for n in range(3):
        mall.feed({"type": "card_pin_failed", "card": f"x{n}", "tap": "t1", "time": f"2026-03-02 10:0{n}"})
    assert raised(mall) == [("guessing", "t1", "3")]
    assert all("unknown_instrument" in end for end in _acted(mall))


def _acted(desk: Desk) -> list[str]:
    act(desk.ledger, desk.program, NOW, desk.run)
    reasons = {event.id: event.reason for event in desk.ledger.events(range(1, desk.ledger.last_seq + 1))}
    from guerdon.engine.codes import Reason

    return [Reason(reason).name.lower() for id, reason in reasons.items() if id.startswith("guessing")]


@pytest.mark.parametrize(
    ("wrong", "line", "code", "words"),
    [
        ("scope: shoe, action: lock", 7, "wrong-type", "no scope 'shoe'"),
        ("scope: site, action: lock", 7, "conflicting-fields", "names none"),
        ("measure: sum", 7, "conflicting-fields", "no amount"),
    ],
)
def test_a_rule_that_cannot_be_watched_is_said_where_it_stands(
    tmp_path: Path, wrong: str, line: int, code: str, words: str
) -> None:
    folder = programme(tmp_path, RULES.replace("scope: tap, action: lock", wrong))
    (problem,) = read_programme(folder).errors
    assert (problem.code, problem.line, bool(problem.hint)) == (code, line, True)
    assert words in problem.message
    ended = guerdon("check", str(folder))
    assert ended.code == 3 and f"all.yaml:{line}:" in ended.out + ended.err


def test_the_card_of_a_member_is_no_gift_card(tmp_path: Path) -> None:
    rules = RULES.replace("on: card_pin_failed, window: 1h, threshold: 3, scope: tap",
                          "on: update, window: 1h, threshold: 3, scope: contact")  # fmt: skip
    desk = Desk(tmp_path, programme(tmp_path, rules))
    for n in range(3):
        desk.feed({"type": "update", "contact": "ann", "card": f"M-{n}", "time": f"2026-03-02 10:0{n}"})
    assert raised(desk) == [("guessing", "ann", "3")]
    assert alerts(desk.ledger)[0].fields["touches"] == [["contact", "ann"]]
    desk.close()


def test_the_templates_can_be_watched() -> None:
    assert {rule.id for rule in rules_of(compiled(CARDS))} >= {"pin-guessing", "refused-spends"}


def test_the_command(mall: Desk) -> None:
    for n in range(3):
        mall.feed({"type": "card_pin_failed", "card": f"c{n}", "tap": "t1", "time": f"2026-03-02 10:0{n}"})
    mall.close()
    where = [str(mall.source), "--ledger", mall.url, "--as", "eve"]
    told = json.loads(guerdon("alerts", *where, "--json").out)
    (id,) = told["new"]
    assert len(told["acted"]) == 3 and told["alerts"][0]["fields"]["action"] == "lock"
    assert "0 new, 1 open" in guerdon("alerts", *where, "--acknowledge", id).out
    assert "0 new, 0 open" in guerdon("alerts", *where, "--clear", id).out
    assert guerdon("alerts", *where, "--confirm", id).code == 1
    assert "no alert 'x'" in guerdon("alerts", *where, "--clear", "x").err
    mall.reopen()
    assert set(states(mall).values()) == {"active"}


SPAN = 100
RULE = AlertRule("r", frozenset({"t"}), "count", SPAN, "", 3, ("business",), "head_office", "none", "t", 2)  # type: ignore[arg-type]


@given(st.lists(st.tuples(st.integers(0, 400), st.booleans(), st.integers(0, 5), st.sampled_from("abc")), max_size=40))
def test_a_window_measures_what_lies_in_it(rows: list[tuple[int, bool, int, str]]) -> None:
    window, seen, newest = Window(), [], 0
    for seq, (time, refused, amount, name) in enumerate(rows):
        attempt = Attempt(seq, time, "t", refused, amount, {}, ("card", name))
        window.add(attempt, SPAN)
        newest = max(newest, time) if seen else time
        seen.append(attempt)
        window = Window.of(json.loads(json.dumps(window.kept())))
    inside = [each for each in seen if each.time > newest - SPAN]
    # one that was older than the window when it came is in it no more, even if nothing newer did
    assert len(window.entries) == len(inside)
    assert window.amount == sum(each.amount for each in inside)
    assert window.refused == sum(each.refused for each in inside)
    assert {name for _, name in window.names()} == {each.touched[1] for each in inside if each.touched}
