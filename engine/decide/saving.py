"""What of the state has changed, as the rows that a ledger keeps of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from guerdon.engine.arrays import joined
from guerdon.engine.decide.lots import NO_LOT
from guerdon.engine.decide.state import NOWHEN, State
from guerdon.engine.rows import COUNTER

FEW_CONTACTS = 16  # up to so many, their own lots are looked at


def dirty_rows(state: State) -> np.ndarray:
    """Rows of the contacts that changed since the last ``saved``."""
    return np.flatnonzero(state.arrays["s_contact"]["dirty"][: state.count])


def changed_counters(state: State, dirty: np.ndarray) -> np.ndarray:
    """The counters on the desk that changed, as COUNTER rows; also those of the business."""
    now, before = state.arrays["s_slot"][dirty], state.saved_slots[dirty]
    contact, slot = np.nonzero(_differ(now, before) & (now["window"] != NOWHEN))
    own = _counters(state.arrays["s_contact"]["number"][dirty[contact]], state.slot_numbers[slot], now[contact, slot])
    shared = state.arrays["s_shared"]
    place = np.flatnonzero(_differ(shared, state.saved_shared) & (shared["window"] != NOWHEN))
    common = _counters(np.zeros(len(place), np.int64), state.shared_numbers[place], shared[place])
    return joined([own, common, _ring_counters(state, np.concatenate([[0], dirty]))])


def counters_gone(state: State, dirty: np.ndarray) -> np.ndarray:
    """Counters that the ledger has on the desk and that have left it: only the key fields count."""
    now, before = state.arrays["s_slot"][dirty], state.saved_slots[dirty]
    contact, slot = np.nonzero((now["window"] != before["window"]) & (before["window"] != NOWHEN))
    numbers = state.arrays["s_contact"]["number"][dirty[contact]]
    own = _counters(numbers, state.slot_numbers[slot], before[contact, slot])
    gone = np.flatnonzero(
        (state.arrays["s_shared"]["window"] != state.saved_shared["window"]) & (state.saved_shared["window"] != NOWHEN)
    )
    common = _counters(np.zeros(len(gone), np.int64), state.shared_numbers[gone], state.saved_shared[gone])
    return joined([own, common])


def _ring_counters(state: State, dirty: np.ndarray) -> np.ndarray:
    if not len(state.ring_numbers):
        return np.zeros(0, COUNTER)
    cells = state.arrays["s_ring"][dirty]
    contact, ring, place = np.nonzero(cells["day"] != NOWHEN)
    rows = np.zeros(len(contact), COUNTER)
    rows["contact"] = state.arrays["s_contact"]["number"][dirty[contact]]
    rows["slot"] = state.ring_numbers[ring]
    rows["window"] = cells["day"][contact, ring, place]
    rows["amount"] = cells["amount"][contact, ring, place]
    return rows


def saved(state: State, dirty: np.ndarray, lots: np.ndarray) -> None:
    """What was dirty is in the ledger now: rows of contacts, and of lots."""
    state.arrays["s_contact"]["dirty"][dirty] = 0
    state.saved_slots[dirty] = state.arrays["s_slot"][dirty]
    state.saved_shared = state.arrays["s_shared"].copy()
    state.arrays["s_lot"]["stored"][lots] = 1
    state.arrays["s_lot"]["dirty"][lots] = 0


def dirty_lots(state: State, dirty: np.ndarray) -> np.ndarray:
    """Rows of the open lots that are new or changed; whoever changes a lot marks its contact ``dirty`` too."""
    lots = state.arrays["s_lot"]
    if len(dirty) > FEW_CONTACTS:
        rows = np.flatnonzero(lots["dirty"])
    else:
        rows = np.array(sorted(_lots_of(state, dirty)), np.int64)
        rows = rows[lots["dirty"][rows] != 0]
    return rows[lots["seq"][rows] > 0]


def _lots_of(state: State, contacts: np.ndarray) -> Iterator[int]:
    """Rows of all lots of some contacts: theirs are soon walked through, everybody's are many."""
    following = state.arrays["s_lot"]["next"]
    for head in ("lot_head", "pending_head"):
        for row in state.arrays["s_contact"][head][contacts].tolist():
            while row != NO_LOT:
                yield row
                row = int(following[row])


def _differ(now: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Which slots are not as they were, bool; field by field, which is much faster than whole records."""
    differ: np.ndarray = (now["window"] != before["window"]) | (now["amount"] != before["amount"])
    differ |= (now["wins"] != before["wins"]) | (now["mark"] != before["mark"])
    return differ


def _counters(contacts: np.ndarray, slots: np.ndarray, values: np.ndarray) -> np.ndarray:
    rows = np.zeros(len(contacts), COUNTER)
    rows["contact"], rows["slot"] = contacts, slots
    for name in ("window", "amount", "wins", "mark"):
        rows[name] = values[name]
    return rows
