"""The rule versions that a ledger keeps: which one counts now, which counted for an event."""

from __future__ import annotations

from functools import lru_cache

from guerdon.engine.ledger.errors import LedgerUnreachable
from guerdon.engine.ledger.ledger import Ledger
from guerdon.rules.program import Program


def program_in_force(ledger: Ledger) -> Program:
    """The programme that counts now. LedgerUnreachable: nothing was ever run into this ledger."""
    begun = ledger.in_force()
    if not begun:
        raise LedgerUnreachable(
            "no programme was ever run here", place=ledger.place, hint="guerdon run PROGRAMME --events …"
        )
    return program_numbered(ledger, begun[-1][1])


def program_numbered(ledger: Ledger, number: int) -> Program:
    """A rule version by its number in the ledger."""
    return _compiled(ledger.programmes()[number][1])


@lru_cache(maxsize=16)
def _compiled(canonical: str) -> Program:
    from guerdon.rules import program_from_canonical

    return program_from_canonical(canonical)
