"""Reports for distributors, proof and tickets for holders; the terms and the site of a claim stay what they were."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from guerdon.engine.care.certificates import NotVerified, report
from guerdon.engine.care.tickets import TicketError, change_ticket, open_ticket, tickets_due, tickets_of

from ..cli.door import guerdon
from .desk import CERTIFICATES, NOW, Desk, programme

pytestmark = pytest.mark.usefixtures("engine")


def issue(desk: Desk, name: str, kind: str = "weekend") -> None:
    desk.feed(
        {"type": "certificate_issued", "certificate": name, "kind": kind, "time": "2026-03-01 09:00"},
        {"type": "certificate_distributed", "certificate": name, "time": "2026-03-02 09:00"},
    )


def claim(desk: Desk, name: str, email: str = "ann@example.org", terms: str = "weekend-2026") -> str:
    told = {"type": "certificate_claimed", "certificate": name, "site": "new-site", "email": email, "terms": terms}
    return next(iter(desk.feed({**told, "merchant": "hotel", "time": "2026-03-05 09:00"}).values()))


def listed(desk: Desk, distributor: str, **more: Any) -> list[tuple[str, str]]:
    return [(row.last_four, row.state) for row in report(desk.ledger, desk.program, distributor, **more).rows]


def test_a_distributor_sees_its_own_and_no_others(certificates: Desk) -> None:
    issue(certificates, "agency-0001")
    issue(certificates, "radio-0002", "city-tour")
    claim(certificates, "agency-0001")
    claim(certificates, "radio-0002", terms="tour-2026")
    assert listed(certificates, "agency", email=" Ann@example.org") == [("0001", "claimed")]
    assert listed(certificates, "agency", name="radio-0002") == []
    assert listed(certificates, "radio", name="radio-0002") == [("0002", "claimed")]
    assert listed(certificates, "nobody") == []


def test_pages_over_a_growing_list_neither_skip_nor_repeat(certificates: Desk) -> None:
    for n in range(0, 10, 2):
        issue(certificates, f"c-000{n}")
        claim(certificates, f"c-000{n}")
    issue(certificates, "c-open")
    seen, after = [], ""
    for n in range(1, 10, 2):
        page = report(certificates.ledger, certificates.program, "agency", state="claimed", after=after, most=2)
        seen += [row.last_four for row in page.rows]
        assert {row.state for row in page.rows} <= {"claimed"}
        if not page.after:
            break
        after = page.after
        issue(certificates, f"c-000{n}")
        claim(certificates, f"c-000{n}")
    assert seen == sorted(set(seen)) and set(seen) >= {"0000", "0002", "0004", "0006", "0008"}


def test_only_code_and_address_together_open_a_ticket(certificates: Desk) -> None:
    issue(certificates, "k1")
    for code, email in (("k1", "ann@example.org"), ("k9", "ann@example.org")):
        with pytest.raises(NotVerified) as caught:
            open_ticket(certificates.ledger, certificates.program, code, email, "where is it", NOW)
        assert str(caught.value) == "no claim with this code and this address"
    claim(certificates, "k1")
    with pytest.raises(NotVerified):
        open_ticket(certificates.ledger, certificates.program, "k1", "ben@example.org", "where is it", NOW)
    friday = int(datetime(2026, 3, 6, 15, 0, tzinfo=UTC).timestamp()) * 1_000_000  # 17:00 in Nicosia
    opened = open_ticket(certificates.ledger, certificates.program, "k1", "Ann@example.org", "where is it", friday)
    assert (opened.certificate, opened.state) == ("k1", "open")
    assert datetime.fromtimestamp(opened.due_at / 1e6, UTC) == datetime(2026, 3, 9, 15, 0, tzinfo=UTC)
    assert [each.id for each in tickets_due(certificates.ledger)] == [opened.id]
    answered = change_ticket(certificates.ledger, opened.id, "answered", "eve", NOW, "by Friday")
    assert (answered.state, answered.by, answered.answer) == ("answered", "eve", "by Friday")
    assert change_ticket(certificates.ledger, opened.id, "closed", "max", NOW).answer == "by Friday"
    for id, code in ((opened.id, "invalid_transition"), ("none", "unknown-ticket")):
        with pytest.raises(TicketError) as failed:
            change_ticket(certificates.ledger, id, "answered", "eve", NOW, "again")
        assert failed.value.code == code
    kept = tickets_of(certificates.ledger, opened.certificate)
    assert [(each.state, each.by) for each in kept] == [("closed", "max")]
    assert tickets_due(certificates.ledger) == []
    assert tickets_due(certificates.ledger, every=True) == kept


def test_terms_and_site_are_those_of_the_claim(tmp_path: Path) -> None:
    text = "\n".join(path.read_text() for path in sorted(CERTIFICATES.glob("*.yaml")))
    desk = Desk(tmp_path, programme(tmp_path, text))
    issue(desk, "k1")
    assert claim(desk, "k1") == "posted"
    desk.close()
    later = text.replace("weekend-2026", "weekend-2027").replace("https://claim.example", "https://moved.example")
    desk = Desk(tmp_path, programme(tmp_path, later))
    desk.count = 100
    issue(desk, "k2")
    assert claim(desk, "k2", terms="weekend-2026") == "refused terms_not_accepted"
    assert claim(desk, "k2", terms="weekend-2027") == "posted"
    rows = report(desk.ledger, desk.program, "agency").rows
    assert [(row.terms, row.url) for row in rows] == [
        ("weekend-2026", "https://claim.example"), ("weekend-2027", "https://moved.example"),
    ]  # fmt: skip
    desk.close()


def test_an_address_is_not_kept_in_plain(certificates: Desk) -> None:
    issue(certificates, "k1")
    claim(certificates, "k1")
    assert "ann@" not in str(certificates.ledger.records.of_kind("certificate"))


def test_the_commands(certificates: Desk) -> None:
    name = certificates.ledger.codes.name("K7F3-W2X9")
    issue(certificates, name)
    claim(certificates, name)
    certificates.close()
    where = ["--ledger", certificates.url]
    told = json.loads(guerdon("certificates", "agency", *where, "--state", "claimed", "--json").out)
    assert [(row["kind"], row["last_four"]) for row in told["certificates"]] == [("weekend", "W2X9")] and told[
        "after"
    ] is None
    words = ["--subject", "late", *where, "--email"]
    assert guerdon("ticket", CERTIFICATES, "k7f3w2x9", *words, "who@example.org").code == 1
    assert guerdon("ticket", CERTIFICATES, name, *words, "ann@example.org").code == 1  # a name is no proof
    assert f"{name}/1 open" in guerdon("ticket", CERTIFICATES, "k7f3w2x9", *words, "ann@example.org").out
    listed = json.loads(guerdon("tickets", *where, "--json").out)["tickets"]
    assert [(each["id"], each["state"]) for each in listed] == [(f"{name}/1", "open")]
    assert guerdon("tickets", *where, "--answer", f"{name}/1").code == 2  # with which words?
    answered = guerdon("tickets", *where, "--answer", f"{name}/1", "--text", "by Friday", "--as", "eve")
    assert answered.code == 0 and "by Friday" in answered.out
    assert guerdon("tickets", *where, "--close", f"{name}/1").code == 0
    assert "invalid_transition" in guerdon("tickets", *where, "--close", f"{name}/1").err
    assert json.loads(guerdon("tickets", *where, "--json").out)["tickets"] == []
