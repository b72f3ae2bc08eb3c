"""The spend request of a purchase as far as the step leaves it to its caller: its token and its held estimate (spec 3).

``spend_asked`` wraps the decision of a purchase. Before it, the token is judged and the money that the estimate holds
is freed for the spend; after it, the token is used up by what was spent.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from guerdon.engine.codes import Status
from guerdon.engine.decide import booking, holds, tokens
from guerdon.engine.decide.calendar import DAY, to_local, window_of
from guerdon.engine.decide.earlier import record_named
from guerdon.engine.decide.layout import ON_SPEND
from guerdon.engine.decide.opening import Opening, make_room
from guerdon.engine.decide.requests import caught_up
from guerdon.engine.decide.specials import refresh_special
from guerdon.engine.decide.step import clock_of
from guerdon.engine.decide.windows import slot_at
from guerdon.engine.events.event import Event
from guerdon.engine.rows import Record

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider


@contextmanager
def spend_asked(decider: Decider, i: int, event: Event) -> Iterator[None]:
    """Wrap around what decides the purchase in row ``i``."""
    e = decider.desk.b_event[i]
    c, seq = int(e.contact), int(e.seq)
    if not asks(event) or int(decider.desk.s_contact[c].status) >= Status.ON_HOLD:
        yield
        return
    now = max(int(e.time), int(clock_of(decider.desk, c)))
    o = Opening(i, seq, c, int(decider.desk.s_contact[c].number), int(e.time), now)
    token = tokens.presented(decider, i, event, now)
    estimate = _freed(decider, o, event)
    yield
    head = decider.desk.w_head[0]
    spent = int(head.spent) if head.seq == seq else 0
    if estimate is not None:
        _limits_used(decider, o, estimate, spent)
    if token is not None and spent > 0:
        tokens.used(decider, token)


def asks(event: Event) -> bool:
    """Whether the purchase names a token or an estimate."""
    return "token" in event.fields or "estimate" in event.fields


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
    refresh_special(decider, o.c)
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
            slot_at(d, o.c, limit.slot, window)
            found.append(int(limit.slot))
    return found


def _limits_used(decider: Decider, o: Opening, estimate: Record, spent: int) -> None:
    """The hold's use of the limits stays; what was spent of it has been counted by the spend."""
    amount = int(estimate.fields["amount"])
    for slot in _limit_slots(decider, o, int(estimate.fields["at"])):
        row = decider.desk.s_slot[o.c, slot]
        row.amount += max(0, amount - spent)
        row.wins += 0 if spent else 1
