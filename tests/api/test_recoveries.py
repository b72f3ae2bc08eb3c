"""Who forgot a certificate's code: known and unknown addresses get one answer, and only the mail's reader sees more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from guerdon.engine.care.mails.box import mails
from guerdon.engine.care.mails.verifying import AN_HOUR, recovery
from guerdon.engine.ledger import audit_trail
from guerdon.engine.ledger.ledger import Ledger
from guerdon.rules import read_programme
from tests.api.served import Served, served
from tests.api.test_tickets import claimed

from ..engines import Engine

SCHEMES = Path(__file__).parents[2] / "schemes"
KNOWN, UNKNOWN = "ann@example.org", "who@example.org"


@pytest.fixture(scope="module")
def certificates(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    program = read_programme(SCHEMES / "certificates").program
    assert program is not None
    with served(tmp_path_factory.mktemp("certificates"), program) as it:
        claimed(it, "RC7F-3W2X-7001")
        yield it


def codes(it: Served) -> list[str]:
    with Ledger.open(it.url, read_only=True) as ledger:
        texts = [mail.text for mail in mails(ledger) if mail.kind == "recovery"]
    return [found[1] for text in texts if (found := re.search(r"code (\S+)", text))]


def test_one_answer_for_every_address_and_a_mail_for_a_known_one(certificates: Served) -> None:
    asked = [{"site": "new-site", "email": UNKNOWN}, {"site": "elsewhere", "email": KNOWN},
             {"site": "new-site", "email": f" {KNOWN.upper()}"}]  # fmt: skip
    seen = []
    for each in asked:
        answer = certificates.post("/recoveries", each)
        seen.append((answer.status_code, answer.json(), len(codes(certificates))))
    assert [each[:2] for each in seen] == [seen[0][:2]] * 3 and seen[0][0] == 200
    assert [each[2] for each in seen] == [0, 0, 1]
    with Ledger.open(certificates.url, read_only=True) as ledger:
        deeds = [entry.deed for entry in audit_trail.entries(ledger.store.rows, 0, 1_000)]
    told = [(deed.object, deed.outcome) for deed in deeds if deed.action == "POST /recoveries"]
    assert told == [("recovery", "done")] * 3  # nor does the audit trail tell who is known


def test_as_much_is_done_for_an_unknown_address(certificates: Served) -> None:
    program, now = certificates.service.program, certificates.service.clock()
    with Ledger.open(certificates.url, read_only=True) as ledger:
        known, unknown = (recovery(ledger, program, "new-site", each, now) for each in (KNOWN, UNKNOWN))
    assert len(known) == len(unknown) > 0


def test_who_reads_the_mail_sees_what_was_claimed_once(certificates: Served) -> None:
    certificates.post("/recoveries", {"site": "new-site", "email": KNOWN})
    code = codes(certificates)[-1]
    for body in ({"email": UNKNOWN, "code": code}, {"email": KNOWN, "code": "K7W2K7W2"}):
        wrong = certificates.post("/recoveries/certificates", body)
        assert (wrong.status_code, wrong.json()["code"], wrong.json()["detail"]) == (
            422, "not_verified", "no recovery with this code and this address",
        )  # fmt: skip
    shown = certificates.post("/recoveries/certificates", {"email": KNOWN, "code": code.lower()})
    assert [(each["kind"], each["last_four"], each["state"]) for each in shown.json()["certificates"]] == [
        ("weekend", "7001", "claimed")
    ]
    assert certificates.post("/recoveries/certificates", {"email": KNOWN, "code": code}).status_code == 422


def test_nobody_is_flooded(certificates: Served) -> None:
    for _ in range(AN_HOUR + 2):
        assert certificates.post("/recoveries", {"site": "new-site", "email": KNOWN}).status_code == 200
    assert len(codes(certificates)) == AN_HOUR


@pytest.mark.parametrize(
    ("body", "pointer"),
    [({"site": "new-site"}, "/email"), ({"site": "x", "email": "a\u0000b"}, "/email"), ({"site": "x", "email": "a",
      "by": "me"}, "/by"), ({"site": "x" * 129, "email": "a"}, "/site")],
)  # fmt: skip
def test_what_is_no_request_is_refused_where_it_is_wrong(
    certificates: Served, body: dict[str, str], pointer: str
) -> None:
    answer = certificates.post("/recoveries", body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
