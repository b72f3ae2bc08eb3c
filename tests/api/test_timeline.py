"""A contact's history over HTTP: with reasons, mails and what was merged in; notes and names of agents for agents."""

from __future__ import annotations

from typing import Any

from guerdon.engine.care.mails.box import Mail, put
from guerdon.engine.ledger.ledger import Ledger
from tests.api.served import Served, purchase

GIVE = {"amount": "2.00", "reason": "goodwill", "note": "was very angry"}


def entries(it: Served, contact: str, role: str = "agent", query: str = "", **more: Any) -> list[dict[str, Any]]:
    answer = it.get(f"/contacts/{contact}/timeline{query}", role, **more)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["entries"]
    return found


def mailed(it: Served, contact: str, seq: int) -> None:
    assert it.service.writer.turns is not None
    with it.service.writer.turns.turn() as run:
        number = run.ledger.names.find("contact", contact)
        run.ledger.change(*put(Mail(f"{contact}/{seq}", seq, number, "coupon", "a@example.org", "x", "y", made_at=1)))


def test_reasons_and_mails_stand_with_what_caused_them(mall: Served) -> None:
    seq = mall.post("/events", purchase("tl1", "tia")).json()["outcomes"][0]["seq"]
    mailed(mall, "tia", seq)
    given = mall.post("/contacts/tia/adjust", GIVE, "agent").json()
    adjust, bought = entries(mall, "tia")
    assert (adjust["event"], adjust["said"], adjust["note"]) == (given["id"], "goodwill", "was very angry")
    assert adjust["actor"] == "agent" and adjust["parts"] == [{"what": "adjusted", "amount": "2.00", "of": ""}]
    assert bought["mails"] == [{"kind": "coupon", "state": "queued", "reason": ""}]
    assert bought["time"].endswith("Z")


def test_the_member_reads_the_same_but_notes(mall: Served) -> None:
    mall.post("/events", purchase("tm1", "ann"))
    mall.post("/contacts/ann/adjust", GIVE, "agent")
    theirs, ours = entries(mall, "ann", "member"), entries(mall, "ann")
    assert "angry" in str(ours) and "angry" not in str(theirs) and {each["actor"] for each in theirs} == {None}
    left_out = ("note", "actor")
    assert [{name: value for name, value in each.items() if name not in left_out} for each in ours] == [
        {name: value for name, value in each.items() if name not in left_out} for each in theirs
    ]
    assert "angry" not in str(entries(mall, "ann", "client"))


def test_what_was_merged_in_is_part_of_it_page_by_page_until_it_is_erased(mall: Served) -> None:
    mall.post("/events", [purchase("tp1", "one"), purchase("tp2", "two", merchant="bakery")])
    mall.post("/events", [purchase("tp3", "one", merchant="bakery"), purchase("tp4", "two")])
    assert mall.post("/contacts/one/merge", {"into": "two"}, "agent").json()["outcome"] == "posted"
    whole = entries(mall, "two")
    assert [(each["event"][:3], each["of"]) for each in whole] == [
        ("mer", None), ("tp4", None), ("tp3", "one"), ("tp2", None), ("tp1", "one"),
    ]  # fmt: skip
    seen, query = [], "?limit=2"
    while True:
        page = mall.get(f"/contacts/two/timeline{query}", "agent").json()
        seen += page["entries"]
        if page["next"] is None:
            break
        query = f"?limit=2&cursor={page['next']}"
    assert seen == whole
    assert [each["event"] for each in entries(mall, "two", "merchant")] == ["tp3", "tp2"]
    assert mall.post("/contacts/one/erase", {}, "supervisor").json()["outcome"] == "posted"
    assert {each["of"] for each in entries(mall, "two")} == {None}


def test_whether_it_gets_mail_is_told_and_enrolling_restores_none(mall: Served) -> None:
    mall.post("/events", purchase("te1", "eva"))
    assert mall.get("/contacts/eva").json()["emails"] is True
    mall.post("/contacts/eva/unenrol", {}, "agent")
    assert mall.post("/contacts/eva/enrol", {}, "agent").json()["outcome"] == "posted"
    shown = mall.get("/contacts/eva").json()
    assert (shown["status"], shown["emails"]) == ("enrolled", False)


def test_after_all_of_it_the_ledger_verifies(mall: Served) -> None:
    from guerdon.engine.ledger.audit import verify

    with Ledger.open(mall.url, read_only=True) as ledger:
        assert verify(ledger).findings == []
