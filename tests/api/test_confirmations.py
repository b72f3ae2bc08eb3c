"""A preview is confirmed once, by who looked or by a second person, and not at all if something happened meanwhile."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

from guerdon.engine.api.service import Service
from guerdon.engine.api.settings import Settings
from guerdon.engine.ledger import audit_trail
from guerdon.engine.ledger.audit import verify
from guerdon.engine.ledger.ledger import Ledger
from tests.api.served import Served, program_in, purchase, served

GOODWILL = {"amount": "5.00", "reason": "goodwill"}


def previewed(it: Served, path: str, body: dict[str, Any], role: str = "agent", **more: Any) -> dict[str, Any]:
    answer = it.post(f"{path}?preview=true", body, role, **more)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def confirm(it: Served, token: str, role: str = "agent", **more: Any) -> httpx.Response:
    return it.post("/confirmations", {"token": token}, role, **more)


def open_money(it: Served, contact: str) -> str:
    return str(it.get(f"/contacts/{contact}/wallet").json()["balances"]["open"])


def last_deed(it: Served) -> tuple[str, str, str, str]:
    with Ledger.open(it.url, read_only=True) as ledger:
        deed = audit_trail.entries(ledger.store.rows, 0, 100_000)[-1].deed
        return deed.actor, deed.object, deed.outcome, deed.reason


def test_what_was_shown_is_done_once(mall: Served) -> None:
    mall.post("/events", purchase("ca1", "cal"))
    shown = previewed(mall, "/contacts/cal/adjust", {**GOODWILL, "note": "called twice"})
    assert shown["wallets"]["cal"]["open"] == {"before": "0.00", "after": "5.00"}
    assert (shown["previewed_after"], open_money(mall, "cal")) == ("ca1", "0.00")
    done = confirm(mall, shown["token"])
    assert (done.status_code, done.json()["outcome"], done.json()["id"]) == (200, "posted", shown["id"])
    assert last_deed(mall) == ("agent", "confirm adjust cal", "done", "")
    again = confirm(mall, shown["token"]).json()
    assert (again["outcome"], again["reason"], again["first"]["outcome"]) == ("ignored", "repeat", "posted")
    assert open_money(mall, "cal") == "5.00"


def test_a_stranger_can_be_looked_at_and_registered_once(mall: Served) -> None:
    two = [previewed(mall, "/contacts/stranger/register", {}) for _ in range(2)]
    assert mall.get("/contacts/stranger", "agent").status_code == 404
    assert confirm(mall, two[0]["token"]).json()["outcome"] == "posted"
    assert confirm(mall, two[1]["token"]).json()["code"] == "preview_stale"  # who that is has changed


def test_one_request_key_one_answer(mall: Served) -> None:
    mall.post("/events", purchase("ck1", "kim"))
    token = previewed(mall, "/contacts/kim/adjust", GOODWILL)["token"]
    answers = [confirm(mall, token, headers={"Idempotency-Key": "confirm-kim"}) for _ in range(2)]
    assert answers[0].content == answers[1].content and answers[1].headers["idempotent-replayed"] == "true"
    other = previewed(mall, "/contacts/kim/adjust", {**GOODWILL, "amount": "1.00"})["token"]
    used = confirm(mall, other, headers={"Idempotency-Key": "confirm-kim"})
    assert (used.status_code, used.json()["code"]) == (422, "request_key_used")


def test_a_merge_shows_both_wallets_and_is_stale_once_one_of_them_moved(mall: Served) -> None:
    mall.post("/events", [purchase("cm1", "mia", "20.00"), purchase("cm2", "moe", "40.00")])
    shown = previewed(mall, "/contacts/mia/merge", {"into": "moe"})
    assert shown["wallets"]["mia"]["commerce/anywhere"] == {"before": "1.00", "after": "0.00"}
    assert shown["wallets"]["moe"]["commerce/anywhere"] == {"before": "2.00", "after": "3.00"}
    mall.post("/events", purchase("cm3", "moe", "20.00"))
    stale = confirm(mall, shown["token"])
    assert (stale.status_code, stale.json()["code"]) == (409, "preview_stale")
    assert last_deed(mall) == ("agent", "confirm merge mia", "refused", "preview_stale")
    fresh = stale.json()["preview"]
    assert fresh["wallets"]["moe"]["open"] == {"before": "2.00", "after": "2.00"}  # redeemed by that purchase
    assert mall.get("/contacts/mia").json()["status"] == "enrolled"
    assert confirm(mall, shown["token"]).status_code == 409
    assert confirm(mall, fresh["token"]).json()["outcome"] == "posted"
    assert mall.get("/contacts/mia").json()["status"] == "merged"


def test_it_takes_a_second_person_above_the_cap(mall: Served) -> None:
    mall.post("/events", purchase("ce1", "eli"))
    mine, name = mall.key("agent", name="una"), "una"
    shown = previewed(mall, "/contacts/eli/adjust", {**GOODWILL, "amount": "50.00"}, key=mine)
    assert (shown["outcome"], shown["reason"]) == ("refused", "exceeds_authority")
    token = shown["token"]
    for who, code in (
        (mall.keys["agent"], "not_permitted"),  # another agent
        (mall.keys["admin"], "not_permitted"),  # no role that approves
        (mall.key("approver", name=name), "exceeds_authority"),  # the same person
    ):
        denied = confirm(mall, token, key=who)
        assert (denied.status_code, denied.json()["code"]) == (403, code)
        assert last_deed(mall)[1:] == ("confirm adjust eli", "denied", code)
    bound = mall.key("supervisor", merchants=("butcher",))
    assert confirm(mall, token, key=bound).status_code == 404
    assert last_deed(mall)[2] == "denied"
    seen = mall.post("/confirmations?preview=true", {"token": token}, "approver").json()
    assert (seen["outcome"], seen["changes"]) == ("posted", {"eli": {"open": "50.00"}})
    assert open_money(mall, "eli") == "0.00"
    done = confirm(mall, token, "approver")
    assert done.json()["outcome"] == "posted", done.text
    assert open_money(mall, "eli") == "50.00"
    with Ledger.open(mall.url, read_only=True) as ledger:
        from guerdon.engine.care.bodies import Bodies

        told: Any = Bodies(ledger).told(done.json()["seq"])
    assert (told.actor, told.approver) == ("una", "approver")


def test_who_approves_is_of_the_same_merchant(mall: Served) -> None:
    mall.post("/events", purchase("cs1", "sid", venue="bakery-1"))
    agent = mall.key("agent", name="sue", merchants=("bakery",))
    body = {**GOODWILL, "amount": "30.00"}
    token = previewed(mall, "/contacts/sid/adjust", body, key=agent)["token"]  # its only merchant goes without saying
    other, same = (mall.key("supervisor", name=name, merchants=(name,)) for name in ("butcher", "bakery"))
    assert confirm(mall, token, key=other).status_code == 404
    assert confirm(mall, token, key=same).json()["outcome"] == "posted"
    shown = previewed(mall, "/contacts/sid/adjust", {**body, "venue": "bakery-1"}, key=agent)
    assert confirm(mall, shown["token"], key=same).json()["outcome"] == "posted"


def test_who_looked_does_not_approve_it_and_the_cap_counts_what_was_confirmed(mall: Served) -> None:
    mall.post("/events", [purchase("cc1", "cap"), purchase("cc2", "cup")])
    boss = mall.key("supervisor", name="ben")
    large = previewed(mall, "/contacts/cap/adjust", {**GOODWILL, "amount": "20.01"}, key=boss)
    refused = confirm(mall, large["token"], key=boss)
    assert (refused.status_code, refused.json()["code"]) == (422, "exceeds_authority")
    two = [previewed(mall, f"/contacts/{name}/adjust", {**GOODWILL, "amount": "15.00"}, key=boss) for name in
           ("cap", "cup")]  # fmt: skip
    assert [each["outcome"] for each in two] == ["posted", "posted"]
    assert [confirm(mall, each["token"], key=boss).status_code for each in two] == [200, 422]


def test_who_looked_must_still_be_in_force(mall: Served, tmp_path: Path) -> None:
    mall.post("/events", purchase("cf1", "flo"))
    now = mall.service.clock()
    short = mall.key("agent", name="temp", expires_at=now + 2_000_000)
    token = previewed(mall, "/contacts/flo/adjust", GOODWILL, key=short)["token"]
    before, mall.service.clock = mall.service.clock, lambda: now + 3_000_000
    try:
        gone = confirm(mall, token, "approver")
    finally:
        mall.service.clock = before
    assert (gone.status_code, gone.json()["code"]) == (409, "invalid_transition")
    assert open_money(mall, "flo") == "0.00"


def test_an_old_preview_confirms_nothing(mall: Served) -> None:
    mall.post("/events", purchase("co1", "ona"))
    token = previewed(mall, "/contacts/ona/adjust", GOODWILL)["token"]
    before = mall.service.clock
    mall.service.clock = lambda: before() + 3_601 * 10**6
    try:
        old = confirm(mall, token)
    finally:
        mall.service.clock = before
    assert (old.status_code, old.json()["code"]) == (409, "preview_expired")
    assert open_money(mall, "ona") == "0.00"
    assert confirm(mall, old.json()["preview"]["token"]).json()["outcome"] == "posted"


def forged(token: str, **changed: Any) -> str:
    held = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    return base64.urlsafe_b64encode(json.dumps(held | changed).encode()).decode()


def test_a_token_that_was_changed_is_none(mall: Served) -> None:
    mall.post("/events", purchase("ct1", "tom"))
    token = previewed(mall, "/contacts/tom/adjust", GOODWILL)["token"]
    told = {"type": "adjust", "contact": "tom", "amount": "500.00", "reason": "goodwill"}
    other = mall.keys["supervisor"].split("_")[1]
    for bad in (forged(token, told=told), forged(token, by=other), forged(token, seen={}), token[:-4], "x", "§", "e30"):
        answer = confirm(mall, bad)
        assert (answer.status_code, answer.json()["code"]) == (422, "token_unknown"), bad
        assert answer.json()["errors"][0]["pointer"] == "/token"
        assert last_deed(mall) == ("agent", "confirm", "denied", "token_unknown")
    for body, pointer in (({}, "/token"), ({"token": 5}, "/token"), ({"token": token, "approver": "x"}, "/approver")):
        answer = mall.post("/confirmations", body, "agent")
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
    assert confirm(mall, token, "auditor").status_code == 403


def test_a_member_confirms_its_own_and_sees_no_other_wallet(mall: Served) -> None:
    mall.post("/events", [purchase("cw1", "ann", "100.00"), purchase("cw2", "wes")])
    mall.post("/contacts/ann/adjust", {"amount": "9.00", "reason": "goodwill"}, "admin")
    shown = previewed(mall, "/contacts/ann/transfer", {"to": "wes", "amount": "2.00"}, "member")
    assert list(shown["wallets"]) == ["ann"]
    denied = confirm(mall, shown["token"], key=mall.key("member", contact="wes"))
    assert (denied.status_code, denied.json()["code"]) == (403, "not_permitted")
    assert confirm(mall, shown["token"], "member").json()["outcome"] == "posted"


def test_many_confirm_at_once_and_one_is_done(mall: Served) -> None:
    """What is told in the same moment is seen: of ten previews of one wallet one is confirmed, the rest are stale."""
    mall.post("/events", purchase("cx1", "xia"))
    tokens = [previewed(mall, "/contacts/xia/update", {"classification": f"c{n}"})["token"] for n in range(10)]
    with ThreadPoolExecutor(10) as pool:
        statuses = sorted(pool.map(lambda token: confirm(mall, token).status_code, tokens))
    assert statuses == [200] + [409] * 9


def test_a_card_that_was_used_meanwhile_makes_it_stale(cards: Served) -> None:
    for command, body in (
        ("card_issued", {"kind": "rack-card"}),
        ("card_activated", {"amount": "50.00", "reference": "R1"}),
    ):
        assert cards.post(f"/cards/cc1/{command}", body, "admin").json()["outcome"] == "posted"
    shown = previewed(cards, "/cards/cc1/card_suspended", {})
    spent = cards.post("/cards/cc1/card_spent", {"amount": "20.00", "reference": "R2"}, "admin")
    assert spent.json()["outcome"] == "posted"
    stale = confirm(cards, shown["token"])
    assert (stale.status_code, stale.json()["code"]) == (409, "preview_stale")
    assert confirm(cards, stale.json()["preview"]["token"]).json()["outcome"] == "posted"
    assert cards.get("/cards/cc1", "agent").json()["status"] == "suspended"


def test_a_token_holds_names_and_no_codes(cards: Served) -> None:
    code = "6006-4912-3456-7890"
    cards.post(f"/cards/{code}/card_issued", {"kind": "rack-card"}, "admin")
    token = previewed(cards, f"/cards/{code}/card_activated", {"amount": "50.00", "reference": "R9"}, "admin")["token"]
    held = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
    assert "34567890" not in held and code not in held and ".7890" in held
    assert confirm(cards, token, "admin").json()["outcome"] == "posted"
    assert cards.get(f"/cards/{code}", "agent").json()["paid"] == "50.00"


def test_a_token_outlives_the_process(tmp_path: Path) -> None:
    program = program_in(tmp_path)
    with served(tmp_path, program) as it:
        it.post("/events", purchase("p1", "pat"))
        keys, token = it.keys, previewed(it, "/contacts/pat/adjust", GOODWILL)["token"]
    service = Service(program, Settings(it.url, key_seconds=0))
    with served(tmp_path, url=it.url, service=service) as it:
        assert confirm(it, token, key=keys["agent"]).json()["outcome"] == "posted"
        assert open_money(it, "pat") == "5.00"


def test_after_all_of_it_the_ledger_verifies(mall: Served, cards: Served) -> None:
    for url in (mall.url, cards.url):
        with Ledger.open(url, read_only=True) as ledger:
            assert verify(ledger).findings == []
