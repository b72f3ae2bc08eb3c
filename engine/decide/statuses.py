"""The one table of a contact's states (spec 7, 7b): which event is taken in which state, and where it leads.

Checks of handlers, the API and menus of consoles all read it; nothing else knows the states' order.
"""

from __future__ import annotations

from typing import NamedTuple

from guerdon.engine.codes import EventType as T
from guerdon.engine.codes import Reason
from guerdon.engine.codes import Status as S


class Transition(NamedTuple):
    """``taken_in``: the states in which the event is taken; in any other it is refused ``invalid_transition``.

    ``leads_to``: the state after it; None: the state stays. ``idle_in``: states in which it has nothing to do.
    """

    taken_in: frozenset[S]
    leads_to: S | None
    idle_in: frozenset[S] = frozenset()


def _in(*states: S) -> frozenset[S]:
    return frozenset(states)


TRANSITIONS: dict[T, Transition] = {
    T.REGISTER: Transition(_in(S.NEW), S.REGISTERED),
    T.ENROL: Transition(_in(S.REGISTERED, S.PENDING, S.CLOSED_BY_AGENT, S.MERGED), S.ENROLLED, _in(S.ENROLLED)),
    T.UNENROL: Transition(_in(S.ENROLLED), S.CLOSED_BY_AGENT),
    T.CLOSE: Transition(_in(S.ENROLLED), S.CLOSED_BY_MEMBER),
    T.HOLD_ACCOUNT: Transition(_in(S.ENROLLED), S.ON_HOLD),
    T.REACTIVATE: Transition(_in(S.ON_HOLD), S.ENROLLED),
    T.MERGE: Transition(_in(S.REGISTERED, S.PENDING, S.ENROLLED), S.MERGED),
    T.TRANSFER: Transition(_in(S.ENROLLED), None),
    T.ADJUST: Transition(_in(S.ENROLLED), None),
    T.ERASE: Transition(_in(S.CLOSED_BY_AGENT, S.CLOSED_BY_MEMBER, S.MERGED), None),
}
# The other contact of an event that moves money between two: the one that receives it.
RECEIVES_IN = _in(S.ENROLLED)

# A purchase or member event of a contact in these states is ignored, a request refused, with the reason beside it.
SHUT: dict[S, Reason] = {
    S.ON_HOLD: Reason.CONTACT_ON_HOLD,
    S.CLOSED_BY_AGENT: Reason.CONTACT_CLOSED,
    S.CLOSED_BY_MEMBER: Reason.CONTACT_CLOSED,
    S.MERGED: Reason.CONTACT_MERGED,
}
# In these states awards are given, also those that the calendar brings.
EARNS = _in(S.REGISTERED, S.ENROLLED, S.PENDING)


def events_taken(status: S) -> list[T]:
    """The events of the table that are taken in a state, in the order of the table.

    >>> [kind.name.lower() for kind in events_taken(S.ON_HOLD)]
    ['reactivate']
    """
    return [kind for kind, transition in TRANSITIONS.items() if status in transition.taken_in]
