"""Laying a ledger's rows into the state's arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from guerdon.engine.decide.lots import NO_LOT
from guerdon.engine.rows import FOREVER, LOT

if TYPE_CHECKING:
    from guerdon.engine.decide.state import State

_OF_LISTS = ("next", "prev", "stored", "dirty")


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
    """Open lots of contacts that have none yet, on their lists: as ``lots.insert_usable`` would make them."""
    if not len(lots):
        return
    state.room_for_lots(len(lots))
    held, contacts = state.arrays["s_lot"], state.arrays["s_contact"]
    rows, c = _free_rows(state, len(lots)), state.row_of[lots["contact"]]
    for name in LOT.names or ():
        if name not in _OF_LISTS:
            held[name][rows] = lots[name]
    held["stored"][rows] = 1
    held["dirty"][rows] = 0
    np.add.at(contacts["lots"], c, 1)
    usable = np.flatnonzero(lots["pending"] == 0)
    told = lots[usable]
    order = usable[np.lexsort((told["n"], told["seq"], told["earned_at"], told["expires_at"], c[usable]))]
    first, last = _link(held, rows[order], c[order])
    contacts["lot_head"][c[order][first]] = rows[order][first]
    contacts["lot_tail"][c[order][last]] = rows[order][last]
    pending = np.flatnonzero(lots["pending"] != 0)[::-1]  # of these the latest stands first
    order = pending[np.argsort(c[pending], kind="stable")]
    first, _ = _link(held, rows[order], c[order])
    contacts["pending_head"][c[order][first]] = rows[order][first]


def _free_rows(state: State, count: int) -> np.ndarray:
    """Takes so many rows off the list of free lots."""
    head, following = state.arrays["s_head"], state.arrays["s_lot"]["next"]
    rows = np.empty(count, np.int32)
    row = int(head["free_lot"][0])
    for place in range(count):
        rows[place] = row
        row = int(following[row])
    head["free_lot"] = row
    head["free_lots"] -= count
    return rows


def _link(held: np.ndarray, rows: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Chains lots that stand in the order of their contacts' lists; which are the first and the last of one, bool."""
    same = c[1:] == c[:-1]
    first, last = np.append(True, ~same)[: len(c)], np.append(~same, True)[: len(c)]
    held["prev"][rows] = np.where(first, NO_LOT, np.roll(rows, 1))
    held["next"][rows] = np.where(last, NO_LOT, np.roll(rows, -1))
    return first, last


def _placed(numbers: np.ndarray, told: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which of the told numbers are among ``numbers`` (int64), and the places of those there."""
    if not len(numbers):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    order = np.argsort(numbers, kind="stable")
    at = np.minimum(np.searchsorted(numbers, told, sorter=order), len(numbers) - 1)
    found = np.flatnonzero(numbers[order[at]] == told)
    return found, order[at[found]]


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
