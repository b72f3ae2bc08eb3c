"""A stream gives the ledger of the batch: from lines, from a watched folder, however it is cut, whatever is in it."""

from __future__ import annotations

import io
import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from guerdon.engine.events.mapping import Feeds
from guerdon.engine.events.normalise import Door, Normaliser
from guerdon.engine.ledger import Ledger, verify
from guerdon.engine.stream.feed import Feed, Message
from guerdon.engine.stream.folder import FolderWorker
from guerdon.engine.stream.intake import Intake
from guerdon.engine.stream.matching import Matching
from guerdon.engine.stream.sharing import Sharing
from guerdon.engine.stream.stdin import LineFeed
from guerdon.engine.stream.turns import Turns
from guerdon.engine.stream.worker import Pace, Worker

from ..engines import ledger_at, new
from .conftest import guerdon
from .shop import lines, program, purchase, write_programme

pytestmark = pytest.mark.usefixtures("engine")

RECORDS = [purchase(number) for number in range(300)]
MINUTE = 60_000_000


def streamed(told: bytes, ledger: Ledger, *, batch: int = 7, window: int = 0, match: str = "python") -> Worker:
    """A worker that has read all lines."""
    feed = LineFeed(io.BytesIO(told))
    turns = Turns(program(), ledger, prepare=Matching(match).prepare)
    intake = Intake(feed, Normaliser(program(), Door(permits_all=True)), frozenset(), window)
    worker = Worker(feed, intake, turns, Sharing("stdin", ("",), None), Pace(batch, 0.01))
    worker.run()
    return worker


@pytest.fixture(scope="module")
def digest() -> str:
    """Of the same events in one go."""
    with Ledger.open("sqlite://") as ledger:
        streamed(lines(RECORDS), ledger, batch=10_000)
        assert verify(ledger).findings == []
        return ledger.digest()


@pytest.mark.parametrize("batch", [1, 7, 40])
def test_however_it_is_cut(digest: str, batch: int) -> None:
    with Ledger.open(new()) as ledger:
        worker = streamed(lines(RECORDS), ledger, batch=batch)
        assert ledger.digest() == digest and worker.turns.transfers > 300


def test_single_events_by_durable_rules_and_a_backlog_by_polars(digest: str) -> None:
    matching = Matching("durable")
    with Ledger.open(new()) as ledger:
        turns = Turns(program(), ledger, prepare=matching.prepare)
        for part, batch in ((RECORDS[:40], 1), (RECORDS[40:200], 160), (RECORDS[200:], 3)):
            feed = LineFeed(io.BytesIO(lines(part)))
            intake = Intake(feed, Normaliser(program(), Door(permits_all=True)), frozenset())
            Worker(feed, intake, turns, Sharing("stdin", ("",), None), Pace(batch, 0.01)).run()
        assert ledger.digest() == digest
    assert matching.errors == 0 and matching._ruleset is not None


@pytest.mark.parametrize("batch", [7, 150])
def test_duplicates_and_disorder_within_the_window(digest: str, batch: int) -> None:
    chance = random.Random(5)
    shaken = sorted(range(300), key=lambda number: number + chance.uniform(0, 8))
    told = [RECORDS[number] for number in shaken for _ in range(chance.choice((1, 1, 2, 4)))]
    with Ledger.open(new()) as ledger:
        worker = streamed(lines(told), ledger, batch=batch, window=700 * MINUTE)  # nights lie between the days
        counts = worker.turns.counts
        assert ledger.digest() == digest
        assert (counts.posted, counts.reasons["repeat"]) == (300, len(told) - 300)
        assert verify(ledger).findings == []


def test_disorder_without_a_window_posts_each_once() -> None:
    told = RECORDS * 2
    random.Random(2).shuffle(told)
    with Ledger.open(new()) as ledger:
        worker = streamed(lines(told), ledger)
        assert (worker.turns.counts.posted, worker.turns.counts.reasons["repeat"]) == (300, 300)
        assert verify(ledger).findings == []


