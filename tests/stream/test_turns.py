"""Turns: what several writers post on one PostgreSQL ledger is what one would post, and a stale one writes nothing."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from guerdon.engine.codes import Outcome, Role
from guerdon.engine.events.admission import admit
from guerdon.engine.ledger import Ledger, LedgerBusy, LedgerConflict, verify
from guerdon.engine.ledger.errors import LedgerInterrupted
from guerdon.engine.stream.leases import Leases
from guerdon.engine.stream.turns import Turns

from .conftest import ROOT
from .shop import events, lines, program, purchase

RECORDS = [purchase(number) for number in range(200)]
WORKER = """
import json, sys
sys.path.insert(0, sys.argv[1])
from guerdon.engine.events.admission import admit
from guerdon.engine.ledger import Ledger
from guerdon.engine.stream.turns import Turns
from tests.stream.shop import events, program

with Ledger.open(sys.argv[2], shared=True) as ledger:
    turns = Turns(program(), ledger)
    print("ready", flush=True)
    sys.stdin.readline()
    for line in sys.stdin:
        admitted = turns.admit(admit(events(json.loads(line))))
        print(json.dumps([[int(part) for part in row] for row in admitted.ended]), flush=True)
"""


def worker(url: str) -> subprocess.Popen[str]:
    """A process that admits each list of records that it is told, in a turn."""
    told = [sys.executable, "-c", WORKER, str(ROOT), url]
    return subprocess.Popen(told, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def ready(processes: list[subprocess.Popen[str]]) -> None:
    for process in processes:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"


def tell(process: subprocess.Popen[str], parts: list[list[dict[str, object]]]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n" + "".join(json.dumps(part) + "\n" for part in parts))
    process.stdin.flush()


def end(process: subprocess.Popen[str]) -> list[list[list[int]]]:
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return [json.loads(line) for line in out.splitlines()]


def test_two_in_one_process_take_turns(postgresql_url: str) -> None:
    """Names, counters per offer and contacts that the other changed are known; the log is one."""
    with Ledger.open(postgresql_url, shared=True) as one, Ledger.open(postgresql_url, shared=True) as two:
        turns = [Turns(program(), one), Turns(program(), two)]
        for place in range(0, 200, 10):
            admitted = turns[place // 10 % 2].admit(admit(events(RECORDS[place : place + 10])))
            assert admitted is not None and all(each.outcome is Outcome.POSTED for each in admitted.outcomes)
        assert one.take_turn(5)
        one.give_turn()
        with Ledger.open("sqlite://") as alone:
            Turns(program(), alone).admit(admit(events(RECORDS)))
            assert one.digest() == alone.digest()
        assert verify(one).findings == []
        rainy = one.names.find("offer", "rainy")
        assert int(one.frame("award").filter(pl_equals("offer", rainy))["amount"].sum()) == 5_000  # its cap, exactly


def pl_equals(name: str, value: int) -> object:
    import polars as pl

    return pl.col(name) == value


def test_duplicates_and_disorder_across_processes(postgresql_url: str) -> None:
    chance = random.Random(7)
    processes = [worker(postgresql_url), worker(postgresql_url)]
    ready(processes)
    for process in processes:
        told = RECORDS * 2
        chance.shuffle(told)
        tell(process, [told[first : first + 25] for first in range(0, len(told), 25)])
    ended = [end(process) for process in processes]
    posted = sum(row[0] == Outcome.POSTED for parts in ended for part in parts for row in part)
    with Ledger.open(postgresql_url, read_only=True) as ledger:
        assert posted == 200 and ledger.last_seq == 201
        assert verify(ledger).findings == []
        rainy = ledger.names.find("offer", "rainy")
        assert int(ledger.frame("award").filter(pl_equals("offer", rainy))["amount"].sum()) == 5_000


def test_fifty_spends_of_one_balance(ledger_url: str) -> None:
    """Open money of 10.00, fifty holds of 10.00 at once: exactly one succeeds. Two processes on PostgreSQL."""
    plain = {"contact": "ann", "total": "100.00", "attributes": {}}
    holds = [
        {"id": f"h{n}", "source": "tills", "type": "hold", "contact": "ann", "amount": "10.00", "hold_for": "1h"}
        | {"time": "2026-03-05T09:00:00Z"}
        for n in range(50)
    ]
    with Ledger.open(ledger_url, shared=True) as ledger:
        turns = Turns(program(), ledger)
        turns.admit(admit(events([purchase(0, **plain), purchase(1, **plain)])))
        ann = ledger.names.find("contact", "ann")
        assert ledger.balances(ann)[Role.OPEN, 0] == 1_000
        shared = ledger.store.is_shared
        ended = held_by_processes(ledger_url, ledger, holds) if shared else held_by_threads(turns, holds)
    assert [ended.count(outcome) for outcome in (Outcome.POSTED, Outcome.REFUSED)] == [1, 49]
    with Ledger.open(ledger_url, read_only=True) as ledger:
        assert (ledger.balances(ann)[Role.OPEN, 0], ledger.balances(ann)[Role.HELD, 0]) == (0, 1_000)
        assert verify(ledger).findings == []


def held_by_threads(turns: Turns, holds: list[dict[str, str]]) -> list[int]:
    """How they ended, each told by a thread of its own."""
    ended: list[int] = []

    def told(hold: dict[str, str]) -> None:
        admitted = turns.admit(admit(events([hold])))
        assert admitted is not None
        ended.append(int(admitted.ended[0, 0]))

    threads = [threading.Thread(target=told, args=(hold,)) for hold in holds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ended


def held_by_processes(url: str, ledger: Ledger, holds: list[dict[str, str]]) -> list[int]:
    """How they ended, told by two processes."""
    processes = [worker(url), worker(url)]
    ready(processes)
    for place, process in enumerate(processes):
        tell(process, [[hold] for hold in holds[place::2]])
    return [row[0] for process in processes for part in end(process) for row in part]


def test_one_who_holds_it_alone_and_those_who_share_keep_each_other_out(postgresql_url: str) -> None:
    with Ledger.open(postgresql_url), pytest.raises(LedgerBusy):
        Ledger.open(postgresql_url, shared=True)
    with Ledger.open(postgresql_url, shared=True), pytest.raises(LedgerBusy):
        Ledger.open(postgresql_url)


def test_a_turn_that_does_not_come(postgresql_url: str) -> None:
    with Ledger.open(postgresql_url, shared=True) as one, Ledger.open(postgresql_url, shared=True) as two:
        one.take_turn(1)
        with pytest.raises(LedgerBusy):
            two.take_turn(0.2)
        one.give_turn()
        two.take_turn(0.2)
        two.give_turn()


def test_a_stale_writer_writes_nothing(postgresql_url: str) -> None:
    """It decides in its turn, sleeps, another takes over and posts: the number of its chunk is taken."""
    with Ledger.open(postgresql_url, shared=True) as one, Ledger.open(postgresql_url, shared=True) as two:
        stale, fresh = Turns(program(), one), Turns(program(), two)
        stale.admit(admit(events(RECORDS[:10])))
        with pytest.raises((LedgerConflict, LedgerInterrupted)), stale.turn() as run:
            one.store.give()  # type: ignore[attr-defined] - as the server does when the lease ends
            fresh.admit(admit(events(RECORDS[10:20])))
            run.admit(admit(events(RECORDS[10:30])))
        assert two.last_seq == 21
        stale.admit(admit(events(RECORDS[:30])))
        assert stale.counts.posted == 10 + 10 and one.last_seq == 31
        assert verify(one).findings == []


def test_a_writer_that_is_stopped_in_its_turn_loses_it(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGSTOP in a turn: the server ends its session after the lease, and others go on."""
    script = WORKER.replace(
        "with Ledger.open", "import guerdon.engine.ledger.postgresql as p; p.LEASE_SECONDS = 1\nwith Ledger.open"
    )
    script = script.replace(
        "admitted = turns.admit", "ledger.take_turn(5); print('in', flush=True); import time; time.sleep(60)#"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(ROOT), postgresql_url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    ready([process])
    tell(process, [RECORDS[:1]])
    assert process.stdout is not None and process.stdout.readline() == "in\n"
    process.send_signal(signal.SIGSTOP)
    begun = time.monotonic()
    with Ledger.open(postgresql_url, shared=True) as ledger:
        Turns(program(), ledger).admit(admit(events(RECORDS[:5])))
        assert ledger.last_seq == 6
    assert time.monotonic() - begun < 20
    process.kill()
    process.wait()


def test_connections_cut_at_any_moment(postgresql_url: str) -> None:
    """The server ends all sessions of the ledger again and again, also in the midst of commits: all is posted, once."""
    import psycopg

    plain = postgresql_url.replace("+psycopg", "")
    over = threading.Event()

    def cut() -> None:
        chance = random.Random(1)
        with psycopg.connect(plain, autocommit=True) as connection:
            while not over.wait(chance.uniform(0.1, 0.5)):
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
                    "AND datname = current_database()"
                )

    cutter = threading.Thread(target=cut)
    with Ledger.open(postgresql_url, shared=True) as ledger:
        turns = Turns(program(), ledger)
        cutter.start()
        try:
            for place in range(0, 200, 4):
                turns.admit(admit(events(RECORDS[place : place + 4])))
        finally:
            over.set()
            cutter.join()
        assert ledger.last_seq == 201
    with Ledger.open("sqlite://") as alone, Ledger.open(postgresql_url, read_only=True) as ledger:
        Turns(program(), alone).admit(admit(events(RECORDS)))
        assert ledger.digest() == alone.digest()
        assert verify(ledger).findings == []


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_connection_is_lost_during_commit(postgresql_url: str, when: str) -> None:
    """Committed or not, whoever asks again gets it posted once."""
    with Ledger.open(postgresql_url, shared=True) as ledger:
        turns = Turns(program(), ledger)
        turns.admit(admit(events(RECORDS[:10])))
        store = ledger.store
        commit = store.commit

        def losing() -> None:
            store.commit = commit  # type: ignore[method-assign]
            if when == "after":
                commit()
            store._writer.close()  # type: ignore[attr-defined]
            if when == "before":
                commit()
            raise LedgerInterrupted("the connection was lost")

        store.commit = losing  # type: ignore[method-assign]
        turns.admit(admit(events(RECORDS[10:20])))
        assert ledger.last_seq == 21
        assert verify(ledger).findings == []


