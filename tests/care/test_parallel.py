"""Many at once, through the one writer that a ledger has: exactly one wins, nothing is lost, nothing doubled."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from guerdon.engine.ledger.audit import verify

from ..engines import Engine
from .desk import Desk, programme
from .test_machines import RULES

PINNED = RULES.replace("cards: [", "cards: [{id: pinned, pin: {lock_after: 3}}, ")


class Till:
    """What hands events of many threads to the one run of a ledger, each in its turn."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.lock = threading.Lock()

    def tell(self, fields: Mapping[str, Any]) -> str:
        """How one event ended."""
        with self.lock:
            return next(iter(self.desk.feed(fields).values()))

    def at_once(self, told: Iterable[Mapping[str, Any]]) -> Counter[str]:
        """How many of many ended in which way."""
        with ThreadPoolExecutor(8) as pool:
            return Counter(pool.map(self.tell, told))


@pytest.fixture
def till(engine: Engine, tmp_path: Path) -> Iterator[Till]:
    desk = Desk(tmp_path, programme(tmp_path, PINNED))
    yield Till(desk)
    assert verify(desk.ledger).findings == []
    desk.close()


def card(till: Till, kind: str = "plain", amount: str = "20.00", name: str = "a") -> None:
    till.tell({"type": "card_issued", "card": name, "kind": kind, "time": "2026-03-01 09:00"})
    told = {"type": "card_activated", "card": name, "amount": amount, "merchant": "kiosk", "time": "2026-03-01 09:01"}
    assert till.tell(told) == "posted"


def record(till: Till, kind: str, name: str) -> Mapping[str, Any]:
    found = till.desk.ledger.records.one(kind, name)
    assert found is not None
    return found.fields


def test_fifty_claims_of_one_certificate(till: Till) -> None:
    till.tell({"type": "certificate_issued", "certificate": "k", "kind": "tour", "time": "2026-03-01 09:00"})
    till.tell({"type": "certificate_distributed", "certificate": "k", "time": "2026-03-01 09:01"})
    claim = {
        "type": "certificate_claimed", "certificate": "k", "site": "here", "terms": "t1", "merchant": "cafe",
        "time": "2026-03-02 09:00",
    }  # fmt: skip
    ended = till.at_once({**claim, "email": f"p{n}@x.example"} for n in range(50))
    assert ended == {"posted": 1, "refused code_used": 49}


def test_a_hundred_spends_of_one_card(till: Till) -> None:
    card(till)
    spend = {"type": "card_spent", "card": "a", "amount": "1.00", "merchant": "cafe", "time": "2026-03-02 09:00"}
    assert till.at_once([spend] * 50) == {"posted": 20, "refused insufficient_funds": 30}
    assert record(till, "card", "a")["paid"] == 0


def test_wrong_pins_on_many_tills_are_all_counted(till: Till) -> None:
    card(till, "pinned")
    ended = till.at_once([{"type": "card_pin_failed", "card": "a", "time": "2026-03-02 09:00"}] * 30)
    assert ended == {"posted": 4, "refused invalid_transition": 26}
    assert record(till, "card", "a")["status"] == "locked"


def test_spends_race_a_transfer_and_no_cent_is_lost(till: Till) -> None:
    card(till)
    till.tell({"type": "card_issued", "card": "b", "kind": "plain", "time": "2026-03-01 09:00"})
    spend = {"type": "card_spent", "card": "a", "amount": "1.00", "merchant": "cafe", "time": "2026-03-02 09:00"}
    move = {"type": "card_transferred", "card": "a", "to": "b", "time": "2026-03-02 09:00"}
    ended = till.at_once([*[spend] * 10, move, *[spend] * 5])
    spent = ended["posted"] - 1
    assert record(till, "card", "a")["paid"] == 0
    assert record(till, "card", "b")["paid"] == 2000 - 100 * spent


def test_one_receipt_told_by_many_earns_once_and_two_exchanges_need_two_prices(till: Till) -> None:
    buy = {"type": "purchase", "contact": "ann", "total": "20.00", "reference": "F-1", "time": "2026-03-01 09:00"}
    assert till.at_once([buy] * 20) == {"posted": 1, "ignored same_reference": 19}
    give = {"type": "adjust", "contact": "ann", "amount": "6.00", "reason": "goodwill", "time": "2026-03-01 10:00"}
    assert till.tell(give) == "posted"
    mug = {"type": "reward_exchanged", "contact": "ann", "reward": "mug", "terms": "t1", "time": "2026-03-02 09:00"}
    ended = till.at_once({**mug, "coupon": f"k{n}"} for n in range(2))
    assert ended == {"posted": 1, "refused insufficient_funds": 1}


def test_a_merge_while_both_earn_keeps_every_cent(till: Till) -> None:
    for name in ("ann", "bob"):
        till.tell({"type": "register", "contact": name, "time": "2026-03-01 09:00"})
    give = {"type": "adjust", "amount": "1.00", "reason": "goodwill", "time": "2026-03-02 09:00"}
    merge = {"type": "merge", "contact": "bob", "into": "ann", "time": "2026-03-02 09:00"}
    told = [{**give, "contact": name} for _ in range(10) for name in ("ann", "bob")]
    ended = till.at_once([*told[:10], merge, *told[10:]])
    posted = ended["posted"] - 1
    ledger = till.desk.ledger
    assert posted >= 10 and ledger.balances(ledger.names.find("contact", "ann"))[2, 0] == 100 * posted
    assert ledger.balances(ledger.names.find("contact", "bob")).get((2, 0), 0) == 0
