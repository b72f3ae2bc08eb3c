"""What a contact does or tells without buying: update, profile_completed, achievement; each may win offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guerdon.engine.codes import Cause, EventType, Reason, Status
from guerdon.engine.decide.joining import enter, may_enter
from guerdon.engine.decide.opening import Opening, catch_up, open_event, refused, status_of, win
from guerdon.engine.decide.profiles import names_another, tell
from guerdon.engine.decide.step import queue
from guerdon.engine.events.event import Event

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

MAY_CHANGE_OWNER = ("supervisor", "programme_admin")


def updating(decider: Decider, i: int, event: Event) -> None:
    """``update``: fields of the contact, taken in every state; a supervisor may give it another owner."""
    o = open_event(decider, i)
    owner = event.fields.get("owner")
    if owner is not None and event.role not in (None, *MAY_CHANGE_OWNER):
        refused(decider, o, Reason.EXCEEDS_AUTHORITY)
        return
    if owner is not None and _owner_number(decider, owner) < 0:
        refused(decider, o, Reason.UNKNOWN_MERCHANT)
        return
    if status_of(decider, o.c) is Status.NEW:
        if not may_enter(decider, o, event):
            return
        enter(decider, o, event)
    else:
        if not catch_up(decider, o):
            return
        if names_another(decider, o.number, event):
            refused(decider, o, Reason.REFERENCE_USED)
            return
        tell(decider, o.c, o.number, event)
    if owner is not None:
        decider.desk.s_contact[o.c].owner = _owner_number(decider, owner)
    _win_by(decider, o, EventType.UPDATE)


def _owner_number(decider: Decider, owner: str) -> int:
    """Number of the merchant that shall own the contact, 0 for the business, -1: there is no such merchant."""
    if owner in ("", "business", decider.program.business.id):
        return 0
    place = decider.tables.merchant_index.get(owner, -1)
    return -1 if place < 0 else int(decider.desk.r_merchant[place].number)


def completing(decider: Decider, i: int, event: Event) -> None:
    """``profile_completed``."""
    o = open_event(decider, i)
    if may_enter(decider, o, event):
        enter(decider, o, event)
        _win_by(decider, o, EventType.PROFILE_COMPLETED)


def achieving(decider: Decider, i: int, event: Event) -> None:
    """``achievement``: its classification counts for the goals that name it."""
    o = open_event(decider, i)
    if not may_enter(decider, o, event):
        return
    enter(decider, o, event)
    decider.desk.w_head[0].class_code = decider.tables.classes.get(event.fields.get("classification", ""), -1)
    try:
        _win_by(decider, o, EventType.ACHIEVEMENT)
    finally:
        decider.desk.w_head[0].class_code = -1


def _win_by(decider: Decider, o: Opening, kind: EventType) -> None:
    if status_of(decider, o.c) <= Status.PENDING:
        queue(decider.desk, kind, Cause.ITSELF, 0, o.c)
    win(decider, o)


HANDLERS = {
    EventType.UPDATE: updating,
    EventType.PROFILE_COMPLETED: completing,
    EventType.ACHIEVEMENT: achieving,
}
