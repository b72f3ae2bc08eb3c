"""Every route with every role: only the cells of this table are let through. And whose things each key may see."""

from __future__ import annotations

from typing import Any

import pytest

from guerdon.engine.api.routes import ROUTES
from guerdon.engine.ledger import audit_trail
from guerdon.engine.ledger.ledger import Ledger
from tests.api.served import ROLES, Served, purchase

pytestmark = pytest.mark.long

READERS = {"client", "merchant", "agent", "supervisor", "admin", "approver", "auditor"}
DESK = {"agent", "supervisor", "admin"}
COMMANDERS = {"client", "member", "merchant", "agent", "supervisor", "admin", "approver"}
# Written down once more, from the spec's roles and not from the code's: (method, path) → who may.
ALLOWED: dict[tuple[str, str], set[str]] = {
    ("POST", "/events"): {"client", "merchant", "admin"},
    ("POST", "/estimates"): {"client", "member", "merchant", "agent", "supervisor", "admin"},
    ("GET", "/events/{source}/{event_id}"): READERS,
    ("GET", "/events/{source}/{event_id}/explain"): READERS,
    ("GET", "/contacts"): READERS | {"member"},
    ("GET", "/contacts/{contact}"): READERS | {"member"},
    ("GET", "/contacts/{contact}/wallet"): READERS | {"member"},
    ("GET", "/contacts/{contact}/timeline"): READERS | {"member"},
    ("GET", "/contacts/{contact}/progress"): READERS | {"member"},
    ("GET", "/contacts/{contact}/offers"): READERS | {"member"},
    ("GET", "/cards"): READERS | {"partner"},
    ("GET", "/contacts/{contact}/coupons"): READERS | {"member"},
    ("GET", "/rewards"): READERS | {"member"},
    ("GET", "/cards/{card}"): READERS | {"partner"},
    ("GET", "/certificates/{certificate}"): READERS | {"partner"},
    ("GET", "/contacts/{contact}/claims"): READERS | {"member"},
    ("GET", "/contacts/{contact}/standing"): READERS | {"member"},
    ("GET", "/contacts/{contact}/mails"): DESK | {"member", "auditor"},
    ("POST", "/mails/{mail}/again"): DESK,
    ("GET", "/alerts"): {"merchant", "supervisor", "admin", "auditor"},
    ("POST", "/alerts/{alert}/{verdict}"): {"supervisor", "admin"},
    ("GET", "/merchants/{merchant}/certificates"): READERS | {"partner"},
    ("POST", "/certificates/{certificate}/tickets"): DESK | {"client"},
    ("GET", "/certificates/{certificate}/tickets"): DESK | {"client"},
    ("POST", "/recoveries"): DESK | {"client"},
    ("POST", "/recoveries/certificates"): DESK | {"client"},
    ("GET", "/tickets"): DESK | {"auditor"},
    ("POST", "/tickets/{ticket}/{step}"): DESK,
    ("POST", "/reconciliations"): {"merchant", "admin", "approver", "auditor"},
    ("POST", "/contacts/{contact}/{command}"): COMMANDERS,
    ("POST", "/cards/{card}/{command}"): COMMANDERS,
    ("POST", "/cards/{card}/pin"): {"client", "merchant", "supervisor"},
    ("POST", "/certificates/{certificate}/{command}"): COMMANDERS,
    ("POST", "/coupons/{coupon}/{command}"): COMMANDERS,
    ("POST", "/rewards/{reward}/{command}"): COMMANDERS,
    ("POST", "/merchants/{merchant}/{command}"): COMMANDERS,
    ("POST", "/log/{event_id}/{command}"): COMMANDERS,
    ("POST", "/confirmations"): COMMANDERS,
    ("GET", "/approvals"): {"supervisor", "approver"},
    ("POST", "/approvals/{approval_id}/{decision}"): {"supervisor", "approver"},
    ("GET", "/settlements"): {"merchant", "admin", "approver", "auditor"},
    ("GET", "/reports/{report}"): {"admin", "approver", "auditor"},
    ("GET", "/audit"): {"admin", "auditor"},
    ("GET", "/audit/check"): {"admin", "auditor"},
    ("GET", "/metrics"): {"admin", "auditor"},
    ("GET", "/healthz"): {*ROLES, "nobody"},
    ("GET", "/readyz"): {*ROLES, "nobody"},
}
FILLED = {
    "{source}": "default", "{event_id}": "none", "{contact}": "ann", "{card}": "c1", "{certificate}": "z1",
    "{coupon}": "q1", "{reward}": "mug", "{merchant}": "bakery", "{approval_id}": "none", "{decision}": "reject",
    "{report}": "liability", "{mail}": "none", "{alert}": "none", "{verdict}": "acknowledge",
    "{ticket}": "none", "{step}": "close",
}  # fmt: skip
A_COMMAND = {
    "contacts": "update", "cards": "card_locked", "certificates": "certificate_voided", "coupons": "coupon_used",
    "rewards": "reward_restocked", "merchants": "statement_sent", "log": "cancel",
}  # fmt: skip


