"""A worker whose feed is leased to one that was killed waits for the lease to end, and does not call that quiet."""

from __future__ import annotations

import json

from guerdon.engine.events.admission import admit
from guerdon.engine.events.normalise import Door, Normaliser
from guerdon.engine.ledger import Ledger, verify
from guerdon.engine.stream.feed import Message
from guerdon.engine.stream.intake import Intake
from guerdon.engine.stream.leases import Leases
from guerdon.engine.stream.sharing import Sharing
from guerdon.engine.stream.turns import Turns
from guerdon.engine.stream.worker import Pace, Worker

from .shop import events, program, purchase
from .test_worker import Told

RECORDS = [purchase(number) for number in range(40)]


class Waiting(Told):
    """Tells only to whoever was started on it, and then has no end."""

    def poll(self, most: int, wait_seconds: float) -> list[Message]:
        if not self.begun_at:
            return []
        found, self.messages = self.messages[:most], self.messages[most:]
        return found


def test_it_takes_over_and_reads_all_of_it(ledger_url: str) -> None:
    with Ledger.open(ledger_url, shared=True) as ledger:
        dead = Leases(ledger, "dead", 1.0)
        assert dead.take("worker:told:dead") and dead.take("shard:told:")
        feed = Waiting([Message("", place, json.dumps(record).encode()) for place, record in enumerate(RECORDS, 1)])
        intake = Intake(feed, Normaliser(program(), Door(permits_all=True)), frozenset())
        sharing = Sharing("told", ("",), Leases(ledger, "fresh", 1.0), every_seconds=0.1)
        Worker(feed, intake, Turns(program(), ledger), sharing, Pace(50, 0.01, quiet_seconds=0.2)).run()
        with Ledger.open("sqlite://") as alone:
            Turns(program(), alone).admit(admit(events(RECORDS)))
            assert ledger.digest() == alone.digest()
        assert verify(ledger).findings == []


def test_a_feed_that_another_reads_is_quiet_in_the_end(ledger_url: str) -> None:
    with Ledger.open(ledger_url, shared=True) as ledger:
        feed = Waiting([])
        intake = Intake(feed, Normaliser(program(), Door(permits_all=True)), frozenset())
        assert Leases(ledger, "other", 60.0).take("shard:told:")
        sharing = Sharing("told", ("",), Leases(ledger, "fresh", 0.5), every_seconds=0.1)
        Worker(feed, intake, Turns(program(), ledger), sharing, Pace(50, 0.01, quiet_seconds=0.2)).run()
        assert ledger.last_seq == 0 and feed.begun_at == []
