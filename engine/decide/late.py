"""Late events (spec 3): the windows and the tier of the event's own time are put on the desk, and taken off again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from guerdon.engine.codes import Outcome, Reason
from guerdon.engine.decide import booking, layout
from guerdon.engine.decide.calendar import DAY, WINDOW_EVENT, stepped, window_of
from guerdon.engine.decide.offer_tables import step
from guerdon.engine.decide.slots import NO_WINDOW
from guerdon.engine.decide.step import clock_of

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

Place = tuple[bool, int]  # (of the business, slot)


def is_late(decider: Decider, i: int) -> bool:
    """Whether the event is older than its contact's clock."""
    e = decider.desk.b_event[i]
    return bool(e.time < clock_of(decider.desk, e.contact))


def is_too_late(decider: Decider, i: int) -> bool:
    """Whether it is older by more than ``late_within``."""
    e = decider.desk.b_event[i]
    unit, n = step(decider.program.business.late_within)
    return bool(stepped(decider.desk, int(e.time), unit, n) < clock_of(decider.desk, e.contact))


def late_purchase(decider: Decider, i: int) -> None:
    """Decide a late purchase as of its own time, redeem and spend at the contact's clock."""
    if is_too_late(decider, i):
        seq = int(decider.desk.b_event[i].seq)
        booking.begin(decider.desk, seq, 0)
        booking.outcome(decider.desk, seq, Outcome.REFUSED, Reason.TOO_LATE)
        return
    e = decider.desk.b_event[i]
    with windows_on_desk(decider, int(e.contact), int(e.local) // DAY), tier_on_desk(decider, i):
        decider.run_one(i, layout.FORCED)


@contextmanager
def windows_on_desk(decider: Decider, c: int, day: int) -> Iterator[None]:
    """While open, the contact's and the business's counters are those of the windows that hold the local day."""
    kept: dict[Place, Any] = {}
    slots = decider.tables.slots
    for shared, kinds in ((False, slots.windows), (True, slots.shared_windows)):
        for slot, kind in enumerate(kinds):
            if kind == NO_WINDOW:
                continue
            rows = _rows(decider, c, shared)
            window = window_of(day, kind, 0)
            if rows["window"][slot] > window and kind != WINDOW_EVENT:
                kept[shared, slot] = rows[slot].copy()
                rows[slot] = (window, *past(decider, c, shared, slot, window))
    try:
        yield
    finally:
        for (shared, slot), values in kept.items():
            _leave(decider, c, shared, slot)
            _rows(decider, c, shared)[slot] = values


def _rows(decider: Decider, c: int, shared: bool) -> np.ndarray:
    """The counters of the business, or of one contact."""
    arrays = decider.state.arrays
    rows: np.ndarray = arrays["s_shared"] if shared else arrays["s_slot"][c]
    return rows


def _leave(decider: Decider, c: int, shared: bool, slot: int) -> None:
    """The older window leaves the desk with what it holds now."""
    row = _rows(decider, c, shared)[slot]
    head = decider.outputs.head
    number = 0 if shared else int(decider.state.arrays["s_contact"]["number"][c])
    place = int(head["past"][0])
    decider.outputs.arrays["o_past"][place] = (number, slot, row["window"], row["amount"], row["wins"], row["mark"])
    head["past"] += 1


def past(decider: Decider, c: int, shared: bool, slot: int, window: int) -> tuple[int, int, int]:
    """Figures (amount, wins, mark) of a counter in a window that left the desk: of this chunk, else of the ledger."""
    number = 0 if shared else int(decider.state.arrays["s_contact"]["number"][c])
    rows = decider.outputs.of_contact("o_past", number)
    found = rows[(rows["slot"] == slot) & (rows["window"] == window)]
    if not len(found):
        numbers = decider.state.shared_numbers if shared else decider.state.slot_numbers
        stored = decider.store.past_counters(number)
        found = stored[(stored["slot"] == numbers[slot]) & (stored["window"] == window)]
    if not len(found):
        return 0, 0, 0
    last = found[-1]
    return int(last["amount"]), int(last["wins"]), int(last["mark"])


@contextmanager
def tier_on_desk(decider: Decider, i: int) -> Iterator[None]:
    """While open, the contact is judged by the tier that it had at the event's time."""
    e = decider.desk.b_event[i]
    head = decider.scratch.arrays["w_head"]
    head["tier_view"] = tier_at(decider, int(e.contact), int(e.time))
    try:
        yield
    finally:
        head["tier_view"] = layout.TIER_NOW


def tier_at(decider: Decider, c: int, time: int) -> int:
    """Index of the contact's tier at an instant, from its history; the lowest before it begins."""
    number = int(decider.state.arrays["s_contact"]["number"][c])
    stored = decider.store.load_contacts(np.array([number], np.int64)).tiers
    fresh = decider.outputs.taken("o_tier")
    rows = np.concatenate([stored, fresh[fresh["contact"] == number]])
    ladder = {int(t["number"]): k for k, t in enumerate(decider.tables.arrays["r_tier"])}
    tier = -1 if not len(ladder) or decider.tables.arrays["r_tier"]["needs"][0] > 0 else 0
    for row in rows:
        if row["starts_at"] <= time:
            tier = ladder.get(int(row["tier"]), tier)
    return tier
