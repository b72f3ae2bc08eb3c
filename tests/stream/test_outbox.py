"""The outbox: written with the chunk or not at all, delivered at least once, in order per contact."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from guerdon.engine.events.admission import admit
from guerdon.engine.ledger import Ledger
from guerdon.engine.stream.outbox import Outbox
from guerdon.engine.stream.relay import Relay
from guerdon.engine.stream.subscribers import Subscriber
from guerdon.engine.stream.turns import Turns
from guerdon.engine.stream.webhooks import Refused

from ..engines import new
from .shop import events, program, purchase

pytestmark = pytest.mark.usefixtures("engine")

SHOP = Subscriber(
    "shop", "https://shop.example/hooks", False, frozenset({"outcome", "wallet"}), ("SHOP_SECRET",), attempts=3
)


class Way:
    """A subscriber's door that notes what it took, and refuses for contacts that it is told to refuse."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.ids: list[str] = []
        self.refused: set[str] = set()
        self.refused_ids: set[str] = set()
        self.down = False
        self.tried = 0

    def send(self, id: str, contact: str, body: bytes, timestamp: int) -> None:
        told = json.loads(body)
        self.tried += 1
        if self.down or told["contact"] in self.refused or told["event"]["id"] in self.refused_ids:
            raise Refused("status 500")
        self.taken.append(told)
        self.ids.append(id)

    def close(self) -> None:
        pass


class Scene:
    """A ledger with an outbox, a relay to one subscriber, and a clock set by hand."""

    def __init__(self, url: str) -> None:
        self.ledger = Ledger.open(url, shared=True)
        self.ledger.outbox = Outbox(program(), self.ledger).messages
        self.turns = Turns(program(), self.ledger)
        self.now = 1_800_000_000_000_000
        self.way = Way()
        self.relay = Relay(self.ledger, [SHOP], lambda told: self.way, lambda: self.now)

    def tell(self, *numbers: int, **told: Any) -> None:
        self.turns.admit(admit(events([purchase(number, 3, **told) for number in numbers])))

    def later(self, seconds: int) -> int:
        self.now += seconds * 1_000_000
        return self.relay.deliver()


@pytest.fixture
def scene(ledger_url: str) -> Iterator[Scene]:
    made = Scene(ledger_url)
    yield made
    made.ledger.close()


def test_what_is_told(scene: Scene) -> None:
    scene.tell(0, contact="ann", total="100.00")
    scene.tell(1, contact="ann", total="20.00")
    assert scene.relay.deliver() == 4
    outcome, wallet, _, second = scene.way.taken
    assert outcome["event"] == {"source": "tills", "id": "p0", "type": "purchase", "time": "2026-03-05T08:00:00Z"}
    assert (outcome["kind"], outcome["contact"], outcome["outcome"], outcome["reason"]) == (
        "outcome",
        "ann",
        "posted",
        None,
    )
    assert outcome["awards"] == [{"offer": "ten-percent", "contact": "ann", "amount": "10.00", "pool": "anywhere"}]
    assert (wallet["kind"], wallet["changes"]) == ("wallet", {"commerce:anywhere": "10.00"})
    assert second["changes"] == {"commerce:anywhere": "-7.00", "open": "10.00"}
    assert scene.relay.deliver() == 0


def test_a_chunk_that_is_not_posted_tells_nothing(scene: Scene) -> None:
    def reached(step: str) -> None:
        if step == "committing":
            raise OSError("no more")

    scene.ledger.reached = reached
    with pytest.raises(OSError, match="no more"):
        scene.tell(0)
    scene.ledger.reached = lambda step: None
    assert scene.relay.deliver() == 0
    scene.tell(0)
    assert scene.relay.deliver() == 2


def test_one_contact_in_order_while_others_go_on(scene: Scene) -> None:
    scene.way.refused_ids = {"p1"}
    scene.tell(0, 1, 2, 4)
    assert scene.relay.deliver() == 4
    assert {told["contact"] for told in scene.way.taken} == {"c0", "c2"}
    scene.tell(5, 7)  # another of c2 goes through, one of c1 waits behind those before it
    assert scene.relay.deliver() == 2
    scene.way.refused_ids = set()
    assert scene.relay.deliver() == 0  # not due yet
    assert scene.later(6) == 6
    mine = [told["seq"] for told in scene.way.taken if told["contact"] == "c1"]
    assert mine == sorted(mine) and len(mine) == 6
    assert len(set(scene.way.ids)) == 12


def test_given_up_after_so_many_attempts_and_the_next_gets_its_turn(scene: Scene) -> None:
    scene.way.refused = {"c1"}
    scene.tell(1)
    scene.tell(4)
    for _ in range(3):
        scene.later(4_000)
    dead = scene.ledger.frame("delivery").filter(pl_dead())
    assert dead["attempts"].to_list() == [3] and dead["error"].to_list() == ["status 500"]
    scene.way.refused = set()
    scene.later(4_000)
    assert [told["event"]["id"] for told in scene.way.taken if told["kind"] == "outcome"] == ["p4"]


def pl_dead() -> Any:
    import polars as pl

    return pl.col("dead") == 1


def test_one_who_takes_nothing_is_waited_for(scene: Scene) -> None:
    scene.way.down = True
    scene.turns.admit(admit(events([purchase(number, 15) for number in range(30)])))
    scene.relay.deliver()
    assert scene.way.tried == 5 and len(scene.ledger.frame("delivery")) == 9  # the next of those is the sixth
    scene.way.down = False
    taken = sum(scene.later(60) for _ in range(4))
    assert taken == 60 and len(scene.ledger.frame("delivery")) == 0
    for contact in ("c0", "c1", "c14"):
        mine = [told["seq"] for told in scene.way.taken if told["contact"] == contact]
        assert mine == sorted(mine)


def test_what_all_have_passed_goes(scene: Scene) -> None:
    scene.tell(*range(20))
    scene.relay.deliver()
    assert len(scene.ledger.frame("outbox")) <= 2


def test_without_subscribers_nothing_is_written() -> None:
    with Ledger.open(new()) as ledger:
        Turns(program(), ledger).admit(admit(events([purchase(0)])))
        assert len(ledger.frame("outbox")) == 0