def filled(path: str) -> str:
    for name, value in {**FILLED, "{command}": A_COMMAND.get(path.split("/")[1], "")}.items():
        path = path.replace(name, value)
    return path + {
        "/contacts": "?find=ann",
        "/cards": "?find=7890",
        "/contacts/ann/claims": "?reference=F-17",
        "/certificates/z1/tickets": "?email=a@example.org",
        "/settlements": "?period=2026-10",
    }.get(path, "")


def test_every_route_is_in_the_table() -> None:
    assert {(route.method, route.path) for route in ROUTES} == set(ALLOWED)


@pytest.mark.parametrize("role", [*ROLES, "nobody"])
@pytest.mark.parametrize(("method", "path"), list(ALLOWED))
def test_only_listed_cells_are_let_through(mall: Served, method: str, path: str, role: str) -> None:
    body: dict[str, Any] = {"json": {}} if method == "POST" else {}
    key = {"key": None} if role == "nobody" else {}
    answer = mall.ask(method, filled(path), role if role != "nobody" else "client", **body, **key)
    if role in ALLOWED[method, path]:
        assert answer.status_code not in (401, 405, 500), answer.text
        if answer.status_code == 403:  # let in, and told there that this type of event is not for the role
            assert answer.json()["errors"] and method == "POST"
    elif role == "nobody":
        assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
    else:
        assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
        assert "errors" not in answer.json()


TYPES = (
    ("/contacts/tia/adjust", {"amount": "1.00", "reason": "goodwill"}, {"agent", "supervisor", "admin"}),
    ("/contacts/tia/erase", {}, {"supervisor", "admin"}),
    ("/contacts/tia/hold_account", {}, {"agent", "supervisor", "admin"}),
    ("/contacts/tia/merge", {"into": "tom"}, {"agent", "supervisor", "admin"}),
    ("/cards/c1/card_transferred", {"to": "c2"}, {"supervisor", "admin"}),
    ("/cards/c1/card_spent", {"amount": "1.00", "merchant": "bakery"}, {"merchant", "admin"}),
    ("/certificates/z1/certificate_voided", {}, {"supervisor", "admin"}),
    ("/merchants/bakery/statement_approved", {"period": "2026-10"}, {"approver", "admin"}),
    ("/merchants/bakery/budget_loaded", {"amount": "5.00"}, {"admin"}),
)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("path", "body", "allowed"), TYPES)
def test_which_role_may_tell_which_event(
    mall: Served, path: str, body: dict[str, Any], allowed: set[str], role: str
) -> None:
    answer = mall.post(f"{path}?preview=true", body, role)
    assert (answer.status_code != 403) == (role in allowed), answer.text


