"""Standard input as a feed: one event a line. It is read no faster than events are decided."""

from __future__ import annotations

import sys
import threading
from collections import deque
from typing import IO

from guerdon.engine.events.envelope import MAX_BYTES
from guerdon.engine.stream.feed import Feed, Message

WAITING_LINES = 10_000
WAITING_BYTES = 64 << 20


class LineFeed(Feed):
    """The lines of a stream of bytes. What has been taken from it is not told again: events that count have an id."""

    name = "stdin"
    keeps_positions = False

    def __init__(self, file: IO[bytes] | None = None) -> None:
        self._file = file if file is not None else sys.stdin.buffer
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._changed = threading.Condition()
        self._at_end = False
        self._position = 0

    def start(self, shard: str, position: int) -> int:
        threading.Thread(target=self._read, name="lines", daemon=True).start()
        return 0

    def _read(self) -> None:
        while line := self._file.readline(MAX_BYTES + 2):
            whole = line.endswith(b"\n") or len(line) < MAX_BYTES + 2
            while not whole:  # the rest of a line that is too long for an event
                rest = self._file.readline(MAX_BYTES)
                whole = rest.endswith(b"\n") or not rest
            if not line.strip():
                continue
            with self._changed:
                self._changed.wait_for(lambda: len(self._waiting) < WAITING_LINES and self._bytes < WAITING_BYTES)
                self._waiting.append(line)
                self._bytes += len(line)
                self._changed.notify_all()
        with self._changed:
            self._at_end = True
            self._changed.notify_all()

    def poll(self, most: int, wait_seconds: float) -> list[Message]:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._at_end, wait_seconds)
            taken = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
            self._bytes -= sum(map(len, taken))
            self.ended = self._at_end and not self._waiting
            self._changed.notify_all()
        first = self._position + 1
        self._position += len(taken)
        return [Message("", position, line) for position, line in enumerate(taken, first)]
