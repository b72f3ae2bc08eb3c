"""How much of a ledger a report sees: what took effect by the end of a day, as far as it was known by another day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from sqlalchemy import bindparam, func, select

from guerdon.engine.events.times import DAY, Zone, zone
from guerdon.engine.ledger import tables
from guerdon.engine.ledger.digest import hex_digest, no_sums
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.report.versions import program_numbered
from guerdon.engine.rows import FOREVER
from guerdon.rules.program import Program

_EPOCH = date(1970, 1, 1)
_C, _E = tables.chunk.c, tables.event.c
_CHUNKS = select(_C.last_seq, _C.recorded_at, _C.digest).order_by(_C.number)
_LATEST = select(func.max(_E.time)).where(_E.seq <= bindparam("last"))


@dataclass(frozen=True, slots=True)
class Cut:
    """``until``: the first instant (µs UTC) that is not seen any more; ``last_seq``: the last place in the log known.

    ``program``: the rules in force there; ``digest``: that of the ledger as it is known.
    """

    as_of: date
    known_at: date | None
    until: int
    last_seq: int
    zone: Zone
    program: Program
    digest: str

    @property
    def day(self) -> int:
        """The number of the local day that the cut closes."""
        return (self.as_of - _EPOCH).days


def cut_of(ledger: Ledger, program: Program, as_of: date | None = None, known_at: date | None = None) -> Cut:
    """The cut at the end of the local day ``as_of`` (the day of the latest event unless told).

    ``known_at``: as the ledger stood at the end of that local day, by the times at which its chunks were recorded;
    without it everything in the ledger is known.
    """
    local = zone(program.business.time_zone)
    last_seq, digest = _known(ledger, local, known_at)
    known = [number for seq, number in ledger.in_force() if seq <= last_seq]
    program = program_numbered(ledger, known[-1]) if known else program
    local = zone(program.business.time_zone)
    day = as_of or _latest_day(ledger, local, last_seq)
    return Cut(day, known_at, end_of(local, day), last_seq, local, program, digest)


def end_of(local: Zone, day: date) -> int:
    """The instant at which a local day is over: µs UTC of the next midnight."""
    return local.utc(((day - _EPOCH).days + 1) * DAY)


def _latest_day(ledger: Ledger, local: Zone, last_seq: int) -> date:
    found = ledger.store.rows(_LATEST, last=last_seq)[0][0]
    return _EPOCH + timedelta(days=local.local(int(found or 0)) // DAY)


def _known(ledger: Ledger, local: Zone, known_at: date | None) -> tuple[int, str]:
    """The last place of the chunks recorded by then, all before the first that was recorded later; and the digest."""
    until = FOREVER if known_at is None else end_of(local, known_at)
    seq, sums = 0, None
    for last_seq, recorded_at, digest in ledger.store.rows(_CHUNKS):
        if recorded_at >= until:
            break
        seq, sums = int(last_seq), digest
    if sums is None:
        return 0, hex_digest(no_sums())
    return seq, hex_digest(np.frombuffer(sums, "<u8").reshape(-1, 2))


def versions_known(ledger: Ledger, cut: Cut) -> list[str]:
    """The rule versions that had begun to count by the cut, in the order of the log."""
    texts = ledger.programmes()
    return [texts[number][0] for seq, number in ledger.in_force() if seq <= cut.last_seq]
