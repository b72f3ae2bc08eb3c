"""State between events: contacts, lots and counters in arrays, loaded for the contacts at hand and saved by chunk."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from guerdon.engine.codes import Status
from guerdon.engine.decide import layout, loading
from guerdon.engine.decide.audience import Audience
from guerdon.engine.decide.lots import NO_LOT
from guerdon.engine.decide.store import Store
from guerdon.engine.decide.tables import Tables
from guerdon.engine.rows import CONTACT, FOREVER, LOT, NEVER

NOWHEN = NEVER // 2
TICK_CLOCK = "|clock|ticks"  # the counter of the business that holds the time of the latest tick
OPEN_ENTRIES = "@entries"  # of a profile: codes whose entry is open
ACTIVE_POOLS = "@pools"  # of a profile: ids of the pools that the contact has activated
_DAY = 86_400_000_000


class State:
    """The arrays ``s_...`` of the desk, and which contact stands in which row."""

    def __init__(self, tables: Tables, store: Store, audience: Audience) -> None:
        self.tables, self.store, self.audience = tables, store, audience
        self.row_of = np.full(1024, -1, np.int32)
        self.count = 1  # row 0 is the business's: its rolling counters
        self.profiles: dict[int, dict[str, Any]] = {}
        self.changed_profiles: set[int] = set()
        self.unlocked: dict[int, frozenset[str]] = {}
        self.fresh_profiles: list[int] = []  # contacts loaded with a profile, for whoever looks for something in them
        names = store.names
        slots = tables.slots
        self.slot_numbers = np.array([names.number("slot", k) for k in slots.keys], np.int32)
        self.shared_numbers = np.array([names.number("slot", k) for k in slots.shared_keys], np.int32)
        self.ring_numbers = np.array([names.number("slot", k) for k in slots.ring_keys], np.int32)
        late = tables.program.business.late_within
        late_days = late.n * {"min": 0, "h": 0, "d": 1, "w": 7, "mo": 31, "q": 92, "y": 366}[late.unit] + 1
        self.ring_length = slots.ring_days + late_days + 1
        self.arrays: dict[str, np.ndarray] = {"s_head": np.zeros(1, layout.STATE_HEAD)}
        self.arrays["s_head"]["ring_length"] = self.ring_length
        self.arrays["s_head"]["free_lot"] = NO_LOT
        self.arrays["s_head"]["tick_slot"] = slots.shared_keys.index(TICK_CLOCK)
        self.arrays["s_lot"] = np.zeros(0, LOT)
        self.arrays["s_shared"] = _slots(len(slots.shared_keys))
        self._grow_contacts(256)
        self.room_for_lots(1024)
        loading.load_shared(self)
        self.saved_slots = self.arrays["s_slot"].copy()
        self.saved_shared = self.arrays["s_shared"].copy()

    # ---- rows ----

    def rows(self, numbers: np.ndarray, times: np.ndarray | None = None) -> np.ndarray:
        """Rows of contacts (int64 numbers, 0 none) as int32, -1 for none; contacts not met before are loaded.

        ``times``: an instant of each, from which a contact that the ledger does not know counts as registered when
        its fields are tested.
        """
        if len(numbers) and int(numbers.max()) >= len(self.row_of):
            grown = np.full(max(int(numbers.max()) + 1, 2 * len(self.row_of)), -1, np.int32)
            grown[: len(self.row_of)] = self.row_of
            self.row_of = grown
        missing = (self.row_of[numbers] < 0) & (numbers > 0)
        if missing.any():
            unknown, first = np.unique(numbers[missing], return_index=True)
            self._load(unknown, None if times is None else times[missing][first])
        return np.where(numbers > 0, self.row_of[numbers], np.int32(-1)).astype(np.int32)

    def row(self, number: int, time: int = 0) -> int:
        """Row of one contact."""
        return int(self.rows(np.array([number], np.int64), np.array([time], np.int64))[0])

    def _load(self, numbers: np.ndarray, times: np.ndarray | None) -> None:
        found = self.store.load_contacts(numbers)
        first = self.count
        self.count += len(numbers)
        if self.count > len(self.arrays["s_contact"]):
            self._grow_contacts(max(self.count, 2 * len(self.arrays["s_contact"])))
        self.row_of[numbers] = np.arange(first, self.count, dtype=np.int32)
        block = self.arrays["s_contact"][first : self.count]
        _newcomers(block, numbers)
        known = np.searchsorted(numbers, found.contacts["number"])
        for name in found.contacts.dtype.names:
            if name not in ("lots", "lot_head", "lot_tail", "pending_head", "dirty"):
                block[name][known] = found.contacts[name]
        loading.load_slots(self, found.counters)
        loading.load_members(self, found.memberships)
        loading.load_lots(self, found.lots)
        self.profiles.update({int(number): dict(fields) for number, fields in found.profiles.items()})
        self.fresh_profiles += [int(number) for number in found.profiles]
        for number, fields in found.profiles.items():
            if ACTIVE_POOLS in fields:
                self.arrays["s_contact"]["pools_active"][self.row_of[number]] = self.pool_bits(fields[ACTIVE_POOLS])
        self.unlocked |= {int(n): frozenset(f[OPEN_ENTRIES]) for n, f in found.profiles.items() if OPEN_ENTRIES in f}
        for k, number in enumerate(numbers.tolist()):
            self.refresh(first + k, number, 0 if times is None else int(times[k]))
        self.saved_slots[first : self.count] = self.arrays["s_slot"][first : self.count]

    def desk_view(self) -> Any:
        """State alone, for the plain functions that look at nothing else."""
        from types import SimpleNamespace

        return SimpleNamespace(**{name: array.view(np.recarray) for name, array in self.arrays.items()})

    # ---- what follows from a contact's fields ----

    def fields(self, number: int, time: int = 0) -> dict[str, Any]:
        """The contact's fields as contact tests see them."""
        k = self.arrays["s_contact"][self.row_of[number]]
        registered_at = int(k["registered_at"])
        at = registered_at if registered_at != NEVER else time
        fields = {"id": self.store.names.id("contact", number), "referred": bool(k["referred"])}
        fields["registered_on"] = self.tables.zone.local(at) // _DAY
        return {**fields, **self.profiles.get(number, {})}

    def refresh(self, row: int, number: int, time: int = 0) -> None:
        """Work out again the contact's audience bits, holdouts and the masks of its memberships."""
        from guerdon.engine.decide.membership import refresh_masks

        masks = self.arrays["s_mask"]
        if self.audience.tests_nothing:
            masks[row, 2:] = ~np.uint64(0)
        else:
            masks[row, 2:] = self.audience.bits(self.fields(number, time), self.unlocked.get(number, frozenset()))
        if self.audience._holdouts:
            held = self.audience.holdout_bits(self.store.names.id("contact", number))
            self.arrays["s_member"][row, 1] |= np.uint64(held)
        if self.arrays["s_member"][row].any():
            refresh_masks(_MaskView(self), row)
        else:
            masks[row, 0] = 0
            masks[row, 1] = ~np.uint64(0)

    def pool_bits(self, pools: Collection[str]) -> np.uint64:
        """Pools by id as bits by their index in the programme in force; those that it has no more are left out."""
        ids = [pool.id for pool in self.tables.program.pools]
        return np.uint64(sum(1 << ids.index(pool) for pool in pools if pool in ids))

    def set_profile(self, number: int, fields: Mapping[str, Any]) -> None:
        """Change fields of a contact; None takes one away."""
        kept = {**self.profiles.get(number, {}), **fields}
        self.profiles[number] = {name: value for name, value in kept.items() if value is not None}
        self.changed_profiles.add(number)

    def take_profiles(self) -> dict[int, dict[str, Any]]:
        """Profiles changed since the last call."""
        changed = {number: self.profiles[number] for number in sorted(self.changed_profiles)}
        self.changed_profiles.clear()
        return changed

    # ---- growing ----

    def _grow_contacts(self, capacity: int) -> None:
        t = self.tables
        shapes: dict[str, tuple[tuple[int, ...], Any]] = {
            "s_contact": ((capacity,), CONTACT),
            "s_slot": ((capacity, len(t.slots.keys)), layout.SLOT),
            "s_ring": ((capacity, len(t.slots.ring_keys), self.ring_length), layout.RING),
            "s_member": ((capacity, 3), np.uint64),
            "s_mask": ((capacity, 5, t.words), np.uint64),
        }
        for name, (shape, dtype) in shapes.items():
            grown = np.zeros(shape, dtype)
            if name == "s_slot":
                grown["window"] = NOWHEN
            elif name == "s_ring":
                grown["day"] = NOWHEN
            old = self.arrays.get(name)
            if old is not None:
                grown[: len(old)] = old
            self.arrays[name] = grown
        saved = self.arrays["s_slot"].copy()
        if hasattr(self, "saved_slots"):
            saved[: len(self.saved_slots)] = self.saved_slots
        self.saved_slots = saved

    def room_for_lots(self, spare: int) -> None:
        """Make sure that ``spare`` lot rows are free."""
        head = self.arrays["s_head"]
        short = spare - int(head["free_lots"][0])
        if short <= 0:
            return
        old = self.arrays["s_lot"]
        added = max(short, len(old))
        grown = np.zeros(len(old) + added, LOT)
        grown[: len(old)] = old
        fresh = np.arange(len(old), len(grown), dtype=np.int32)
        grown["next"][fresh[:-1]] = fresh[1:]
        grown["next"][fresh[-1]] = head["free_lot"][0]
        head["free_lot"] = fresh[0]
        head["free_lots"] += added
        self.arrays["s_lot"] = grown


class _MaskView:
    """As much of a desk as ``refresh_masks`` reads."""

    def __init__(self, state: State) -> None:
        self.r_head = state.tables.arrays["r_head"].view(np.recarray)
        self.r_scheme = state.tables.arrays["r_scheme"]
        self.r_scheme_mask = state.tables.arrays["r_scheme_mask"]
        self.s_member, self.s_mask = state.arrays["s_member"], state.arrays["s_mask"]


def _slots(count: int) -> np.ndarray:
    rows = np.zeros(count, layout.SLOT)
    rows["window"] = NOWHEN
    return rows


def _newcomers(block: np.ndarray, numbers: np.ndarray) -> None:
    """Contacts of which nothing is known yet."""
    block["number"] = numbers
    block["status"] = Status.NEW
    block["tier"] = -1
    for name in ("clock", "registered_at", "subscribed_at"):
        block[name] = NEVER
    for name in ("due_at", "tier_until", "special_at"):
        block[name] = FOREVER
    for name in ("lot_head", "lot_tail", "pending_head"):
        block[name] = NO_LOT
