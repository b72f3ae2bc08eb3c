"""How requests for wallet money are opened, tested in the order of precedence, and refused (spec 4).

A request that is refused leaves its reason with the figures that decided it. What has fallen due by its time has
happened all the same, and the contact's clock has moved on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guerdon.engine.codes import Outcome, Reason, Status
from guerdon.engine.decide import booking
from guerdon.engine.decide.addressing import followed
from guerdon.engine.decide.earlier import seqs_named
from guerdon.engine.decide.late import is_too_late
from guerdon.engine.decide.opening import Opening, make_room, open_event, status_of
from guerdon.engine.decide.specials import catch_up_all, refresh_special
from guerdon.engine.decide.spending import why_not
from guerdon.engine.decide.statuses import SHUT
from guerdon.engine.decide.step import clock_of
from guerdon.engine.decide.waiting import wait
from guerdon.engine.events.event import Event

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider


def begun(decider: Decider, i: int, event: Event) -> Opening | None:
    """The request of a contact that is known, not too late; None: it has been refused."""
    o = open_event(decider, i)
    known = status_of(decider, o.c) is not Status.NEW and not decider.desk.s_contact[o.c].erased
    if known and not (o.late and is_too_late(decider, i)):
        return o
    booking.outcome(decider.desk, o.seq, Outcome.REFUSED, Reason.TOO_LATE if known else Reason.UNKNOWN_CONTACT)
    return None


def of_wallet(decider: Decider, i: int, event: Event, holder: int) -> Opening | None:
    """The event opened on a wallet that it names by what it is ``of``; whatever the contact's state, that is settled.

    ``holder``: number of the contact. An event that names another contact is refused ``unknown_purchase``.
    """
    c = decider.row(holder)
    make_room(decider, c)
    e = decider.desk.b_event[i]
    now = max(int(e.time), int(clock_of(decider.desk, c)))
    booking.begin(decider.desk, int(e.seq), now)
    decider.desk.w_head[0].queued = 0
    o = Opening(i, int(e.seq), c, holder, int(e.time), now)
    if event.contact_number not in (0, holder) and followed(decider, event.contact_number) != holder:
        booking.outcome(decider.desk, o.seq, Outcome.REFUSED, Reason.UNKNOWN_PURCHASE)
        return None
    own = int(decider.desk.b_event[i].contact)
    decider.desk.b_event[i].contact = c
    too_late = o.late and is_too_late(decider, i)
    decider.desk.b_event[i].contact = own
    if too_late:
        booking.outcome(decider.desk, o.seq, Outcome.REFUSED, Reason.TOO_LATE)
        return None
    return o


def caught_up(decider: Decider, o: Opening) -> None:
    """Everything due for the contact up to the request's instant has happened."""
    catch_up_all(decider, o.seq, o.c, o.now)
    make_room(decider, o.c)
    booking.begin(decider.desk, o.seq, o.now)
    k = decider.desk.s_contact[o.c]
    k.clock = max(int(k.clock), o.now)
    k.dirty = 1


def why_shut(decider: Decider, o: Opening) -> Reason:
    """NONE, or why this contact may not have money moved here: terms, block, its state."""
    why = why_not(decider.desk, o.i, o.c)
    if why not in (0, Reason.REGISTRATION_REQUIRED):
        return Reason(why)
    return SHUT.get(status_of(decider, o.c), Reason(why))


def refuse_request(decider: Decider, o: Opening, request: int, reason: Reason, needed: int, had: int) -> None:
    """The event is refused with its figures, in units of the wallet."""
    if o.c >= 0:
        refresh_special(decider, o.c)
    booking.refuse_request(decider.desk, o.seq, request, reason, needed, had)
    booking.outcome(decider.desk, o.seq, Outcome.REFUSED, reason)


def not_found(decider: Decider, i: int, event: Event, named: str) -> None:
    """Nothing of that name is known that could be meant: it waits for it, unless the name is another thing's."""
    if named and not seqs_named(decider, event, named):
        wait(decider, event)
        return
    seq = int(decider.desk.b_event[i].seq)
    booking.begin(decider.desk, seq, 0)
    booking.outcome(decider.desk, seq, Outcome.REFUSED, Reason.UNKNOWN_PURCHASE)
