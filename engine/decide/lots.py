"""Lots: a contact's award money in the order in which it is used up (expires_at, earned_at, seq, n).

Usable lots hang on a doubly linked list from ``lot_head`` to ``lot_tail``; pending ones on a list from
``pending_head``. A row of ``s_lot`` that is used up goes back to the free list.
"""

from __future__ import annotations

from typing import Any

from guerdon.engine.decide.arithmetic import prefetch
from guerdon.engine.rows import FOREVER

NO_LOT = -1


def new_lot(d: Any) -> int:
    """Take a free row. The caller made sure that there is one (``STOP_ROOM``)."""
    row = d.s_head[0].free_lot
    d.s_head[0].free_lot = d.s_lot[row].next
    d.s_head[0].free_lots -= 1
    if d.s_head[0].free_lot != NO_LOT:
        prefetch_lot(d, d.s_head[0].free_lot)  # the next one to be taken
    return int(row)


def prefetch_lot(d: Any, row: int) -> None:
    """Ask for the memory of a lot."""
    prefetch(d.s_lot[row], 0)
    prefetch(d.s_lot[row], 1)


def _before(d: Any, a: int, b: int) -> bool:
    """Whether lot a is used up before lot b."""
    x = d.s_lot[a]
    y = d.s_lot[b]
    if x.expires_at != y.expires_at:
        return x.expires_at < y.expires_at
    if x.earned_at != y.earned_at:
        return x.earned_at < y.earned_at
    if x.seq != y.seq:
        return x.seq < y.seq
    return x.n < y.n


def insert_usable(d: Any, c: int, row: int) -> None:
    """Put a lot in its place among the usable ones, looking from the end, where most belong."""
    k = d.s_contact[c]
    k.lots += 1
    after = k.lot_tail
    while after != NO_LOT and _before(d, row, after):
        after = d.s_lot[after].prev
    lot = d.s_lot[row]
    lot.prev = after
    if after == NO_LOT:
        lot.next = k.lot_head
        k.lot_head = row
    else:
        lot.next = d.s_lot[after].next
        d.s_lot[after].next = row
    if lot.next == NO_LOT:
        k.lot_tail = row
    else:
        d.s_lot[lot.next].prev = row


def insert_pending(d: Any, c: int, row: int) -> None:
    """Put a lot among the pending ones; that list has no order."""
    k = d.s_contact[c]
    k.lots += 1
    lot = d.s_lot[row]
    lot.prev = NO_LOT
    lot.next = k.pending_head
    if lot.next != NO_LOT:
        d.s_lot[lot.next].prev = row
    k.pending_head = row


def unlink(d: Any, c: int, row: int) -> None:
    """Take a lot off the list it is on."""
    k = d.s_contact[c]
    k.lots -= 1
    lot = d.s_lot[row]
    if lot.prev != NO_LOT:
        d.s_lot[lot.prev].next = lot.next
    elif lot.pending == 1:
        k.pending_head = lot.next
    else:
        k.lot_head = lot.next
    if lot.next != NO_LOT:
        d.s_lot[lot.next].prev = lot.prev
    elif lot.pending == 0:
        k.lot_tail = lot.prev


def free_if_empty(d: Any, c: int, row: int) -> None:
    """Give a used-up lot's row back; one that the ledger has stored is noted, so that its row goes there too."""
    lot = d.s_lot[row]
    if lot.remaining > 0:
        lot.dirty = 1
        return
    unlink(d, c, row)
    if lot.stored == 1:
        closed = d.o_closed[d.o_head[0].closed]
        d.o_head[0].closed += 1
        closed.contact = lot.contact
        closed.seq = lot.seq
        closed.n = lot.n
    lot.stored = 0
    lot.seq = 0
    lot.next = d.s_head[0].free_lot
    d.s_head[0].free_lot = row
    d.s_head[0].free_lots += 1


def due_of(d: Any, row: int) -> int:
    """When the lot's next change falls due: becoming usable, or one microsecond after its expiry."""
    lot = d.s_lot[row]
    expiry = FOREVER if lot.expires_at == FOREVER else lot.expires_at + 1
    if lot.pending == 1 and lot.usable_at < expiry:
        return lot.usable_at
    return expiry


def due_at(d: Any, c: int) -> int:
    """The earliest thing that can fall due for the contact."""
    k = d.s_contact[c]
    due = k.tier_until if k.tier_until < k.special_at else k.special_at
    if k.lot_head != NO_LOT:
        first = due_of(d, k.lot_head)
        due = first if first < due else due
    row = k.pending_head
    while row != NO_LOT:
        first = due_of(d, row)
        due = first if first < due else due
        row = d.s_lot[row].next
    return due