def test_leases(ledger_url: str) -> None:
    now = [1_000_000_000]
    with Ledger.open(ledger_url, shared=True) as ledger:
        one, two = (Leases(ledger, name, 30, lambda: now[0]) for name in ("one", "two"))
        assert (one.take("shard"), two.take("shard")) == (1, 0)
        now[0] += 29_000_000
        assert one.renew("shard", 1) and not two.take("shard")
        now[0] += 31_000_000
        assert two.take("shard") == 2
        assert not one.renew("shard", 1) and not one.holds("shard", 1) and two.holds("shard", 2)
        two.release("shard", 2)
        assert one.take("shard") == 3
        one.release("shard", 3, done=True)
        assert one.take("shard") == two.take("shard") == 0 and one.is_done("shard")


def test_run_gives_the_same_digest_on_both_engines(postgresql_url: str, tmp_path: Path) -> None:
    from .shop import write_programme

    folder = write_programme(tmp_path / "programme")
    (tmp_path / "events.jsonl").write_bytes(lines(RECORDS))
    found = []
    for url in (postgresql_url, f"sqlite:///{tmp_path / 'a.db'}"):
        told = ["run", str(folder), "--events", str(tmp_path / "events.jsonl"), "--ledger", url, "--json"]
        command = [sys.executable, "-m", "guerdon.engine.cli.main", *told]
        out = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, env=os.environ).stdout
        found.append(json.loads(out)["digest"])
    assert found[0] == found[1]
