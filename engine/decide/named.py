"""Which purchase a request names by ``of``: by its id at the same source, its reference, or its id at another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guerdon.engine.codes import EventType, Outcome, Reason
from guerdon.engine.decide import history
from guerdon.engine.decide.history import Told
from guerdon.engine.events.reading import compared

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider


def find_purchase(decider: Decider, event: Any) -> Told | None:
    """The purchase that an event names, or what became of it; None: nothing of that name has been decided so far.

    A purchase that was told twice under one reference stands for the one that was decided.
    """
    name = str(event.fields["of"])
    told = history.event_of(decider, event.source, name)
    if told is None:
        told = _by_reference(decider, event, compared(name))
    if told is None:
        told = _elsewhere(decider, name)
    if told is not None and told.reason is Reason.SAME_REFERENCE:
        first = told.event
        return history.event_by_reference(decider, first.merchant or "", first.series, first.reference or "")
    return told


def _by_reference(decider: Decider, event: Any, reference: str) -> Told | None:
    """By the till's invoice number: at the merchant that is told, else at whichever has it, if only one has."""
    if not reference:
        return None
    if event.merchant is not None:
        return history.event_by_reference(decider, event.merchant, event.series, reference)
    places = sorted({"", *decider.store.names.ids("merchant"), *(m.id for m in decider.program.merchants)})
    found = [
        told
        for merchant in places
        if (told := history.event_by_reference(decider, merchant, event.series, reference)) is not None
        and told.event.type is EventType.PURCHASE
    ]
    return found[0] if len(found) == 1 else None


def _elsewhere(decider: Decider, name: str) -> Told | None:
    """A posted purchase of that id told by another source, if there is one only."""
    found = [
        told
        for told in history.events_named(decider, name)
        if told.event.type is EventType.PURCHASE and told.outcome is Outcome.POSTED
    ]
    return found[0] if len(found) == 1 else None
