"""One counter in one window, wherever it stands: on the desk, among older windows, or of rules no longer in force."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from guerdon.engine.decide import late
from guerdon.engine.decide.windows import shared_at, slot_at
from guerdon.engine.rows import COUNTER

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider


class Cell(NamedTuple):
    """What a counter holds in a window: see ``rows.COUNTER``."""

    amount: int
    wins: int
    mark: int


def read(decider: Decider, c: int, key: str, window: int, shared: bool = False) -> Cell:
    """A counter of the contact in row ``c`` (``shared``: of the business) by its name; zeros if it never moved."""
    place = _place(decider, key, shared)
    if place < 0:
        return _foreign(decider, _owner(decider, c, shared), key, window)
    row = _row(decider, c, place, shared)
    if row["window"] == window:
        return Cell(int(row["amount"]), int(row["wins"]), int(row["mark"]))
    return Cell(*late.past(decider, c, shared, place, window))


def write(decider: Decider, c: int, key: str, window: int, cell: Cell, shared: bool = False) -> None:
    """Set a counter in a window."""
    place = _place(decider, key, shared)
    number = _owner(decider, c, shared)
    if place < 0:
        decider.foreign[number, decider.store.names.number("slot", key), window] = cell
        return
    row = _row(decider, c, place, shared)
    if row["window"] < window:
        if shared:
            shared_at(decider.desk, place, window)
        else:
            slot_at(decider.desk, c, place, window)
    if row["window"] == window:
        for name, value in zip(("amount", "wins", "mark"), cell, strict=True):
            row[name] = value
        if not shared:
            decider.state.arrays["s_contact"]["dirty"][c] = 1
        return
    outputs = decider.outputs
    if int(outputs.head["past"][0]) >= len(outputs.arrays["o_past"]):
        decider.make_room()
    head = outputs.head
    outputs.arrays["o_past"][int(head["past"][0])] = (number, place, window, *cell)
    head["past"] += 1


def add(decider: Decider, c: int, key: str, window: int, amount: int, shared: bool = False) -> None:
    """Move a counter's amount."""
    cell = read(decider, c, key, window, shared)
    write(decider, c, key, window, cell._replace(amount=cell.amount + amount), shared)


def windows(decider: Decider, c: int, key: str) -> list[int]:
    """The windows in which a contact's counter has moved, ascending."""
    number = _owner(decider, c, False)
    place = _place(decider, key, False)
    slot = decider.store.names.find("slot", key)
    stored = decider.store.past_counters(number)
    found = set(stored["window"][stored["slot"] == slot].tolist())
    found |= {window for owner, its, window in decider.foreign if (owner, its) == (number, slot)}
    if place >= 0:
        rows = decider.outputs.of_contact("o_past", number)
        found |= set(rows["window"][rows["slot"] == place].tolist())
        found.add(int(_row(decider, c, place, False)["window"]))
    else:
        now = decider.store.load_contacts(np.array([number], np.int64)).counters
        found |= set(now["window"][now["slot"] == slot].tolist())
    return sorted(found)


def release_ring(decider: Decider, c: int, key: str, day: int, amount: int) -> None:
    """Take an amount off a day of a rolling counter, if the ring still holds that day."""
    keys = decider.tables.slots.ring_keys
    if key not in keys:
        return
    cell = decider.state.arrays["s_ring"][c, keys.index(key), day % decider.state.ring_length]
    if cell["day"] == day:
        cell["amount"] -= amount
        if c > 0:  # the business's row is looked at each time
            decider.state.arrays["s_contact"]["dirty"][c] = 1


def foreign_rows(decider: Decider) -> np.ndarray:
    """The counters moved under rules no longer in force, COUNTER; forgets them."""
    rows = np.zeros(len(decider.foreign), COUNTER)
    for row, ((contact, slot, window), cell) in zip(rows, sorted(decider.foreign.items()), strict=True):
        row["contact"], row["slot"], row["window"] = contact, slot, window
        row["amount"], row["wins"], row["mark"] = cell
    decider.foreign.clear()
    return rows


def _place(decider: Decider, key: str, shared: bool) -> int:
    keys = decider.tables.slots.shared_keys if shared else decider.tables.slots.keys
    return keys.index(key) if key in keys else -1


def _owner(decider: Decider, c: int, shared: bool) -> int:
    return 0 if shared else int(decider.state.arrays["s_contact"]["number"][c])


def _row(decider: Decider, c: int, place: int, shared: bool) -> np.void:
    arrays = decider.state.arrays
    row: np.void = arrays["s_shared"][place] if shared else arrays["s_slot"][c, place]
    return row


def _foreign(decider: Decider, number: int, key: str, window: int) -> Cell:
    slot = decider.store.names.number("slot", key)
    if (number, slot, window) in decider.foreign:
        return Cell(*decider.foreign[number, slot, window])
    store = decider.store
    stored = store.load_contacts(np.array([number], np.int64)).counters if number else store.business_counters()
    for rows in (decider.store.past_counters(number), stored):
        found = rows[(rows["slot"] == slot) & (rows["window"] == window)]
        if len(found):
            return Cell(int(found[-1]["amount"]), int(found[-1]["wins"]), int(found[-1]["mark"]))
    return Cell(0, 0, 0)
