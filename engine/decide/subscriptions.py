"""Subscriptions: started, interrupted, and what each matures to ``after`` its start without interruption."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guerdon.engine.codes import Cause, EventType, Reason
from guerdon.engine.decide.calendar import stepped
from guerdon.engine.decide.derived import decide_derived
from guerdon.engine.decide.joining import enter, may_enter
from guerdon.engine.decide.offer_tables import step
from guerdon.engine.decide.opening import ignored, is_known, open_event, posted, status_of, win
from guerdon.engine.decide.profiles import MATURED, profile_of
from guerdon.engine.decide.specials import Special, refresh_special
from guerdon.engine.decide.statuses import EARNS
from guerdon.engine.decide.step import clock_of, queue
from guerdon.engine.events.event import Event
from guerdon.engine.rows import FOREVER, NEVER

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider


def starting(decider: Decider, i: int, event: Event) -> None:
    """``subscription_started``: the count begins, anew if it was running."""
    o = open_event(decider, i)
    if not may_enter(decider, o, event):
        return
    enter(decider, o, event)
    decider.desk.s_contact[o.c].subscribed_at = o.now
    queue(decider.desk, EventType.SUBSCRIPTION_STARTED, Cause.ITSELF, 0, o.c)
    win(decider, o)


def interrupting(decider: Decider, i: int, event: Event) -> None:
    """``subscription_interrupted``: the count stops."""
    o = open_event(decider, i)
    if not is_known(decider, o) or not may_enter(decider, o, event):
        return
    if decider.desk.s_contact[o.c].subscribed_at == NEVER:
        ignored(decider, o, Reason.NOTHING_TO_DO)
        return
    decider.desk.s_contact[o.c].subscribed_at = NEVER
    posted(decider, o)


def maturities(decider: Decider, c: int) -> dict[int, list[int]]:
    """When the running subscription matures: instant → indexes of the offers that count from its start."""
    started = int(decider.desk.s_contact[c].subscribed_at)
    found: dict[int, list[int]] = {}
    if started == NEVER:
        return found
    for o, offer in enumerate(decider.program.offers):
        if offer.on == "subscription_matured" and offer.after is not None:
            at = int(stepped(decider.desk, started, *step(offer.after)))
            found.setdefault(at, []).append(o)
    return found


def next_maturity(decider: Decider, c: int) -> int:
    """The first maturity after the contact's clock and after the one that has happened last."""
    k = decider.desk.s_contact[c]
    if k.subscribed_at == NEVER:
        return FOREVER
    after = max(int(clock_of(decider.desk, c)), profile_of(decider, int(k.number)).get(MATURED, 0))
    return min((at for at in maturities(decider, c) if at > after), default=FOREVER)


def refresh_maturities(decider: Decider) -> None:
    """Work out anew when running subscriptions mature: a new version's offers may count to other dates."""
    numbers = decider.store.subscribed_contacts()
    if len(numbers):
        rows = decider.state.rows(numbers)
        decider.lay()
        for c in rows.tolist():
            refresh_special(decider, c)


def mature(decider: Decider, seq: int, c: int, at: int) -> None:
    """The offers of this maturity are decided, unless the contact is shut out."""
    decider.state.set_profile(int(decider.desk.s_contact[c].number), {MATURED: at})
    if status_of(decider, c) in EARNS:
        offers = maturities(decider, c)[at]
        decide_derived(decider, seq, c, at, Cause.SUBSCRIPTION_MATURED, EventType.SUBSCRIPTION_MATURED, offers)


HANDLERS = {
    EventType.SUBSCRIPTION_STARTED: starting,
    EventType.SUBSCRIPTION_INTERRUPTED: interrupting,
}
MATURITY = Special("subscription_matured", False, next_maturity, mature)
