"""Nothing that an erased contact told is anywhere, and what comes later of it ends as it would have."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from guerdon.engine.events import body
from guerdon.engine.ledger.audit import verify
from guerdon.engine.pipeline import Run
from guerdon.engine.replaying import replay
from guerdon.engine.report.verdict import verdict_json, verdict_text

from ..engines import POSTGRESQL, SQLITE, at_hand, ledger_at, raw
from .desk import compiled, programme
from .personal import TESTS, VERSIONS, Shop

pytestmark = pytest.mark.usefixtures("engine")

ANN = {
    "type": "register", "email": "ann.lee@uni.example", "phone": "+35799123456", "document": "X-77123",
    "attributes": {"name": "Annabella Fitz", "size": 471108154711, "score": "815.1234", "birth_date": "1991-07-09"},
}  # fmt: skip
BUYS = {
    "type": "purchase",
    "lines": [{"sku": "s", "total": "10.00", "attributes": {"engraving": "For Annabella", "weight": "31415.926535"}}],
    "attributes": {"mood": "melancholy", "guests": 987654321098},
}
SECRETS = (
    "ann.lee", "35799123456", "X-77123", "Annabella", "471108154711", "815123400", '"birth_date":7859', "31415926535",
    "melancholy", "987654321098", "Annegret", "313371337",
)  # fmt: skip


def lived(shop: Shop) -> None:
    """Ann tells all that there is to tell, buys, changes her mind, and buys again."""
    other = {"type": "update", "attributes": {"name": "Annegret", "size": 313371337}}
    shop.tell(("ann", ANN), ("ann", BUYS), ("bob", {"type": "register", "attributes": {"name": "Bob"}}))
    shop.tell(("ann", other), ("bob", {"type": "purchase", "total": "3.00"}), ("ann", BUYS))


def stored(shop: Shop) -> str:
    """All that a database tells, opened as far as there are keys, and packed as it is."""
    text = ""
    for (table,) in raw(shop.ledger).execute(TABLES[at_hand().name]).fetchall():
        text += str(raw(shop.ledger).execute(f"SELECT * FROM {table}").fetchall())
    for chunk in shop.ledger.chunks():
        text += body._expanded(chunk.body).decode() if chunk.body_format == body.LINES else ""
        told = body.decode(chunk.body_format, chunk.body, shop.ledger.keyring).frames
        text += f"{told.events.rows()} {told.lines.rows()} {told.products.rows()}"
    return text


TABLES = {
    SQLITE: "SELECT name FROM sqlite_schema WHERE type = 'table'",
    POSTGRESQL: "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()",
}


@pytest.mark.parametrize("few", [body.FEW, 2])
def test_nothing_of_it_is_anywhere(few: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(body, "FEW", few)
    shop = Shop(ledger_at(tmp_path / "ledger.db"))
    shop.enter(0)
    lived(shop)
    assert [secret for secret in SECRETS if secret not in stored(shop)] == []
    shop.erase("ann")
    assert [secret for secret in SECRETS if secret in stored(shop)] == []
    assert shop.findings() == []
    for file in tmp_path.glob("ledger.db*"):  # while it is open: its WAL too
        held = file.read_bytes()
        assert [secret for secret in SECRETS if secret.encode() in held] == [], file.name
    shop.ledger.close()


def awarded(shop: Shop) -> list[tuple[int, str, int]]:
    name = shop.ledger.names.id
    return sorted((r["contact"], name("offer", r["offer"]), r["amount"]) for r in shop.ledger.frame("award").to_dicts())


def test_a_personal_attribute_is_tested_alike_one_by_one_and_together() -> None:
    history = [(name, {**BUYS, "id": f"{name}{n}"}) for n in range(10) for name in ("ann", "bob")]
    ways = []
    for parts in ([history], [[each] for each in history]):
        shop = Shop()
        shop.enter(0)
        for part in parts:
            shop.tell(*part)
        assert shop.findings() == []
        ways.append(awarded(shop))
        shop.ledger.close()
    assert ways[0] == ways[1]
    assert {offer for _, offer, _ in ways[0]} >= {"o0-13", "o0-16", "o0-18"}  # by the mood, and by what a line bears


@pytest.mark.parametrize("part", [True, False])
def test_a_late_return_takes_back_what_it_would_have(part: bool) -> None:
    ends = []
    for erased in (False, True):
        shop = Shop()
        shop.enter(0)
        lived(shop)
        if erased:
            shop.erase("ann")
        shop.enter(2)  # another version counts by now; the purchases are of the one that decided them
        before = shop.ledger.frame("transfer").height
        shop.give_back("ann", part)
        assert shop.findings() == []
        moved = shop.ledger.frame("transfer").slice(before)
        ends.append(sorted(zip(moved["kind"], moved["debit"], moved["credit"], moved["amount"], strict=True)))
        shop.ledger.close()
    assert ends[0] == ends[1] != []


def test_who_was_erased_is_a_stranger_to_later_versions() -> None:
    shop = Shop()
    shop.enter(0)
    lived(shop)
    shop.erase("ann")
    shop.enter(2)
    zoe = {"type": "update", "attributes": {"name": "Zoe"}}
    assert shop.tell(("ann", zoe), ("ann", BUYS), ("bob", zoe), ("bob", BUYS)) == ["posted"] * 4
    assert [contact for contact, offer, _ in awarded(shop) if offer == "new"] == [2, 3]  # ann is a newcomer
    assert shop.findings() == []


def test_what_a_merged_contact_tells_later_is_the_targets(tmp_path: Path) -> None:
    rules = VERSIONS[0].replace("  redeem: on_request", "  redeem: on_request\n  merge: {forward: true}")
    zoe = '\n  - {id: of-zoe, goal: spend, award: {amount: 0.01}, who: {contact: {name: {like: "Zo*"}}}}'
    shop = Shop()
    for program in (rules, rules + zoe):
        shop.program = compiled(programme(tmp_path, program))
        shop.run = Run.open(shop.program, shop.ledger, rows=64)
        if program == rules:
            lived(shop)
            shop.tell(("bob", {"type": "enrol"}), ("ann", {"type": "merge", "into": "bob"}))
            shop.tell(("ann", {"type": "update", "attributes": {"name": "Zoltan"}}))  # forwarded: now it is bob's name
            assert shop.tell(("ann", {"type": "erase"})) == ["posted"]
    assert [secret for secret in SECRETS if secret in stored(shop)] == []
    shop.tell(("bob", BUYS))
    assert (2, "of-zoe", 1) in awarded(shop)
    assert shop.findings() == []
    shop.erase("bob")
    assert "Zoltan" not in stored(shop) and '{"name": "Zo"}' in stored(shop)
    assert shop.findings() == []


def test_verify_counts_it() -> None:
    shop = Shop()
    shop.enter(0)
    lived(shop)
    report = verify(shop.ledger, replay=replay)
    assert "erased" not in verdict_text(report)
    shop.erase("ann")
    report = verify(shop.ledger, replay=replay)
    assert report.findings == []
    assert "8 events of 1 erased contact " in verdict_text(report).replace("\n", " ")
    assert verdict_json(report)["replayed_by_what_is_left"] == {"contacts": 1, "events": 8}
    assert verdict_json(verify(shop.ledger))["replayed_by_what_is_left"] is None


def test_of_what_nothing_tests_nothing_is_left() -> None:
    shop = Shop()
    shop.enter(0)
    shop.tell(("ann", {"type": "register", "attributes": {"name": "Xaver", "since": "2020-01-31"}}))
    shop.erase("ann")
    (left,) = shop.ledger.frame("contact_left")["fields"].to_list()
    tested = {test.split(":")[0] for test in TESTS["contact"][::2]}
    assert set(json.loads(left)["attributes"]) == {"name", "since"} & tested
