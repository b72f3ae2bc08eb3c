"""What the calendar brings a contact (birthday, maturity) as an event of its own instant, inside another's journal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from guerdon.engine.codes import Cause, EventType
from guerdon.engine.decide import layout
from guerdon.engine.decide.mask_tables import mask_of
from guerdon.engine.decide.step import queue

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider


def decide_derived(
    decider: Decider, seq: int, c: int, at: int, cause: Cause, trigger: EventType, offers: Iterable[int] | None = None
) -> None:
    """Decide the awards of one derived event at an instant, at no place, with no lines.

    ``offers``: indexes of those that it can win; None: all that its type can. The contact's clock stays where it is.
    """
    clock = int(decider.desk.s_contact[c].clock)
    with _at(decider, seq, c, at, trigger), _only(decider, trigger, offers):
        decider.desk.w_head[0].queued = 0
        queue(decider.desk, trigger, cause, 0, c)
        decider.run_one(0, layout.FORCED_QUEUE)
    decider.desk.w_head[0].queued = 0
    decider.desk.s_contact[c].clock = clock


@contextmanager
def _at(decider: Decider, seq: int, c: int, at: int, trigger: EventType) -> Iterator[None]:
    """While open, the first row of the batch is the derived event."""
    assert decider.batch is not None
    row = decider.batch.events[0:1]
    place_mask = decider.batch.place_masks[int(row["place"][0])]
    head = decider.desk.w_head[0]
    kept = row.copy(), place_mask.copy(), int(head.now), int(head.tier_view)
    values = {"seq": seq, "time": at, "local": decider.tables.zone.local(at), "contact": c, "merchant": -1}
    row[:] = np.zeros(1, row.dtype)
    for name, value in {**values, "place": kept[0]["place"][0], "type": trigger}.items():
        row[name] = value
    place_mask[:] = _nowhere(decider)
    head.now, head.tier_view = at, layout.TIER_NOW
    try:
        yield
    finally:
        row[:], place_mask[:] = kept[0], kept[1]
        head = decider.desk.w_head[0]
        head.now, head.tier_view, head.cause, head.scheme = kept[2], kept[3], 0, 0


def _nowhere(decider: Decider) -> np.ndarray:
    """The offers that hold at no place: those that name none."""
    placeless = (
        o for o, offer in enumerate(decider.program.offers) if not (offer.merchants or offer.venues or offer.channels)
    )
    return mask_of(decider.tables.words, placeless)


@contextmanager
def _only(decider: Decider, trigger: EventType, offers: Iterable[int] | None) -> Iterator[None]:
    """While open, the trigger can win these offers alone."""
    row = decider.tables.arrays["r_trigger"][trigger]
    kept = row.copy()
    if offers is not None:
        row[:] &= mask_of(decider.tables.words, offers)
    try:
        yield
    finally:
        row[:] = kept
