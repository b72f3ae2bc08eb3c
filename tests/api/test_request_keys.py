"""Idempotency-Key: the same call gets the same answer, another call under the same key none."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from guerdon.engine.ledger.ledger import Ledger
from tests.api.served import Served, purchase, served

from ..engines import ledger_at

pytestmark = pytest.mark.usefixtures("engine")


def test_the_same_request_gets_the_same_answer(mall: Served) -> None:
    told, headers = purchase("i1", "ivy"), {"Idempotency-Key": "k1"}
    first = mall.post("/events", told, headers=headers)
    again = mall.post("/events", told, headers=headers)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"


def test_a_refusal_is_kept_too_and_a_new_key_is_a_new_request(mall: Served) -> None:
    body = {"amount": "-5.00", "reason": "goodwill", "id": "down"}
    mall.post("/events", purchase("i2", "ida2"))
    first = mall.post("/contacts/ida2/adjust", body, "agent", headers={"Idempotency-Key": "k2"})
    assert (first.status_code, first.json()["code"]) == (422, "insufficient_funds")
    mall.post("/contacts/ida2/adjust", {"amount": "9.00", "reason": "goodwill"}, "agent")
    again = mall.post("/contacts/ida2/adjust", body, "agent", headers={"Idempotency-Key": "k2"})
    assert again.content == first.content
    fresh = {name: value for name, value in body.items() if name != "id"}
    anew = mall.post("/contacts/ida2/adjust", fresh, "agent", headers={"Idempotency-Key": "k3"})
    assert anew.json()["outcome"] == "posted"


def test_another_request_under_the_same_key_posts_nothing(mall: Served) -> None:
    headers = {"Idempotency-Key": "k4"}
    mall.post("/events", purchase("i3", "ivo"), headers=headers)
    other = mall.post("/events", purchase("i4", "ivo"), headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "request_key_used")
    assert mall.get("/events/default/i4").status_code == 404
    assert mall.post("/estimates", purchase("i3", "ivo"), headers=headers).status_code == 422


def test_keys_of_two_callers_have_nothing_to_do_with_each_other(mall: Served) -> None:
    headers = {"Idempotency-Key": "k5"}
    mine = mall.post("/events", purchase("i5"), headers=headers)
    theirs = mall.post("/events", purchase("i6"), key=mall.key("client"), headers=headers)
    assert theirs.status_code == 200 and theirs.content != mine.content


def test_a_hundred_at_once_give_one_journal_and_a_hundred_same_answers(mall: Served) -> None:
    told, headers = purchase("i7", "jo"), {"Idempotency-Key": "k6"}
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: mall.post("/events", told, headers=headers), range(100)))
    assert {answer.content for answer in answers} == {answers[0].content}
    assert {answer.status_code for answer in answers} == {200}
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    assert len(mall.get("/contacts/jo/timeline").json()["entries"]) == 1


def test_a_command_without_an_id_takes_one_from_its_key(mall: Served) -> None:
    body, headers = {"amount": "1.00", "reason": "goodwill"}, {"Idempotency-Key": "k7"}
    mall.post("/events", purchase("i8", "kim"))
    first = mall.post("/contacts/kim/adjust", body, "agent", headers=headers).json()
    assert first["id"].startswith("adjust/")
    assert mall.post("/contacts/kim/adjust", body, "agent").json()["id"] != first["id"]
    assert mall.get("/contacts/kim/wallet").json()["balances"]["open"] == "2.00"


def test_answers_outlive_the_process(tmp_path: Path) -> None:
    headers = {"Idempotency-Key": "long"}
    told = purchase("i9")
    with served(tmp_path) as it:
        key = it.keys["client"]
        first = it.post("/events", told, headers=headers)
        program = it.service.program
    with served(tmp_path, program) as it:
        again = it.post("/events", told, key=key, headers=headers)
    assert again.content == first.content
    with Ledger.open(ledger_at(tmp_path / "guerdon.db"), read_only=True) as ledger:
        assert len(ledger.frame("event")) == 2


def test_a_key_must_be_one(mall: Served) -> None:
    for bad in ("", "x" * 256):
        answer = mall.post("/events", purchase("i10"), headers={"Idempotency-Key": bad})
        assert answer.json()["code"] == "bad_request_key"
