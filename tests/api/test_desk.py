"""What a support desk does over HTTP: receipts, standing, mails, alerts, certificates, tickets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from guerdon.engine.api.collecting import Collector
from guerdon.engine.care.alerts import scan
from guerdon.engine.care.mails.box import Mail, mails, put
from guerdon.engine.ledger import audit_trail
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.pipeline import Run
from guerdon.rules import read_programme
from guerdon.rules.program import Program
from tests.api.served import Served, program_in, purchase, served

from ..engines import Engine

SCHEMES = Path(__file__).parents[2] / "schemes"
MORE = """\
tiers:
  unit_per: 1.00
  of: total
  window: {from_achieved: 12mo}
  downgrade: one_step
  ladder: [{id: silver, needs: 0}, {id: gold, needs: 100}]
alerts: [{id: adjusting, on: adjust, window: 1d, threshold: 2, scope: contact, action: hold},
         {id: buying, on: purchase, window: 1d, threshold: 3, scope: merchant}]
"""


def in_turn(it: Served, does: Any) -> Any:
    """What a pass does, in the turn to write of the service itself."""
    assert it.service.writer.turns is not None
    with it.service.writer.turns.turn() as run:
        return does(run)


def audited(it: Served) -> list[tuple[str, str, str, str]]:
    """(actor, action, object, outcome) of every entry."""
    with Ledger.open(it.url, read_only=True) as ledger:
        deeds = [entry.deed for entry in audit_trail.entries(ledger.store.rows, 0, 10_000)]
        return [(deed.actor, deed.action, deed.object, deed.outcome) for deed in deeds]


@pytest.fixture(scope="module")
def desk(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("desk")
    program_in(folder)
    (folder / "mall" / "more.yaml").write_text(MORE)
    reading = read_programme(folder / "mall")
    assert reading.program is not None, [str(problem) for problem in reading.errors]
    with served(folder, reading.program) as it:
        yield it


@pytest.fixture(scope="module")
def certificates(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    program: Program | None = read_programme(SCHEMES / "certificates").program
    assert program is not None
    with served(tmp_path_factory.mktemp("certificates"), program) as it:
        yield it


def test_a_claim_says_what_became_of_a_receipt(desk: Served) -> None:
    desk.post("/events", purchase("cl1", "cleo", merchant="bakery", reference="F-1"))

    def claimed(contact: str, query: str, role: str = "agent") -> dict[str, Any]:
        answer = desk.get(f"/contacts/{contact}/claims?{query}", role)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    found = claimed("cleo", "reference=F-1&merchant=bakery")
    assert (found["finding"], found["event"], found["awarded"]) == ("credited", "cl1", "3.00")
    assert found["time"].endswith("Z")
    assert (
        claimed("cleo", "reference=F-1", "merchant")["finding"] == "credited"
    )  # its only merchant goes without saying
    assert claimed("cleo", "reference=F-1&merchant=bakery&date=2001-01-01")["finding"] == "other_day"
    missing = claimed("cleo", "reference=F-9&merchant=butcher")
    assert (missing["finding"], missing["adjust"]["reference"]) == ("not_received", "F-9")
    desk.post("/events", purchase("cl2", "carl"))
    others = claimed("carl", "reference=F-1&merchant=bakery")
    assert (others["finding"], others["event"], others["awarded"]) == ("anothers", None, None)
    assert desk.get("/contacts/cleo/claims?reference=F-1&merchant=butcher", "merchant").status_code == 404
    assert desk.get("/contacts/cleo/claims?reference=F-1&merchant=bakery", "member").status_code == 404
    assert desk.get("/contacts/cleo/claims", "agent").status_code == 422
    assert desk.get("/contacts/nobody/claims?reference=F-1", "agent").status_code == 404


def test_standing_says_what_is_missing(desk: Served) -> None:
    desk.post("/events", purchase("sd1", "ann", "60.00"))
    told = desk.get("/contacts/ann/standing", "member").json()
    assert (told["tier"], told["next_tier"], told["to_next"]) == ("silver", "gold", "40.00")
    assert [each["tier"] for each in told["history"]] == ["silver"] and told["history"][0]["starts"].endswith("Z")
    assert (told["brought"], told["referred"]) == (0, False)
    assert desk.get("/contacts/nobody/standing", "agent").status_code == 404


def mailed(it: Served, contact: str, *names: str, first: int = 1) -> None:
    def does(run: Run) -> None:
        number = run.ledger.names.find("contact", contact)
        for seq, name in enumerate(names, first):
            new = Mail(
                name, seq, number, "coupon", f"{contact}@example.org", "Your coupon", "a secret code", made_at=seq
            )
            run.ledger.change(*put(new))

    in_turn(it, does)


def test_mails_are_listed_and_sent_again(desk: Served) -> None:
    desk.post("/events", [purchase("ml1", "mae"), purchase("ml2", "mo")])
    mailed(desk, "mae", "mae/1", "mae/2", "mae/3")
    page = desk.get("/contacts/mae/mails?limit=2", "agent").json()
    assert [each["mail"] for each in page["mails"]] == ["mae/1", "mae/2"]
    assert {each["state"] for each in page["mails"]} == {"queued"}
    rest = desk.get(f"/contacts/mae/mails?limit=2&cursor={page['next']}", "agent").json()
    assert ([each["mail"] for each in rest["mails"]], rest["next"]) == (["mae/3"], None)
    assert "secret" not in str(page)
    assert desk.get("/contacts/mo/mails", "agent").json()["mails"] == []
    assert desk.get(f"/contacts/mo/mails?cursor={page['next']}", "agent").json()["code"] == "bad_cursor"

    again = desk.post(f"/mails/{quote('mae/1', safe='')}/again", {}, "agent", headers={"Idempotency-Key": "once"})
    assert (again.status_code, again.json()["mail"], again.json()["by"]) == (200, "mae/1#2", "agent")
    repeat = desk.post(f"/mails/{quote('mae/1', safe='')}/again", {}, "agent", headers={"Idempotency-Key": "once"})
    assert (repeat.json(), repeat.headers["idempotent-replayed"]) == (again.json(), "true")
    with Ledger.open(desk.url, read_only=True) as ledger:
        assert [each.id for each in mails(ledger) if each.id.startswith("mae/1")] == ["mae/1", "mae/1#2"]
    for _ in range(2):
        assert desk.post(f"/mails/{quote('mae/1#2', safe='')}/again", {}, "supervisor").status_code == 200
    often = desk.post("/mails/mae%2F1/again", {}, "agent")
    assert (often.status_code, often.json()["code"]) == (409, "limit_reached")
    assert desk.post("/mails/none/again", {}, "agent").json()["code"] == "not_found"
    told = [entry[2:] for entry in audited(desk) if entry[1] == "POST /mails/{mail}/again" and entry[0] == "agent"]
    assert told == [("mail mae/1", "done"), ("mail mae/1", "refused"), ("mail none", "refused")]


def test_mails_out_of_scope_are_none(desk: Served) -> None:
    told = [purchase("ms1", "max", merchant="butcher"), purchase("ms2", "mix", merchant="butcher")]
    told.append(purchase("ms3", "mix", merchant="bakery"))
    seqs = [each["seq"] for each in desk.post("/events", told).json()["outcomes"]]
    mailed(desk, "max", "max/1", first=seqs[0])
    mailed(desk, "mix", "mix/1", "mix/2", first=seqs[1])
    bound = desk.key("agent", merchants=("bakery",))
    assert desk.get("/contacts/max/mails", key=bound).status_code == 404
    assert [each["mail"] for each in desk.get("/contacts/mix/mails", key=bound).json()["mails"]] == ["mix/2"]
    answers = [desk.post(f"/mails/{name}/again", {}, key=bound) for name in ("max%2F1", "mix%2F1", "none")]
    assert {(each.status_code, each.json()["detail"]) for each in answers} == {(404, "there is no such mail")}
    assert desk.post("/mails/mix%2F2/again", {}, key=bound).status_code == 200
    assert desk.get("/contacts/max/mails", "member").status_code == 404
    assert desk.get("/contacts/max/mails", "merchant").status_code == 403


def test_a_mail_is_sent_again_once_though_the_work_is_tried_twice(
    desk: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.post("/events", purchase("tw1", "twain"))
    mailed(desk, "twain", "twain/1")
    whole, failed = Collector.rest, []

    def once_failing(self: Collector) -> None:
        if not failed:
            failed.append(True)
            raise RuntimeError("something else in the group")
        whole(self)

    monkeypatch.setattr(Collector, "rest", once_failing)
    assert desk.post("/mails/twain%2F1/again", {}, "agent").json()["mail"] == "twain/1#2"
    assert failed
    listed = desk.get("/contacts/twain/mails", "agent").json()["mails"]
    assert [each["mail"] for each in listed] == ["twain/1", "twain/1#2"]


def test_alerts_are_decided_and_what_was_held_is_let_go(desk: Served) -> None:
    desk.post("/events", [purchase(f"al{n}", "al", merchant="butcher") for n in range(3)])
    desk.post("/events", [purchase(f"bl{n}", "al", merchant="bakery") for n in range(3)])
    for _ in range(2):
        desk.post("/contacts/al/adjust", {"amount": "1.00", "reason": "goodwill"}, "agent")
    in_turn(desk, lambda run: scan(run.ledger, desk.service.program))
    told = desk.get("/alerts", "supervisor").json()["alerts"]
    (found,) = [each for each in told if (each["rule"], each["key"]) == ("adjusting", "al")]
    assert (found["state"], found["measured"], found["touches"]) == ("raised", "2", [{"kind": "contact", "id": "al"}])
    one = desk.get("/alerts?limit=1", "supervisor").json()
    two = desk.get(f"/alerts?limit=1&cursor={one['next']}", "supervisor").json()
    assert [one["alerts"][0]["alert"], two["alerts"][0]["alert"]] == [each["alert"] for each in told[:2]]
    assert {each["merchant"] for each in desk.get("/alerts", "merchant").json()["alerts"]} == {"bakery"}

    place = f"/alerts/{quote(found['alert'], safe='')}"
    looked = desk.post(f"{place}/acknowledge", {}, "supervisor").json()
    assert (looked["state"], looked["by"], looked["acted"]) == ("acknowledged", "supervisor", True)
    assert desk.get("/contacts/al").json()["status"] == "on_hold"
    assert desk.post(f"{place}/clear", {}, "supervisor").json()["state"] == "cleared"
    assert desk.get("/contacts/al").json()["status"] == "enrolled"
    late = desk.post(f"{place}/confirm", {}, "supervisor")
    assert (late.status_code, late.json()["code"]) == (409, "invalid_transition")
    assert found["alert"] not in [each["alert"] for each in desk.get("/alerts", "admin").json()["alerts"]]
    assert found["alert"] in [each["alert"] for each in desk.get("/alerts?every=true", "auditor").json()["alerts"]]
    bound = desk.key("supervisor", merchants=("bakery",))
    assert desk.post(f"{place}/confirm", {}, key=bound).json()["code"] == "not_found"
    assert desk.post("/alerts/none/clear", {}, "supervisor").status_code == 404
    assert ("supervisor", "POST /alerts/{alert}/{verdict}", f"clear {found['alert']}", "done") in audited(desk)


def issued(it: Served, *names: str) -> None:
    claim = {"site": "new-site", "email": "ann@example.org", "terms": "weekend-2026", "merchant": "hotel"}
    for name in names:
        for command, body in (("issued", {"kind": "weekend"}), ("distributed", {}), ("claimed", claim)):
            answer = it.post(f"/certificates/{name}/certificate_{command}", body, "admin")
            assert answer.status_code == 200, answer.text


def test_a_distributor_lists_its_own_and_no_others(certificates: Served) -> None:
    issued(certificates, "agency-li-0001", "agency-li-0002", "agency-li-0003")
    agency, radio = (certificates.key("partner", merchants=(name,)) for name in ("agency", "radio"))
    page = certificates.get("/merchants/agency/certificates?state=claimed&limit=2", key=agency).json()
    rest = certificates.get(f"/merchants/agency/certificates?limit=2&cursor={page['next']}", key=agency).json()
    seen = [each["last_four"] for each in (*page["certificates"], *rest["certificates"])]
    assert len(page["certificates"]) == 2 and len(set(seen)) == len(seen)
    assert sorted(seen)[:3] == ["0001", "0002", "0003"]
    assert page["certificates"][0]["expires"] is None or page["certificates"][0]["expires"].endswith("Z")
    other, none = (certificates.get(f"/merchants/{name}/certificates", key=radio) for name in ("agency", "nobody"))
    assert (other.status_code, other.json()["detail"]) == (404, none.json()["detail"])
    assert certificates.get("/merchants/radio/certificates", key=radio).json()["certificates"] == []
    by_code = certificates.get("/merchants/agency/certificates?code=agency-li-0002", "agent").json()["certificates"]
    assert [each["last_four"] for each in by_code] == ["0002"]
    assert certificates.get("/merchants/agency/certificates?state=lost", "agent").status_code == 422


def test_only_code_and_address_together_open_a_ticket(certificates: Served) -> None:
    issued(certificates, "agency-ti-0001")
    body = {"email": "Ann@example.org", "subject": "where is it"}
    name = certificates.service.door.codes.name("agency-ti-0001")
    opened = certificates.post("/certificates/agency-ti-0001/tickets", body, "agent")
    assert (opened.status_code, opened.json()["ticket"], opened.json()["state"]) == (200, f"{name}/1", "open")
    assert opened.json()["due_at"] > opened.json()["opened_at"]
    wrong = certificates.post("/certificates/agency-ti-0001/tickets", {**body, "email": "who@example.org"}, "agent")
    none = certificates.post("/certificates/none/tickets", body, "agent")
    bound = certificates.post(
        "/certificates/agency-ti-0001/tickets", body, key=certificates.key("agent", merchants=("radio",))
    )
    assert {(each.status_code, each.json()["code"], each.json()["detail"]) for each in (wrong, none, bound)} == {
        (422, "not_verified", "no claim with this code and this address")
    }
    for bad, pointer in (({"email": "a@example.org"}, "/subject"), ({**body, "by": "me"}, "/by")):
        answer = certificates.post("/certificates/agency-ti-0001/tickets", bad, "agent")
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
    assert ("agent", "POST /certificates/{certificate}/tickets", f"ticket {name}", "done") in audited(certificates)
