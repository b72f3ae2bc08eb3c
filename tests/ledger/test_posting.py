"""A chunk goes in whole, comes out as it went in, and changes nothing when it can't be posted."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from guerdon.engine import rows
from guerdon.engine.codes import Outcome, OwnerKind, Role
from guerdon.engine.ledger import Chunk, Ledger, LedgerConflict, verify
from guerdon.engine.ledger import row_form as row_form_module
from guerdon.engine.ledger import sqlite as sqlite_module
from guerdon.engine.ledger.chunk import (
    LOG,
    TOUCH,
    FeedFile,
    Identifier,
    ProgrammeVersion,
    RunCounts,
    empty,
)

from ..engines import new
from .small import CHUNKS, DAY, POOL, START, Script, filled, records, waited

pytestmark = pytest.mark.usefixtures("engine")


def random_records(dtype: np.dtype[np.void], count: int, seed: int = 3) -> np.ndarray:
    made = np.zeros(count, dtype)
    random = np.random.default_rng(seed)
    for name in dtype.names or ():
        info = np.iinfo(dtype[name])
        made[name] = random.integers(info.min, info.max, count, dtype[name], endpoint=True)
    return made


def one_event(seq: int = 1) -> np.ndarray:
    return records(LOG, [{"seq": seq, "outcome": Outcome.POSTED, "source": 1, "keyed": 1}])


@pytest.mark.parametrize("count", [3, 3_000])
def test_every_record_comes_out_as_it_went_in(count: int) -> None:
    transfers = random_records(rows.TRANSFER, count)
    transfers["seq"], transfers["n"] = 1, np.arange(count)[::-1]
    transfers["amount"] = np.abs(transfers["amount"]) // 4 + 1
    transfers["unit"] = 0
    transfers["debit"], transfers["credit"] = 1 << 56 | 32, 2 << 56 | 1 << 16 | 2
    transfers["amount"] //= count
    awards, refusals = random_records(rows.AWARD, count), random_records(rows.REFUSAL, count)
    awards["seq"], awards["n"], refusals["seq"] = 1, np.arange(count), 1
    contacts, lots = random_records(rows.CONTACT, count), random_records(rows.LOT, count)
    contacts["number"] = lots["contact"] = np.arange(1, count + 1)
    lots["remaining"] = np.abs(lots["remaining"] // 2) + 1
    counters, members = random_records(rows.COUNTER, count), random_records(rows.MEMBERSHIP, count)
    counters["contact"] = members["contact"] = np.arange(1, count + 1)
    tiers = random_records(rows.TIER_PERIOD, count)
    tiers["contact"], tiers["seq"] = np.arange(1, count + 1), 1
    with Ledger.open(new()) as ledger:
        ledger.post(
            Chunk(one_event(), ["a"], b"", transfers=transfers, awards=awards, refusals=refusals, contacts=contacts,
                  lots=lots, counters=counters, counters_past=counters, memberships=members, tier_periods=tiers)
        )  # fmt: skip
        assert (ledger.transfers_of(1) == transfers[::-1]).all()
        assert (ledger.awards_of(1) == awards).all()
        assert (ledger.refusals_of(1) == refusals).all()
        found = ledger.load_contacts(np.arange(1, count + 1))
        assert (found.contacts[list(rows.PERSISTED_CONTACT)] == contacts[list(rows.PERSISTED_CONTACT)]).all()
        assert (found.lots[list(rows.PERSISTED_LOT)] == lots[list(rows.PERSISTED_LOT)]).all()
        assert (found.lots["stored"] == 1).all()
        assert (found.counters == counters).all()
        assert (found.memberships == members).all()
        assert (found.tiers == tiers).all()
        one = ledger.load_contacts(np.array([2]))
        assert (one.counters == counters[1:2]).all()
        assert (one.contacts[list(rows.PERSISTED_CONTACT)] == contacts[1:2][list(rows.PERSISTED_CONTACT)]).all()
        assert (ledger.past_counters(2) == counters[1:2]).all()


@pytest.mark.only("sqlite")
def test_the_compiled_way_and_the_plain_way_write_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def ledger_of(bulk_rows: int) -> list[pl.DataFrame]:
        monkeypatch.setattr(sqlite_module, "BULK_ROWS", bulk_rows)
        monkeypatch.setattr(row_form_module, "AT_ONCE", (64, 8, 1))
        ledger = Ledger.open(new())
        script = Script(ledger)
        ledger.post(script.purchases([f"contact é {k % 37}" for k in range(300)]))
        return [ledger.frame(name) for name in ("event", "event_key", "transfer", "lot", "contact", "balance", "chunk")]

    for plain, compiled in zip(ledger_of(10**9), ledger_of(1), strict=True):
        assert plain.equals(compiled)


@pytest.mark.only("sqlite")
def test_the_library_is_used_where_it_can_be() -> None:
    ledger = Ledger.open(new())
    assert isinstance(ledger.store, sqlite_module.SqliteStore)
    assert ledger.store._handle is not None


def test_texts_from_polars_and_from_lists_are_the_same() -> None:
    digests = set()
    for ids in (["ä", "", "b" * 40], pl.Series(["x", "ä", "", "b" * 40])[1:]):
        with Ledger.open(new()) as ledger:
            log = records(LOG, [{"seq": seq, "outcome": Outcome.REFUSED} for seq in (1, 2, 3)])
            ledger.post(Chunk(log, ids, b""))
            digests.add(ledger.digest())
            assert [event.id for event in ledger.events([1, 2, 3])] == ["ä", "", "b" * 40]
    assert len(digests) == 1


def test_reading_by_what_is_known() -> None:
    ledger = filled()
    source, ann = ledger.names.find("source", "tills"), ledger.names.find("contact", "ann")
    assert ledger.event_by_key(source, "p5") == 5
    assert ledger.event_by_key(source, "p9") == 0
    assert ledger.event_by_reference(1, "", "R4") == 4
    assert ledger.events_of_contact(ann).tolist() == [1, 3, 5]
    assert [event.id for event in ledger.events([5, 2])] == ["p2", "p5"]
    assert ledger.events([2])[0].reference == " r2 "
    assert ledger.balances(ann) == {(Role.COMMERCE + POOL, 0): 100, (Role.OPEN, 0): 200}
    assert ledger.balances(kind=OwnerKind.BUSINESS) == {(Role.REWARDS_COST, 0): -800}
    assert ledger.open_lots(ann)[["seq", "remaining"]].tolist() == [(5, 100)]
    history = ledger.transfers_of_lot(1, 1)
    assert history[["seq", "n", "amount"]].tolist() == [(1, 1, 100), (3, 1, 100)]
    award = ledger.award(3, 2)
    assert award is not None
    assert award["amount"] == 100
    assert ledger.award(3, 7) is None
    assert [chunk.first_seq for chunk in ledger.chunks()] == [1, 4, 6]
    assert [chunk.number for chunk in ledger.chunks(after=1)] == [2, 3]
    chunk = ledger.chunk_of(5)
    assert chunk is not None
    assert (chunk.number, chunk.body) == (2, b"content")
    assert ledger.chunk_of(9) is None
    assert ledger.due_contacts(START + 2 * DAY).tolist() == [1, 2]
    assert len(ledger.frame("transfer")) == 12
    assert ledger.frame("transfer", ("seq", "amount")).columns == ["seq", "amount"]
    assert ledger.last_seq == 8
    assert ledger.max_contact() == 4
    assert ledger.last_run() == 1


def test_a_used_up_lot_loses_its_row_and_gets_it_back() -> None:
    ledger = filled()
    lot = records(rows.LOT, [{"seq": 1, "n": 1, "contact": 1, "remaining": 40, "stored": 0}])
    ledger.post(Chunk(one_event(9), ["z"], b"", lots=lot))
    assert (1, 40) in ledger.open_lots(1)[["seq", "remaining"]].tolist()
    lot["remaining"], lot["stored"] = 0, 1
    ledger.post(Chunk(one_event(10), ["zz"], b"", lots=lot))
    assert 1 not in ledger.open_lots(1)["seq"]


def test_what_is_around_the_log() -> None:
    ledger = Ledger.open(new())
    first = Chunk(
        one_event(), ["a"], b"",
        touched=records(TOUCH, [{"contact": 8, "seq": 1}]),
        programmes=[ProgrammeVersion(1, 1, "abc", "{}")],
        files=[FeedFile("f" * 64, "feed", "x.csv", 10, False)],
        run=RunCounts(1, 1, 1, 0, 0, 0, 0, 0),
        identifiers=[Identifier("card", "c1", 8), Identifier("email", "e", 8)],
        profiles={8: {"birth_date": "2000-01-01", "b": 1}},
    )  # fmt: skip
    ledger.post(first)
    assert ledger.events_of_contact(8).tolist() == [1]
    assert ledger.programmes() == {1: ("abc", "{}")}
    assert ledger.file_progress("f" * 64) == (10, False)
    assert ledger.contact_by_identifier("card", "c1") == 8
    assert ledger.load_contacts(np.array([8])).profiles == {8: {"birth_date": "2000-01-01", "b": 1}}
    counters = records(rows.COUNTER, [{"slot": 4, "window": 1, "amount": 9}, {"contact": 8, "slot": 4, "window": 1}])
    ledger.post(
        Chunk(one_event(2), ["b"], b"", programmes=[ProgrammeVersion(2, 1, "abc", "{}")], counters=counters,
              files=[FeedFile("f" * 64, "feed", "x.csv", 20, True)], identifiers=[Identifier("card", "c1", 0)],
              profiles={8: {}})
    )  # fmt: skip
    assert ledger.in_force() == [(1, 1), (2, 1)]
    assert ledger.file_progress("f" * 64) == (20, True)
    assert ledger.contact_by_identifier("card", "c1") == 0
    assert ledger.load_contacts(np.array([8, 9])).profiles == {}
    assert ledger.business_counters()["amount"].tolist() == [9]
    ledger.post(Chunk(one_event(3), ["c"], b"", counters_gone=counters[:1]))
    assert len(ledger.business_counters()) == 0
    assert len(ledger.load_contacts(np.array([8])).counters) == 1


@pytest.mark.parametrize(
    "chunk",
    [
        Chunk(one_event(8), ["new"], b""),  # a seq that is taken
        Chunk(one_event(9), ["p3"], b""),  # an id that is taken
        Chunk(one_event(9), ["new"], b"", transfers=records(rows.TRANSFER, [{"seq": 9, "n": 1, "amount": 0}])),
        Chunk(np.concatenate([one_event(10), one_event(9)]), ["x", "y"], b""),
    ],
)
def test_a_chunk_that_does_not_fit_leaves_nothing(chunk: Chunk) -> None:
    ledger = filled()
    before = {name: ledger.frame(name) for name in ("event", "transfer", "balance", "chunk", "name")}
    digest = ledger.digest()
    ledger.names.number("contact", "new one")
    with pytest.raises(LedgerConflict):
        ledger.post(chunk)
    assert [name for name, frame in before.items() if not ledger.frame(name).equals(frame)] == []
    assert ledger.digest() == digest
    ledger.post(Chunk(one_event(9), ["new"], b""))
    assert ledger.names.unwritten() == []


def test_the_digest_knows_no_chunks_and_no_received_times() -> None:
    digests = set()
    for cut in (CHUNKS, [[who] for whos in CHUNKS for who in whos], [[who for whos in CHUNKS for who in whos]]):
        ledger = Ledger.open(new())
        script = Script(ledger)
        for whos in cut:
            chunk = script.purchases(whos)
            chunk.log["received_at"] += len(whos)
            ledger.post(chunk)
        digests.add(ledger.digest())
        assert verify(ledger).findings == []
    assert len(digests) == 1


@pytest.mark.parametrize("name", ["time", "content_lo", "contact", "merchant", "reason"])
def test_the_digest_knows_every_other_field_of_an_event(name: str) -> None:
    ledger = Ledger.open(new())
    chunk = Script(ledger).purchases(["ann"])
    chunk.log[name] += 1
    ledger.post(chunk)
    other = Ledger.open(new())
    other.post(Script(other).purchases(["ann"]))
    assert ledger.digest() != other.digest()


def test_an_event_that_waited_ends_the_same_wherever_the_log_is_cut() -> None:
    digests = set()
    for cut in (True, False):
        ledger = Ledger.open(new())
        log = records(LOG, [{"seq": 1, "outcome": Outcome.WAITING}, {"seq": 2, "outcome": Outcome.POSTED}])
        row = {"seq": 1, "n": 1, "amount": 5, "debit": 1 << 56 | 32, "credit": 1 << 56 | 33}
        transfer = records(rows.TRANSFER, [row])
        if cut:
            ledger.post(Chunk(log[:1], ["a"], b""))
            ledger.post(Chunk(log[1:], ["b"], b"", transfers=transfer, resolved=waited(1, 2)))
        else:
            ledger.post(Chunk(log, ["a", "b"], b"", transfers=transfer, resolved=waited(1, 2)))
        digests.add(ledger.digest())
        event = ledger.events([1])[0]
        assert (event.outcome, event.resolved_by, event.waited) == (Outcome.POSTED, 2, True)
        assert [f for f in verify(ledger).findings if f.check == "V13"] == []
    assert len(digests) == 1


def test_it_is_all_there_when_opened_again(ledger_url: str) -> None:
    with filled(ledger_url) as ledger:
        digest = ledger.digest()
    with Ledger.open(ledger_url) as ledger:
        assert (ledger.digest(), ledger.last_seq) == (digest, 8)
        assert ledger.names.number("contact", "dee") == 4
        assert ledger.names.number("contact", "eve") == 5
        assert ledger.names.id("contact", 2) == "bob"
        assert ledger.names.numbers("contact", ["bob", "fay", "", "ann"]).tolist() == [2, 6, 0, 1]
        ledger.post(Chunk(empty(LOG), [], b""))
        assert verify(ledger).findings == []
    with Ledger.open(ledger_url, read_only=True) as ledger:
        assert ledger.names.find("contact", "fay") == 6


@pytest.mark.only("sqlite")
def test_everything_compiled_is_compiled_ahead() -> None:
    from guerdon.engine.ledger import digest, gathering, loops, warming

    warming.warm()
    compiled = [digest._rows, digest._texts, digest._sum, gathering._gather, gathering.ascending]
    compiled += [gathering._account_sums, loops.write, loops.read]
    before = [len(function.signatures) for function in compiled]
    assert all(before)
    ledger = Ledger.open(new())
    script = Script(ledger)
    ledger.post(script.purchases([f"contact {k % 90}" for k in range(5_000)]))
    verify(ledger)
    ledger.load_contacts(np.arange(200))
    assert [len(function.signatures) for function in compiled] == before
