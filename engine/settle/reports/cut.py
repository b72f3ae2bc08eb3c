"""How much of a ledger a report sees: what took effect by the end of a day, as far as it was known by another day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import takewhile
from typing import NamedTuple

import numpy as np
import polars as pl
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

    ``head``: the last place there was when the report was begun, and ``balances`` (account, unit, minor) what was
    stored then: another process may go on writing meanwhile, and nothing after it is looked at. ``program``: the rules
    in force at ``last_seq``; ``digest``: that of the ledger up to there.
    """

    as_of: date
    known_at: date | None
    until: int
    last_seq: int
    head: int
    balances: pl.DataFrame
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
    chunks, balances = _at_one_instant(ledger)
    known = _known(chunks, local, known_at)
    last_seq = known[-1].last_seq if known else 0
    digest = hex_digest(np.frombuffer(known[-1].digest, "<u8").reshape(-1, 2) if known else no_sums())
    begun = [number for seq, number in ledger.in_force() if seq <= last_seq]
    program = program_numbered(ledger, begun[-1]) if begun else program
    local = zone(program.business.time_zone)
    day = as_of or _latest_day(ledger, local, last_seq)
    head = chunks[-1].last_seq if chunks else 0
    return Cut(day, known_at, end_of(local, day), last_seq, head, balances, local, program, digest)


class _Chunk(NamedTuple):
    last_seq: int
    recorded_at: int
    digest: bytes


def _at_one_instant(ledger: Ledger) -> tuple[list[_Chunk], pl.DataFrame]:
    """The chunks and the balances that they left: read again if another process has posted between the two."""
    while True:
        before = [_Chunk(*row) for row in ledger.store.rows(_CHUNKS)]
        balances = ledger.frame("balance")
        if len(ledger.store.rows(_CHUNKS)) == len(before):
            return before, balances


def end_of(local: Zone, day: date) -> int:
    """The instant at which a local day is over: µs UTC of the next midnight."""
    return local.utc(((day - _EPOCH).days + 1) * DAY)


def _latest_day(ledger: Ledger, local: Zone, last_seq: int) -> date:
    found = ledger.store.rows(_LATEST, last=last_seq)[0][0]
    return _EPOCH + timedelta(days=local.local(int(found or 0)) // DAY)


def _known(chunks: list[_Chunk], local: Zone, known_at: date | None) -> list[_Chunk]:
    """The chunks recorded by then: all before the first that was recorded later."""
    until = FOREVER if known_at is None else end_of(local, known_at)
    return list(takewhile(lambda chunk: chunk.recorded_at < until, chunks))


def versions_known(ledger: Ledger, cut: Cut) -> list[str]:
    """The rule versions that had begun to count by the cut, in the order of the log."""
    texts = ledger.programmes()
    return [texts[number][0] for seq, number in ledger.in_force() if seq <= cut.last_seq]