HOSTILE = [
    b"not json\n", b"\xff\xfe\x00\n", b"[]\n", b'"text"\n',
    b"null\n", b"{}\n", b'{"id": "x", "id": "y"}\n', b"\n", b"   \n",
    b'{"id": "h1", "type": "purchase", "contact": "a", "time": "2026-03-05T08:00:00Z", "total": NaN}\n',
    b'{"id": "h2", "type": "purchase", "contact": "a", "time": "2026-03-05T08:00:00Z", "total": 1e400}\n',
    b'{"id": "h3", "type": "purchase", "contact": "a", "time": "2026-03-05T08:00:00+25:00", "total": "1.00"}\n',
    b'{"id": "h4", "type": "purchase", "contact": "a", "time": "2026-03-05T24:00:00", "total": "1.00"}\n',
    b'{"id": "h5", "type": "purchase", "contact": "a\\u0000b", "time": "2026-03-05T08:00:00Z", "total": "1.00"}\n',
    b'{"id": "h6", "type": "purchase", "contact": "\\ud800", "time": "2026-03-05T08:00:00Z", "total": "1.00"}\n',
    b'{"id": "h7", "type": "drop table", "time": "2026-03-05T08:00:00Z"}\n',
    b'{"id": "' + b"h" * 200 + b'", "type": "purchase", "time": "2026-03-05T08:00:00Z", "total": "1.00"}\n',
    b"[" * 100_000 + b"\n",
    b'{"id": "big", "note": "' + b"x" * (3 << 20) + b'"}\n',
    b'{"id": "h8", "type": "purchase", "contact": "a", "time": "2026-03-05T08:00:00Z", "total": "1.00"',
]  # fmt: skip


@pytest.mark.parametrize("batch", [7, 1_000])
def test_poison_is_parked_or_refused_with_its_reason_and_the_rest_goes_on(batch: int) -> None:
    told = b"".join(HOSTILE[:-1]) + lines(RECORDS[:5]) * 20 + HOSTILE[-1]
    with Ledger.open(new()) as ledger:
        counts = streamed(told, ledger, batch=batch).turns.counts
        assert counts.posted == 5
        assert counts.read - counts.ignored == counts.posted + counts.parked + counts.refused
        assert counts.read == 100 + len(HOSTILE) - 2  # blank lines
        assert counts.reasons["unreadable"] >= 12
        assert verify(ledger).findings == []


class Told(Feed):
    """A feed with positions that tells what it is given, some of it again."""

    name = "told"

    def __init__(self, messages: list[Message]) -> None:
        self.messages = messages
        self.begun_at: list[int] = []
        self.acknowledged: list[int] = []

    def start(self, shard: str, position: int) -> int:
        self.begun_at.append(position)
        return position

    def poll(self, most: int, wait_seconds: float) -> list[Message]:
        found, self.messages = self.messages[:most], self.messages[most:]
        self.ended = not self.messages
        return found

    def done(self, shard: str, position: int) -> None:
        self.acknowledged.append(position)


def test_positions_are_committed_with_the_postings_and_acknowledged_after_them() -> None:
    messages = [Message("", place, json.dumps(record).encode()) for place, record in enumerate(RECORDS[:50], 1)]
    with Ledger.open(new()) as ledger:
        feed = Told([*messages[:30], *messages[20:30]])
        committed: list[int] = []

        def reached(step: str) -> None:
            if step == "committing":
                committed.append(len(feed.acknowledged))

        ledger.reached = reached
        turns = Turns(program(), ledger)
        intake = Intake(feed, Normaliser(program(), Door(permits_all=True)), frozenset())
        Worker(feed, intake, turns, Sharing("told", ("",), None), Pace(8)).run()
        assert feed.acknowledged == [8, 16, 24, 30] and committed == [0, 1, 2, 3]
        assert ledger.file_progress("told#") == (30, False)
        again = Told(messages[30:])
        intake = Intake(again, Normaliser(program(), Door(permits_all=True)), frozenset())
        Worker(again, intake, turns, Sharing("told", ("",), None), Pace(8)).run()
        assert again.begun_at == [30] and turns.counts.posted == 50
        assert verify(ledger).findings == []


