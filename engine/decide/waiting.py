"""Events that name what is still to come: they wait, and are decided right after it, or refused when it is too late.

A return, cancel, capture, void or payout_* whose ``of`` is unknown calls ``wait`` in its handler. The handler is called
again, on a batch of that one event, right after every event that bears the name; the first event or tick later than
``late_within`` after it refuses it ``unknown_purchase``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from guerdon.engine.codes import EventType, Outcome, Reason
from guerdon.engine.decide import booking
from guerdon.engine.decide.back import make_room
from guerdon.engine.decide.calendar import stepped
from guerdon.engine.decide.journal import Resolved
from guerdon.engine.decide.offer_tables import step
from guerdon.engine.decide.rule_versions import version_of
from guerdon.engine.events.event import Event, Line
from guerdon.engine.events.reading import compared
from guerdon.engine.rows import FOREVER, ROUTE_HANDLER

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

WAITING = "waiting"  # kind of record, its id the seq of the event


class Awaited(NamedTuple):
    """One event that waits. ``deadline``: the last instant at which what it names can still come."""

    event: Event
    deadline: int


class Waiting:
    """The events that wait, by seq; read from the ledger once."""

    def __init__(self, decider: Decider) -> None:
        self._decider = decider
        self.events: dict[int, Awaited] = {}
        for record in decider.records.of_kind(WAITING):
            event = _event(record.fields["event"])
            self.events[event.seq] = Awaited(event, int(record.fields["deadline"]))

    @property
    def deadline(self) -> int:
        """The earliest deadline; FOREVER if nothing waits."""
        return min((awaited.deadline for awaited in self.events.values()), default=FOREVER)

    def mark(self) -> None:
        """Let the loop stop after every event of the batch that bears a name that is waited for."""
        present, batch = self._decider.event_of, self._decider.batch
        if self.events and present is not None and batch is not None:
            for awaited in self.events.values():
                for row in _rows(present, awaited.event):
                    batch.events["route"][row] = ROUTE_HANDLER

    def named_by(self, event: Event) -> list[int]:
        """Seqs of those that wait for an event of this name."""
        return [seq for seq, awaited in sorted(self.events.items()) if _names(awaited.event, event)]


def wait(decider: Decider, event: Event) -> None:
    """The event waits for what it names."""
    unit, n = step(decider.program.business.late_within)
    deadline = int(stepped(decider.desk, event.time, unit, n))
    if event.seq not in decider.waiting.events:
        _note(decider, event, deadline)
    make_room(decider)
    booking.begin(decider.desk, event.seq, 0)
    booking.outcome(decider.desk, event.seq, Outcome.WAITING, 0)


def _note(decider: Decider, event: Event, deadline: int) -> None:
    """Keep it until it is decided, and let the loop stop where that may be."""
    decider.waiting.events[event.seq] = Awaited(event, deadline)
    told = asdict(event) | {"content": event.content.hex(), "type": int(event.type)}
    decider.records.put(WAITING, str(event.seq), {"event": told, "deadline": deadline}, event.contact_number)
    decider.waiting.mark()


def give_up(decider: Decider, time: int, seq: int) -> None:
    """What has waited longer than ``late_within`` at this event is refused."""
    for waiting, awaited in sorted(decider.waiting.events.items()):
        if time > awaited.deadline:
            _end(decider, waiting, seq, 0, Outcome.REFUSED, Reason.UNKNOWN_PURCHASE)


def decide_waiting(decider: Decider, event: Event) -> None:
    """Decide, in the order in which they came, the events that waited for the one just decided."""
    from guerdon.engine.decide.handling import HANDLERS

    for seq in decider.waiting.named_by(event):
        awaited = decider.waiting.events[seq].event
        head = decider.outputs.head
        first = int(head["outcomes"][0])
        decider.out_of_order = True
        before = decider.batch
        row = np.array([decider.state.row(awaited.contact_number)] if awaited.contact_number else [-1], np.int32)
        number = int(decider.tables.arrays["r_head"]["version"][0])
        decider.batch = version_of(decider, number).matcher.events([awaited], row)
        decider.lay()
        try:
            HANDLERS[awaited.type](decider, 0, awaited)
        finally:
            decider.batch = before
            decider.lay()
        ended = decider.outputs.arrays["o_outcome"][int(head["outcomes"][0]) - 1].copy()
        head["outcomes"] = first
        if ended["outcome"] != Outcome.WAITING:
            outcome, reason = Outcome(int(ended["outcome"])), Reason(int(ended["reason"]))
            _end(decider, seq, event.seq, int(ended["transfers"]), outcome, reason)


def _end(decider: Decider, seq: int, at_seq: int, transfers: int, outcome: Outcome, reason: Reason) -> None:
    """It waits no more."""
    awaited = decider.waiting.events.pop(seq)
    decider.records.remove(WAITING, str(seq))
    contact = awaited.event.contact_number
    decider.resolved.append(Resolved(seq, at_seq, transfers, int(outcome), int(reason), contact))


def _names(waiting: Event, event: Event) -> bool:
    """Whether one bears the name that the other waits for: as id, or as reference."""
    of = str(waiting.fields["of"])
    return event.id == of or (event.reference is not None and event.reference == compared(of))


def _rows(present: Any, waiting: Event) -> list[int]:
    of = str(waiting.fields["of"])
    return [*present.by_name(of), *present.with_reference(compared(of))]


def _event(told: Mapping[str, Any]) -> Event:
    fields = dict(told)
    fields["type"], fields["content"] = EventType(fields["type"]), bytes.fromhex(fields["content"])
    fields["lines"] = tuple(Line(**line) for line in fields["lines"])
    return Event(**fields)
