"""The spend request of a purchase as far as the step leaves it to its caller: token, held estimate, full cover (spec 4).

``spend_asked`` wraps the decision of a purchase. Before it, the purchase's token is judged and the money that its
estimate holds is freed; after it, the token is used up, or the whole purchase taken back where it is not covered.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from guerdon.engine.codes import Outcome, Reason, Status
from guerdon.engine.decide import booking, holds, spending, tokens
from guerdon.engine.decide.calendar import DAY, to_local, window_of
from guerdon.engine.decide.earlier import record_named
from guerdon.engine.decide.late import is_too_late
from guerdon.engine.decide.layout import ON_SPEND
from guerdon.engine.decide.opening import Opening, make_room
from guerdon.engine.decide.requests import caught_up
from guerdon.engine.decide.step import clock_of
from guerdon.engine.decide.trial import Trial
from guerdon.engine.events.event import Event
from guerdon.engine.rows import REQUEST_SPEND, SPEND_NONE, Record

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider


@contextmanager
def spend_asked(decider: Decider, i: int, event: Event) -> Iterator[None]:
    """Wrap around what decides the purchase in row ``i``."""
    e = decider.desk.b_event[i]
    c, seq = int(e.contact), int(e.seq)
    status = int(decider.desk.s_contact[c].status)
    if status >= Status.ON_HOLD or is_too_late(decider, i):
        yield
        return
    now = max(int(e.time), int(clock_of(decider.desk, c)))
    token = tokens.presented(decider, i, event, now)
    trial, before = None, Reason.NONE
    if decider.program.business.full_cover and decider.desk.b_event[i].spend_kind != SPEND_NONE:
        trial = Trial(decider, c)
    o = Opening(i, seq, c, int(decider.desk.s_contact[c].number), int(e.time), now)
    estimate = _freed(decider, o, event)
    if trial is not None:
        before = _limited(decider, o)
    yield
    head = decider.desk.w_head[0]
    spent = int(head.spent) if head.seq == seq else 0
    if estimate is not None:
        _limits_used(decider, o, estimate, spent)
    if trial is not None and _uncovered(decider, o, trial, before, spent):
        return
    if token is not None and spent > 0:
        tokens.used(decider, token)


def _freed(decider: Decider, o: Opening, event: Event) -> Record | None:
    """Free what the purchase's estimate still holds, so that the spend can take it; its use of limits is set apart."""
    if "estimate" not in event.fields:
        return None
    make_room(decider, o.c)
    booking.begin(decider.desk, o.seq, o.now)
    caught_up(decider, o)
    record = record_named(decider, holds.HOLD, event, str(event.fields["estimate"]))
    if record is None or record.contact != o.number or record.fields["state"] != "open":
        return None
    holds.free(decider, o, record, "captured")
    for slot in _limit_slots(decider, o, int(record.fields["at"])):
        decider.desk.s_slot[o.c, slot].amount -= record.fields["amount"]
        decider.desk.s_slot[o.c, slot].wins -= 1
    return record


def _limit_slots(decider: Decider, o: Opening, held_at: int) -> list[int]:
    """The counters of spend limits whose present window holds the instant of a hold."""
    d = decider.desk
    day, then = to_local(d, o.now) // DAY, to_local(d, held_at) // DAY
    found = []
    for r in range(d.r_head[0].limits):
        limit = d.r_limit[r]
        window = window_of(day, limit.window, o.seq)
        if limit.on == ON_SPEND and window == window_of(then, limit.window, o.seq):
            spending.slot_at(d, o.c, limit.slot, window)
            found.append(int(limit.slot))
    return found


def _limits_used(decider: Decider, o: Opening, estimate: Record, spent: int) -> None:
    """The hold's use of the limits stays; what was spent of it has been counted by the spend."""
    amount = int(estimate.fields["amount"])
    for slot in _limit_slots(decider, o, int(estimate.fields["at"])):
        row = decider.desk.s_slot[o.c, slot]
        row.amount += max(0, amount - spent)
        row.wins += 0 if spent else 1


def _limited(decider: Decider, o: Opening) -> Reason:
    """LIMIT_REACHED if the limits do not let the whole request through, else NONE."""
    d = decider.desk
    booking.begin(d, o.seq, o.now)
    want = spending.requested(d, o.i, o.c)
    return Reason.LIMIT_REACHED if spending.within_limits(d, o.c, ON_SPEND, want, o.seq) < want else Reason.NONE


def _uncovered(decider: Decider, o: Opening, trial: Trial, before: Reason, spent: int) -> bool:
    """Take the purchase back and refuse it, unless its request is paid in full; whether that was so."""
    d = decider.desk
    want = spending.requested(d, o.i, o.c)
    why = Reason(int(d.w_head[0].spend_reason)) if d.w_head[0].seq == o.seq else Reason.NONE
    if why in (Reason.NONE, Reason.INSUFFICIENT_FUNDS):
        if spent >= want:
            return False
        why = before or Reason.NOT_FULLY_COVERED
    trial.undo()
    d = decider.desk
    booking.begin(d, o.seq, o.now)
    booking.refuse_request(d, o.seq, REQUEST_SPEND, why, want, spent)
    booking.outcome(d, o.seq, Outcome.REFUSED, why)
    return True
