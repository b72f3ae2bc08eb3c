"""How several awards on one event are given: all, best or first, in nested groups (spec 2, resolution).

Every offer reports its amount to its group, every group (children first) to its parent; then one pass down says
who is kept. No child lists are needed.
"""

from __future__ import annotations

from typing import Any

from guerdon.engine.decide.booking import OUTRANKED, refuse
from guerdon.engine.decide.layout import FORM_MULTIPLY, MODE_ALL, MODE_FIRST

_NOBODY = -(1 << 30)


def resolve(d: Any, seq: int) -> None:
    """Of the offers alive with an amount, keep those that their groups choose and refuse the others ``outranked``."""
    groups = d.r_head[0].groups
    for g in range(groups):
        work = d.w_group[g]
        work.filled = 0
        work.amount = 0
        work.best = _NOBODY
        work.kept = 0
    for r in range(d.w_head[0].listed):
        o = d.w_list[r]
        if d.w_offer[o].alive == 1 and d.r_offer[o].form != FORM_MULTIPLY:
            _report(d, d.r_offer[o].group, o, o, d.w_offer[o].amount, d.r_offer[o].order)
    for g in range(groups - 1):
        work = d.w_group[g]
        if work.filled == 1:
            order = (work.order >> 32 << 32) | d.r_group[g].order
            _report(d, d.r_group[g].parent, -1 - g, work.lead, work.amount, order)
    _choose(d, groups)
    for r in range(d.w_head[0].listed):
        o = d.w_list[r]
        if d.w_offer[o].alive == 1 and d.r_offer[o].form != FORM_MULTIPLY and not _kept(d, d.r_offer[o].group, o):
            d.w_offer[o].alive = 0
            refuse(d, seq, o, OUTRANKED, 0, d.w_offer[o].amount, d.w_offer[o].amount, _winner(d, o))


def _report(d: Any, g: int, child: int, lead: int, amount: int, order: int) -> None:
    """Tell a group what a child gives. ``child``: an offer's index, or -1 - group."""
    work = d.w_group[g]
    mode = d.r_group[g].mode
    if work.filled == 0:
        work.filled = 1
        work.amount = amount
        work.order = order
        work.best = child
        work.lead = lead
        work.best_order = order
        return
    if mode == MODE_ALL:
        work.amount += amount
        chosen = order < work.best_order
    elif mode == MODE_FIRST:
        chosen = order < work.best_order
    else:
        chosen = amount > work.amount or (amount == work.amount and order < work.best_order)
    if order < work.order:
        work.order = order
    if chosen:
        if mode != MODE_ALL:
            work.amount = amount
        work.best = child
        work.best_order = order
        work.lead = lead


def _choose(d: Any, groups: int) -> None:
    """From the root down: a group is kept if its parent is and keeps it."""
    for back in range(groups):
        g = groups - 1 - back
        if d.w_group[g].filled == 1:
            d.w_group[g].kept = 1 if g == groups - 1 or _kept(d, d.r_group[g].parent, -1 - g) else 0


def _kept(d: Any, g: int, child: int) -> bool:
    """Whether the group is kept and keeps the child."""
    work = d.w_group[g]
    return work.kept == 1 and (d.r_group[g].mode == MODE_ALL or work.best == child)


def _winner(d: Any, o: int) -> int:
    """Number of the offer that stands for what outranked the offer."""
    g = d.r_offer[o].group
    while d.w_group[g].kept == 0:
        g = d.r_group[g].parent
    return int(d.r_offer[d.w_group[g].lead].number)