def test_a_member_speaks_of_no_other_contact(mall: Served) -> None:
    mall.post("/events", [purchase("me1", "ann"), purchase("me2", "bob")])
    assert mall.get("/contacts/ann/wallet", "member").status_code == 200
    for path in ("/contacts/bob", "/contacts/bob/wallet", "/contacts/bob/timeline", "/contacts/bob/progress"):
        other, none = mall.get(path, "member"), mall.get(path.replace("bob", "nobody"), "member")
        assert (other.status_code, other.json()["detail"]) == (404, none.json()["detail"])
    assert mall.get("/contacts?find=bob", "member").json()["contacts"] == []
    assert mall.post("/contacts/bob/block_spend", {}, "member").status_code == 403
    assert mall.post("/contacts/ann/block_spend", {}, "member").status_code == 200
    assert mall.post("/contacts/ann/unblock_spend", {}, "member").status_code == 403  # that is an agent's
    assert mall.post("/contacts/ann/update", {"owner": "bakery"}, "member").json()["errors"][0]["pointer"] == "/owner"


def test_a_merchant_sees_and_touches_its_own_alone(mall: Served) -> None:
    mall.post("/events", [purchase("s1", "sam", merchant="bakery"), purchase("s2", "sam", merchant="butcher")])
    mall.post("/events", purchase("s3", "sue", merchant="butcher"))
    assert mall.get("/events/default/s1", "merchant").status_code == 200
    other, none = mall.get("/events/default/s2", "merchant"), mall.get("/events/default/s99", "merchant")
    assert (other.status_code, other.json()["detail"]) == (404, none.json()["detail"])
    assert mall.get("/events/default/s2/explain", "merchant").status_code == 404
    assert mall.get("/contacts/sue", "merchant").status_code == 404
    timeline = mall.get("/contacts/sam/timeline", "merchant").json()["entries"]
    assert [entry["event"] for entry in timeline] == ["s1"]
    mine = mall.post("/events", purchase("s4", "sam", venue="bakery-1"), "merchant")
    assert mine.json()["outcomes"][0]["outcome"] == "posted"
    theirs = mall.post("/events", purchase("s5", "sam", merchant="butcher"), "merchant")
    assert (theirs.status_code, theirs.json()["errors"][0]["pointer"]) == (403, "/merchant")
    cancelled = mall.post("/log/s2/cancel", {}, "merchant")
    unknown = mall.post("/log/s98/cancel", {}, "merchant")
    assert cancelled.status_code == unknown.status_code == 403
    assert cancelled.json()["detail"] == unknown.json()["detail"]
    assert mall.post("/log/s1/cancel", {"source": "default"}, "merchant").json()["outcome"] == "posted"


def test_a_source_says_what_business_yaml_lets_it_say(mall: Served) -> None:
    adjust = {**purchase("b1"), "type": "adjust", "amount": "1.00", "reason": "goodwill"}
    del adjust["total"]
    assert mall.post("/events", adjust).status_code == 403
    assert mall.post("/events", purchase("b2", source="shop-a", merchant="butcher")).status_code == 403
    assert mall.post("/events", purchase("b3", source="shop-a", merchant="bakery")).status_code == 200
    bound = mall.key("client", sources=("tills",))
    assert mall.post("/events", purchase("b4"), key=bound).json()["outcomes"][0]["source"] == "tills"
    assert mall.post("/events", purchase("b5", source="default"), key=bound).status_code == 403


def test_actor_and_approver_come_from_the_key_and_never_from_the_body(mall: Served) -> None:
    mall.post("/events", purchase("f1", "fay"))
    for name in ("actor", "approver", "role"):
        body = {"amount": "30.00", "reason": "goodwill", name: "boss"}
        answer = mall.post("/contacts/fay/adjust", body, "agent")
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"/{name}")
    answer = mall.post("/cards/c1/card_registered", {"contact": "fay", "verified": True}, "agent")
    assert answer.json()["errors"][0]["pointer"] == "/verified"
    assert mall.get("/contacts/fay/wallet").json()["balances"]["open"] == "0.00"


