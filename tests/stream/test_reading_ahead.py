"""A worker reads the next batch while it posts one; what it has read and not posted is read again."""

from __future__ import annotations

import json
import time

import pytest

from guerdon.engine.events.normalise import Door, Normaliser
from guerdon.engine.ledger import Ledger, verify
from guerdon.engine.stream.feed import Message
from guerdon.engine.stream.intake import Intake
from guerdon.engine.stream.sharing import Sharing
from guerdon.engine.stream.turns import Turns
from guerdon.engine.stream.worker import Pace, Worker

from ..engines import new
from .shop import program
from .test_worker import RECORDS, Told

pytestmark = pytest.mark.usefixtures("engine")


def told_worker(feed: Told, ledger: Ledger, sharing: Sharing | None = None) -> Worker:
    """In batches of eight."""
    intake = Intake(feed, Normaliser(program(), Door(permits_all=True)), frozenset())
    return Worker(feed, intake, Turns(program(), ledger), sharing or Sharing("told", ("",), None), Pace(8, 0.01))


def messages_of(number: int) -> list[Message]:
    return [Message("", place, json.dumps(record).encode()) for place, record in enumerate(RECORDS[:number], 1)]


def test_the_next_batch_is_read_while_one_is_posted_and_left_when_it_is_told_to_stop() -> None:
    with Ledger.open(new()) as ledger:
        feed = Told(messages_of(50))
        worker = told_worker(feed, ledger)

        def reached(step: str) -> None:
            if step == "committing":
                until = time.monotonic() + 10
                while len(feed.messages) > 34 and time.monotonic() < until:
                    time.sleep(0.001)
                worker.stop()

        ledger.reached = reached
        worker.run()
        assert len(feed.messages) == 34 and feed.acknowledged == [8]  # sixteen were read, eight are posted
        assert worker.turns.counts.posted == 8 and ledger.file_progress("told#") == (8, False)
        ledger.reached = lambda step: None
        again = Told(messages_of(50)[8:])
        assert told_worker(again, ledger).run() is None
        assert again.begun_at == [8] and ledger.file_progress("told#") == (50, False)
        assert verify(ledger).findings == []


class Losing(Sharing):
    """Loses its shard once, at the second turn."""

    asked = 0

    def holds(self) -> bool:
        self.asked += 1
        return self.asked != 2


class Again(Told):
    """Tells again from where it is started."""

    def start(self, shard: str, position: int) -> int:
        self.messages = messages_of(50)[position:]
        return super().start(shard, position)


def test_what_was_read_ahead_of_a_lost_shard_is_read_again() -> None:
    with Ledger.open(new()) as ledger, Ledger.open(new()) as whole:
        feed = Again([])
        worker = told_worker(feed, ledger, Losing("told", ("",), None))
        worker.run()
        assert feed.begun_at == [0, 8] and worker.turns.counts.read == worker.turns.counts.posted == 50
        told_worker(Again([]), whole).run()
        assert ledger.digest() == whole.digest() and verify(ledger).findings == []
