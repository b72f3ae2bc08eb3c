"""A gift card's life and a certificate's claim over a served ledger: afterwards no code, PIN or address is anywhere."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from guerdon.engine.events.body import decode
from guerdon.engine.events.code_names import plain_code
from guerdon.engine.ledger import tables
from guerdon.engine.ledger.ledger import Ledger
from tests.cli.door import guerdon

from ..engines import Engine, ledger_at
from .test_serving import given_key, process

pytestmark = pytest.mark.usefixtures("engine")

PROGRAMME = """\
business: {id: mall, name: The Mall, currency: EUR, time_zone: Europe/Nicosia, register: auto, redeem: on_request}
merchants: [{id: agency}, {id: hotel}]
terms: [{merchant: agency}, {merchant: hotel}]
cards: [{id: gift, form: physical, load: {min: 5.00, max: 250.00}, invoice: required, pin: {digits: 6, lock_after: 3}}]
sites: [{id: new-site, url: "https://claim.example", state: open}]
certificates: [{id: weekend, site: new-site, distributor: agency, value: 120.00, valid: {for: 1y}, terms: t1}]
rewards: [{id: mug, price: 5.00, terms: t1}]
codes: [{id: voucher, unlocks: ten, kind: unique, numbers: vouchers.csv}]
scheme: {id: club, sign_up: auto}
offers: [{id: ten, goal: spend, award: {percent: 10}}]
"""
CARD, SPARE = "6006-4912-3456-7890", "6006-4912-3456-1111"
ROWS = ("7007-1111-2222-3333", "7007-1111-2222-4444")
CERTIFICATE, COUPON, VOUCHER = "K7F3-W2X9-QQ4T-8MZN", "CPN-55AA-66BB-77CC", "SPRING-8842-QWERTY"
PIN, WRONG, ADDRESS = "482913", "613377", "Ann.Holder@example.org"
SECRETS = (CARD, SPARE, *ROWS, CERTIFICATE, COUPON, VOUCHER, PIN, WRONG)


class Door:
    """The served API, signed in with a key of each role."""

    def __init__(self, folder: Path, url: str) -> None:
        self.client = httpx.Client(base_url=url, timeout=30)
        roles = ("admin", "client", "supervisor", "agent", "auditor")
        self.keys = {role: given_key(folder, role, "--role", role) for role in roles}
        self.said: list[str] = []  # every answer

    def ask(self, method: str, path: str, role: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.keys[role]}", **more.pop("headers", {})}
        answer = self.client.request(method, path, headers=headers, **more)
        self.said.append(answer.text)
        return answer

    def tell(self, path: str, role: str = "admin", code: str = "", headers: Any = None, **body: Any) -> dict[str, Any]:
        """A POST that must be answered so: 200, or the ``code`` of a problem."""
        answer = self.ask("POST", path, role, json=body, headers=headers or {})
        found: dict[str, Any] = answer.json()
        assert found.get("code", "") == code and (code != "") == (answer.status_code >= 400), (path, found)
        return found


@pytest.fixture(scope="module")
def lived(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Door]]:
    """A ledger whose cards, certificate, coupon and voucher have been used over HTTP; the service has ended."""
    folder = tmp_path_factory.mktemp("lived")
    (folder / "mall").mkdir()
    (folder / "mall" / "all.yaml").write_text(PROGRAMME)
    (folder / "mall" / "vouchers.csv").write_text(f"{VOUCHER}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GUERDON_PIN_PEPPER", "a pepper for this test")
        with process(folder) as (running, url):
            door = Door(folder, url)
            _card(door)
            _certificate(door)
            _member(door)
            door.ask("GET", "/audit", "auditor")
            running.terminate()
            assert running.wait(30) == 0
    yield folder, door


def _card(door: Door) -> None:
    for card in (CARD, SPARE):
        door.tell(f"/cards/{card}/card_issued", kind="gift")
    once = {"Idempotency-Key": "once"}
    for _ in range(2):
        door.tell(f"/cards/{CARD}/card_activated", headers=once, amount="50.00", reference="F-1")
    door.tell(f"/cards/{CARD}/pin", "supervisor", pin=PIN)
    door.tell(f"/cards/{CARD}/card_spent", amount="20.00", merchant="hotel", reference="F-2", pin=PIN, id="spent")
    door.tell(f"/cards/{CARD}/card_spent", "client", "not_permitted", amount="20.00", reference="F-2", pin=PIN)
    door.tell(f"/cards/{CARD}/card_spent", "admin", "pin_refused", amount="1.00", reference="F-3", pin=WRONG)
    door.tell("/log/spent/card_cancelled", amount="5.00")
    seen = door.ask("GET", "/cards?find=7890", "agent").json()["cards"]
    name = seen[0]["card"]
    assert [(card["last_four"], card["free"]) for card in seen] == [("7890", "35.00")]
    assert door.ask("GET", f"/cards/{CARD.lower()}", "agent").json() == seen[0]
    assert door.ask("GET", f"/cards/{name}", "agent").json() == seen[0]
    door.tell(f"/cards/{name}/card_spent", "admin", "pin_refused", amount="1.00", reference="F-4", pin=PIN)
    door.tell(f"/cards/{name}/card_suspended", "agent")  # found by its last four, the caller can't read the rest
    token = door.tell(f"/cards/{CARD}/card_transferred?preview=true", to=SPARE)["token"]
    door.said.append(urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode())
    door.tell(f"/cards/{CARD}/card_transferred?ask=true", "supervisor", to=SPARE)
    door.tell(f"/cards/{CARD}/card_transferred", to=SPARE)
    told = {"id": "bad", "type": "card_spend", "card": SPARE, "pin": PIN, "time": "2026-03-06T09:00:00Z"}
    door.tell("/events", "admin", "unknown_type", **told)
    door.tell("/events", "admin", "unreadable", **{**told, "time": "never"})


def _certificate(door: Door) -> None:
    claim = {"site": "new-site", "email": ADDRESS, "terms": "t1", "merchant": "hotel"}
    for command, body in (("issued", {"kind": "weekend"}), ("distributed", {}), ("reserved", claim)):
        body.pop("terms", "") if command == "reserved" else None
        door.tell(f"/certificates/{CERTIFICATE}/certificate_{command}", **body)
    name = door.ask("GET", f"/certificates/{CERTIFICATE}", "agent").json()["certificate"]
    claim["terms"] = "t1"
    door.tell(f"/certificates/{name}/certificate_claimed", "admin", "code_unknown", **claim)
    door.tell(f"/certificates/{CERTIFICATE}/certificate_claimed", **claim)
    door.tell(f"/certificates/{name}/tickets", "agent", "not_verified", email=ADDRESS, subject="late")
    door.tell(f"/certificates/{CERTIFICATE}/tickets", "agent", email=ADDRESS, subject="late")
    given = door.ask("GET", f"/merchants/agency/certificates?email={ADDRESS.lower()}", "agent").json()["certificates"]
    assert [(each["certificate"], each["last_four"]) for each in given] == [(name, "8MZN")]


def _member(door: Door) -> None:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    bought = {"id": "p1", "type": "purchase", "contact": "ann", "total": "90.00", "time": now}
    door.tell("/contacts/ann/register")
    door.tell("/contacts/ann/code_entered", entry="x", code="undeclared_field")
    entered = {"type": "code_entered", "contact": "ann", "code": "voucher", "time": now}
    assert door.ask("POST", "/events", "admin", json={**entered, "id": "v1", "number": VOUCHER}).status_code == 200
    assert door.ask("POST", "/events", "admin", json=bought).json()["outcomes"][0]["awarded"] == "9.00"
    door.tell("/contacts/ann/reward_exchanged", reward="mug", coupon=COUPON, terms="t1")
    door.tell(f"/coupons/{COUPON}/coupon_used", "agent")


def found_in(text: str, *secrets: str) -> list[str]:
    """The secrets that a text holds, as they were told or as they are typed without more ado."""
    low = text.lower()
    return [each for each in secrets if each.lower() in low or plain_code(each).lower() in low]


def stored(url: str, *, opened: bool) -> str:
    """All that a ledger holds as text; ``opened``: with the content of its log as its own keys open it."""
    with Ledger.open(url, read_only=True) as ledger:
        parts = []
        for table in tables.metadata.sorted_tables:
            if table.name != "contact_key":
                parts += [str(row) for row in ledger.store.rows(table.select())]
        for chunk in ledger.chunks():
            admission = decode(chunk.body_format, chunk.body, ledger.keyring if opened else None)
            parts += map(str, [*admission.told.to_events(), *admission.asides])
    return "\n".join(parts)


def test_no_code_no_pin_and_no_address_is_anywhere(lived: tuple[Path, Door]) -> None:
    folder, door = lived
    url = ledger_at(folder / "guerdon.db")
    assert found_in(stored(url, opened=True), *SECRETS) == []
    assert found_in(stored(url, opened=False), *SECRETS, ADDRESS) == []
    assert "7890" in stored(url, opened=False)  # what is looked through is what was posted
    assert found_in((folder / "serve.log").read_text(), *SECRETS, ADDRESS) == []
    assert found_in("\n".join(door.said), *SECRETS, ADDRESS) == []
    files = b"".join(path.read_bytes() for path in folder.glob("guerdon.db*"))
    assert found_in(files.decode("latin-1"), *SECRETS, ADDRESS) == []


def test_the_log_alone_decides_it_again(lived: tuple[Path, Door]) -> None:
    folder, _ = lived
    where = ["--ledger", ledger_at(folder / "guerdon.db")]
    checked = guerdon("verify", "--replay", *where, "--json")
    assert checked.code == 0, checked.out
    seen = json.loads(guerdon("cards", SPARE, *where, "--json").out)["cards"]
    assert [(card["last_four"], card["status"], str(card["paid"])) for card in seen] == [("1111", "active", "35.00")]
    assert json.loads(guerdon("cards", "1111", *where, "--json").out)["cards"] == seen
    assert guerdon("cards", "9999", *where).code == 1


def test_a_feed_of_the_operator_is_named_too(lived: tuple[Path, Door]) -> None:
    folder, _ = lived
    url = ledger_at(folder / "guerdon.db")
    issue = [{"id": f"i{n}", "type": "card_issued", "card": row, "kind": "gift"} for n, row in enumerate(ROWS)]
    loaded = {"id": "b1", "type": "card_batch_activated", "batch": "b1", "kind": "gift", "cards": list(ROWS)}
    undo = {"id": "u1", "type": "card_cancelled", "of": f"b1/{ROWS[0]}"}
    told = [*issue, {**loaded, "amount": "10.00", "total": "20.00"}, undo]
    lines = [json.dumps({**each, "time": f"2026-11-01T10:0{n}:00Z"}) for n, each in enumerate(told)]
    (folder / "feed.jsonl").write_text("\n".join(lines))
    run = ["run", folder / "mall", "--ledger", url, "--json", "--events"]
    first = json.loads(guerdon(*run, folder / "feed.jsonl").out)
    with Ledger.open(url, read_only=True) as ledger:
        again = "\n".join(lines)
        for row in ROWS:
            again = again.replace(row, ledger.codes.name(row))
    (folder / "again.jsonl").write_text(again + "\n")
    second = json.loads(guerdon(*run, folder / "again.jsonl").out)
    assert (first["events"]["read"], second["reasons"]) == (4, {"repeat": 4}), (first, second)
    assert found_in(stored(url, opened=True), *ROWS) == []
    assert guerdon("preview", folder / "mall", "card_lost", "-", f"card={ROWS[1]}", "--ledger", url).code == 0
