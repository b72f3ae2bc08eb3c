"""Lots by their id: the row of one that is open, and what is kept of those that are no award's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guerdon.engine.events.present import NOWHERE
from guerdon.engine.rows import LOT

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

LOT_RECORD = "lot"  # kind of record: the fields of a lot that is no award's


def keep_lot(decider: Decider, row: int) -> None:
    """Note the facts of a lot that is no award's (an adjustment's, a transferred part), so that it can be put back."""
    lot = decider.state.arrays["s_lot"][row]
    fields = {name: int(lot[name]) for name in LOT.names or () if name not in ("stored", "dirty", "next", "prev")}
    decider.records.put(LOT_RECORD, f"{lot['seq']}:{lot['n']}", fields, int(lot["contact"]))


def lot_row(decider: Decider, contact_row: int, lot: tuple[int, int]) -> int:
    """Row in ``s_lot`` of a contact's open lot; NOWHERE if nothing is left in it."""
    d = decider.desk
    k = d.s_contact[contact_row]
    for row in (int(k.lot_head), int(k.pending_head)):
        while row >= 0:
            if d.s_lot[row].seq == lot[0] and d.s_lot[row].n == lot[1]:
                return row
            row = int(d.s_lot[row].next)
    return NOWHERE
