"""Telling events over HTTP: outcomes, mixed batches, repeats, conflicts, CloudEvents, estimates, lookups, paging."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from guerdon.engine.ledger.audit import verify
from guerdon.engine.ledger.ledger import Ledger
from tests.api.served import Served, purchase, served

pytestmark = pytest.mark.usefixtures("engine")


def test_one_event_is_answered_with_what_it_gave(mall: Served) -> None:
    answer = mall.post("/events", purchase("one", "una"))
    assert answer.status_code == 200
    (outcome,) = answer.json()["outcomes"]
    assert (outcome["outcome"], outcome["awarded"], outcome["spent"]) == ("posted", "3.00", "0.00")
    assert [(award["offer"], award["amount"]) for award in outcome["awards"]] == [("five-percent", "3.00")]
    assert outcome["awards"][0]["expires_at"].endswith("Z")


def test_a_repeat_is_answered_with_the_first_outcome_and_a_conflict_is_409(mall: Served) -> None:
    told = purchase("twice", "una")
    first = mall.post("/events", told).json()["outcomes"][0]
    again = mall.post("/events", told)
    assert again.status_code == 200
    repeat = again.json()["outcomes"][0]
    assert (repeat["outcome"], repeat["reason"], repeat["seq"]) == ("ignored", "repeat", first["seq"])
    assert repeat["first"]["awards"] == first["awards"]
    conflict = mall.post("/events", {**told, "total": "61.00"})
    assert conflict.status_code == 409
    assert conflict.headers["content-type"] == "application/problem+json"
    assert conflict.json()["errors"] == [
        {"pointer": "/id", "code": "id_conflict", "detail": conflict.json()["errors"][0]["detail"]}
    ]


def test_a_mixed_batch_is_207_and_points_at_what_is_wrong(mall: Served) -> None:
    batch = [
        purchase("m1"),
        purchase("m2", total="1.005"),
        {**purchase("m3"), "lines": [{"total": "1.00"}, {"total": "1.00", "colour": "red"}], "total": "2.00"},
        {"id": "m4", "type": "purchase"},
        purchase("m5", merchant="baker"),
    ]
    answer = mall.post("/events", batch)
    assert answer.status_code == 207
    found = [(each["outcome"], each.get("reason"), each.get("pointer")) for each in answer.json()["outcomes"]]
    assert found == [
        ("posted", None, None),
        ("refused", "bad_amount", "/total"),
        ("refused", "undeclared_field", "/lines/1/colour"),
        ("parked", "unreadable", "/time"),
        ("refused", "unknown_merchant", "/merchant"),
    ]


def test_a_batch_of_which_nothing_is_taken_is_a_problem_with_a_pointer_each(mall: Served) -> None:
    answer = mall.post("/events", [purchase("n1", total="x"), purchase("n2", colour="red")])
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/0/total", "/1/colour"]


def test_batches_have_at_most_a_thousand_events(mall: Served) -> None:
    batch = [purchase(f"k{number}", f"c{number % 7}", total="1.00") for number in range(1001)]
    assert mall.post("/events", batch).status_code == 413
    answer = mall.post("/events", batch[:1000])
    assert answer.status_code == 200
    assert len(answer.json()["outcomes"]) == 1000
    assert [each["id"] for each in answer.json()["outcomes"][:3]] == ["k0", "k1", "k2"]
    assert mall.post("/events", []).status_code == 422


def test_cloud_events_in_all_three_modes(mall: Served) -> None:
    told = purchase("ce1")
    envelope = {"specversion": "1.0", "id": "ce1", "source": "cloud", "type": "purchase", "time": told["time"]}
    data = {"contact": "ann", "total": "60.00"}
    structured = {**envelope, "data": data}
    one = mall.ask(
        "POST", "/events", content=json.dumps(structured), headers={"content-type": "application/cloudevents+json"}
    )
    assert one.json()["outcomes"][0]["outcome"] == "posted"
    batch = json.dumps([structured, {**structured, "id": "ce2"}])
    many = mall.ask("POST", "/events", content=batch, headers={"content-type": "application/cloudevents-batch+json"})
    assert [each.get("reason") for each in many.json()["outcomes"]] == ["repeat", None]
    binary = mall.ask("POST", "/events", content=json.dumps(data), headers={
        "content-type": "application/json", "ce-specversion": "1.0", "ce-id": "ce3", "ce-source": "cloud",
        "ce-type": "purchase", "ce-time": told["time"],
    })  # fmt: skip
    assert binary.json()["outcomes"][0] | {"source": "cloud", "id": "ce3"} == binary.json()["outcomes"][0]


def test_an_estimate_says_what_a_purchase_would_give_and_leaves_nothing(mall: Served) -> None:
    before = mall.get("/contacts/una/timeline").json()["entries"]
    answer = mall.post("/estimates", purchase("est", "una", "40.00"))
    assert answer.status_code == 200
    assert (answer.json()["would"], answer.json()["awarded"]) == ("posted", "2.00")
    assert mall.get("/contacts/una/timeline").json()["entries"] == before
    assert mall.post("/estimates", {"id": "e", "type": "adjust"}).json()["errors"][0]["pointer"] == "/type"


def test_events_and_their_explanations_are_looked_up_by_source_and_id(mall: Served) -> None:
    mall.post("/events", purchase("seen/1", "ida", source="tills"))
    assert mall.get("/events/tills/seen%2F1").json()["id"] == "seen/1"
    assert mall.get("/events/tills/seen/1").status_code == 404
    mall.post("/events", purchase("seen", "ivan", source="tills"))
    event = mall.get("/events/tills/seen").json()
    assert (event["outcome"], event["contact"], event["given"][0]["amount"]) == ("posted", "ivan", "3.00")
    why = mall.get("/events/tills/seen/explain").json()
    assert [row["code"] for row in why["withheld"]] == ["goal_not_reached"]
    assert "five-percent: 3.00 EUR to ivan" in why["text"]
    assert mall.get("/events/tills/never").status_code == 404


def test_a_timeline_comes_in_pages_whatever_is_added_meanwhile(mall: Served) -> None:
    for number in range(5):
        mall.post("/events", purchase(f"page{number}", "pia", "1.00"))
    seen, cursor = [], ""
    while True:
        page = mall.get(f"/contacts/pia/timeline?limit=2&cursor={cursor}").json()
        seen += [entry["event"] for entry in page["entries"]]
        mall.post("/events", purchase(f"new{len(seen)}", "pia", "1.00"))
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == ["page4", "page3", "page2", "page1", "page0"]
    for bad in ("zzz", "W10", "WyJhIiwx", "=", "W3RydWVd", "Wy0xXQ"):
        assert mall.get(f"/contacts/pia/timeline?cursor={bad}").status_code == 422, bad


def test_wallet_progress_offers_and_search(mall: Served) -> None:
    mall.post("/events", purchase("w1", "wim", "120.00"))
    wallet = mall.get("/contacts/wim/wallet").json()
    assert wallet["balances"]["commerce"] == "16.00"
    assert [lot["amount"] for lot in wallet["lots"]] == ["10.00", "6.00"]
    goals = mall.get("/contacts/wim/progress").json()["goals"]
    assert goals == [{"offer": "every-100", "goal": 1, "at": "20.00", "target": "100.00"}]
    assert [offer["open"] for offer in mall.get("/contacts/wim/offers").json()["offers"]] == [True, True]
    assert mall.get("/contacts?find=wim").json()["contacts"][0]["contact"] == "wim"
    assert mall.get("/contacts/nobody").status_code == 404


def test_what_was_answered_is_in_a_ledger_that_verifies(tmp_path: Path) -> None:
    with served(tmp_path) as it:
        for number in range(3):
            assert it.post("/events", [purchase(f"v{number}"), purchase(f"x{number}", total="no")]).status_code == 207
        url = it.url
    with Ledger.open(url, read_only=True) as ledger:
        assert verify(ledger).findings == []
        assert len(ledger.frame("event")) == 7  # the programme's beginning, and six


@pytest.mark.parametrize("path", ["/nowhere", "/events/x", "/contacts/ann/wallet/x"])
def test_unknown_routes_are_problems_too(mall: Served, path: str) -> None:
    answer = mall.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert mall.ask("DELETE", "/events").json()["code"] == "method_not_allowed"


def test_a_code_with_a_wrong_sign_is_told_from_one_that_nobody_knows(mall: Served) -> None:
    told = purchase("slip") | {"type": "code_entered", "code": "spring", "number": "G7SG-2WED-8PEB-GGR1-Q0VV-XZMT"}
    told.pop("total")
    answer = mall.post("/events", told, "admin").json()
    error = answer["errors"][0]
    assert (error["code"], error["pointer"]) == ("code_unknown", "/number")
    assert "a sign of the code is wrong" in error["detail"]
