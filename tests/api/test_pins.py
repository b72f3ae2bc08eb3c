"""PINs of gift cards at the door: right, wrong, locked; counted however they come; nowhere to be found afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from guerdon.engine.api import pin_checking
from guerdon.engine.api.pins import Pins
from guerdon.engine.api.service import Service
from guerdon.engine.api.settings import Settings
from guerdon.engine.care.bodies import Bodies
from guerdon.engine.ledger.audit import verify
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.ledger.tables import metadata
from guerdon.rules import read_programme
from tests.api.served import Served, served

from ..engines import ledger_at

pytestmark = pytest.mark.usefixtures("engine")

pytest.importorskip("argon2")

PEPPER = "pepper-of-these-tests"
SHOP = """
business:
  id: mall
  name: The Mall
  currency: EUR
  time_zone: Europe/Nicosia
  sources: [{id: care, types: [card_issued, card_activated, card_spent, card_held, update]}]
merchants: [{id: bakery}, {id: butcher}]
terms: [{merchant: bakery}, {merchant: butcher}]
cards:
  - {id: mall-card, load: {min: 10.00, max: 200.00}, max_balance: 500.00, pin: {lock_after: 3}, cash_out: 5.00}
scheme: {id: club, sign_up: auto}
"""
PIN, WRONG = "739164028517", "518203946271"  # long enough to be found nowhere by chance


def service_in(folder: Path, pepper: str = PEPPER) -> Service:
    place = folder / "shop"
    place.mkdir()
    (place / "all.yaml").write_text(SHOP)
    reading = read_programme(place)
    assert reading.program is not None, [str(problem) for problem in reading.errors]
    settings = Settings(ledger_at(folder / "guerdon.db"), key_seconds=0, pin_pepper=pepper)
    return Service(reading.program, settings)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Served]:
    """A shop with an active card, ``c1``, that has a PIN."""
    service = service_in(tmp_path)
    with served(tmp_path, url=service.settings.ledger, service=service) as it:
        issued(it, "c1")
        assert it.post("/cards/c1/pin", {"pin": PIN}, "merchant").status_code == 200
        yield it


def issued(it: Served, card: str) -> None:
    for command, body in (("card_issued", {"kind": "mall-card"}), ("card_activated", {"amount": "50.00"})):
        answer = it.post(f"/cards/{card}/{command}", body)
        assert answer.status_code == 200, answer.text


def spend(it: Served, pin: str, role: str = "merchant", **more: Any) -> Any:
    query = more.pop("query", "")
    return it.post(f"/cards/c1/card_spent{query}", {"amount": "1.00", "pin": pin, **more}, role)


def state(it: Served) -> str:
    return str(it.get("/cards/c1").json()["status"])


def told_alike(one: Any, other: Any) -> bool:
    """Whether two answers say the same, but for the id of the request."""
    return (one.status_code, one.content, one.headers["content-type"]) == (
        other.status_code, other.content, other.headers["content-type"],
    )  # fmt: skip


def test_the_right_one_is_told_as_verified(shop: Served) -> None:
    assert shop.post("/cards/c1/card_spent", {"amount": "1.00"}, "merchant").json()["code"] == "not_verified"
    answer = spend(shop, PIN)
    assert (answer.status_code, answer.json()["outcome"]) == (200, "posted")
    assert shop.get("/cards/c1").json()["free"] == "49.00"
    with Ledger.open(shop.url, read_only=True) as ledger:
        told = Bodies(ledger).told(answer.json()["seq"])
    assert told.verified and told.actor == "merchant" and told.role == "merchant"
    assert spend(shop, PIN, amount="500.00").json()["code"] == "insufficient_funds"  # what else is wrong is said


def test_the_fourth_wrong_one_locks_and_then_all_are_told_the_same(shop: Served) -> None:
    wrong = [spend(shop, WRONG) for _ in range(3)]
    assert state(shop) == "active" and spend(shop, PIN).status_code == 200  # and the count begins anew
    wrong += [spend(shop, WRONG, role) for role in ("merchant", "client", "merchant")]
    assert state(shop) == "active"
    wrong.append(spend(shop, WRONG))
    assert state(shop) == "locked"
    locked = [spend(shop, PIN), spend(shop, WRONG)]
    assert wrong[0].json()["code"] == "pin_refused" and wrong[0].status_code == 422
    assert all(told_alike(wrong[0], each) for each in wrong + locked)
    assert shop.get("/cards/c1").json()["free"] == "49.00"
    assert shop.post("/cards/c1/card_unlocked", {}, "supervisor").status_code == 200
    assert spend(shop, PIN).status_code == 200
    with Ledger.open(shop.url, read_only=True) as ledger:
        assert verify(ledger).findings == []


def test_a_card_that_is_not_there_or_has_no_pin_is_told_the_same(shop: Served) -> None:
    issued(shop, "c2")
    wrong = spend(shop, WRONG)
    for card in ("c2", "none"):
        assert told_alike(wrong, shop.post(f"/cards/{card}/card_spent", {"amount": "1.00", "pin": PIN}, "merchant"))


def test_guesses_at_once_all_count(shop: Served) -> None:
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: spend(shop, WRONG), range(2)))
    assert [each.json()["code"] for each in answers] == ["pin_refused"] * 2
    with Ledger.open(shop.url, read_only=True) as ledger:
        record = ledger.records.one("card", ledger.codes.name("c1"))
    assert record is not None and record.fields["failures"] == 2
    with ThreadPoolExecutor(8) as pool:  # the right one comes too late among them
        answers = list(pool.map(lambda n: spend(shop, WRONG if n < 7 else PIN), range(8)))
    assert state(shop) == "locked" and shop.get("/cards/c1").json()["free"] in ("50.00", "49.00")


def test_tries_of_one_card_go_one_after_the_other(shop: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that each sees the lock that those before it led to."""
    fits, trying, most = shop.service.pins.fits, 0, 0

    async def slow(card: str, pin: str, stored: str | None) -> bool:
        nonlocal trying, most
        trying += 1
        most = max(most, trying)
        await asyncio.sleep(0.05)
        trying -= 1
        return await fits(card, pin, stored)

    monkeypatch.setattr(shop.service.pins, "fits", slow)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: spend(shop, WRONG), range(4)))
    assert most == 1


