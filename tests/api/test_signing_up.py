"""A scheme of an e-mail domain over HTTP: no membership but a code by mail; with it, once, membership."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from guerdon.engine.care.mails.box import mails
from guerdon.engine.ledger.ledger import Ledger
from guerdon.rules import read_programme
from tests.api.served import Served, program_in, served

from ..engines import Engine

CAMPUS = """\
scheme: {id: campus, title: Campus, sign_up: {email_domains: [uni.edu]}}
offers: [{id: two-percent, title: 2% more, goal: spend, award: {percent: 2}}]
"""
SIGN_UP = {"scheme": "campus", "email": "Ann@Uni.edu"}


@pytest.fixture(scope="module")
def campus(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("campus")
    program_in(folder)
    (folder / "mall" / "campus.yaml").write_text(CAMPUS)
    program = read_programme(folder / "mall").program
    assert program is not None
    with served(folder, program) as it:
        yield it


def mailed(it: Served) -> list[tuple[str, str]]:
    """(address, code) of every mail with a code."""
    with Ledger.open(it.url, read_only=True) as ledger:
        found = [mail for mail in mails(ledger) if mail.kind == "verification"]
    return [(mail.address, re.findall(r"is (\w{8})\.", mail.text)[0]) for mail in found]


def member_of(it: Served, contact: str) -> list[str]:
    return list(it.get(f"/contacts/{contact}", "agent").json()["member_of"])


def test_a_code_is_mailed_and_makes_a_member_once(campus: Served) -> None:
    told = campus.post("/contacts/ann/sign_up", SIGN_UP)
    assert told.json()["outcome"] == "posted" and "campus" not in member_of(campus, "ann")
    ((address, code),) = mailed(campus)
    assert address == "ann@uni.edu" and code not in told.text
    wrong = campus.post("/contacts/ann/sign_up_verified", {"scheme": "campus", "code": "AAAA2222"}, "agent")
    assert wrong.json()["code"] == "code_unknown"
    assert campus.post("/contacts/ann/sign_up_verified", {"scheme": "campus", "code": code}, "agent").status_code == 200
    assert "campus" in member_of(campus, "ann")
    with Ledger.open(campus.url, read_only=True) as ledger:
        assert code not in str(ledger.records.of_kind("verification"))


def test_told_again_it_is_a_repeat_with_the_same_code(campus: Served) -> None:
    before = len(mailed(campus))
    body = {**SIGN_UP, "email": "bob@uni.edu", "id": "su-bob", "time": "2026-03-06T09:00:00Z"}
    first, again = (campus.post("/contacts/bob/sign_up", body) for _ in range(2))
    assert (first.json()["outcome"], again.json()["reason"]) == ("posted", "repeat")
    assert len(mailed(campus)) == before + 1


def test_no_mail_for_what_is_not_posted_nor_for_a_code_of_the_callers(campus: Served) -> None:
    before = len(mailed(campus))
    other = campus.post("/contacts/cal/sign_up", {**SIGN_UP, "email": "cal@else.org"})
    assert other.json()["code"] == "domain_not_allowed"
    own = campus.post("/contacts/dan/sign_up", {**SIGN_UP, "email": "dan@uni.edu", "code": "my-own-code"})
    assert own.json()["outcome"] == "posted"
    assert campus.post("/contacts/eve/sign_up?preview=true", {**SIGN_UP, "email": "eve@uni.edu"}).status_code == 200
    assert campus.post("/contacts/fay/sign_up", {"scheme": "everyday"}).status_code == 200
    assert len(mailed(campus)) == before


def test_the_known_address_will_do(campus: Served) -> None:
    campus.post("/contacts/gus/register", {"email": "gus@uni.edu"}, "agent")
    assert campus.post("/contacts/gus/sign_up", {"scheme": "campus"}, "agent").json()["outcome"] == "posted"
    assert "gus@uni.edu" in [address for address, _ in mailed(campus)]
