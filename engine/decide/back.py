"""One return or cancel at work: whose wallet it is, what is booked, and the purchases whose awards it touches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from guerdon.engine.decide import booking, history
from guerdon.engine.decide.kept import RETURNED, Kept

if TYPE_CHECKING:
    from guerdon.engine.decide.contact_then import ContactThen
    from guerdon.engine.decide.decider import Decider

_SPARE = 64  # rows that one booking and what goes with it may need


class Back:
    """``seq``: of the return or cancel; ``c``: row of the contact that holds the wallet; ``now``: its instant."""

    def __init__(self, decider: Decider, seq: int, c: int, now: int) -> None:
        self.decider, self.seq, self.c, self.now = decider, seq, c, now
        self.number = int(decider.state.arrays["s_contact"]["number"][c])
        self._purchases: dict[int, Kept] = {}
        self._journals: dict[int, np.ndarray] = {}
        self.contacts_then: dict[int, ContactThen] = {}  # by the purchase's seq, as far as it was asked

    def journal(self, seq: int) -> np.ndarray:
        """The transfers of an earlier event, TRANSFER by n."""
        if seq not in self._journals:
            self._journals[seq] = history.transfers_of(self.decider, seq)
        return self._journals[seq]

    def purchase(self, seq: int) -> Kept:
        """A purchase of the log, the same one each time."""
        if seq not in self._purchases:
            told = history.event_at(self.decider, seq)
            assert told is not None
            self._purchases[seq] = Kept(self.decider, told)
        return self._purchases[seq]

    def taken(self, seq: int) -> Mapping[str, Any]:
        """What was taken back of a purchase so far, without looking at its content."""
        if seq in self._purchases:
            return self._purchases[seq].taken
        record = self.decider.records.get(RETURNED, str(seq))
        return record.fields if record is not None else {}

    def holds(self, kept: Kept) -> None:
        """From now on this is how the purchase is seen here."""
        self._purchases[kept.seq] = kept

    def touched(self) -> list[Kept]:
        """The purchases that were looked at, in the order of the log."""
        return [self._purchases[seq] for seq in sorted(self._purchases)]

    @property
    def contact(self) -> Any:
        """The contact's row of state."""
        return self.decider.desk.s_contact[self.c]

    def account(self, role: int) -> int:
        """An account of the contact."""
        return booking.of_contact(self.number, role)

    def post(
        self,
        kind: int,
        debit: int,
        credit: int,
        amount: int,
        *,
        lot: tuple[int, int] = (0, 0),
        offer: int = 0,
        reverses: tuple[int, int] = (0, 0),
    ) -> None:
        """Book one transfer at the return's instant; nothing for an amount of 0."""
        if amount <= 0:
            return
        make_room(self.decider)
        d = self.decider.desk
        booking.book(d, self.seq, int(kind), debit, credit, amount, self.now, *lot, offer)
        row = d.o_transfer[d.o_head[0].transfers - 1]
        row.reverses_seq, row.reverses_n = reverses


def make_room(decider: Decider) -> None:
    """See to it that a few more rows fit into every output; lays the desk anew where they did not."""
    head = decider.outputs.head
    for name, array in decider.outputs.arrays.items():
        if int(head[_HEADS[name]][0]) + _SPARE > len(array):
            decider.make_room()
            return
    if int(decider.state.arrays["s_head"]["free_lots"][0]) < _SPARE:
        decider.make_room()


_HEADS = {
    "o_transfer": "transfers",
    "o_award": "awards",
    "o_refusal": "refusals",
    "o_outcome": "outcomes",
    "o_past": "past",
    "o_tier": "tiers",
    "o_member": "members",
    "o_closed": "closed",
}


def amount_of(rows: np.ndarray) -> int:
    """Sum of the amounts of transfers or awards."""
    return int(rows["amount"].sum())
