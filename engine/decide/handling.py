"""What the compiled loop leaves to its caller: rarer types, late purchases, things due that only Python knows.

A handler is a plain function over the same desk. It begins the event, moves state by the step's own functions, lets
the step decide what can be won (``Decider.run_one``), and writes one outcome.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from guerdon.engine.codes import EventType, Outcome, Reason
from guerdon.engine.decide import (
    adjusting,
    birthdays,
    booking,
    codes_entered,
    contact_events,
    drawing,
    estimates,
    forfeits,
    holds,
    joining,
    lifecycle,
    merging,
    purchases_by_key,
    referrals,
    returns,
    settings,
    specials,
    statements,
    subscriptions,
    wallet_requests,
)
from guerdon.engine.decide.addressing import is_stranger, readdress
from guerdon.engine.decide.instruments import events as instruments
from guerdon.engine.decide.opening import make_room_for_one
from guerdon.engine.decide.own_limits import own_limits
from guerdon.engine.decide.ticking import tick
from guerdon.engine.decide.waiting import decide_waiting, give_up

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

Handler = Callable[["Decider", int, Any], None]


def handle(decider: Decider, i: int) -> None:
    """Decide one event of the batch that is not the loop's."""
    assert decider.batch is not None and decider.event_of is not None
    kind = EventType(int(decider.batch.events["type"][i]))
    handler = HANDLERS.get(kind)
    event = decider.event_of(i)
    make_room_for_one(decider)
    give_up(decider, event.time, event.seq)
    readdress(decider, i, event)
    c = int(decider.batch.events["contact"][i])
    if kind not in NO_CONTACT and (c < 0 or is_stranger(decider, c, kind)):
        decider.event_of.belongs_to(i, 0)
        refuse(decider, i, Reason.UNKNOWN_CONTACT)
    elif handler is None:
        refuse(decider, i, Reason.UNKNOWN_TYPE)
    else:
        first = int(decider.outputs.head["awards"][0])
        with own_limits(decider, c, event.time):
            handler(decider, i, event)
        codes_entered.use_up_entries(decider, first)
    decide_waiting(decider, event)


def refuse(decider: Decider, i: int, reason: Reason) -> None:
    """The event is refused; nothing moves."""
    seq = int(decider.desk.b_event[i].seq)
    booking.begin(decider.desk, seq, 0)
    booking.outcome(decider.desk, seq, Outcome.REFUSED, reason)


NO_CONTACT = {EventType.TICK, EventType.DRAW, EventType.BUDGET_LOADED, EventType.RETURN, EventType.CANCEL}
NO_CONTACT |= wallet_requests.OF_ANOTHER | set(statements.HANDLERS) | instruments.NO_CONTACT
HANDLERS: dict[EventType, Handler] = {
    EventType.PURCHASE: purchases_by_key.purchase,
    EventType.RETURN: returns.given_back,
    EventType.CANCEL: returns.given_back,
    EventType.TICK: tick,
    **joining.HANDLERS,
    **contact_events.HANDLERS,
    **referrals.HANDLERS,
    **subscriptions.HANDLERS,
    **drawing.HANDLERS,
    **codes_entered.HANDLERS,
    **settings.HANDLERS,
    **lifecycle.HANDLERS,
    **merging.HANDLERS,
    **adjusting.HANDLERS,
    **wallet_requests.HANDLERS,
    **statements.HANDLERS,
    **estimates.HANDLERS,
    **instruments.HANDLERS,
}
# What falls due that only Python knows, in the order of its kinds (spec 4, step 4).
specials.SPECIALS[:] = [holds.LAPSE, subscriptions.MATURITY, birthdays.BIRTHDAY, forfeits.FORFEITED]
