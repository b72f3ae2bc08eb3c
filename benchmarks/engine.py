"""The engine at the bench: the pipeline as it is, over a ledger that counts instead of writing, or over a real one."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.answer import Answer
from benchmarks.data import DATA, scaled
from benchmarks.generate import programme
from guerdon.engine.ahead import ahead
from guerdon.engine.codes import Outcome, TransferKind
from guerdon.engine.events.feeds import Reader, find_files
from guerdon.engine.events.mapping import read_feeds
from guerdon.engine.events.normalise import Door, Normaliser
from guerdon.engine.ledger.chunk import Chunk
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.pipeline import Run
from guerdon.rules import read_programme
from guerdon.rules.program import Program

MATCH_AND_DECIDE = ("read", "match", "decide")
RECEIVED_AT = 1_600_000_000_000_000  # µs UTC; fixed, so that runs are alike


@dataclass(slots=True)
class Counted:
    """What a counting ledger has been given."""

    last_seq: int = 0
    transfers: int = 0
    answer: Answer = field(default_factory=Answer)


class Counting(Ledger):
    """A ledger in memory that takes chunks without writing them, and counts what is in them."""

    counted: Counted

    @property
    def last_seq(self) -> int:
        return self.counts.last_seq

    @property
    def counts(self) -> Counted:
        """What has been posted so far."""
        if not hasattr(self, "counted"):
            self.counted = Counted()
        return self.counted

    def post(self, chunk: Chunk) -> None:
        """Add the chunk to the counts."""
        counts, answer = self.counts, self.counts.answer
        if len(chunk.log):
            counts.last_seq = int(chunk.log["seq"][-1])
        counts.transfers += len(chunk.transfers)
        answer.events += int((chunk.log["outcome"] == Outcome.POSTED).sum()) - len(chunk.programmes)
        moved = chunk.transfers[chunk.transfers["kind"] == TransferKind.REDEEM]
        redeems, redeemed = answer.redeems
        answer.redeems = redeems + len(np.unique(moved["seq"])), redeemed + int(moved["amount"].sum())
        for number in np.unique(chunk.awards["offer"]):
            given = chunk.awards["amount"][chunk.awards["offer"] == number]
            offer = self.names.id("offer", int(number))
            count, amount = answer.awards.get(offer, (0, 0))
            answer.awards[offer] = count + len(given), amount + int(given.sum())


def read_program(folder: Path) -> Program:
    """The programme in a folder, which must be right."""
    reading = read_programme(folder)
    if reading.program is None:
        raise ValueError("\n".join(map(str, reading.problems)))
    return reading.program


def feed(program: Program, folder: Path, data: Path) -> Reader:
    """The feed of the programme in ``folder`` over the files in ``data``."""
    business = program.business
    line = frozenset(attribute.name for attribute in business.attributes_line)
    event = frozenset(attribute.name for attribute in business.attributes_event)
    feeds = read_feeds(folder, line, event)
    files = find_files(list(feeds.feeds), feeds, data)
    return Reader(files, program, Normaliser(program, Door(permits_all=True)))


def play(folder: Path, data: Path, ledger: Ledger) -> tuple[Run, float]:
    """Run the programme's feed over ``ledger``; the run and the seconds from the first file to the last commit."""
    program = read_program(folder)
    started = time.perf_counter()
    run = Run.open(program, ledger)
    admissions = ahead(feed(program, folder, data).admissions(RECEIVED_AT, ledger.file_progress))
    while True:
        before = time.perf_counter()
        admission = next(admissions, None)
        run.seconds["read"] += time.perf_counter() - before
        if admission is None:
            break
        run.admit(admission)
    return run, time.perf_counter() - started


def match_and_decide(scale: str, offers: str = "10") -> dict[str, Any]:
    """Read, match and decide, transfers handed on and counted; the posting stage is not in ``seconds``."""
    folder = programme(int(offers))
    with Counting.open("sqlite://") as warm:
        play(folder, scaled(1), warm)
    with Counting.open("sqlite://") as ledger:
        assert isinstance(ledger, Counting)
        run, _ = play(folder, scaled(int(scale)), ledger)
        return {
            "seconds": sum(run.seconds[stage] for stage in MATCH_AND_DECIDE),
            "stages": run.seconds,
            "transfers": ledger.counts.transfers,
            "answer": ledger.counts.answer.to_json(),
        }


def ledger_file(scale: int) -> Path:
    """Where the ledger of a whole run is kept for the bare writes to copy."""
    folder = DATA / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"ten-x{scale}.db"


def whole_run(scale: str) -> dict[str, Any]:
    """A whole run into a new SQLite file: the posting stage in ``seconds``, all of it in ``total_seconds``."""
    folder, path = programme(10), ledger_file(int(scale))
    for old in path.parent.glob(path.name + "*"):
        old.unlink()
    with Counting.open("sqlite://") as warm:
        play(folder, scaled(1), warm)
    started = time.perf_counter()
    ledger = Ledger.open(f"sqlite:///{path}")
    run, _ = play(folder, scaled(int(scale)), ledger)
    closing = time.perf_counter()
    ledger.close()  # the last checkpoint belongs to the posting
    ended = time.perf_counter()
    return {
        "seconds": run.seconds["post"] + ended - closing,
        "total_seconds": ended - started,
        "stages": run.seconds,
        "transfers": run.transfers,
    }