def test_what_is_held_back_keeps_the_position_before_it() -> None:
    late, early = RECORDS[10], RECORDS[3]
    messages = [Message("", place, json.dumps(record).encode()) for place, record in enumerate([late, early, late], 1)]
    intake = Intake(Told([]), Normaliser(program(), Door(permits_all=True)), frozenset(), 5 * MINUTE)
    intake.start("", 0)
    intake.take(intake.read(messages, 1_800_000_000_000_000))
    admission = intake.admission()
    assert len(admission) == 1 and admission.marks == []  # the later one came first and is still held
    rest = intake.admission(flush=True)
    assert [(len(rest), mark.events) for mark in rest.marks] == [(2, 3)]


def test_a_watched_folder(tmp_path: Path, digest: str) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    said: list[str] = []
    with Ledger.open(ledger_at(tmp_path / "a.db")) as ledger:
        turns = Turns(program(), ledger)
        normaliser = Normaliser(program(), Door(permits_all=True))

        def worked() -> None:
            sharing = Sharing("folder", ("",), None)
            FolderWorker(
                inbox, Feeds(), normaliser, turns, sharing, Pace(quiet_seconds=1.5, poll_seconds=0.1), said.append
            ).run()

        for place, (first, last) in enumerate([(0, 100), (100, 300)]):
            (inbox / f"{place}.jsonl").write_bytes(lines(RECORDS[first:last]))
            os.utime(inbox / f"{place}.jsonl", (1_700_000_000 + place,) * 2)
        (inbox / "half.jsonl.part").write_bytes(lines(RECORDS)[:500])
        (inbox / ".hidden.jsonl").write_bytes(b"x")
        (inbox / "table.csv").write_bytes(b"a,b\n1,2\n")
        worked()
        assert ledger.digest() == digest
        (inbox / "again.jsonl").write_bytes(lines(RECORDS[:100]))
        worked()
        assert ledger.digest() == digest
        assert "0.jsonl: 100 events" in said and "again.jsonl: already processed" in said
        assert any(line.startswith("table.csv: left alone") for line in said)


def test_sigterm_ends_it_after_the_present_commit(tmp_path: Path) -> None:
    folder, url = write_programme(tmp_path / "programme"), ledger_at(tmp_path / "a.db")
    process = guerdon(
        "stream",
        str(folder),
        "--feed",
        "-",
        "--ledger",
        url,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    process.stdin.write(lines(RECORDS[:200]))
    process.stdin.flush()
    wait_for(url, 200)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 0 and b"200 posted" in out
    with Ledger.open(url) as ledger:
        assert verify(ledger).findings == [] and ledger.last_seq == 201


def wait_for(url: str, events: int, seconds: float = 60) -> None:
    """Until so many events are in the ledger."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            with Ledger.open(url, read_only=True) as ledger:
                if ledger.last_seq >= events:
                    return
        except Exception:
            pass
        time.sleep(0.05)
    raise AssertionError(f"there are no {events} events after {seconds} seconds")


def test_a_second_process_on_one_file_is_refused(tmp_path: Path) -> None:
    folder, url = write_programme(tmp_path / "programme"), ledger_at(tmp_path / "a.db")
    with Ledger.open(url):
        process = guerdon(
            "stream", str(folder), "--feed", "-", "--ledger", url, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        _, told = process.communicate(timeout=30)
    assert process.returncode == 4 and b"ledger_busy" in told


@pytest.mark.parametrize(
    ("feed", "code", "status"),
    [
        ("nats://127.0.0.1:1/EVENTS", b"feed_unreachable", 4),
        ("nats://127.0.0.1:1", b"bad_feed", 4),
        ("nowhere", b"bad_feed", 4),
    ],
)
def test_a_feed_that_is_none(tmp_path: Path, feed: str, code: bytes, status: int) -> None:
    folder = write_programme(tmp_path / "programme")
    process = guerdon(
        "stream", str(folder), "--feed", feed, "--ledger", ledger_at(tmp_path / "a.db"), stderr=subprocess.PIPE
    )
    _, told = process.communicate(timeout=30)
    assert process.returncode == status and code in told and b"Traceback" not in told
