"""Laying a ledger's rows into the state's arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from guerdon.engine.decide.lots import insert_pending, insert_usable, new_lot
from guerdon.engine.rows import FOREVER, LOT

if TYPE_CHECKING:
    from guerdon.engine.decide.state import State


def load_slots(state: State, counters: np.ndarray) -> None:
    """The counters on the desk: of each the row of its latest window; rolling ones by day."""
    place = {int(n): k for k, n in enumerate(state.slot_numbers)}
    rings = {int(n): k for k, n in enumerate(state.ring_numbers)}
    slots, ring = state.arrays["s_slot"], state.arrays["s_ring"]
    for row in np.sort(counters, order=["contact", "slot", "window"]) if len(counters) else counters:
        c = state.row_of[row["contact"]]
        k = place.get(int(row["slot"]))
        if k is not None:
            slots[c, k] = (row["window"], row["amount"], row["wins"], row["mark"])
        elif int(row["slot"]) in rings:
            ring[c, rings[int(row["slot"])], int(row["window"]) % state.ring_length] = (row["window"], row["amount"])


def load_members(state: State, memberships: np.ndarray) -> None:
    """The schemes that contacts have joined, and those that they are held out of."""
    place = {n: k for k, n in enumerate(state.tables.scheme_numbers)}
    member = state.arrays["s_member"]
    for row in memberships:
        k = place.get(int(row["scheme"]))
        if k is None:
            continue
        c, flag = state.row_of[row["contact"]], np.uint64(1 << k)
        member[c, 2] |= flag
        if row["member"]:
            member[c, 0] |= flag
        if row["holdout"]:
            member[c, 1] |= flag


def load_lots(state: State, lots: np.ndarray) -> None:
    """Open lots, on the lists of their contacts."""
    state.room_for_lots(len(lots))
    desk = state.desk_view()
    for lot in lots:
        row, c = new_lot(desk), int(state.row_of[lot["contact"]])
        for name in LOT.names or ():
            if name not in ("next", "prev", "dirty"):
                state.arrays["s_lot"][name][row] = lot[name]
        state.arrays["s_lot"]["stored"][row] = 1
        state.arrays["s_lot"]["dirty"][row] = 0
        (insert_pending if lot["pending"] else insert_usable)(desk, c, row)


def load_shared(state: State) -> None:
    """The counters of the business, its rolling ones in the state's first row."""
    place = {int(n): k for k, n in enumerate(state.shared_numbers)}
    state.arrays["s_contact"]["due_at"][0] = state.arrays["s_contact"]["special_at"][0] = FOREVER
    state.arrays["s_contact"]["tier_until"][0] = FOREVER
    counters = state.store.business_counters()
    rings = {int(n): k for k, n in enumerate(state.ring_numbers)}
    for row in counters[np.isin(counters["slot"], state.ring_numbers)]:
        window = int(row["window"])
        cells = state.arrays["s_ring"][0, rings[int(row["slot"])]]
        if cells[window % state.ring_length]["day"] < window:
            cells[window % state.ring_length] = (window, row["amount"])
    for row in np.sort(counters, order=["slot", "window"]):
        k = place.get(int(row["slot"]))
        if k is not None:
            state.arrays["s_shared"][k] = (row["window"], row["amount"], row["wins"], row["mark"])
