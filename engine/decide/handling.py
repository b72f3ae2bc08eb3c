"""What the compiled loop leaves to its caller: rarer types, late purchases, things due that only Python knows.

A handler is a plain function over the same desk. It begins the event, moves state by the step's own functions, lets
the step decide what can be won (``Decider.run_one``), and writes one outcome.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from guerdon.engine.codes import EventType, Outcome, Reason
from guerdon.engine.decide import booking, layout
from guerdon.engine.decide.late import is_late, late_purchase
from guerdon.engine.decide.specials import catch_up_all
from guerdon.engine.decide.ticking import tick

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

Handler = Callable[["Decider", int, Any], None]


def handle(decider: Decider, i: int) -> None:
    """Decide one event of the batch that is not the loop's."""
    assert decider.batch is not None and decider.event_of is not None
    kind = EventType(int(decider.batch.events["type"][i]))
    handler = HANDLERS.get(kind)
    event = decider.event_of(i)
    if int(decider.batch.events["contact"][i]) < 0 and kind not in NO_CONTACT:
        refuse(decider, i, Reason.UNKNOWN_CONTACT)
    elif handler is None:
        refuse(decider, i, Reason.UNKNOWN_TYPE)
    else:
        handler(decider, i, event)


def refuse(decider: Decider, i: int, reason: Reason) -> None:
    """The event is refused; nothing moves."""
    seq = int(decider.desk.b_event[i].seq)
    booking.begin(decider.desk, seq, 0)
    booking.outcome(decider.desk, seq, Outcome.REFUSED, reason)


def purchase(decider: Decider, i: int, event: Any) -> None:
    """A purchase that the loop stopped at."""
    if is_late(decider, i):
        late_purchase(decider, i)
        return
    e = decider.desk.b_event[i]
    if decider.desk.s_contact[e.contact].special_at <= e.time:
        catch_up_all(decider, int(e.seq), int(e.contact), int(e.time))
    decider.run_one(i, layout.FORCED)


NO_CONTACT = {EventType.TICK, EventType.DRAW, EventType.BUDGET_LOADED}
HANDLERS: dict[EventType, Handler] = {
    EventType.PURCHASE: purchase,
    EventType.TICK: tick,
}
