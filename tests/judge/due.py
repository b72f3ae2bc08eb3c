"""Catch-up: all that is due for a contact up to an instant happens, each at its own time and in a fixed order."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from .clock import MICROSECOND
from .derived import birthday_due, celebrate, mature, maturities_due
from .ledger import commerce, expire, move
from .state import Contact, Hold, Lot
from .statuses import forfeit, forfeits_due
from .tiers import end_window

if TYPE_CHECKING:
    from .judge import Judge

# (due, kind, id, what)
Due = tuple[datetime, int, object, object]


def catch_up(j: Judge, contact: Contact, until: datetime) -> None:
    """Everything with due ≤ until, in the order (due, kind, id)."""
    while True:
        due = [each for each in all_due(j, contact) if each[0] <= until]
        if not due:
            return
        at, kind, _, what = min(due, key=lambda each: each[:3])
        happen(j, contact, at, kind, what)


def all_due(j: Judge, contact: Contact) -> list[Due]:
    found: list[Due] = [
        (hold.until + MICROSECOND, 0, hold.event, hold)
        for hold in j.state.holds.values()
        if hold.contact == contact.name and hold.state == "open" and hold.until is not None
    ]
    for lot in j.state.lots:
        if lot.contact != contact.name or lot.remaining == 0:
            continue
        if lot.pending:
            found.append((lot.usable_at, 1, lot.id, lot))
        if lot.expires_at is not None:
            found.append((lot.expires_at + MICROSECOND, 2, lot.id, lot))
    if contact.tier is not None and contact.tier.window_end is not None:
        found.append((contact.tier.window_end, 3, "", None))
    found += [(at, 4, offers[0], offers) for at, offers in maturities_due(j, contact)]
    found += [(at, 5, "", None) for at in birthday_due(j, contact)]
    found += [(at, 6, scheme, scheme) for at, scheme in forfeits_due(j, contact)]
    return found


def happen(j: Judge, contact: Contact, at: datetime, kind: int, what: object) -> None:
    if isinstance(what, Hold):
        free_hold(j, what, at, "lapsed")
    elif isinstance(what, Lot) and kind == 1:
        become_usable(j, what, at)
    elif isinstance(what, Lot):
        expire(j, what, what.remaining, at)
    elif kind == 3:
        end_window(j, contact, at)
    elif kind == 4:
        assert isinstance(what, list)
        mature(j, contact, at, what)
    elif kind == 5:
        celebrate(j, contact, at)
    else:
        forfeit(j, contact, at, str(what))


def become_usable(j: Judge, lot: Lot, at: datetime) -> None:
    pending = commerce(lot)
    lot.pending = False
    move(j, pending, commerce(lot), lot.remaining, at, "vest")


def free_hold(j: Judge, hold: Hold, at: datetime, state: str) -> None:
    """What is still held goes back to where it was taken."""
    hold.state = state
    for role, amount in reversed(hold.parts):
        move(j, f"{hold.contact}/held", f"{hold.contact}/{role}", amount, at, "hold")
    hold.parts = []
