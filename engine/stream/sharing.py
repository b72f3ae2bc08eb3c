"""Sharing a feed: each worker holds leases on its shards, takes free ones up to its fair part, and gives back more."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from guerdon.engine.stream.leases import Leases

EVERY_SECONDS = 5.0


class Sharing:
    """The shards of one feed that this worker may read. ``leases`` None: it is the only one and reads all of them."""

    def __init__(
        self, feed: str, shards: Sequence[str], leases: Leases | None, every_seconds: float = EVERY_SECONDS
    ) -> None:
        self.mine: dict[str, int] = {}  # shard → epoch
        self._feed, self._shards, self._leases, self._every = feed, shards, leases, every_seconds
        self._next = 0.0
        self._patient_until = time.monotonic() + every_seconds + (leases.seconds if leases else 0.0)
        self._present = 0  # epoch of the lease that says that this worker is there

    def share(self, start: Callable[[str], None], drop: Callable[[str], None]) -> None:
        """Every few seconds: renews, takes what is free, gives back what is too much."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + self._every
        if self._leases is None:
            for shard in [shard for shard in self._shards if shard not in self.mine]:
                self.mine[shard] = 1
                start(shard)
            return
        self._share(self._leases, start, drop)

    def _share(self, leases: Leases, start: Callable[[str], None], drop: Callable[[str], None]) -> None:
        presence = f"worker:{self._feed}:{leases.holder}"
        if not self._present or not leases.renew(presence, self._present):
            self._present = leases.take(presence)
        workers = max(1, len(leases.live(f"worker:{self._feed}:")))
        fair = -(-len(self._shards) // workers)
        for shard, epoch in list(self.mine.items()):
            if len(self.mine) > fair:
                leases.release(self._name(shard), epoch)
            elif leases.renew(self._name(shard), epoch):
                continue
            del self.mine[shard]
            drop(shard)
        for shard in self._shards:
            if len(self.mine) >= fair:
                break
            if shard not in self.mine and (epoch := leases.take(self._name(shard))):
                self.mine[shard] = epoch
                start(shard)

    @property
    def waits(self) -> bool:
        """Whether it reads nothing as yet, and what a worker that was killed has leased may still become free."""
        return not self.mine and self._leases is not None and time.monotonic() < self._patient_until

    def holds(self) -> bool:
        """Whether all shards of this worker are still its own."""
        if self._leases is None:
            return True
        return all(self._leases.holds(self._name(shard), epoch) for shard, epoch in self.mine.items())

    def restart(self, drop: Callable[[str], None]) -> None:
        """Lets go of all shards for now, so that those still its own are read again from what is committed."""
        for shard in self.mine:
            drop(shard)
        self.mine.clear()
        self._next = 0.0

    def leave(self) -> None:
        """Gives everything back."""
        if self._leases is None:
            return
        for shard, epoch in self.mine.items():
            self._leases.release(self._name(shard), epoch)
        if self._present:
            self._leases.release(f"worker:{self._feed}:{self._leases.holder}", self._present)
        self.mine.clear()

    def _name(self, shard: str) -> str:
        return f"shard:{self._feed}:{shard}"
