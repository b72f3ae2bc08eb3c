"""What a service does beside answering: the clock is heard, subscribers are told; and several serve PostgreSQL."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from guerdon.engine.api.service import Service
from guerdon.engine.api.settings import Settings
from guerdon.engine.ledger.audit import verify
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.stream.subscribers import Subscriber
from tests.api.served import program_in, purchase, served

from ..engines import ledger_at

pytestmark = pytest.mark.usefixtures("engine")


def test_the_clock_is_heard_while_it_serves(tmp_path: Path) -> None:
    with served(tmp_path) as it:
        it.post("/events", purchase("first"))
        program, url = it.service.program, it.url
    service = Service(program, Settings(url), jobs=True)
    service.begin()
    try:
        for _ in range(200):
            with Ledger.open(url, read_only=True) as ledger:
                ticks = [id for id in ledger.frame("event")["id"].to_list() if id.startswith("tick/midnight/")]
            if ticks:
                break
            time.sleep(0.1)
        assert len(ticks) == 1
    finally:
        service.end()


def test_what_is_posted_is_in_the_outbox_for_subscribers(tmp_path: Path) -> None:
    told = Subscriber("crm", "https://crm.example/hook", False, frozenset({"outcome", "wallet"}))
    url = ledger_at(tmp_path / "guerdon.db")
    service = Service(program_in(tmp_path), Settings(url, key_seconds=0), subscribers=[told])
    with served(tmp_path, service=service) as it:
        it.post("/events", [purchase("o1"), purchase("o2", total="bad")])
    with Ledger.open(url, read_only=True) as ledger:
        rows = ledger.frame("outbox")
    assert rows["kind"].to_list() == ["outcome", "wallet", "outcome"]


def test_two_services_share_a_postgresql_ledger(postgresql_url: str, tmp_path: Path) -> None:
    """Told over two doors at once, in turns: one log, exact awards, one audit chain, one answer to a request key."""
    program = program_in(tmp_path)
    headers = {"Idempotency-Key": "shared"}
    with served(tmp_path, program, url=postgresql_url) as one, served(tmp_path, program, url=postgresql_url) as two:
        doors = (one, two)

        def tell(number: int) -> int:
            return doors[number % 2].post("/events", purchase(f"pg{number}", f"c{number % 5}", "30.00")).status_code

        with ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(tell, range(60)))
        assert statuses == [200] * 60
        answers = [
            door.post("/events", purchase("key", "zed"), key=one.keys["client"], headers=headers) for door in doors
        ]
        assert answers[0].content == answers[1].content
        wallets = [door.get("/contacts/c1/wallet").json() for door in doors]
        assert wallets[0] == wallets[1]
        assert two.get("/audit/check", "auditor").json()["holds"] is True
    with Ledger.open(postgresql_url, read_only=True) as ledger:
        assert verify(ledger).findings == []
        awards = ledger.frame("award")
        assert len(awards.filter(awards["amount"] == 1000)) == 5 * 3  # 360.00 each: three times 100.00
        assert len(awards) == 61 + 15
