"""Whose event it is, and who decides it: names of contacts, forwarding after a merge, contacts that the loop leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from guerdon.engine.codes import EventType, Status
from guerdon.engine.decide.history import merged_into
from guerdon.engine.decide.profiles import WATCHED
from guerdon.engine.decide.subscriptions import refresh_maturities
from guerdon.engine.events.event import Event
from guerdon.engine.events.fields import SHAPES
from guerdon.engine.rows import ROUTE_HANDLER

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

NOWHERE = -1
# What is told of a merged contact itself, also where its events are forwarded.
_NOT_FORWARDED = (EventType.ENROL, EventType.ERASE, EventType.MERGE)


def address(decider: Decider) -> None:
    """Before a batch is decided: events of merged contacts go to those they became, watched ones to their handlers."""
    assert decider.batch is not None
    events, state = decider.batch.events, decider.state
    rows = events["contact"]
    if decider.program.business.merge_forward:
        own = (rows >= 0) & ~np.isin(events["type"], _NOT_FORWARDED)
        own[own] = state.arrays["s_contact"]["status"][rows[own]] == Status.MERGED
        for row in np.unique(rows[own]).tolist():
            target = decider.row(followed(decider, int(state.arrays["s_contact"]["number"][row])))
            rows[own & (rows == row)] = target
    if decider.rules_changed:
        decider.rules_changed = False
        refresh_maturities(decider)
    _watch_profiles(decider)
    if decider.watched:
        events["route"][np.isin(rows, sorted(decider.watched))] = ROUTE_HANDLER


def _watch_profiles(decider: Decider) -> None:
    """Watch the contacts that have come with a reason for it since the last batch."""
    state = decider.state
    for number in state.fresh_profiles:
        if any(name in state.profiles.get(number, {}) for name in WATCHED):
            decider.watched.add(int(state.row_of[number]))
    state.fresh_profiles.clear()


def watch(decider: Decider, c: int) -> None:
    """From now on the contact's purchases are for the handler, not for the loop."""
    decider.watched.add(c)
    if decider.batch is not None:
        decider.batch.events["route"][decider.batch.events["contact"] == c] = ROUTE_HANDLER


def followed(decider: Decider, number: int) -> int:
    """The contact that a merged one became, by however many merges; any other number as it is."""
    return merged_into(decider, number)


def is_stranger(decider: Decider, c: int, kind: EventType) -> bool:
    """Whether the contact is not known, and the event can't make it known by its type or under ``register: never``."""
    k = decider.desk.s_contact[c]
    if k.erased:
        return True
    if Status(int(k.status)) is not Status.NEW or kind is EventType.REGISTER:
        return False
    return not (decider.program.business.register and SHAPES[kind].registers)


def readdress(decider: Decider, i: int, event: Event) -> None:
    """An event that names its contact by an identifier is of the one who has it now."""
    if event.contact is None or event.contact_kind == "id":
        return
    assert decider.batch is not None and decider.event_of is not None
    number = decider.identifiers.number(event.contact_kind, event.contact)
    decider.batch.events["contact"][i] = decider.row(number, event.time) if number else NOWHERE
    event.contact_number = number
    decider.event_of.belongs_to(i, number)


def number_of(decider: Decider, name: str) -> int:
    """Number of the contact of an id; 0: nobody has it."""
    return int(decider.store.names.find("contact", name))


def pool_number(decider: Decider, pool: str) -> int:
    """Number of a pool of the programme in force; 0: it has none of that id."""
    known = any(each.id == pool for each in decider.program.pools)
    return int(decider.store.names.find("pool", pool)) if known else 0


def pool_place(decider: Decider, number: int) -> int:
    """Index of a pool of the programme in force by its number; NOWHERE: it is not there."""
    places = np.flatnonzero(decider.tables.arrays["r_pool"]["number"] == number)
    return int(places[0]) if number and len(places) else NOWHERE
