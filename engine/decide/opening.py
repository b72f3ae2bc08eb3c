"""How an event of a contact is opened and closed by its handler: clock, state, lateness, catch-up, outcome."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from guerdon.engine.codes import EventType, Outcome, Reason, Status
from guerdon.engine.decide import booking, layout
from guerdon.engine.decide.calendar import DAY
from guerdon.engine.decide.late import is_too_late, tier_on_desk, windows_on_desk
from guerdon.engine.decide.specials import catch_up_all, refresh_special
from guerdon.engine.decide.statuses import SHUT, TRANSITIONS
from guerdon.engine.decide.step import clock_of, has_room

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider


class Opening(NamedTuple):
    """An event that has begun. ``now``: the later of its time and its contact's clock; ``late``: the clock is later."""

    i: int  # row of the batch
    seq: int
    c: int  # row of its contact
    number: int
    time: int
    now: int

    @property
    def late(self) -> bool:
        return self.time < self.now


def open_event(decider: Decider, i: int) -> Opening:
    """Begin the event: nothing has moved yet, the queue is empty."""
    c = int(decider.desk.b_event[i].contact)
    make_room(decider, c)
    e = decider.desk.b_event[i]
    now = max(int(e.time), int(clock_of(decider.desk, c)))
    booking.begin(decider.desk, int(e.seq), now)
    decider.desk.w_head[0].queued = 0
    return Opening(i, int(e.seq), c, int(decider.desk.s_contact[c].number), int(e.time), now)


def make_room(decider: Decider, *rows: int) -> None:
    """Let outputs grow until they can take what an event of these contacts may write."""
    for c in rows:
        while not has_room(decider.desk, c):
            decider.make_room()


def make_room_for_one(decider: Decider) -> None:
    """Let outputs grow until an event can be refused, whatever came before it."""
    out, arrays = decider.outputs.head, decider.outputs.arrays
    while any(int(out[part][0]) + SPARE > len(arrays[name]) for part, name in _ALWAYS):
        decider.make_room()


SPARE = 64
_ALWAYS = (("outcomes", "o_outcome"), ("refusals", "o_refusal"), ("transfers", "o_transfer"))


def status_of(decider: Decider, c: int) -> Status:
    """The state of the contact in a row."""
    return Status(int(decider.desk.s_contact[c].status))


def joined_schemes(desk: Any, c: int, ever: bool = False) -> list[int]:
    """Indexes of the schemes that the contact is a member of; ``ever``: or was."""
    word = int(desk.s_member[c, 2 if ever else 0])
    return [scheme for scheme in range(len(desk.r_scheme)) if word >> scheme & 1]


def is_known(decider: Decider, o: Opening) -> bool:
    """Whether something has registered the contact; else the event is refused."""
    if status_of(decider, o.c) is not Status.NEW and not decider.desk.s_contact[o.c].erased:
        return True
    return refused(decider, o, Reason.UNKNOWN_CONTACT)


def is_open(decider: Decider, o: Opening) -> bool:
    """Whether the contact takes part: on hold, closed or merged its events are ignored with that reason."""
    why = SHUT.get(status_of(decider, o.c))
    return True if why is None else ignored(decider, o, why)


def is_taken(decider: Decider, o: Opening, kind: EventType) -> bool:
    """Whether the table of states takes the event in the contact's state."""
    status, transition = status_of(decider, o.c), TRANSITIONS[kind]
    if status in transition.taken_in:
        return True
    if status in transition.idle_in:
        return ignored(decider, o, Reason.NOTHING_TO_DO)
    return refused(decider, o, Reason.INVALID_TRANSITION)


def catch_up(decider: Decider, o: Opening) -> bool:
    """All that is due for the contact happens; an event that comes too late is refused instead."""
    if o.late and is_too_late(decider, o.i):
        return refused(decider, o, Reason.TOO_LATE)
    catch_up_all(decider, o.seq, o.c, o.now)
    booking.begin(decider.desk, o.seq, o.now)
    return True


def refused(decider: Decider, o: Opening, reason: Reason) -> bool:
    """The event is refused. Always False, so that a test can end with it."""
    booking.outcome(decider.desk, o.seq, Outcome.REFUSED, reason)
    return False


def ignored(decider: Decider, o: Opening, reason: Reason) -> bool:
    """The event is ignored. Always False."""
    booking.outcome(decider.desk, o.seq, Outcome.IGNORED, reason)
    return False


def posted(decider: Decider, o: Opening, *others: int) -> None:
    """The event is posted and wins nothing; the clocks of its contact and of ``others`` (rows) have moved on."""
    for c in (o.c, *others):
        refresh_special(decider, c)
        k = decider.desk.s_contact[c]
        k.clock = max(int(k.clock), o.now)
        k.dirty = 1
    booking.outcome(decider.desk, o.seq, Outcome.POSTED, Reason.NONE)


def win(decider: Decider, o: Opening) -> None:
    """Decide what stands in the queue as of the event's own time, and post the event."""
    refresh_special(decider, o.c)
    with as_of(decider, o):
        decider.run_one(o.i, layout.FORCED_QUEUE)


@contextmanager
def as_of(decider: Decider, o: Opening) -> Iterator[None]:
    """While open, windows and tier are those of the event's own time."""
    with ExitStack() as stack:
        if o.late:
            day = int(decider.desk.b_event[o.i].local) // DAY
            stack.enter_context(windows_on_desk(decider, o.c, day))
            stack.enter_context(tier_on_desk(decider, o.i))
        yield
