"""What a ledger's rows become in the state's arrays: the lists are those that the step itself would have made."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from guerdon.engine.decide import layout, loading
from guerdon.engine.decide.lots import NO_LOT, insert_pending, insert_usable, new_lot
from guerdon.engine.rows import CONTACT, COUNTER, LOT


def state(contacts: int) -> Any:
    """As much of a state as loading writes to: contact k stands in row k + 1; two free lots and what is made."""
    arrays = {
        "s_head": np.zeros(1, layout.STATE_HEAD),
        "s_lot": np.zeros(0, LOT),
        "s_contact": np.zeros(contacts + 1, CONTACT),
        "s_slot": np.zeros((contacts + 1, 2), layout.SLOT),
        "s_ring": np.zeros((contacts + 1, 1, 5), layout.RING),
        "s_member": np.zeros((contacts + 1, 3), np.uint64),
    }
    arrays["s_head"]["free_lot"] = NO_LOT
    for name in ("lot_head", "lot_tail", "pending_head"):
        arrays["s_contact"][name] = NO_LOT
    found = SimpleNamespace(arrays=arrays, row_of=np.arange(1, contacts + 2, dtype=np.int32), ring_length=5)
    found.slot_numbers, found.ring_numbers = np.array([9, 4], np.int32), np.array([7], np.int32)
    found.tables = SimpleNamespace(scheme_numbers=[6, 2])

    def room(count: int) -> None:
        arrays["s_lot"] = np.zeros(count + 2, LOT)
        arrays["s_lot"]["next"] = [*range(1, count + 2), NO_LOT]
        arrays["s_head"]["free_lot"], arrays["s_head"]["free_lots"] = 0, count + 2

    found.room_for_lots = room
    return found


LOTS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 2), st.integers(0, 3), st.booleans()))


@settings(deadline=None)
@given(LOTS)
def test_lots_hang_on_their_lists_as_if_put_there_one_by_one(told: list[tuple[int, int, int, int, bool]]) -> None:
    lots = np.zeros(len(told), LOT)
    for n, each in enumerate(told):
        for name, value in zip(("contact", "expires_at", "earned_at", "seq", "pending"), each, strict=True):
            lots[name][n] = value
        lots["n"][n], lots["remaining"][n] = n, 100 + n
    loaded, slow = state(3), state(3)
    loading.load_lots(loaded, lots)
    if told:
        slow.room_for_lots(len(lots))
    desk = SimpleNamespace(**{name: array.view(np.recarray) for name, array in slow.arrays.items()})
    for lot in lots:
        row = new_lot(desk)
        for name in LOT.names or ():
            if name not in ("next", "prev"):
                slow.arrays["s_lot"][name][row] = lot[name]
        slow.arrays["s_lot"]["stored"][row] = 1
        (insert_pending if lot["pending"] else insert_usable)(desk, int(slow.row_of[lot["contact"]]), row)
    for name in ("s_head", "s_lot", "s_contact"):
        assert loaded.arrays[name].tolist() == slow.arrays[name].tolist(), name


def test_of_a_counter_the_latest_window_is_on_the_desk() -> None:
    counters = np.zeros(5, COUNTER)
    counters["contact"], counters["slot"] = (1, 1, 0, 1, 1), (4, 4, 4, 9, 5)
    counters["window"], counters["amount"] = (8, 3, 1, 2, 9), (80, 30, 10, 20, 90)
    loaded = state(2)
    loading.load_slots(loaded, counters)
    slots = loaded.arrays["s_slot"]
    assert (slots["window"][2, 1], slots["amount"][2, 1]) == (8, 80)
    assert (slots["amount"][1, 1], slots["amount"][2, 0]) == (10, 20)
    assert int(slots["amount"].sum()) == 110  # the slot 5 is none of ours


def test_rolling_counters_lie_by_day() -> None:
    counters = np.zeros(3, COUNTER)
    counters["contact"], counters["slot"], counters["window"], counters["amount"] = 1, 7, (12, 7, 9), (120, 70, 90)
    loaded = state(2)
    loading.load_slots(loaded, counters)
    ring = loaded.arrays["s_ring"][2, 0]
    assert [ring[2].tolist(), ring[4].tolist()] == [(12, 120), (9, 90)]  # day 12 lies where day 7 lay


def test_memberships_are_bits_by_scheme() -> None:
    memberships = np.zeros(3, [("contact", "i8"), ("scheme", "i4"), ("member", "i1"), ("holdout", "i1")])
    memberships["contact"], memberships["scheme"] = (0, 0, 1), (6, 2, 99)
    memberships["member"], memberships["holdout"] = (1, 0, 1), (0, 1, 0)
    loaded = state(2)
    loading.load_members(loaded, memberships)
    assert loaded.arrays["s_member"].tolist() == [[0, 0, 0], [1, 2, 3], [0, 0, 0]]
