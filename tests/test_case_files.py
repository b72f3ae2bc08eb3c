"""Case files as such: what is wrong with one is said with its line, and what differs is found, all of it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from guerdon.engine.cases.compare import Instant, compare
from guerdon.engine.cases.document import Map, placed
from guerdon.engine.cases.reading import Case, CaseInvalid, read_case
from guerdon.rules.document import read_document

EVENT = "events:\n  - {type: purchase, contact: ann, time: 2026-03-06 09:00, total: 60.00}\n"
HEAD = "case: a case\nfiles: {business.yaml: 'business: {}'}\n"


def read(folder: Path, text: str) -> Case:
    path = folder / "case.yaml"
    path.write_text(text)
    return read_case(path)


def problems(folder: Path, text: str) -> list[tuple[int, str]]:
    with pytest.raises(CaseInvalid) as caught:
        read(folder, text)
    return [(problem.line, problem.code) for problem in caught.value.problems]


def test_ids_and_source_are_filled_in(tmp_path: Path) -> None:
    case = read(
        tmp_path, HEAD + EVENT + "  - {id: x, type: tick, time: 2026-03-07 00:00}\nexpect: {outcomes: {x: posted}}\n"
    )
    assert [step.fields["id"] for step in case.events] == ["e1", "x"]
    assert {step.fields["source"] for step in case.events} == {"case"}


def test_amounts_stay_text(tmp_path: Path) -> None:
    case = read(tmp_path, HEAD + EVENT + "expect: {outcomes: {}}\n")
    assert case.events[0].fields["total"] == "60.00"


def test_only_unquoted_words_are_flags(tmp_path: Path) -> None:
    text = HEAD + "events:\n  - {type: card_spent, time: 2026-03-06 09:00, partial: true, reference: 'true'}\n"
    fields = read(tmp_path, text + "expect: {outcomes: {}}\n").events[0].fields
    assert (fields["partial"], fields["reference"]) == (True, "true")


def test_checkpoints_know_their_place(tmp_path: Path) -> None:
    case = read(tmp_path, HEAD + EVENT + "  - expect: {tiers: {ann: gold}}\n  - {type: tick, time: 2026-03-07 00:00}\n")
    assert [point.after for point in case.checkpoints] == [1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HEAD + EVENT + "expect: {award: []}\n", [(5, "unknown-field")]),
        (HEAD + EVENT + "expect:\n  awards:\n    - {event: e1, offer: x}\n", [(7, "missing-field")]),
        (HEAD + EVENT + "expect:\n  awards:\n    - {event: e1, offer: x, amount: ten}\n", [(7, "bad-amount")]),
        (HEAD + EVENT + "expect: {wallets: {ann: {comerce: 1.00}}}\n", [(5, "unknown-field")]),
        (HEAD + EVENT + "expect: {refusals: [{event: e1, code: cap_reached}]}\n", [(5, "exactly-one")]),
        (HEAD + "events:\n  - {type: tick}\nexpect: {outcomes: {}}\n", [(4, "missing-field")]),
        ("case: x\nprogramme: nowhere\nexpect: {outcomes: {}}\n", [(2, "unknown-reference")]),
        ("case: x\nfiles: {../x.yaml: a}\nexpect: {outcomes: {}}\n", [(2, "path-outside")]),
        (HEAD + EVENT, [(1, "missing-field")]),
        ("case: [\n", [(2, "yaml-syntax")]),
        ("case: a\ncase: b\n", [(2, "duplicate-key")]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, expected: list[tuple[int, str]]) -> None:
    assert problems(tmp_path, text) == expected


def differences(expect: str, found: dict[str, Any]) -> list[str]:
    document = read_document("case.yaml", expect)
    value = placed(document, document.data)
    assert isinstance(value, Map)
    return [f"{mismatch.line} {mismatch.part}: {mismatch.found}" for mismatch in compare(value, found)]


AWARD = {
    "event": "p1",
    "offer": "ten",
    "amount": Decimal("10.00"),
    "contact": "ann",
    "funders": {"bakery": Decimal("6.00")},
}


def test_equal_is_equal_whatever_the_digits() -> None:
    assert differences("awards: [{event: p1, offer: ten, amount: 10}]", {"awards": [AWARD]}) == []


def test_zero_parts_may_be_left_out() -> None:
    expect = "awards: [{event: p1, offer: ten, amount: 10.00, funders: {business: 0.00, bakery: 6.00}}]"
    assert differences(expect, {"awards": [AWARD]}) == []


def test_an_award_too_many_is_found() -> None:
    assert differences("awards: []", {"awards": [AWARD]}) != []
    twice = "awards: [{event: p1, offer: ten, amount: 10.00}]"
    assert len(differences(twice, {"awards": [AWARD, AWARD]})) == 1


def test_an_award_too_few_is_found_with_its_line() -> None:
    expect = "awards:\n  - {event: p1, offer: ten, amount: 10.00}\n  - {event: p1, offer: ten, amount: 10.00}\n"
    assert differences(expect, {"awards": [AWARD]}) == ["3 awards: nothing"]


def test_a_wrong_amount_shows_what_is_there_once() -> None:
    found = differences("awards: [{event: p1, offer: ten, amount: 9.99}]", {"awards": [AWARD]})
    assert len(found) == 1
    assert "10.00" in found[0]


def test_matching_does_not_depend_on_order() -> None:
    other = {**AWARD, "contact": "bob"}
    expect = "awards: [{event: p1, offer: ten, amount: 10.00}, {event: p1, offer: ten, amount: 10.00, contact: ann}]"
    assert differences(expect, {"awards": [AWARD, other]}) == []
    assert differences(expect, {"awards": [other, AWARD]}) == []


def test_refusals_are_at_least_those() -> None:
    refusal = {"event": "p1", "offer": "ten", "code": "cap_reached"}
    assert differences("refusals: []", {"refusals": [refusal]}) == []
    assert differences("refusals: [{event: p1, offer: ten, code: cooldown}]", {"refusals": [refusal]}) != []


def test_wallets_check_only_what_is_given() -> None:
    found = {
        "wallets": {"ann": {"commerce": Decimal("5.00"), "open": Decimal("1.00"), "pools": {"a": Decimal("5.00")}}}
    }
    assert differences("wallets: {ann: {commerce: 5.00}}", found) == []
    assert differences("wallets: {ann: {pools: {b: 0.00}}}", found) == []
    assert differences("wallets: {bob: {commerce: 0.00}}", found) == []
    assert differences("wallets: {ann: {open: 0.00}}", found) == ["1 wallets: 1.00"]


def test_outcomes_with_and_without_their_reason() -> None:
    found = {"outcomes": {"p1": {"refused": "too_late"}, "p2": "posted"}}
    assert differences("outcomes: {p1: {refused: too_late}, p2: posted}", found) == []
    assert differences("outcomes: {p1: refused}", found) == []
    assert differences("outcomes: {p1: {refused: id_conflict}}", found) != []
    assert differences("outcomes: {p1: posted}", found) != []


def test_an_expiry_is_due_a_microsecond_after_its_last_instant() -> None:
    ten_o_clock = 1_767_261_600_000_000
    found = {"expiries": [{"contact": "ann", "amount": Decimal(7), "at": Instant(0, ten_o_clock + 1)}]}
    assert differences("expiries: [{contact: ann, amount: 7.00, at: 2026-01-01 10:00}]", found) == []
    assert differences("expiries: [{contact: ann, amount: 7.00, at: 2026-01-01 10:01}]", found) != []


def test_progress_is_of_the_first_goal_unless_another_is_named() -> None:
    goals = (("1", 3), ("2", 5))
    found = {"progress": [{"contact": "ann", "offer": "x", "goal": goal, "at": Decimal(at)} for goal, at in goals]}
    assert differences("progress: [{contact: ann, offer: x, at: 3}]", found) == []
    assert differences("progress: [{contact: ann, offer: x, at: 5}]", found) != []
    assert differences("progress: [{contact: ann, offer: x, goal: 2, at: 5}]", found) == []
