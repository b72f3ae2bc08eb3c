"""Commands with their previews, instruments, statements and reports over HTTP."""

from __future__ import annotations

import pytest

from guerdon.engine.ledger.audit import verify
from guerdon.engine.ledger.ledger import Ledger
from tests.api.served import Served, purchase


def test_a_preview_says_what_a_command_would_do_and_posts_nothing(mall: Served) -> None:
    mall.post("/events", [purchase("a1", "abe"), purchase("a2", "abe")])
    body = {"amount": "5.00", "pool": "anywhere", "reason": "goodwill"}
    seen = mall.post("/contacts/abe/adjust?preview=true", body, "agent")
    assert seen.status_code == 200
    told = seen.json()
    assert (told["outcome"], told["changes"], told["previewed_after"]) == (
        "posted",
        {"abe": {"commerce": "5.00"}},
        "a2",
    )
    assert [(each["kind"], each["debit"], each["credit"]) for each in told["transfers"]] == [
        ("adjust", "business/adjustment", "abe/commerce/anywhere")
    ]
    assert "seq" not in told
    assert len(mall.get("/contacts/abe/timeline").json()["entries"]) == 2
    confirmed = {**body, "previewed_after": told["previewed_after"]}
    assert mall.post("/contacts/abe/adjust", confirmed, "agent").json()["outcome"] == "posted"
    stale = mall.post("/contacts/abe/adjust", confirmed, "agent")
    assert (stale.json()["code"], stale.json()["errors"][0]["pointer"]) == ("preview_stale", "/previewed_after")


def test_a_preview_knows_all_that_is_posted_and_shows_refusals(mall: Served) -> None:
    mall.post("/events", [purchase("mg1", "mia"), purchase("mg2", "max", "100.00")])
    merge = mall.post("/contacts/mia/merge?preview=true", {"into": "max"}, "agent").json()
    assert merge["changes"] == {"max": {"commerce": "3.00"}, "mia": {"commerce": "-3.00"}}
    assert mall.get("/contacts/mia").json()["status"] == "enrolled"
    down = mall.post("/contacts/mia/adjust?preview=true", {"amount": "-9.00", "reason": "goodwill"}, "agent")
    assert (down.status_code, down.json()["outcome"], down.json()["reason"]) == (200, "refused", "insufficient_funds")
    wrong = mall.post("/contacts/mia/adjust?preview=true", {"amount": "0", "reason": "goodwill"}, "agent")
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/amount")
    assert mall.post("/contacts/mia/merge", {"into": "max"}, "agent").json()["outcome"] == "posted"
    assert mall.get("/contacts/mia").json()["actions"] == ["enrol", "erase", "block_spend"]


def test_status_and_actions_go_together(mall: Served) -> None:
    mall.post("/events", purchase("st1", "stu"))
    assert "hold_account" in mall.get("/contacts/stu").json()["actions"]
    assert mall.post("/contacts/stu/hold_account", {}, "agent").json()["outcome"] == "posted"
    held = mall.get("/contacts/stu").json()
    assert (held["status"], "hold_account" in held["actions"]) == ("on_hold", False)
    again = mall.post("/contacts/stu/hold_account", {}, "agent")
    assert (again.status_code, again.json()["code"]) == (422, "invalid_transition")
    assert mall.post("/contacts/stu/nonsense", {}, "agent").status_code == 422
    assert mall.post("/contacts/stu/adjust", {"contact": "other", "amount": "1"}, "agent").status_code == 422


def test_an_erased_contact_is_gone_at_once(mall: Served) -> None:
    mall.post("/events", purchase("er1", "ern"))
    mall.post("/contacts/ern/unenrol", {}, "agent")
    assert mall.post("/contacts/ern/erase", {}, "supervisor").json()["outcome"] == "posted"
    assert mall.get("/contacts/ern").status_code == 404
    assert mall.get("/contacts?find=ern").json()["contacts"] == []


def test_a_gift_card_from_print_to_till(cards: Served) -> None:
    def act(command: str, body: dict[str, object], role: str = "admin") -> str:
        answer = cards.post(f"/cards/c1/{command}", body, role).json()
        return str(answer.get("outcome") or answer["code"])

    assert act("card_issued", {"kind": "rack-card"}) == "posted"
    assert act("card_activated", {"amount": "50.00", "reference": "R1"}) == "posted"
    assert act("card_spent", {"amount": "20.00", "reference": "R2"}) == "posted"
    assert act("card_spent", {"amount": "31.00", "reference": "R3"}) == "insufficient_funds"
    shown = cards.get("/cards/c1", "agent").json()
    assert (shown["status"], shown["paid"], shown["free"]) == ("active", "30.00", "30.00")
    assert act("card_suspended", {}, "agent") == "posted"
    assert "card_resumed" in cards.get("/cards/c1", "agent").json()["actions"]
    assert cards.get("/cards/none", "agent").status_code == 404
    assert cards.get("/cards/c1", "partner").status_code == 404


def test_statements_of_a_closed_period_each_merchant_its_own(mall: Served) -> None:
    mall.post("/events", purchase("se1", "sol", merchant="bakery"))
    assert mall.get("/settlements?period=2100-01", "auditor").json()["code"] == "period_open"
    assert mall.get("/settlements?period=x", "auditor").status_code == 422
    closed = mall.post("/events", {**purchase("cl"), "type": "statement_closed", "period": "2026-01", "total": None,
                                   "contact": None}, "admin")  # fmt: skip
    assert closed.json()["outcomes"][0]["outcome"] == "posted", closed.text
    told = mall.get("/settlements?period=2026-01", "auditor").json()
    assert [each["merchant"] for each in told["statements"]] == ["bakery", "butcher"]
    assert {each["state"] for each in told["statements"]} == {"draft"}
    own = mall.get("/settlements?period=2026-01", "merchant").json()
    assert [each["merchant"] for each in own["statements"]] == ["bakery"]


@pytest.mark.parametrize("report", ["liability", "breakage", "offers", "deferred-revenue?expected=80%25"])
def test_reports_are_those_of_the_command_line(mall: Served, report: str) -> None:
    mall.post("/events", purchase("rp1", "ray"))
    answer = mall.get(f"/reports/{report}", "auditor")
    assert answer.status_code in (200, 422), answer.text
    if not report.startswith("deferred"):
        assert answer.json()["report"] == report
    assert mall.get("/reports/everything", "auditor").status_code == 422
    assert mall.get("/reports/liability?as_of=yesterday", "auditor").json()["errors"][0]["pointer"] == "/as_of"


def test_after_all_of_it_the_ledger_verifies(mall: Served, cards: Served) -> None:
    for url in (mall.url, cards.url):
        with Ledger.open(url, read_only=True) as ledger:
            assert verify(ledger).findings == []
