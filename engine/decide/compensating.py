"""Missing points: what an adjustment gave for a purchase goes back when the purchase itself comes (spec 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from guerdon.engine.codes import EventType, Role, TransferKind
from guerdon.engine.decide import booking, history
from guerdon.engine.decide.back import Back
from guerdon.engine.decide.history import Told
from guerdon.engine.decide.lot_records import lot_row
from guerdon.engine.decide.lots import free_if_empty
from guerdon.engine.events.present import NOWHERE

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

_ADJUST, _BACK = int(TransferKind.ADJUST), int(TransferKind.COMPENSATION)
_ADJUSTMENT = booking.BUSINESS | int(Role.ADJUSTMENT)


class Compensation(NamedTuple):
    """What an adjustment gave. ``lot``: where it put it; None: in open money."""

    amount: int
    lot: tuple[int, int] | None
    names: tuple[tuple[int, int], ...]  # its transfers


def compensation_of(decider: Decider, holder: Told) -> Compensation | None:
    """What the holder of a business key gave for the purchase that was missing; None if it is no adjustment up."""
    if holder.event.type is not EventType.ADJUST or int(holder.event.fields["amount"]) < 0:
        return None
    rows = history.transfers_of(decider, holder.seq)
    given = rows[(rows["kind"] == _ADJUST) & (rows["debit"] == _ADJUSTMENT)]
    amount = int(given["amount"].sum())
    lots = [(int(row["lot_seq"]), int(row["lot_n"])) for row in given if row["lot_seq"]]
    names = tuple((int(row["seq"]), int(row["n"])) for row in given)
    return Compensation(amount, lots[0] if lots else None, names) if amount else None


def take_compensation_back(back: Back, compensation: Compensation) -> None:
    """From its own lot's rest or open money, then from the purchase's new lots; at most what the purchase awarded."""
    decider = back.decider
    awards = history.awards_of(decider, back.seq)
    awards = awards[(awards["cause"] == 0) & (awards["pool"] > 0)]
    left = min(compensation.amount, int(awards["amount"].sum()))
    if compensation.lot is None:
        for field, role in (("open", booking.OPEN), ("payable", booking.PAYABLE_OUT)):
            part = min(left, int(getattr(back.contact, field)))
            if part > 0:
                back.post(_BACK, back.account(role), _ADJUSTMENT, part, reverses=compensation.names[0])
                setattr(back.contact, field, int(getattr(back.contact, field)) - part)
                left -= part
    else:
        left -= _from_lot(back, compensation.lot, left)
    for award in awards:
        left -= _from_lot(back, (int(award["seq"]), int(award["n"])), left)


def _from_lot(back: Back, lot: tuple[int, int], left: int) -> int:
    """Take up to ``left`` out of a lot; says how much."""
    row = lot_row(back.decider, back.c, lot)
    if row == NOWHERE or left <= 0:
        return 0
    found = back.decider.desk.s_lot[row]
    part = min(left, int(found.remaining))
    role = booking.PENDING if found.pending == 1 else booking.COMMERCE + int(found.pool)
    back.post(_BACK, back.account(role), _ADJUSTMENT, part, lot=lot, offer=int(found.offer))
    found = back.decider.desk.s_lot[row]
    found.remaining -= part
    free_if_empty(back.decider.desk, back.c, row)
    back.contact.dirty = 1
    return part
