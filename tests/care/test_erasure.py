"""Erasing destroys a key: what it opened is gone, every total, digest and chain stays, and a replay ends the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from guerdon.engine.care.bodies import Bodies
from guerdon.engine.care.retention import DAY, retire
from guerdon.engine.events.admission import admit
from guerdon.engine.events.body import COLUMNS, LINES, _expanded, decode
from guerdon.engine.events.event import Event
from guerdon.engine.events.normalise import CASE, Normaliser
from guerdon.engine.events.sealing import left_of, mark_of, month_of, opened, shut
from guerdon.engine.ledger.audit import verify
from guerdon.engine.replaying import replay

from ..cli.door import guerdon
from .desk import NOW, SHOP, Desk, programme

pytestmark = pytest.mark.usefixtures("engine")

RULES = (
    SHOP.replace(
        "scheme: {id: club, sign_up: auto}",
        "scheme: {id: club, sign_up: auto}\nsegments: [{id: uni, contacts: {email_domain: uni.edu}}]",
    )
    + """
  - {id: students, goal: spend, award: {percent: 20}, who: {segments: [uni]}}
  - {id: cake, goal: membership, type: birthday, award: {amount: 1.00}}
"""
)
ANN = {
    "type": "register", "contact": "ann", "email": "ann.lee@uni.edu", "phone": "+35799123456",
    "attributes": {"birth_date": "1990-05-04", "nickname": "Anouk"},
    "payment_method": {"kind": "iban", "reference": "CY17X"}, "time": "2026-03-01 09:00",
}  # fmt: skip
SECRETS = ("ann.lee", "35799123456", "Anouk", "CY17X")


@pytest.fixture
def desk(tmp_path: Path) -> Any:
    made = Desk(tmp_path, programme(tmp_path, RULES))
    yield made
    made.close()


def live(desk: Desk) -> None:
    desk.feed(
        {**ANN, "id": "r1"},
        {"type": "register", "contact": "bob", "email": "bob@else.example", "time": "2026-03-01 09:10"},
        {"type": "update", "contact": "bob", "email": "ann.lee@uni.edu", "time": "2026-03-01 09:20"},  # hers: refused
        {"type": "purchase", "contact": {"email": "Ann.Lee@uni.edu"}, "total": "10.00", "time": "2026-03-02 09:00"},
        {"type": "purchase", "contact": {"phone": "+35799123456"}, "total": "10.00", "time": "2026-03-02 10:00"},
        {"type": "tick", "time": "2026-05-05 00:00"},
    )


def erase(desk: Desk) -> None:
    desk.feed({"type": "close", "contact": "ann", "time": "2026-06-01 09:00"})
    assert set(desk.feed({"type": "erase", "contact": "ann", "time": "2026-06-02 09:00"}).values()) == {"posted"}


def logged(desk: Desk) -> str:
    """All that the log holds, as it lies there."""
    text = ""
    for chunk in desk.ledger.chunks():
        text += _expanded(chunk.body).decode() if chunk.body_format == LINES else ""
        text += str(decode(chunk.body_format, chunk.body).frames.events.rows())
    return text


def awarded(desk: Desk) -> list[tuple[str, int]]:
    frame = desk.ledger.frame("award")
    return [(desk.ledger.names.id("offer", row["offer"]), row["amount"]) for row in frame.to_dicts()]


def test_the_log_never_holds_it_in_plain(desk: Desk) -> None:
    live(desk)
    assert sorted(awarded(desk)) == sorted(
        [("ten-back", 100), ("students", 200), ("ten-back", 100), ("students", 200), ("cake", 100)]
    )
    assert not [secret for secret in SECRETS if secret in logged(desk)]
    told = Bodies(desk.ledger).told(desk.ledger.event_by_key(desk.ledger.names.find("source", "desk"), "r1"))
    assert isinstance(told, Event)
    assert (told.fields["email"], told.attributes["nickname"]) == ("ann.lee@uni.edu", "Anouk")
    assert verify(desk.ledger, replay=replay).findings == []


def test_erased_is_gone_and_every_total_stays(desk: Desk) -> None:
    live(desk)
    desk.feed({"type": "close", "contact": "ann", "time": "2026-06-01 09:00"})
    before = {name: desk.ledger.frame(name) for name in ("transfer", "award", "balance", "chunk")}
    key = desk.ledger.keyring.key(1)
    assert key is not None
    desk.feed({"type": "erase", "contact": "ann", "time": "2026-06-02 09:00"})
    for name, frame in before.items():
        assert desk.ledger.frame(name).head(frame.height).equals(frame), name
    assert desk.ledger.keyring.key(1) is None
    told = Bodies(desk.ledger).told(desk.ledger.event_by_key(desk.ledger.names.find("source", "desk"), "r1"))
    assert isinstance(told, Event)
    assert told.fields["email"].endswith("@uni.edu") and not [secret for secret in SECRETS if secret in str(told)]
    assert verify(desk.ledger, replay=replay).findings == []
    desk.close()
    for file in desk.folder.glob("ledger.db*"):
        assert key.hex().encode() not in file.read_bytes()
    desk.reopen()
    assert verify(desk.ledger).findings == []


def test_a_newcomer_may_have_the_name_and_the_address(desk: Desk) -> None:
    live(desk)
    erase(desk)
    desk.feed({**ANN, "id": "r2", "time": "2026-06-03 09:00"})
    assert desk.ledger.names.find("contact", "ann") == 3
    assert desk.ledger.contact_by_identifier("email", "ann.lee@uni.edu") == 3
    assert desk.ledger.keyring.key(3) is not None and desk.ledger.keyring.key(1) is None
    assert verify(desk.ledger, replay=replay).findings == []


def test_in_bulk_too(desk: Desk) -> None:
    normaliser = Normaliser(desk.program, CASE)
    told = [
        {
            **ANN, "id": f"r{n}", "source": "s", "contact": f"c{n}", "email": f"ann.lee{n}@uni.edu",
            "phone": f"+35799123456{n}",
        }
        for n in range(300)
    ]  # fmt: skip
    buy = {"type": "purchase", "source": "s", "total": "10.00", "time": "2026-03-02 09:00"}
    told += [{**buy, "id": f"p{n}", "contact": {"email": f"ann.lee{n}@uni.edu"}} for n in range(50)]
    told += [{**buy, "id": f"q{n}", "contact": f"c{n}"} for n in range(50)]
    events = [normaliser.normalise(record, NOW) for record in told]
    desk.run.admit(admit(events, frozenset({"birth_date", "nickname"})))
    assert [chunk.body_format for chunk in desk.ledger.chunks()] == [COLUMNS]
    assert not [secret for secret in SECRETS if secret in logged(desk)]
    assert verify(desk.ledger, replay=replay).findings == []
    for n in (0, 7):
        desk.feed({"type": "close", "contact": f"c{n}", "time": "2026-06-01 09:00"})
        desk.feed({"type": "erase", "contact": f"c{n}", "time": "2026-06-02 09:00"})
    assert verify(desk.ledger, replay=replay).findings == []


def test_what_was_refused_or_parked_is_shut_by_the_month(desk: Desk) -> None:
    desk.feed(
        {**ANN, "id": "x1", "shoe_size": "44"},
        {"type": "purchase", "id": "x2", "contact": "ann.lee", "total": "5.00", "time": "no time"},
    )
    assert not [secret for secret in SECRETS if secret in logged(desk)]
    bodies = Bodies(desk.ledger)
    raws = [getattr(bodies.told(seq), "raw", "") for seq in range(1, desk.ledger.last_seq + 1)]
    assert sum("ann.lee" in raw for raw in raws) == 2
    assert verify(desk.ledger, replay=replay).findings == []


def test_after_a_while_nobody_reads_what_was_refused(desk: Desk) -> None:
    desk.feed({**ANN, "id": "x1", "shoe_size": "44"}, {**ANN, "id": "r1"})
    bodies = Bodies(desk.ledger)
    source = desk.ledger.names.find("source", "desk")
    seq = desk.ledger.event_by_key(source, "x1")
    assert retire(desk.ledger, NOW) == 0 and "ann.lee" in bodies.told(seq).raw
    assert retire(desk.ledger, NOW + 61 * DAY) == 1
    assert Bodies(desk.ledger).told(seq).raw == ""
    told = Bodies(desk.ledger).told(desk.ledger.event_by_key(source, "r1"))
    assert told.fields["phone"] == "+35799123456"  # hers stays readable
    assert set(desk.feed({**ANN, "id": "x1", "shoe_size": "44"}).values()) == {"ignored repeat"}
    assert verify(desk.ledger, replay=replay).findings == []


def test_the_command(desk: Desk) -> None:
    desk.feed({**ANN, "id": "x1", "shoe_size": "44"})
    desk.close()
    ended = guerdon("retire", "--ledger", desk.url, "--parked-for", "36500", "--json")
    assert (ended.code, ended.out.split()) == (0, ["{", '"months":', "0", "}"])
    assert guerdon("retire", "--ledger", desk.url, "--parked-for", "0").code == 2


def test_one_key_opens_nothing_of_another() -> None:
    class Two:
        def __init__(self) -> None:
            self.held = {0: b"0" * 64, 1: b"1" * 64, 2: b"2" * 64}

        def key(self, owner: int) -> bytes | None:
            return self.held.get(owner)

        def give(self, owner: int) -> bytes:
            return self.held[owner]

        def left(self, owner: int, mark: str) -> dict[str, Any]:
            return {"attributes": {"birth_date": -24100}} if mark == mark_of(stored) else {}

        names_nobody = False

    keys = Two()
    part = {"fields": {"email": "ann@x.example", "phone": "1"}, "attributes": {"birth_date": 7, "nickname": "A"}}
    stored = shut(keys, 1, part, left_of(keys, part))
    assert opened(keys, stored) == part
    assert stored == shut(keys, 1, part, left_of(keys, part))
    with pytest.raises(Exception):  # noqa: B017 - of the library, whatever it is
        opened(keys, {**stored, "owner": 2})
    del keys.held[1]
    left = opened(keys, stored)
    assert left["attributes"] == {"birth_date": -24100} and "ann" not in str(left)
    assert left["fields"]["email"].endswith("@x.example") and left["fields"]["phone"] != "1"
    assert month_of(NOW) < -600
