"""Limits that a contact has set for itself: tested beside those of the business, counted from its own transfers.

They stand in the contact's profile with what has been used in the running window. Only contacts that have one are
decided here, so that all others pay nothing for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from guerdon.engine.codes import TransferKind
from guerdon.engine.decide.addressing import watch
from guerdon.engine.decide.calendar import DAY, WINDOWS, to_local, window_of
from guerdon.engine.decide.history import event_at, seqs_of_contact, transfers_of
from guerdon.engine.decide.layout import NO_OWN_LIMIT
from guerdon.engine.decide.profiles import LIMITS, profile_of
from guerdon.engine.decide.step import clock_of

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

USES = {"spend": (TransferKind.SPEND, TransferKind.HOLD), "payout": (TransferKind.PAYOUT,)}
_PLACES = {"spend": "own_spend", "payout": "own_payout"}


def set_limit(decider: Decider, c: int, kind: tuple[str, str], limit: dict[str, Any], now: int) -> None:
    """The contact's limit on (``spend`` or ``payout``, each window); what the window has seen already counts."""
    number = int(decider.desk.s_contact[c].number)
    window = _window(decider, kind[1], now)
    used, count = _used(decider, number, kind, window)
    limits = dict(profile_of(decider, number).get(LIMITS, {}))
    limits["|".join(kind)] = {**limit, "window": window, "used": used, "count": count}
    decider.state.set_profile(number, {LIMITS: limits})
    watch(decider, c)


def limits_of(decider: Decider, c: int) -> dict[str, dict[str, int]]:
    """The contact's own limits by ``on|each``."""
    limits: dict[str, dict[str, int]] = profile_of(decider, int(decider.desk.s_contact[c].number)).get(LIMITS, {})
    return limits


@contextmanager
def own_limits(decider: Decider, c: int, time: int) -> Iterator[None]:
    """While open, the step knows what the contact's own limits leave; what was used is counted at the end."""
    if c < 0 or not limits_of(decider, c):
        yield
        return
    now = max(time, int(clock_of(decider.desk, c)))
    first = int(decider.outputs.head["transfers"][0])
    for on, place in _PLACES.items():
        setattr(decider.desk.w_head[0], place, _left(decider, c, on, now))
    try:
        yield
    finally:
        for place in _PLACES.values():
            setattr(decider.desk.w_head[0], place, NO_OWN_LIMIT)
        _count(decider, c, first, now)


def _left(decider: Decider, c: int, on: str, now: int) -> int:
    """What the limits on spends or payouts leave in their windows; -1: one of them leaves no use at all."""
    left = NO_OWN_LIMIT
    for kind, limit in limits_of(decider, c).items():
        named, each = kind.split("|")
        if named != on:
            continue
        running = limit["window"] == _window(decider, each, now)
        used, count = (limit["used"], limit["count"]) if running else (0, 0)
        if "times" in limit and count >= limit["times"]:
            return -1
        if "amount" in limit:
            left = min(left, limit["amount"] - used)
    return max(left, -1)


def _count(decider: Decider, c: int, first: int, now: int) -> None:
    """Add what the event has used; ``first``: its first row among the transfers."""
    rows = decider.outputs.arrays["o_transfer"][first : int(decider.outputs.head["transfers"][0])]
    used = {on: int(rows["amount"][np.isin(rows["kind"], list(kinds))].sum()) for on, kinds in USES.items()}
    if not any(used.values()):
        return
    number, changed = int(decider.desk.s_contact[c].number), {}
    for kind, limit in limits_of(decider, c).items():
        on, each = kind.split("|")
        window = _window(decider, each, now)
        before = (limit["used"], limit["count"]) if limit["window"] == window else (0, 0)
        use = used[on]
        changed[kind] = {**limit, "window": window, "used": before[0] + use, "count": before[1] + bool(use)}
    decider.state.set_profile(number, {LIMITS: changed})


def _window(decider: Decider, each: str, now: int) -> int:
    return int(window_of(int(to_local(decider.desk, now)) // DAY, WINDOWS[each], 0))


def _used(decider: Decider, number: int, kind: tuple[str, str], window: int) -> tuple[int, int]:
    """Amount and times used in the window that runs, from the contact's events, newest first."""
    on, each = kind
    amount = count = 0
    for seq in seqs_of_contact(decider, number)[::-1].tolist():
        told = event_at(decider, seq)
        if told is None:
            continue
        if _window(decider, each, told.event.time) < window:
            break
        rows = transfers_of(decider, seq)
        use = int(rows["amount"][np.isin(rows["kind"], list(USES[on]))].sum())
        amount, count = amount + use, count + bool(use)
    return amount, count
