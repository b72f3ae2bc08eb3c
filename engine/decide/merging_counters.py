"""Counters of two contacts that become one: added window by window, wherever they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from guerdon.engine.decide.counters import Cell, read, windows, write
from guerdon.engine.decide.windows import ring_add

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

_NOTHING = Cell(0, 0, 0)


def add_counters(decider: Decider, source: int, target: int) -> None:
    """Add the source's counters (caps, goals and wins, limits, entries, rolling days) to the target's; it keeps none.

    Of a cooldown the later instant holds, of a streak the run that lasted longer.
    """
    for key in _keys(decider, source):
        for window in windows(decider, source, key):
            mine = read(decider, source, key, window)
            if mine != _NOTHING:
                write(decider, target, key, window, together(key, mine, read(decider, target, key, window)))
                write(decider, source, key, window, _NOTHING)
    d = decider.desk
    for ring in range(len(decider.tables.slots.ring_keys)):
        for cell in d.s_ring[source, ring]:
            if cell.amount:
                ring_add(d, target, ring, int(cell.day), int(cell.amount))
                cell.amount = 0


def _keys(decider: Decider, c: int) -> list[str]:
    """Names of the counters that the contact can have: those in force, and older ones that the ledger keeps."""
    number = int(decider.state.arrays["s_contact"]["number"][c])
    now = decider.store.load_contacts(np.array([number], np.int64)).counters["slot"]
    stored = np.concatenate([now, decider.store.past_counters(number)["slot"]])
    rings = set(decider.tables.slots.ring_keys)
    older = {decider.store.names.id("slot", int(slot)) for slot in np.unique(stored)}
    older |= {decider.store.names.id("slot", slot) for owner, slot, _ in decider.foreign if owner == number}
    in_force = decider.tables.slots.keys
    return [*in_force, *sorted(older - set(in_force) - rings)]


def together(key: str, a: Cell, b: Cell) -> Cell:
    """The figures of two contacts in one window as those of one; ``key`` says what they count.

    >>> together("fan|goal1|achievements|lifetime", Cell(1, 0, 0), Cell(3, 1, 0))
    Cell(amount=3, wins=1, mark=0)
    >>> together("mug|times|month", Cell(1, 0, 0), Cell(3, 0, 0))
    Cell(amount=4, wins=0, mark=0)
    """
    kind = key.partition("#")[0].split("|")[1:]
    if kind == ["cooldown"]:
        return Cell(max(a.amount, b.amount), 0, 0)
    if "streak" in kind and "each" not in kind:
        return max(a, b, key=lambda cell: (cell.mark, cell.amount))
    united = "achievements" in kind or "tier" in kind
    amount = a.amount | b.amount if united else a.amount + b.amount
    return Cell(amount, a.wins + b.wins, max(a.mark, b.mark))
