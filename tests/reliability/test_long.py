"""A process that goes on for long: its memory, its files and its tables grow by what it has to keep and no more.

Some hundred turns in ``make test``; with ``GUERDON_SOAK_HOURS`` so many hours.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from guerdon.engine.events.admission import admit
from guerdon.engine.ledger import Ledger, verify
from guerdon.engine.stream.outbox import Outbox
from guerdon.engine.stream.relay import Relay
from guerdon.engine.stream.subscribers import Subscriber
from guerdon.engine.stream.turns import Turns

from ..engines import SQLITE, at_hand, ledger_at
from ..stream.shop import events, program, purchase

pytestmark = [pytest.mark.usefixtures("engine"), pytest.mark.long]
HOURS = float(os.environ.get("GUERDON_SOAK_HOURS", "0"))
TURNS, WARM = 450, 150
LOG_BYTES = 200 << 20  # SQLite copies its log back from 64 MB on


class Taker:
    """A subscriber's door that takes everything."""

    def __init__(self) -> None:
        self.taken = 0

    def send(self, id: str, contact: str, body: bytes, timestamp: int) -> None:
        self.taken += 1

    def close(self) -> None:
        pass


def held() -> tuple[int, int]:
    """Resident bytes and open files of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE"), len(os.listdir("/proc/self/fd"))


def numbers() -> Iterator[int]:
    """Of turns: so many, or for so many hours."""
    until, number = time.monotonic() + HOURS * 3_600, 0
    while number < TURNS or time.monotonic() < until:
        yield number
        number += 1


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
def test_nothing_grows_but_the_log(tmp_path: Path) -> None:
    """The same contacts buy again and again; each turn is told to a subscriber and forgotten."""
    file, door = tmp_path / "a.db", Taker()
    with Ledger.open(ledger_at(file), shared=True) as ledger:
        ledger.outbox = Outbox(program(), ledger).messages
        turns = Turns(program(), ledger)
        relay = Relay(ledger, [Subscriber("all", "", False, frozenset({"outcome", "wallet"}))], lambda told: door)
        before = (0, 0)
        for number in numbers():
            turns.admit(admit(events([purchase(number, contacts=5)])))
            if number % 50 == 49:
                relay.deliver()
            if number == WARM:
                before = held()
        relay.deliver()
        memory, files = held()
        assert files == before[1]
        assert memory < before[0] * 1.02 + (4 << 20), "memory grows"
        assert door.taken >= TURNS and len(ledger.frame("outbox")) < 10
        if at_hand().name == SQLITE:
            assert file.with_name("a.db-wal").stat().st_size < LOG_BYTES
        assert verify(ledger).findings == []
