"""Four processes on one PostgreSQL ledger: exactly one wins, limits hold to the cent, and the ledger replays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from guerdon.engine.codes import EventType, Outcome, Role
from guerdon.engine.ledger.audit import verify
from guerdon.engine.replaying import replay

from ..engines import ledger_at
from .crew import Crew
from .desk import Desk, programme
from .test_parallel import PINNED

pytestmark = [pytest.mark.usefixtures("engine"), pytest.mark.only("postgresql")]
MORNING = {"time": "2026-03-01 09:00"}
LATER = {"time": "2026-03-02 09:00"}


@pytest.fixture(scope="module")
def crew() -> Iterator[Crew]:
    made = Crew(4)
    yield made
    made.end()


class Scene:
    """A desk that prepares, a crew that acts, and the desk again, which looks at what came of it."""

    def __init__(self, folder: Path, crew: Crew) -> None:
        self._crew = crew
        self._source = programme(folder, PINNED)
        self.desk = Desk(folder, self._source)
        self._url = ledger_at(folder / "ledger.db")

    def given(self, *told: Mapping[str, Any]) -> None:
        assert set(self.desk.feed(*told).values()) == {"posted"}

    def at_once(self, told: list[Mapping[str, Any]]) -> dict[str, int]:
        self.desk.close()
        ended = self._crew.at_once(self._url, self._source, told)
        self.desk.reopen()
        assert verify(self.desk.ledger, replay=replay).findings == []
        return dict(ended)

    def record(self, kind: str, name: str) -> Mapping[str, Any]:
        found = self.desk.ledger.records.one(kind, name)
        assert found is not None
        return found.fields


@pytest.fixture
def scene(tmp_path: Path, crew: Crew) -> Iterator[Scene]:
    made = Scene(tmp_path, crew)
    yield made
    made.desk.close()


def card(kind: str) -> list[Mapping[str, Any]]:
    return [
        {"type": "card_issued", "card": "a", "kind": kind, **MORNING},
        {"type": "card_activated", "card": "a", "amount": "20.00", "merchant": "kiosk", "time": "2026-03-01 09:01"},
    ]


def test_claims_of_one_certificate(scene: Scene) -> None:
    scene.given(
        {"type": "certificate_issued", "certificate": "k", "kind": "tour", **MORNING},
        {"type": "certificate_distributed", "certificate": "k", **MORNING},
    )
    claim = {"type": "certificate_claimed", "certificate": "k", "site": "here", "terms": "t1", "merchant": "cafe"}
    claims = [{**claim, "email": f"p{n}@x.example", **LATER} for n in range(40)]
    assert scene.at_once(claims) == {"posted": 1, "refused code_used": 39}


def test_spends_of_one_card(scene: Scene) -> None:
    scene.given(*card("plain"))
    spend = {"type": "card_spent", "card": "a", "amount": "1.00", "merchant": "cafe", **LATER}
    assert scene.at_once([spend] * 60) == {"posted": 20, "refused insufficient_funds": 40}
    assert scene.record("card", "a")["paid"] == 0


def test_fifty_spends_of_all_of_it(scene: Scene) -> None:
    scene.given(*card("plain"))
    spend = {"type": "card_spent", "card": "a", "amount": "20.00", "merchant": "cafe", **LATER}
    assert scene.at_once([spend] * 50) == {"posted": 1, "refused insufficient_funds": 49}


def test_wrong_pins_are_counted_over_all_processes(scene: Scene) -> None:
    scene.given(*card("pinned"))
    wrong = [{"type": "card_pin_failed", "card": "a", "channel": f"c{n % 3}", **LATER} for n in range(40)]
    assert scene.at_once(wrong) == {"posted": 4, "refused invalid_transition": 36}  # three may be wrong
    assert scene.record("card", "a")["status"] == "locked"
    spend = {"type": "card_spent", "card": "a", "amount": "1.00", "merchant": "cafe", "verified": True, **LATER}
    assert scene.at_once([spend] * 8) == {"refused invalid_transition": 8}


def test_a_reward_that_one_balance_pays_once(scene: Scene) -> None:
    buy = {"type": "adjust", "contact": "ann", "amount": "6.00", "reason": "goodwill", **MORNING}
    scene.given({"type": "register", "contact": "ann", **MORNING}, buy)
    mug = {"type": "reward_exchanged", "contact": "ann", "reward": "mug", "terms": "t1", **LATER}
    told = [{**mug, "coupon": f"k{n}"} for n in range(20)]
    assert scene.at_once(told) == {"posted": 1, "refused insufficient_funds": 19}


def test_merges_while_both_earn(scene: Scene) -> None:
    """Told by four at once, one merge counts; what either earns before or after it is one sum."""
    scene.given(*({"type": "register", "contact": name, **MORNING} for name in ("ann", "bob")))
    give = {"type": "adjust", "amount": "1.00", "reason": "goodwill", **LATER}
    merge = {"type": "merge", "contact": "bob", "into": "ann", **LATER}
    told: list[Mapping[str, Any]] = [{**give, "contact": ("ann", "bob")[n // 4 % 2]} for n in range(80)]
    told[36:36] = [merge] * 4
    ended = scene.at_once(told)
    ledger = scene.desk.ledger
    ann, bob = (ledger.names.find("contact", name) for name in ("ann", "bob"))
    merges = ledger.frame("event", ["type", "outcome"]).filter(type=int(EventType.MERGE), outcome=int(Outcome.POSTED))
    assert len(merges) == 1 and ended["posted"] >= 41
    assert ledger.balances(ann)[Role.OPEN, 0] == 100 * (ended["posted"] - 1)
    assert ledger.balances(bob).get((Role.OPEN, 0), 0) == 0
