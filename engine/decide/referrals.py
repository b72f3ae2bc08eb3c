"""Referrals: a newcomer names who sent them; that contact is awarded by an event derived in its own log (spec 4).

The newcomer's side is an offer of its own: ``referred`` holds for the newcomer from the moment of its registration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guerdon.engine.codes import Cause, EventType, Reason, Status
from guerdon.engine.decide.addressing import followed, number_of
from guerdon.engine.decide.calendar import DAY
from guerdon.engine.decide.joining import enter, may_enter
from guerdon.engine.decide.late import windows_on_desk
from guerdon.engine.decide.opening import Opening, ignored, make_room, open_event, refused, status_of, win
from guerdon.engine.decide.specials import catch_up_all
from guerdon.engine.decide.statuses import EARNS
from guerdon.engine.decide.step import clock_of, queue
from guerdon.engine.events.event import Event

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

REFERRALS = "referrals"  # kind of record: how many of a contact's referrals were posted on a local day


def referring(decider: Decider, i: int, event: Event) -> None:
    """``referral``: of the newcomer ``contact`` by ``referrer``."""
    o = open_event(decider, i)
    number = number_of(decider, event.fields.get("referrer", ""))
    if number == 0 or status_of(decider, decider.row(number)) is Status.NEW:
        refused(decider, o, Reason.UNKNOWN_CONTACT)
        return
    if number == o.number:
        refused(decider, o, Reason.OWN_REFERRAL)
        return
    if not may_enter(decider, o, event):
        return
    if decider.desk.s_contact[o.c].referred:
        ignored(decider, o, Reason.NOTHING_TO_DO)
        return
    day = f"{number}|{int(decider.desk.b_event[i].local) // DAY}"
    record = decider.records.get(REFERRALS, day)
    count = int(record.fields["count"]) if record is not None else 0
    if count >= decider.program.business.referrals_per_day:
        refused(decider, o, Reason.TOO_MANY_REFERRALS)
        return
    decider.records.put(REFERRALS, day, {"count": count + 1}, number)
    referrer = decider.row(followed(decider, number) if decider.program.business.merge_forward else number)
    earns = status_of(decider, referrer) in EARNS
    if earns:
        _catch_up_referrer(decider, o, referrer)
    decider.desk.s_contact[o.c].referred = 1
    enter(decider, o, event)
    if not earns:
        win(decider, o)
        return
    queue(decider.desk, EventType.REFERRAL, Cause.REFERRER, 0, referrer)
    with windows_on_desk(decider, referrer, int(decider.desk.b_event[i].local) // DAY):
        win(decider, o)
    k = decider.desk.s_contact[referrer]
    k.clock = max(int(k.clock), o.time)


def _catch_up_referrer(decider: Decider, o: Opening, referrer: int) -> None:
    """What is due for the referrer happens before its award, at its own clock."""
    make_room(decider, referrer)
    now = max(o.time, int(clock_of(decider.desk, referrer)))
    catch_up_all(decider, o.seq, referrer, now)
    decider.desk.w_head[0].queued = 0


HANDLERS = {EventType.REFERRAL: referring}
