"""A ledger restored from a backup: each feed is told again from where it stood then, and it ends where it was."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from guerdon.engine.events.normalise import Door, Normaliser
from guerdon.engine.ledger import Ledger, verify
from guerdon.engine.replaying import replay
from guerdon.engine.stream.feed import Message
from guerdon.engine.stream.intake import Intake
from guerdon.engine.stream.sharing import Sharing
from guerdon.engine.stream.turns import Turns
from guerdon.engine.stream.worker import Pace, Worker

from ..engines import at_hand, ledger_at
from ..stream.shop import program, purchase
from ..stream.test_worker import Told

pytestmark = pytest.mark.usefixtures("engine")
MESSAGES = [Message("", place, json.dumps(purchase(place)).encode()) for place in range(1, 121)]


def told(url: str, upto: int) -> tuple[str, int]:
    """Tells a feed up to a position, from where the ledger stands; its digest, and where it began."""
    with Ledger.open(url) as ledger:
        stands = ledger.file_progress("told#")[0]
        feed = Told(MESSAGES[stands:upto])
        intake = Intake(feed, Normaliser(program(), Door(permits_all=True)), frozenset())
        Worker(feed, intake, Turns(program(), ledger), Sharing("told", ("",), None), Pace(8)).run()
        assert verify(ledger, replay=replay).findings == []
        return ledger.digest(), stands


def backup(url: str, folder: Path) -> str:
    """A copy of a ledger, by the means of its database, while nobody writes; its URL."""
    server = at_hand().server
    if server is not None:
        return server.copy(url)
    copied = folder / "backup.db"
    with sqlite3.connect(url.removeprefix("sqlite:///")) as one, sqlite3.connect(copied) as other:
        one.backup(other)
    return f"sqlite:///{copied}"


def test_what_came_after_a_backup_is_told_again(tmp_path: Path) -> None:
    url = ledger_at(tmp_path / "a.db")
    told(url, 50)
    restored = backup(url, tmp_path)
    live, _ = told(url, 120)
    again, stands = told(restored, 120)
    assert (again, stands) == (live, 50)
