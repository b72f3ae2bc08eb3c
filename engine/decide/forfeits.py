"""What a closed contact loses, and when: a scheme's lots go with it, the rest with the last scheme (spec 7b).

The dates are noted when the contact is closed, by the rules of then, so that a later version changes none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from guerdon.engine.codes import Role, TransferKind
from guerdon.engine.decide.booking import (
    BREAKAGE,
    BUSINESS,
    COMMERCE,
    DEBT,
    OPEN,
    PAYABLE_OUT,
    PENDING,
    book,
    of_contact,
)
from guerdon.engine.decide.calendar import stepped
from guerdon.engine.decide.lots import NO_LOT, free_if_empty
from guerdon.engine.decide.offer_tables import step
from guerdon.engine.decide.opening import Opening, make_room
from guerdon.engine.decide.profiles import FORFEITS, KEEPS, profile_of
from guerdon.engine.decide.rule_versions import version_of
from guerdon.engine.decide.specials import Special
from guerdon.engine.rows import FOREVER

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

FORFEIT = int(TransferKind.FORFEIT)
BAD_DEBT = BUSINESS | int(Role.BAD_DEBT)


def note_closing(decider: Decider, o: Opening, schemes: list[int]) -> None:
    """Note when the money of each of these schemes (indexes) is forfeited; those that keep it are noted as one fact."""
    left = [decider.program.schemes[k] for k in schemes]
    due = [
        [int(stepped(decider.desk, o.now, *step(scheme.forfeit_after))), scheme.id]
        for scheme in left
        if scheme.forfeit_after is not None
    ]
    keeps = 1 if len(due) < len(schemes) else None
    decider.state.set_profile(o.number, {FORFEITS: sorted(due) or None, KEEPS: keeps})


def next_forfeit(decider: Decider, c: int) -> int:
    """When the closed contact's next scheme is forfeited."""
    due = profile_of(decider, int(decider.desk.s_contact[c].number)).get(FORFEITS)
    return int(due[0][0]) if due else FOREVER


def forfeit(decider: Decider, seq: int, c: int, at: int) -> None:
    """The lots of a scheme's offers are breakage; with the last scheme all that has none, unless another one keeps."""
    number = int(decider.desk.s_contact[c].number)
    profile = profile_of(decider, number)
    (_, scheme), *later = profile[FORFEITS]
    decider.state.set_profile(number, {FORFEITS: later or None})
    all_gone = not later and not profile.get(KEEPS)
    make_room(decider, c)
    for row in lots_of(decider, c):
        of_scheme = _scheme_of(decider, row)
        if of_scheme == scheme or (of_scheme is None and all_gone):
            _forfeit_lot(decider, seq, c, row, at)
    if all_gone:
        _forfeit_rest(decider, seq, c, at)
    decider.desk.s_contact[c].dirty = 1


def lots_of(decider: Decider, c: int) -> list[int]:
    """Rows of the contact's lots: the usable ones in their order, then the pending ones by their ids."""
    d = decider.desk
    found: list[int] = []
    row = int(d.s_contact[c].lot_head)
    while row != NO_LOT:
        found.append(row)
        row = int(d.s_lot[row].next)
    pending: list[int] = []
    row = int(d.s_contact[c].pending_head)
    while row != NO_LOT:
        pending.append(row)
        row = int(d.s_lot[row].next)
    return found + sorted(pending, key=lambda r: (int(d.s_lot[r].seq), int(d.s_lot[r].n)))


def _scheme_of(decider: Decider, row: int) -> str | None:
    """Scheme of the offer that gave a lot, by the version that gave it; None for a lot without an offer."""
    lot = decider.desk.s_lot[row]
    if lot.offer == 0:
        return None
    places = np.flatnonzero(decider.tables.arrays["r_offer"]["number"] == lot.offer)
    if len(places):
        return decider.program.offers[int(places[0])].scheme
    return version_of(decider, int(lot.version)).offer(int(lot.offer)).scheme


def _forfeit_lot(decider: Decider, seq: int, c: int, row: int, at: int) -> None:
    d = decider.desk
    lot = d.s_lot[row]
    source = of_contact(int(d.s_contact[c].number), PENDING if lot.pending == 1 else COMMERCE + int(lot.pool))
    book(d, seq, FORFEIT, source, BREAKAGE, int(lot.remaining), at, int(lot.seq), int(lot.n), int(lot.offer))
    lot.live = max(0, int(lot.live) - int(lot.remaining))
    lot.remaining = 0
    free_if_empty(d, c, row)


def _forfeit_rest(decider: Decider, seq: int, c: int, at: int) -> None:
    """Open money is breakage too, and debt that nobody will repay is the business's loss."""
    d = decider.desk
    k = d.s_contact[c]
    number = int(k.number)
    book(d, seq, FORFEIT, of_contact(number, OPEN), BREAKAGE, int(k.open), at, 0, 0, 0)
    book(d, seq, FORFEIT, of_contact(number, PAYABLE_OUT), BREAKAGE, int(k.payable), at, 0, 0, 0)
    book(d, seq, FORFEIT, BAD_DEBT, of_contact(number, DEBT), int(k.debt), at, 0, 0, 0)
    k.open, k.payable, k.debt = 0, 0, 0


FORFEITED = Special("forfeit", False, next_forfeit, forfeit)
