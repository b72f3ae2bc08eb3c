"""Deciding on trial: what one contact's event changes can be taken back, whatever the state's size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guerdon.engine.decide.caps import BUSINESS_ROW
from guerdon.engine.decide.opening import make_room

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

_PER_CONTACT = ("s_contact", "s_slot", "s_ring", "s_member", "s_mask")


class Trial:
    """What a contact's event may change, as it stood; ``undo`` makes it stand so again.

    The event must touch no other contact. Costs a copy of the contact's rows and of its lots, and a walk over as many
    free lots as one event may take.
    """

    def __init__(self, decider: Decider, c: int) -> None:
        make_room(decider, c)
        self.decider, self.c = decider, c
        state = decider.state
        self._number = int(state.arrays["s_contact"]["number"][c])
        self._own = {name: state.arrays[name][c : c + 1].copy() for name in _PER_CONTACT}
        self._shared = {name: state.arrays[name].copy() for name in ("s_shared", "s_head")}
        self._rolling = state.arrays["s_ring"][BUSINESS_ROW].copy()
        self._lots = self._lot_rows()
        self._lot_values = state.arrays["s_lot"][self._lots].copy()
        self._size = len(state.arrays["s_lot"])
        self._free = int(state.arrays["s_head"]["free_lots"][0])
        self._profile = dict(state.profiles[self._number]) if self._number in state.profiles else None
        self._changed = set(state.changed_profiles)
        self._unlocked = dict(state.unlocked)
        self._out = decider.outputs.head.copy(), decider.outputs.refused.copy()
        self._records = decider.records.snapshot()
        self._numbered = int(decider.desk.w_head[0].seq), int(decider.desk.w_head[0].n)

    def _lot_rows(self) -> list[int]:
        """The contact's lots and the free rows that one event may take, in the order in which they would be taken."""
        arrays = self.decider.state.arrays
        following = arrays["s_lot"]["next"]
        k = arrays["s_contact"][self.c]
        rows = []
        for head in ("lot_head", "pending_head"):
            row = int(k[head])
            while row >= 0:
                rows.append(row)
                row = int(following[row])
        offers = max(1, len(self.decider.program.offers)) * (3 + len(self.decider.program.schemes))
        row = int(arrays["s_head"]["free_lot"][0])
        while row >= 0 and offers > 0:
            rows.append(row)
            row = int(following[row])
            offers -= 1
        return rows

    def undo(self) -> None:
        """The event has not happened. Rows of outputs that it wrote are forgotten."""
        decider, state = self.decider, self.decider.state
        arrays = state.arrays
        for name, values in self._own.items():
            arrays[name][self.c : self.c + 1] = values
        arrays["s_shared"][:] = self._shared["s_shared"]
        arrays["s_head"][:] = self._shared["s_head"]
        arrays["s_ring"][BUSINESS_ROW] = self._rolling
        arrays["s_lot"][self._lots] = self._lot_values
        self._keep_new_rows()
        if self._profile is None:
            state.profiles.pop(self._number, None)
        else:
            state.profiles[self._number] = self._profile
        state.changed_profiles = set(self._changed)
        state.unlocked = dict(self._unlocked)
        decider.outputs.put_back(*self._out)
        decider.records.restore(self._records)
        decider.lay()
        head = decider.desk.w_head[0]
        head.seq, head.n = self._numbered  # transfers go on to be numbered from there
        head.queued = 0

    def _keep_new_rows(self) -> None:
        """Lot rows that were added meanwhile stay, free, before those that were free."""
        arrays = self.decider.state.arrays
        added = len(arrays["s_lot"]) - self._size
        if not added:
            return
        following = arrays["s_lot"]["next"]
        following[self._size : -1] = range(self._size + 1, self._size + added)
        following[-1] = arrays["s_head"]["free_lot"][0]
        arrays["s_lot"]["seq"][self._size :] = 0
        arrays["s_head"]["free_lot"] = self._size
        arrays["s_head"]["free_lots"] = self._free + added
