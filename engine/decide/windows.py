"""Counters in their windows: the row on the desk is that of the window in which the event lies.

When time moves on to a later window, the row's figures leave the desk (``o_past``) and the row starts anew. Older
windows are put on the desk by the caller, for late events and returns; they never come up here.
"""

from __future__ import annotations

from typing import Any

from guerdon.engine.decide.calendar import WINDOW_EVENT, WINDOW_ROLLING, window_of


def window_at(d: Any, day: int, kind: int, seq: int) -> int:
    """``calendar.window_of``, worked out once for a day: most events are of the day of the one before."""
    if kind == WINDOW_EVENT:
        return seq
    head = d.w_head[0]
    if head.day != day:
        head.day = day
        for k in range(WINDOW_EVENT + 1, WINDOW_ROLLING + 1):
            d.w_window[k] = window_of(day, k, seq)
    return d.w_window[kind]


def slot_at(d: Any, c: int, slot: int, window: int) -> None:
    """Turn a contact's counter to the window."""
    row = d.s_slot[c, slot]
    if row.window != window:
        if row.amount != 0 or row.wins != 0:
            _leave(d, d.s_contact[c].number, slot, row.window, row.amount, row.wins, row.mark)
        row.window = window
        row.amount = 0
        row.wins = 0
        row.mark = 0


def shared_at(d: Any, slot: int, window: int) -> None:
    """Turn a counter of the business to the window. Its slots are numbered below the contacts' in ``o_past``."""
    row = d.s_shared[slot]
    if row.window != window:
        if row.amount != 0 or row.wins != 0:
            _leave(d, 0, slot, row.window, row.amount, row.wins, row.mark)
        row.window = window
        row.amount = 0
        row.wins = 0
        row.mark = 0


def ring_sum(d: Any, c: int, ring: int, day: int, days: int) -> int:
    """Sum of a rolling counter over the ``days`` local days that end with ``day``."""
    length = d.s_head[0].ring_length
    total = 0
    for back in range(days):
        cell = d.s_ring[c, ring, (day - back) % length]
        if cell.day == day - back:
            total += cell.amount
    return total


def ring_add(d: Any, c: int, ring: int, day: int, amount: int) -> None:
    """Add to a rolling counter's day."""
    cell = d.s_ring[c, ring, day % d.s_head[0].ring_length]
    if cell.day != day:
        cell.day = day
        cell.amount = 0
    cell.amount += amount


def _leave(d: Any, contact: int, slot: int, window: int, amount: int, wins: int, mark: int) -> None:
    row = d.o_past[d.o_head[0].past]
    d.o_head[0].past += 1
    row.contact = contact
    row.slot = slot
    row.window = window
    row.amount = amount
    row.wins = wins
    row.mark = mark
