"""Leases in the database: who may do something for a while, on whichever machine. An epoch grows with each holder."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from uuid import uuid4

from sqlalchemy import and_, bindparam, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from guerdon.engine.ledger.delivery_tables import lease
from guerdon.engine.ledger.ledger import Ledger

LEASE_SECONDS = 30
_L = lease.c
_ONE = select(_L.holder, _L.epoch, _L.until, _L.done).where(_L.name == bindparam("name"))
_LIVE = select(_L.name).where(_L.name.like(bindparam("prefix")), _L.until > bindparam("now"), _L.holder != "")


def _now() -> int:
    return time.time_ns() // 1000


def a_holder() -> str:
    """A name for this process that no other has."""
    return f"{socket.gethostname()}/{os.getpid()}/{uuid4().hex[:8]}"


class Leases:
    """Leases of one holder. ``clock``: µs UTC; machines whose clocks differ by less than a lease do no harm."""

    def __init__(
        self, ledger: Ledger, holder: str, seconds: float = LEASE_SECONDS, clock: Callable[[], int] = _now
    ) -> None:
        self.ledger, self.holder, self.clock = ledger, holder, clock
        self.seconds = seconds
        self._span = int(seconds * 1_000_000)
        self._known: set[str] = set()

    def take(self, name: str) -> int:
        """The epoch of a lease that nobody else holds, for ``seconds`` from now; 0: another has it, or it is done."""
        now = self.clock()
        free = or_(_L.holder == "", _L.holder == self.holder, _L.until < now)
        taken = (
            update(lease)
            .where(_L.name == name, _L.done == 0, free)
            .values(holder=self.holder, epoch=_L.epoch + 1, until=now + self._span)
        )
        insert = postgresql.insert if self.ledger.store.engine.dialect.name == "postgresql" else sqlite.insert
        fresh = insert(lease).values(name=name, holder="", epoch=0, until=0, done=0).on_conflict_do_nothing()
        statements = (taken,) if name in self._known else (fresh, taken)
        self._known.add(name)
        if not self.ledger.change(*statements)[-1]:
            return 0
        holder, epoch, _, _ = self._read(name)
        return int(epoch) if holder == self.holder else 0

    def renew(self, name: str, epoch: int) -> bool:
        """Holds it for another while; False: it is another's by now."""
        mine = and_(_L.name == name, _L.holder == self.holder, _L.epoch == epoch)
        return self.ledger.change(update(lease).where(mine).values(until=self.clock() + self._span)) == [1]

    def holds(self, name: str, epoch: int) -> bool:
        """Whether nobody else has taken it since."""
        return self._read(name)[:2] == (self.holder, epoch)

    def release(self, name: str, epoch: int, *, done: bool = False) -> None:
        """Gives it up, for the next one or, ``done``, for ever."""
        mine = and_(_L.name == name, _L.holder == self.holder, _L.epoch == epoch)
        self.ledger.change(update(lease).where(mine).values(holder="", until=0, done=int(done)))

    def is_done(self, name: str) -> bool:
        """Whether it was done for ever."""
        return bool(self._read(name)[3])

    def live(self, prefix: str) -> list[str]:
        """The names that begin so and are held now."""
        return [name for (name,) in self.ledger.store.rows(_LIVE, prefix=f"{prefix}%", now=self.clock())]

    def forget(self, prefix: str, before: int) -> None:
        """Done leases with names that begin so and that ended before ``before`` are taken away."""
        old = and_(_L.name.like(f"{prefix}%"), _L.done == 1, _L.name < f"{prefix}{before:020d}")
        self.ledger.change(delete(lease).where(old))

    def _read(self, name: str) -> tuple[str, int, int, int]:
        found = self.ledger.store.rows(_ONE, name=name)
        return found[0] if found else ("", 0, 0, 0)
