"""What earlier events left behind, by the name that an ``of``, ``token`` or ``estimate`` gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guerdon.engine.decide.history import outcome_of
from guerdon.engine.events.event import Event
from guerdon.engine.events.present import NOWHERE
from guerdon.engine.rows import Record

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider


def seqs_named(decider: Decider, event: Event, id: str) -> list[int]:
    """Places in the log of the events of that id that are decided: that of the event's own source first."""
    present = decider.event_of
    assert present is not None
    numbers = list(range(1, len(decider.store.names.ids("source"))))
    known = decider.store.names.find("source", event.source)
    if known:
        numbers.remove(known)
        numbers.insert(0, known)
    own = present.by_id(event.source, id)
    here = [int(present.seqs[row]) for row in [own, *present.by_name(id)] if row != NOWHERE]
    here = [seq for seq in here if outcome_of(decider, seq) is not None]
    stored = [decider.store.event_by_key(number, id) for number in numbers]
    found = [*here[:1], *stored, *here] if own != NOWHERE else [*stored, *here]
    return [seq for seq in dict.fromkeys(found) if seq]


def record_named(decider: Decider, kind: str, event: Event, id: str) -> Record | None:
    """The record that an earlier event of that id left; records of this kind bear the place of their event."""
    for seq in seqs_named(decider, event, id):
        record = decider.records.get(kind, str(seq))
        if record is not None:
            return record
    return None
