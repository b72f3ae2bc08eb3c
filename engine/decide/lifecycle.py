"""A contact's states as events change them: enrol, unenrol, close, hold_account, reactivate, erase (spec 7, 7b)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guerdon.engine.codes import EventType, Status
from guerdon.engine.decide.forfeits import note_closing
from guerdon.engine.decide.history import end_merge
from guerdon.engine.decide.joining import join_automatic
from guerdon.engine.decide.membership import leave
from guerdon.engine.decide.opening import (
    Opening,
    catch_up,
    is_known,
    is_taken,
    joined_schemes,
    open_event,
    posted,
    status_of,
    win,
)
from guerdon.engine.decide.profiles import EMAIL_OFF, FORFEITS, IDENTIFIED, KEEPS, profile_of
from guerdon.engine.decide.statuses import TRANSITIONS
from guerdon.engine.decide.tiers import start_tiers
from guerdon.engine.events.event import Event
from guerdon.engine.rows import NEVER

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider


def _opened(decider: Decider, i: int, kind: EventType) -> Opening | None:
    """The event, if its contact is known, in a state that takes it, and caught up."""
    o = open_event(decider, i)
    if is_known(decider, o) and is_taken(decider, o, kind) and catch_up(decider, o):
        return o
    return None


def changing_state(decider: Decider, i: int, event: Event) -> None:
    """``hold_account`` and ``reactivate``: the state alone."""
    o = _opened(decider, i, event.type)
    if o is not None:
        _lead(decider, o, event.type)
        posted(decider, o)


def closing(decider: Decider, i: int, event: Event) -> None:
    """``unenrol`` and ``close``: memberships end, e-mail is off, and what is to be forfeited gets its date."""
    o = _opened(decider, i, event.type)
    if o is None:
        return
    note_closing(decider, o, joined_schemes(decider.desk, o.c))
    end_memberships(decider, o)
    decider.state.set_profile(o.number, {EMAIL_OFF: 1})
    _lead(decider, o, event.type)
    posted(decider, o)


def enrolling(decider: Decider, i: int, event: Event) -> None:
    """``enrol``: a member of the automatic schemes again; from ``merged`` everything starts at zero."""
    o = _opened(decider, i, event.type)
    if o is None:
        return
    if status_of(decider, o.c) is Status.MERGED:
        _start_anew(decider, o)
        end_merge(decider, o.number)
    decider.state.set_profile(o.number, {FORFEITS: None, KEEPS: None})
    _lead(decider, o, event.type)
    join_automatic(decider, o, [], joined_schemes(decider.desk, o.c))
    win(decider, o)


def erasing(decider: Decider, i: int, event: Event) -> None:
    """``erase``: identifiers and personal fields are gone; what is left is a number in the ledger."""
    o = _opened(decider, i, event.type)
    if o is None:
        return
    profile = profile_of(decider, o.number)
    for kind, name in profile.get(IDENTIFIED, {}).items():
        decider.identifiers.put(kind, name, 0)
    kept = {name for name in (FORFEITS, KEEPS) if name in profile}
    decider.state.set_profile(o.number, {name: None for name in profile if name not in kept})
    k = decider.desk.s_contact[o.c]
    k.birth_month, k.birth_day, k.payment_method, k.erased = 0, 0, 0, 1
    k.subscribed_at = NEVER
    decider.erased.append(o.number)
    posted(decider, o)


def end_memberships(decider: Decider, o: Opening) -> None:
    """The contact leaves every scheme that it is in."""
    for scheme in joined_schemes(decider.desk, o.c):
        leave(decider.desk, o.c, scheme, o.now)


def _lead(decider: Decider, o: Opening, kind: EventType) -> None:
    status = TRANSITIONS[kind].leads_to
    assert status is not None
    decider.desk.s_contact[o.c].status = int(status)


def _start_anew(decider: Decider, o: Opening) -> None:
    """Tier units and window as of a newcomer; balance and counters went with the merge."""
    k = decider.desk.s_contact[o.c]
    k.climb, k.keep, k.lifetime, k.subscribed_at = 0, 0, 0, NEVER
    start_tiers(decider.desk, o.seq, o.c, o.now)
    k.due_at = min(int(k.due_at), int(k.tier_until))


HANDLERS = {
    EventType.HOLD_ACCOUNT: changing_state,
    EventType.REACTIVATE: changing_state,
    EventType.UNENROL: closing,
    EventType.CLOSE: closing,
    EventType.ENROL: enrolling,
    EventType.ERASE: erasing,
}
