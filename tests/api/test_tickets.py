"""Support tickets over HTTP: who proves a claim asks and reads the answer, a desk lists, answers and closes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from guerdon.engine.ledger import audit_trail
from guerdon.engine.ledger.ledger import Ledger
from guerdon.rules import read_programme
from tests.api.served import Served, served

from ..engines import Engine

SCHEMES = Path(__file__).parents[2] / "schemes"
ASKED = {"email": "Ann@example.org", "subject": "where is it"}


@pytest.fixture(scope="module")
def certificates(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    program = read_programme(SCHEMES / "certificates").program
    assert program is not None
    with served(tmp_path_factory.mktemp("certificates"), program) as it:
        yield it


def claimed(it: Served, code: str) -> str:
    """A claimed certificate of the agency; its name."""
    claim = {"site": "new-site", "email": "ann@example.org", "terms": "weekend-2026", "merchant": "hotel"}
    for command, body in (
        ("certificate_issued", {"kind": "weekend"}),
        ("certificate_distributed", {}),
        ("certificate_claimed", claim),
    ):
        answer = it.post(f"/certificates/{code}/{command}", body, "admin")
        assert answer.json().get("outcome") == "posted", answer.text
    return str(it.get(f"/certificates/{code}", "agent").json()["certificate"])


def step(it: Served, ticket: str, step: str, body: dict[str, Any], role: str = "agent", **more: Any) -> Any:
    return it.post(f"/tickets/{quote(ticket, safe='')}/{step}", body, role, **more)


def test_a_question_is_asked_answered_and_closed(certificates: Served) -> None:
    name = claimed(certificates, "QX7F-3W2X-9001")
    opened = certificates.post("/certificates/QX7F-3W2X-9001/tickets", ASKED).json()
    assert (opened["certificate"], opened["state"], opened["answer"]) == (name, "open", None)
    ticket = opened["ticket"]
    listed = certificates.get("/tickets", "agent").json()["tickets"]
    assert ticket in [each["ticket"] for each in listed] and "ann@" not in str(listed).lower()
    waits = step(certificates, ticket, "wait", {"answer": "which hotel?"})
    assert (waits.json()["state"], waits.json()["answer"], waits.json()["by"]) == ("waiting", "which hotel?", "agent")
    done = step(certificates, ticket, "answer", {"answer": " It is on its way. "}, "supervisor")
    assert (done.json()["state"], done.json()["answer"]) == ("answered", "It is on its way.")
    own = certificates.get("/certificates/QX7F-3W2X-9001/tickets?email=ann@example.org").json()["tickets"]
    assert [(each["state"], each["answer"]) for each in own] == [("answered", "It is on its way.")]
    assert step(certificates, ticket, "close", {}).json()["state"] == "closed"
    again = step(certificates, ticket, "answer", {"answer": "more"})
    assert (again.status_code, again.json()["code"]) == (409, "invalid_transition")
    assert ticket not in [each["ticket"] for each in certificates.get("/tickets", "agent").json()["tickets"]]
    every = certificates.get(f"/tickets?every=true&certificate={name}", "auditor").json()["tickets"]
    assert [(each["state"], each["answer"]) for each in every] == [("closed", "It is on its way.")]
    with Ledger.open(certificates.url, read_only=True) as ledger:
        deeds = [entry.deed for entry in audit_trail.entries(ledger.store.rows, 0, 10_000)]
    told = [(deed.actor, deed.object, deed.outcome) for deed in deeds if "ticket " in deed.object][-5:]
    assert told == [
        ("client", f"ticket {name}", "done"), ("agent", f"wait ticket {ticket}", "done"),
        ("supervisor", f"answer ticket {ticket}", "done"), ("agent", f"close ticket {ticket}", "done"),
        ("agent", f"answer ticket {ticket}", "refused"),
    ]  # fmt: skip


def test_who_proves_nothing_reads_nothing(certificates: Served) -> None:
    name = claimed(certificates, "QX7F-3W2X-9002")
    certificates.post("/certificates/QX7F-3W2X-9002/tickets", ASKED)
    bound = certificates.key("agent", merchants=("radio",))
    answers = [
        certificates.get("/certificates/QX7F-3W2X-9002/tickets?email=who@example.org"),
        certificates.get("/certificates/none/tickets?email=ann@example.org"),
        certificates.get(f"/certificates/{name}/tickets?email=ann@example.org"),  # a name is no code
        certificates.get("/certificates/QX7F-3W2X-9002/tickets?email=ann@example.org", key=bound),
    ]
    assert {(each.status_code, each.json()["code"], each.json()["detail"]) for each in answers} == {
        (422, "not_verified", "no claim with this code and this address")
    }
    assert certificates.get("/certificates/QX7F-3W2X-9002/tickets").status_code == 422


def test_out_of_scope_is_as_not_there(certificates: Served) -> None:
    claimed(certificates, "QX7F-3W2X-9003")
    ticket = certificates.post("/certificates/QX7F-3W2X-9003/tickets", ASKED).json()["ticket"]
    bound = certificates.key("agent", merchants=("radio",))
    seen = [each["ticket"] for each in certificates.get("/tickets", key=bound).json()["tickets"]]
    assert ticket not in seen
    other, none = (step(certificates, id, "close", {}, key=bound) for id in (ticket, "none"))
    assert (other.status_code, other.json()["detail"]) == (none.status_code, none.json()["detail"]) == (
        404, "there is no such ticket",
    )  # fmt: skip
    agency = certificates.key("agent", merchants=("agency",))
    assert step(certificates, ticket, "close", {}, key=agency).status_code == 200


def test_pages_are_in_the_order_in_which_they_are_due(certificates: Served) -> None:
    for number in range(5):
        claimed(certificates, f"QX7F-3W2X-91{number:02}")
        certificates.post(f"/certificates/QX7F-3W2X-91{number:02}/tickets", ASKED)
    seen: list[dict[str, Any]] = []
    cursor = ""
    while cursor is not None:
        page = certificates.get(f"/tickets?limit=2&cursor={cursor}", "agent").json()
        seen, cursor = [*seen, *page["tickets"]], page["next"]
    due = [each["due_at"] for each in seen]
    assert due == sorted(due) and len({each["ticket"] for each in seen}) == len(seen) >= 5
    foreign = certificates.get("/tickets?cursor=WyJ4Il0", "agent")
    assert (foreign.status_code, foreign.json()["code"]) == (422, "bad_cursor")


@pytest.mark.parametrize(
    ("verb", "body", "pointer"),
    [
        ("answer", {}, "/answer"), ("answer", {"answer": " "}, "/answer"), ("wait", {"answer": "x" * 4_001}, "/answer"),
        ("close", {"answer": "x"}, "/answer"), ("answer", {"answer": "x", "by": "me"}, "/by"), ("reopen", {}, "/step"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_refused_where_it_is_wrong(
    certificates: Served, verb: str, body: dict[str, Any], pointer: str
) -> None:
    answer = step(certificates, "none", verb, body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
