"""Redeem (spec 4, step 10): lots match the purchase's lines and their money moves from commerce to open."""

from __future__ import annotations

from typing import Any

import numpy as np

from guerdon.engine.codes import TransferKind
from guerdon.engine.decide.amounts import in_money, in_units
from guerdon.engine.decide.arithmetic import CEIL, U0, bit, bit_count
from guerdon.engine.decide.booking import COMMERCE, OPEN, PAYABLE_OUT, book, of_contact
from guerdon.engine.decide.lots import NO_LOT, free_if_empty

REDEEM = int(TransferKind.REDEEM)
NO_LIMIT = 1 << 62
INSTANT, OLDER, BOTH = 1, 2, 3  # which lots: the event's own instant awards, those from before it


def pool_index(d: Any, number: int) -> int:
    """Index of a pool in the programme in force; -1 when it is no longer there."""
    for p in range(d.r_pool.shape[0]):
        if d.r_pool[p].number == number:
            return p
    return -1


def may_pay(d: Any, c: int, row: int, seq: int, which: int) -> int:
    """Pool index of a lot that takes part in the redeem of an event, or -1. ``which``: INSTANT, OLDER or BOTH.

    An instant award takes part on its own event; any other lot of this event's chain of causes does not.
    """
    lot = d.s_lot[row]
    if lot.seq == seq:
        if lot.instant == 0 or which & INSTANT == 0:
            return -1
    elif which & OLDER == 0:
        return -1
    pool = pool_index(d, lot.pool)
    if pool >= 0 and d.r_pool[pool].activation == 1 and (d.s_contact[c].pools_active & bit(pool)) == U0:
        return -1
    return pool


def redeem(d: Any, i: int, c: int, which: int) -> None:
    """Redeem on a purchase what these lots and its lines allow."""
    if d.s_contact[c].lot_head == NO_LOT or (which == INSTANT and d.w_head[0].instants == 0):
        return
    take_lots(d, i, c, which, lay_out(d, i, pools_of(d, i, c, which)), NO_LIMIT, True)


def redeem_short(d: Any, i: int, c: int, short: int, moves: bool) -> int:
    """Redeem the event's instant awards, and then of older lots what is still ``short``, in units; what it comes to.

    A line pays for what is taken of it once, whichever lots take it. Without ``moves`` nothing is booked.
    """
    if d.s_contact[c].lot_head == NO_LOT:
        return 0
    buckets = lay_out(d, i, pools_of(d, i, c, BOTH))
    taken = take_lots(d, i, c, INSTANT, buckets, NO_LIMIT, moves)
    return taken + take_lots(d, i, c, OLDER, buckets, short - taken, moves)


def pools_of(d: Any, i: int, c: int, which: int) -> np.uint64:
    """The pools in which the contact has a lot that takes part, as bits."""
    seq = d.b_event[i].seq
    pools = U0
    row = d.s_contact[c].lot_head
    while row != NO_LOT:
        pool = may_pay(d, c, row, seq, which)
        if pool >= 0:
            pools = pools | bit(pool)
        row = d.s_lot[row].next
    return pools


def take_lots(d: Any, i: int, c: int, which: int, buckets: int, limit: int, moves: bool) -> int:
    """The lots in their order take what they can of the buckets, up to ``limit`` units; returns the units taken."""
    seq = d.b_event[i].seq
    taken = 0
    row = d.s_contact[c].lot_head if buckets > 0 else NO_LOT
    while row != NO_LOT and taken < limit:
        following = d.s_lot[row].next
        pool = may_pay(d, c, row, seq, which)
        if pool >= 0:
            taken += _take(d, i, c, row, pool, buckets, limit - taken, moves)
        row = following
    return taken


def lay_out(d: Any, i: int, pools: np.uint64) -> int:
    """Merge the event's values by the set of pools that count here, in the order (size of the set, smallest line)."""
    e = d.b_event[i]
    count = 0
    for r in range(e.bucket_first, e.bucket_first + e.bucket_count):
        found = d.b_bucket[r]
        mask = found.pools & pools
        if mask == U0 or found.total <= 0:
            continue
        place = 0
        while place < count and d.w_bucket[place].pools != mask:
            place += 1
        if place < count:
            d.w_bucket[place].left += found.total
            continue
        size = bit_count(mask)
        place = count
        while place > 0 and d.w_bucket[place - 1].set_size > size:
            _copy(d, place - 1, place)
            place -= 1
        bucket = d.w_bucket[place]
        bucket.pools = mask
        bucket.left = found.total
        bucket.first_line = found.first_line
        bucket.set_size = size
        count += 1
    return count


def _copy(d: Any, source: int, target: int) -> None:
    a = d.w_bucket[source]
    b = d.w_bucket[target]
    b.pools = a.pools
    b.left = a.left
    b.first_line = a.first_line
    b.set_size = a.set_size


def _take(d: Any, i: int, c: int, row: int, pool: int, buckets: int, limit: int, moves: bool) -> int:
    """A lot takes what it can of the buckets its pool is in; returns the units moved."""
    flag = bit(pool)
    value = 0
    for place in range(buckets):
        if d.w_bucket[place].pools & flag != U0:
            value += d.w_bucket[place].left
    lot = d.s_lot[row]
    units = in_units(d, value)
    units = lot.remaining if lot.remaining < units else units
    units = limit if limit < units else units
    if units <= 0:
        return 0
    money = in_money(d, units, CEIL)
    for place in range(buckets):
        if d.w_bucket[place].pools & flag != U0:
            part = d.w_bucket[place].left if d.w_bucket[place].left < money else money
            d.w_bucket[place].left -= part
            money -= part
    if moves:
        move_to_open(d, d.b_event[i].seq, c, row, pool, units)
    return units


def move_to_open(d: Any, seq: int, c: int, row: int, pool: int, units: int) -> None:
    """Book the redeem of one lot and take it off the lot."""
    k = d.s_contact[c]
    lot = d.s_lot[row]
    pays_out = d.r_pool[pool].payout == 1
    debit = of_contact(k.number, COMMERCE + lot.pool)
    credit = of_contact(k.number, PAYABLE_OUT if pays_out else OPEN)
    book(d, seq, REDEEM, debit, credit, units, d.w_head[0].now, lot.seq, lot.n, lot.offer)
    if pays_out:
        k.payable += units
    else:
        k.open += units
    lot.remaining -= units
    free_if_empty(d, c, row)
