"""What a feed of messages is: shards with positions that the ledger keeps, and a hand-over of what is waiting."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple


class FeedUnreachable(Exception):
    """A feed can't be read. ``code`` is stable, ``place`` names it, ``hint`` says what helps."""

    code = "feed_unreachable"

    def __init__(self, message: str, *, place: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message, self.place, self.hint = message, place, hint


class FeedMisnamed(FeedUnreachable):
    """This names no feed."""

    code = "bad_feed"


class Message(NamedTuple):
    """One message. ``position`` is what the ledger keeps when it is posted: a feed goes on after it."""

    shard: str
    position: int
    raw: bytes


class Feed(ABC):
    """A source of messages. One worker reads a shard at a time, in the order of its positions."""

    name: str  # of the feed in ledgers and messages; without secrets
    shards: Sequence[str] = ("",)
    keeps_positions = True  # False: what was handed over once is not told again
    ended = False  # nothing will come any more

    @property
    def broken(self) -> bool:
        """Whether something is missing from what it hands over: its shards must be started anew."""
        return False

    @abstractmethod
    def start(self, shard: str, position: int) -> int:
        """Reads a shard from after ``position`` on (0: from its beginning); gives where it really begins."""

    def stop(self, shard: str) -> None:  # noqa: B027 - many feeds have nothing to do there
        """Reads a shard no more."""

    @abstractmethod
    def poll(self, most: int, wait_seconds: float) -> list[Message]:
        """What is waiting, at most ``most``; if nothing is, what comes first within ``wait_seconds``."""

    def done(self, shard: str, position: int) -> None:  # noqa: B027
        """Everything up to ``position`` is committed: tell whoever waits for that."""

    def close(self) -> None:  # noqa: B027
        """Lets go of the feed."""

    def mark(self, shard: str) -> str:
        """The name under which the ledger keeps a shard's position."""
        return f"{self.name}#{shard}"
