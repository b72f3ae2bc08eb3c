"""Catch-up (spec 4, step 4): what has fallen due for a contact happens in the order (due, kind, id).

Kinds here: pending becomes usable, lot expires, tier window ends. Holds that lapse, maturities, birthdays and
forfeits (``special_at``) are the caller's: it lets the step catch up to each of them first.
"""

from __future__ import annotations

from typing import Any

from guerdon.engine.codes import TransferKind
from guerdon.engine.decide.booking import BREAKAGE, COMMERCE, PAYABLE, PENDING, book, of_contact, of_merchant
from guerdon.engine.decide.funding import merchant_part
from guerdon.engine.decide.lots import NO_LOT, due_at, due_of, free_if_empty, insert_usable, unlink
from guerdon.engine.decide.tiers import end_window
from guerdon.engine.rows import FOREVER

VEST, EXPIRY = int(TransferKind.VEST), int(TransferKind.EXPIRY)
_KIND_VEST, _KIND_EXPIRY, _KIND_TIER = 1, 2, 3


def catch_up(d: Any, seq: int, c: int, until: int) -> None:
    """Everything of the contact that is due at or before ``until`` happens, each at its own time."""
    k = d.s_contact[c]
    while k.due_at <= until:
        row, due, kind = _first_due(d, c)
        if due > until:
            k.due_at = due_at(d, c)
            return
        if kind == _KIND_TIER:
            end_window(d, seq, c)
        elif kind == _KIND_VEST:
            vest(d, seq, c, row)
        else:
            expire(d, seq, c, row, due)
        k.dirty = 1
        k.due_at = due_at(d, c)


def _first_due(d: Any, c: int) -> tuple[int, int, int]:
    """Row, due time and kind of what falls due first; ties by kind, then by the lot's id."""
    k = d.s_contact[c]
    best, due, kind = NO_LOT, FOREVER, _KIND_TIER
    row = k.lot_head
    while row != NO_LOT:
        at = due_of(d, row)
        if best != NO_LOT and at > due:
            break
        if at < due or (at == due and best != NO_LOT and _earlier(d, row, best)):
            best, due, kind = row, at, _KIND_EXPIRY
        row = d.s_lot[row].next
    row = k.pending_head
    while row != NO_LOT:
        at = due_of(d, row)
        vests = _KIND_VEST if at == d.s_lot[row].usable_at and at <= d.s_lot[row].expires_at else _KIND_EXPIRY
        if at < due or (at == due and at < FOREVER and (vests < kind or (vests == kind and _earlier(d, row, best)))):
            best, due, kind = row, at, vests
        row = d.s_lot[row].next
    if k.tier_until < due:
        return NO_LOT, k.tier_until, _KIND_TIER
    return best, due, kind


def _earlier(d: Any, a: int, b: int) -> bool:
    """Whether lot a's id is the smaller."""
    x = d.s_lot[a]
    y = d.s_lot[b]
    if x.seq != y.seq:
        return x.seq < y.seq
    return x.n < y.n


def vest(d: Any, seq: int, c: int, row: int) -> None:
    """A pending lot becomes usable: the same lot, from pending to its pool."""
    lot = d.s_lot[row]
    number = d.s_contact[c].number
    unlink(d, c, row)
    lot.pending = 0
    lot.dirty = 1
    insert_usable(d, c, row)
    debit = of_contact(number, PENDING)
    credit = of_contact(number, COMMERCE + lot.pool)
    book(d, seq, VEST, debit, credit, lot.remaining, lot.usable_at, lot.seq, lot.n, lot.offer)


def expire(d: Any, seq: int, c: int, row: int, at: int) -> None:
    """What is left of a lot goes back to its funders: the business's part to breakage, the merchant's is owed to it."""
    lot = d.s_lot[row]
    rest = lot.remaining
    source = of_contact(d.s_contact[c].number, PENDING if lot.pending == 1 else COMMERCE + lot.pool)
    part = 0
    if lot.funder > 0 and lot.expiry_business == 0 and lot.prepaid == 0:
        live = lot.live
        part = merchant_part(live, lot.part_num, lot.part_den) - merchant_part(live - rest, lot.part_num, lot.part_den)
    book(d, seq, EXPIRY, source, BREAKAGE, rest - part, at, lot.seq, lot.n, lot.offer)
    if part > 0:
        book(d, seq, EXPIRY, source, of_merchant(lot.funder, PAYABLE), part, at, lot.seq, lot.n, lot.offer)
    lot.live -= rest
    lot.remaining = 0
    free_if_empty(d, c, row)
