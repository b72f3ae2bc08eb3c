"""Deciding a whole log again, into an empty ledger: what ``verify --replay`` compares with the one it came from."""

from __future__ import annotations

from guerdon.engine.events.body import decode
from guerdon.engine.events.sealing import Pseudonyms
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.pipeline import CHUNK_EVENTS, Run
from guerdon.rules import program_from_canonical


def replay(ledger: Ledger, url: str = "sqlite://") -> Ledger:
    """A ledger made from another one's log alone: its events in their order, decided by the versions in force.

    The caller closes it. In memory unless ``url`` says otherwise.
    """
    again = Ledger.open(url)
    try:
        _decide_again(ledger, again)
    except BaseException:
        again.close()
        raise
    return again


def _decide_again(ledger: Ledger, again: Ledger) -> None:
    versions, in_force = ledger.programmes(), ledger.in_force()
    keys = Pseudonyms(ledger.keyring) if ledger.erased_contacts() else ledger.keyring
    run: Run | None = None
    current = -1
    for chunk in ledger.chunks():
        number = max((entry for entry in in_force if entry[0] <= chunk.last_seq), default=(0, 0))[1]
        if run is None or number != current:
            run = Run.open(program_from_canonical(versions[number][1]), again, rows=CHUNK_EVENTS)
            current = number
        run.admit(decode(chunk.body_format, chunk.body, keys))
