"""A watched folder: each file is picked up when it is whole, once, whatever it is called.

Put files in under another name (beginning with a dot, or ending in ``.part`` or ``.tmp``) and rename them when they
are whole; a file that grows is left alone until it has not changed for ``STILL_SECONDS``. What was processed is known
by its content: the ledger keeps its hash and how far it was read.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from guerdon.engine.events.feeds import EventFile, Reader, find_files
from guerdon.engine.events.mapping import Feeds
from guerdon.engine.events.normalise import Normaliser
from guerdon.engine.events.units import FeedInvalid
from guerdon.engine.stream.sharing import Sharing
from guerdon.engine.stream.turns import Turns
from guerdon.engine.stream.worker import Pace

SUFFIXES = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet")
STILL_SECONDS = 1.0
_BATCH_EVENTS = 20_000
_UNFINISHED = (".part", ".tmp")
_Looks = tuple[int, int, int]


class FolderWorker:
    """Processes the files of a folder as they come, the oldest first, until it is told to stop.

    ``say``: told of each file that was processed, or can't be.
    """

    def __init__(
        self,
        folder: Path,
        feeds: Feeds,
        normaliser: Normaliser,
        turns: Turns,
        sharing: Sharing,
        pace: Pace | None = None,
        say: Callable[[str], None] = lambda message: None,
    ) -> None:
        self.folder, self.feeds, self.normaliser = folder, feeds, normaliser
        self.turns, self.sharing, self.pace, self.say = turns, sharing, pace or Pace(), say
        self.stopping = False
        self._over: dict[Path, _Looks] = {}  # files that need not be looked at again unless they change
        self._seen: dict[Path, tuple[_Looks, float]] = {}

    def stop(self) -> None:
        """Ends the work after the present commit."""
        self.stopping = True

    def run(self) -> None:
        """Works until it is told to stop, or the folder was quiet for as long as it was told to wait."""
        worked_at = time.monotonic()
        try:
            while not self.stopping:
                self.sharing.share(lambda shard: None, lambda shard: None)
                found = self._whole() if self.sharing.mine else []
                for path, looks in found:
                    if self.stopping or not self._process(path, looks):
                        break
                now = time.monotonic()
                worked_at = now if found else worked_at
                if self.pace.quiet_seconds is not None and now - worked_at > self.pace.quiet_seconds:
                    break
                time.sleep(0 if found else self.pace.poll_seconds)
        finally:
            self.sharing.leave()

    def _whole(self) -> list[tuple[Path, _Looks]]:
        """Files to process, the oldest first."""
        now, found = time.monotonic(), []
        for path in self.folder.iterdir():
            unfinished = path.name.startswith(".") or path.suffix.lower() in _UNFINISHED
            if unfinished or path.suffix.lower() not in SUFFIXES or not path.is_file():
                continue
            stat = path.stat()
            looks = (stat.st_size, stat.st_mtime_ns, stat.st_ino)
            if self._over.get(path) == looks:
                continue
            known, since = self._seen.get(path, (None, now))
            since = since if known == looks else now
            self._seen[path] = (looks, since)
            if now - since >= STILL_SECONDS or time.time() - stat.st_mtime > STILL_SECONDS:
                found.append((path, looks))
        return sorted(found, key=lambda each: (each[1][1], each[0].name))

    def _process(self, path: Path, looks: _Looks) -> bool:
        """Posts what a file tells; whether it was read to its end (or can't be)."""
        ledger = self.turns.ledger
        try:
            files: list[EventFile] = find_files([str(path)], self.feeds)
            reader = Reader(files, self.turns.program, self.normaliser)
            events = 0
            for admission in reader.admissions(time.time_ns() // 1000, ledger.file_progress, _BATCH_EVENTS):
                if self.stopping or self.turns.admit(admission, allowed=self.sharing.holds) is None:
                    return False
                events += len(admission)
            self.say(f"{path.name}: {'already processed' if reader.repeated else f'{events:,} events'}")
        except (FeedInvalid, OSError) as error:
            self.say(f"{path.name}: left alone, {error}")
        self._over[path] = looks
        self._seen.pop(path, None)
        return True