def test_four_eyes(mall: Served) -> None:
    mall.post("/events", purchase("g1", "guy"))
    agent = mall.key("agent", name="gus")
    body = {"amount": "50.00", "reason": "goodwill"}
    alone = mall.post("/contacts/guy/adjust", body, key=agent)
    assert (alone.status_code, alone.json()["code"]) == (422, "exceeds_authority")
    asked = mall.post("/contacts/guy/adjust?ask=true", body, key=agent)
    assert (asked.status_code, asked.json()["state"]) == (202, "open")
    place = f"/approvals/{asked.json()['approval']}"
    assert asked.json()["approval"] in [
        each["approval"] for each in mall.get("/approvals", "approver").json()["approvals"]
    ]
    same_person = mall.key("approver", name="gus")
    assert mall.post(f"{place}/approve", {}, key=same_person).json()["code"] == "exceeds_authority"
    assert mall.get("/contacts/guy/wallet").json()["balances"]["open"] == "0.00"
    done = mall.post(f"{place}/approve", {}, "approver")
    assert done.json()["outcome"] == "posted"
    assert mall.get("/contacts/guy/wallet").json()["balances"]["open"] == "50.00"
    again = mall.post(f"{place}/approve", {}, "approver").json()
    assert (again["outcome"], again["reason"]) == ("ignored", "repeat")
    assert mall.post(f"{place}/reject", {}, "approver").status_code == 409
    assert mall.get("/contacts/guy/wallet").json()["balances"]["open"] == "50.00"
    other = mall.post("/contacts/guy/adjust?ask=true", body, key=agent).json()["approval"]
    assert mall.post(f"/approvals/{other}/reject", {}, "approver").json()["state"] == "rejected"
    assert mall.post(f"/approvals/{other}/approve", {}, "approver").status_code == 409


def test_keys_that_are_not_in_force(mall: Served) -> None:
    good = mall.keys["client"]
    wrong = good[:-1] + ("A" if good[-1] != "A" else "B")
    for key in (wrong, "gk_x", good.split("_")[2], mall.key("client", expires_at=2), mall.key("client", revoked_at=2),
                mall.key("emperor")):  # fmt: skip
        answer = mall.get("/contacts/ann", key=key)
        assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
        assert answer.headers["www-authenticate"] == "Bearer"
    for header in ("", f"Basic {good}", f"bearer  {good} x", "Bearer"):
        assert mall.get("/contacts/ann", key=None, headers={"Authorization": header}).status_code == 401


def test_every_denial_and_change_is_in_the_chain(mall: Served) -> None:
    mall.post("/contacts/bob/block_spend", {}, "member", headers={"X-Request-Id": "a-denial"})
    mall.post("/events", {}, "auditor", headers={"X-Request-Id": "no-right"})
    mall.get("/contacts/ann", key="gk_x", headers={"X-Request-Id": "no-key"})
    mall.post("/events", purchase("au1", "aud"), headers={"X-Request-Id": "a-change"})
    with Ledger.open(mall.url, read_only=True) as ledger:
        rows = ledger.store.rows
        entries = {entry.deed.request_id: entry.deed for entry in audit_trail.entries(rows, 0, 10_000)}
        assert audit_trail.broken_links(rows) == []
    assert (entries["a-denial"].actor, entries["a-denial"].outcome, entries["a-denial"].object) == (
        "member", "denied", "block_spend bob",
    )  # fmt: skip
    assert (entries["no-right"].role, entries["no-right"].outcome) == ("auditor", "denied")
    assert (entries["no-key"].key_id, entries["no-key"].outcome) == ("", "denied")
    assert (entries["a-change"].outcome, entries["a-change"].action) == ("done", "POST /events")
    told = mall.get("/audit?limit=2", "auditor").json()
    assert [entry["number"] for entry in told["entries"]] == [1, 2] and told["next"]
    assert mall.get("/audit/check", "auditor").json()["holds"] is True