def test_the_pepper_is_needed_to_compare() -> None:
    async def tried() -> list[bool]:
        stored = await Pins(PEPPER).hashed("c1", PIN)
        tries = [(PEPPER, "c1", PIN), (PEPPER, "c2", PIN), (PEPPER, "c1", WRONG), ("another" + PEPPER, "c1", PIN)]
        return [await Pins(pepper).fits(card, pin, stored) for pepper, card, pin in tries]

    assert asyncio.run(tried()) == [True, False, False, False]


def test_a_locked_card_tells_nothing_by_a_repeat(shop: Served) -> None:
    first = spend(shop, PIN, id="s1", time="2026-03-02T10:00:00Z")
    assert first.status_code == 200 and spend(shop, PIN, id="s1", time="2026-03-02T10:00:00Z").status_code == 200
    shop.post("/cards/c1/card_locked", {}, "supervisor")
    assert told_alike(spend(shop, PIN, id="s1"), spend(shop, WRONG, id="s1"))


def test_a_card_that_is_locked_meanwhile_is_told_the_same(shop: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """By another process, between the look at the card and the posting of what was told."""
    name = shop.service.door.codes.name("c1")
    seen = pin_checking._card(shop.service.writer.turns.ledger, name) if shop.service.writer.turns else None
    shop.post("/cards/c1/card_locked", {}, "supervisor")
    monkeypatch.setattr(pin_checking, "_card", lambda ledger, card: seen)
    assert told_alike(spend(shop, PIN), spend(shop, WRONG))
    assert shop.get("/cards/c1").json()["free"] == "50.00"


def test_a_request_that_comes_again_is_counted_once(shop: Served) -> None:
    headers = {"Idempotency-Key": "k1"}
    one, two = (shop.post("/cards/c1/card_spent", {"amount": "1.00", "pin": WRONG}, headers=headers) for _ in range(2))
    assert told_alike(one, two) and two.headers["idempotent-replayed"] == "true"
    other = shop.post("/cards/c1/card_spent", {"amount": "1.00", "pin": PIN}, headers=headers)
    assert other.json()["code"] == "request_key_used"
    with Ledger.open(shop.url, read_only=True) as ledger:
        record = ledger.records.one("card", ledger.codes.name("c1"))
    assert record is not None and record.fields["failures"] == 1


def test_it_is_nowhere(shop: Served, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    spend(shop, PIN), spend(shop, WRONG), spend(shop, PIN, id=7), spend(shop, PIN, colour="red")
    spend(shop, PIN, query="?preview=true"), spend(shop, PIN, query="?ask=true"), spend(shop, PIN, "agent")
    shop.post("/cards/c1/card_locked", {"pin": PIN}, "supervisor")
    shop.post("/cards/c1/card_spent", {"amount": "1.00", "pin": PIN}, headers={"Idempotency-Key": "k1"})
    shop.post("/cards/c1/pin", {"pin": WRONG}, "supervisor")
    event = {
        "id": "e1",
        "type": "card_spent",
        "card": "c1",
        "amount": "1.00",
        "time": "2026-03-02T10:00:00Z",
        "pin": PIN,
    }
    assert shop.post("/events", event).status_code in (403, 422)
    found = capfd.readouterr()
    with Ledger.open(shop.url, read_only=True) as ledger:
        bodies = Bodies(ledger)
        told = [repr(bodies.told(seq)) for seq in range(1, ledger.last_seq + 1)]
        dump = "\n".join(repr(ledger.frame(table.name).to_dicts()) for table in metadata.sorted_tables)
    said = "\n".join([found.out, found.err, dump, shop.get("/audit", "admin").text, repr(shop.service), *told])
    assert "card_pin_failed" in said and "pin_refused" in said
    assert PIN not in said and WRONG not in said and PEPPER not in said


def test_where_none_is_taken(shop: Served) -> None:
    for query in ("?preview=true", "?ask=true"):
        assert spend(shop, PIN, query=query).json()["code"] == "pin_not_taken"
    assert shop.post("/cards/c1/card_locked", {"pin": PIN}, "supervisor").json()["code"] == "pin_not_taken"
    assert shop.post("/contacts/ann/update", {"pin": PIN}).json()["code"] == "pin_not_taken"
    assert spend(shop, PIN, "client", verified=True).json()["code"] == "pin_not_taken"
    assert spend(shop, PIN, "agent").status_code == 403  # and it counts as no try
    for bad in ("12", "1234567890123", "12a4", 1234, ""):
        assert spend(shop, bad).json()["code"] == "bad_pin"
    with Ledger.open(shop.url, read_only=True) as ledger:
        record = ledger.records.one("card", ledger.codes.name("c1"))
    assert record is not None and record.fields["failures"] == 0


def test_who_may_set_one(shop: Served) -> None:
    assert shop.post("/cards/c1/pin", {"pin": WRONG}, "merchant").json()["code"] == "pin_set"
    assert spend(shop, PIN).status_code == 200
    assert shop.post("/cards/c1/pin", {"pin": WRONG}, "supervisor").status_code == 200
    assert spend(shop, PIN).json()["code"] == "pin_refused" and spend(shop, WRONG).status_code == 200
    assert shop.post("/cards/none/pin", {"pin": PIN}).status_code == 404
    assert shop.post("/cards/c1/pin", {"pin": PIN, "kind": "x"}).json()["code"] == "undeclared_field"


def test_an_open_hold_is_said_for_what_it_is(shop: Served) -> None:
    held = shop.post("/cards/c1/card_held", {"amount": "5.00", "hold_for": "1h", "pin": PIN}, "merchant")
    assert held.status_code == 200, held.text
    assert shop.post("/cards/c1/card_emptied", {"pin": PIN}, "merchant").json()["code"] == "invalid_transition"


def test_without_a_pepper_none_is_taken(tmp_path: Path) -> None:
    service = service_in(tmp_path, "")
    with served(tmp_path, url=service.settings.ledger, service=service) as it:
        assert it.post("/cards/c1/pin", {"pin": PIN}).json()["code"] == "pins_not_set_up"
        assert it.post("/cards/c1/card_spent", {"pin": PIN}).json()["code"] == "pins_not_set_up"
    with pytest.raises(ValueError, match="16 bytes"):
        Service(service.program, Settings("sqlite:///x.db", pin_pepper="short"))
