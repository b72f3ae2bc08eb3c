"""The writer: shares transactions, harms nobody for another's fault, says when it can't, and when it can again."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from guerdon.engine.api.collecting import Collector
from guerdon.engine.ledger.audit import verify
from guerdon.engine.ledger.errors import LedgerUnwritable
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.pipeline import Run
from tests.api.served import Served, purchase, served

pytestmark = pytest.mark.usefixtures("engine")


def test_requests_at_a_time_share_transactions(mall: Served) -> None:
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda n: mall.post("/events", purchase(f"g{n}", f"c{n}", "1.00")), range(100)))
    assert {answer.status_code for answer in answers} == {200}
    with Ledger.open(mall.url, read_only=True) as ledger:
        events = ledger.frame("event").filter(ledger.frame("event")["id"].str.starts_with("g"))
        chunks = ledger.frame("chunk", ["first_seq", "last_seq"])
        assert len(events) == 100
        assert len(chunks) < 80
        assert verify(ledger).findings == []


def test_fifty_spends_of_one_balance_spend_it_once(mall: Served) -> None:
    mall.post("/events", purchase("fund", "dee", "100.00"))
    mall.post("/events", purchase("redeem", "dee", "100.00"))
    open_before = mall.get("/contacts/dee/wallet").json()["balances"]["open"]
    told = [{**purchase(f"sp{n}", "dee", "15.00", spend={"amount": open_before}), "lines": [
        {"total": "15.00"}]} for n in range(50)]  # fmt: skip
    with ThreadPoolExecutor(25) as pool:
        answers = list(pool.map(lambda event: mall.post("/events", event).json(), told))
    spent = [each["outcomes"][0]["spent"] for each in answers]
    assert spent.count(open_before) >= 1
    wallet = mall.get("/contacts/dee/wallet").json()["balances"]
    assert float(wallet["open"]) >= 0 and float(wallet["debt"]) == 0
    with Ledger.open(mall.url, read_only=True) as ledger:
        assert verify(ledger).findings == []


def test_one_request_that_breaks_the_engine_harms_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(tmp_path) as it:
        whole = Run.admit

        def breaking(self: Run, admission: Any, way: str = "batch") -> Any:
            if "poison" in admission.told.texts("id"):
                raise RuntimeError("poison")
            return whole(self, admission, way)

        monkeypatch.setattr(Run, "admit", breaking)
        ids = [f"w{n}" if n != 7 else "poison" for n in range(20)]
        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda id: (id, it.post("/events", purchase(id, id)).status_code), ids))
        assert {id: status for id, status in answers if status != 200} == {"poison": 500}
        assert it.get("/readyz", key=None).status_code == 200
        url = it.url
    with Ledger.open(url, read_only=True) as ledger:
        assert verify(ledger).findings == []
        assert len(ledger.frame("event")) == 20  # the programme's beginning, and nineteen


def test_a_transaction_that_fails_leaves_nothing_and_the_same_key_may_ask_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = {"Idempotency-Key": "again"}
    with served(tmp_path) as it:
        it.post("/events", purchase("before"))
        post = Ledger.post

        def full(self: Ledger, chunk: Any) -> None:
            raise LedgerUnwritable("the disk is full", place="here")

        monkeypatch.setattr(Ledger, "post", full)
        answer = it.post("/events", purchase("f1"), headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (503, "ledger_unwritable")
        assert "here" not in answer.text and answer.headers["retry-after"]
        assert it.get("/readyz", key=None).status_code == 503
        monkeypatch.setattr(Ledger, "post", post)
        it.service.writer.failed_at -= 60
        assert it.get("/readyz", key=None).status_code == 200  # it finds out by itself
        assert it.post("/events", purchase("f1"), headers=headers).json()["outcomes"][0]["outcome"] == "posted"
        assert it.get("/readyz", key=None).status_code == 200
        assert b"guerdon_writer_failures_total 1.0" in it.get("/metrics", "admin").content
        url = it.url
    with Ledger.open(url, read_only=True) as ledger:
        assert verify(ledger).findings == []


def test_too_much_that_waits_is_turned_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(tmp_path, waiting_events=3) as it:
        it.post("/events", purchase("first"))
        gate, busy, part = threading.Event(), threading.Event(), Collector.part

        def slowly(self: Collector, *parts: Any) -> Any:
            busy.set()
            gate.wait(20)
            return part(self, *parts)

        def ask(number: int) -> Any:
            return it.post("/events", [purchase(f"o{number}-{place}") for place in range(2)])

        monkeypatch.setattr(Collector, "part", slowly)
        with ThreadPoolExecutor(8) as pool:
            first = pool.submit(ask, 0)
            assert busy.wait(20)
            rest = [pool.submit(ask, number) for number in range(1, 8)]
            turned_away = [each.result() for each in islice(as_completed(rest, timeout=20), 6)]
            gate.set()
            statuses = [each.result().status_code for each in (first, *rest)]
        assert {(each.status_code, each.json()["code"]) for each in turned_away} == {(503, "overloaded")}
        assert statuses.count(200) == 2 and statuses.count(503) == 6


def test_after_the_end_nothing_is_taken(tmp_path: Path) -> None:
    with served(tmp_path) as it:
        it.post("/events", purchase("last"))
        it.service.writer.stop()
        assert it.post("/events", purchase("later")).json()["code"] == "stopping"
        assert it.get("/readyz", key=None).status_code == 503
