"""Estimates (spec 3): what a purchase would give, decided in full and taken back.

Without ``hold_for`` an estimate leaves nothing at all. With it, it is an event that posts a hold and nothing else: of
what the purchase would spend, as much as open money covers now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from guerdon.engine.codes import EventType, Outcome, Reason
from guerdon.engine.decide import booking, spending
from guerdon.engine.decide.addressing import address
from guerdon.engine.decide.holds import set_aside
from guerdon.engine.decide.layout import ON_SPEND
from guerdon.engine.decide.opening import Opening, ignored, posted, status_of
from guerdon.engine.decide.own_limits import own_limits
from guerdon.engine.decide.requests import begun, caught_up, refuse_request
from guerdon.engine.decide.rule_versions import version_of
from guerdon.engine.decide.statuses import SHUT
from guerdon.engine.decide.trial import Trial
from guerdon.engine.events.event import Event
from guerdon.engine.events.frames import Frames
from guerdon.engine.events.listed import EventList
from guerdon.engine.events.present import Present
from guerdon.engine.rows import REQUEST_SPEND

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

NOT_LOGGED = 1 << 62  # the place of an estimate that is no event: after all that are


class Estimate(NamedTuple):
    """The answer: how the purchase would end, and its journal; numbers and units throughout, as in a ledger."""

    outcome: Outcome
    reason: Reason
    spent: int
    transfers: np.ndarray  # TRANSFER
    awards: np.ndarray  # AWARD
    refusals: np.ndarray  # REFUSAL: of every offer that gives nothing, and of the request


def estimate(decider: Decider, i: int, event: Event) -> None:
    """An estimate with ``hold_for``: hold what the purchase would spend."""
    o = begun(decider, i, event)
    if o is None:
        return
    why = SHUT.get(status_of(decider, o.c), Reason.NONE)
    if why:
        refuse_request(decider, o, REQUEST_SPEND, why, 0, 0)
        return
    caught_up(decider, o)
    answer = _decided(decider, event, o.c, o.seq)
    decider.estimates[o.seq] = answer
    booking.begin(decider.desk, o.seq, o.now)
    d = decider.desk
    if answer.spent <= 0:
        _nothing_to_hold(decider, o, answer)
        return
    funds = int(d.s_contact[o.c].open + d.s_contact[o.c].payable)
    allowed = spending.within_limits(d, o.c, ON_SPEND, answer.spent, o.seq)
    amount = spending.affordable(d, ON_SPEND, allowed, funds)
    if amount <= 0:
        refuse_request(decider, o, REQUEST_SPEND, Reason.INSUFFICIENT_FUNDS, answer.spent, funds)
        return
    set_aside(decider, o, int(amount), str(event.fields["hold_for"]))
    posted(decider, o)


def _nothing_to_hold(decider: Decider, o: Opening, answer: Estimate) -> None:
    """Nothing would be spent: a request is refused as the purchase's would be, else there is nothing to do."""
    refused = [row for row in answer.refusals if row["request"] == REQUEST_SPEND]
    if refused:
        row = refused[-1]
        refuse_request(decider, o, REQUEST_SPEND, Reason(int(row["reason"])), int(row["needed"]), int(row["had"]))
    elif answer.outcome is Outcome.REFUSED:
        refuse_request(decider, o, REQUEST_SPEND, answer.reason, 0, 0)
    else:
        ignored(decider, o, Reason.NOTHING_TO_DO)


def unlogged_estimates(told: Frames | EventList) -> np.ndarray:
    """Rows of the estimates that hold nothing and so are no events."""
    rows = np.flatnonzero(told.numbers("type") == EventType.ESTIMATE)
    return rows[~told.take(rows).mentions("hold_for")] if len(rows) else rows


def answered(decider: Decider, present: Present) -> Estimate:
    """The answer to an estimate that is no event, alone in ``present``; of nobody known: ``unknown_contact``."""
    event = present(0)
    if not event.contact_number:
        return _refused(decider, Reason.UNKNOWN_CONTACT)
    before, decider.event_of = decider.event_of, present
    try:
        c = decider.state.row(event.contact_number, event.time)
        return _decided(decider, event, c, NOT_LOGGED)
    finally:
        decider.event_of = before


def _refused(decider: Decider, reason: Reason) -> Estimate:
    none = {name: decider.outputs.arrays[name][:0].copy() for name in ("o_transfer", "o_award", "o_refusal")}
    return Estimate(Outcome.REFUSED, reason, 0, none["o_transfer"], none["o_award"], none["o_refusal"])


def _decided(decider: Decider, event: Event, c: int, seq: int) -> Estimate:
    """Decide the purchase on trial, as an event of its own at a place in the log."""
    from guerdon.engine.decide.handling import HANDLERS

    purchase = replace(event, type=EventType.PURCHASE, seq=seq)
    purchase.fields = {name: value for name, value in event.fields.items() if name != "hold_for"}
    with _alone(decider, purchase, c):
        assert decider.batch is not None
        c = int(decider.batch.events["contact"][0])
        trial = Trial(decider, c)
        head = decider.outputs.head
        first = {name: int(head[name][0]) for name in ("transfers", "awards", "refusals")}
        with own_limits(decider, c, purchase.time):
            HANDLERS[EventType.PURCHASE](decider, 0, purchase)
            ended = decider.desk.o_outcome[int(head["outcomes"][0]) - 1]
            end = Outcome(int(ended.outcome)), Reason(int(ended.reason))
            work = decider.desk.w_head[0]
            spent = int(work.spent) if end[0] is Outcome.POSTED and work.seq == seq else 0
            rows = [
                decider.outputs.arrays[name][first[part] : int(head[part][0])].copy()
                for name, part in (("o_transfer", "transfers"), ("o_award", "awards"), ("o_refusal", "refusals"))
            ]
            trial.undo()
    return Estimate(*end, spent, *rows)


@contextmanager
def _alone(decider: Decider, purchase: Event, c: int) -> Iterator[None]:
    """While open, the batch is this purchase alone, and no refusal is left out."""
    before = decider.batch
    version = version_of(decider, int(decider.tables.arrays["r_head"]["version"][0]))
    keeps = decider.tables.arrays["r_head"]["keep_refusals"].copy()
    decider.batch = version.matcher.events([purchase], np.array([c], np.int32))
    decider.tables.arrays["r_head"]["keep_refusals"] = 1
    decider.lay()
    if purchase.seq == NOT_LOGGED:
        address(decider)
    try:
        yield
    finally:
        decider.tables.arrays["r_head"]["keep_refusals"] = keeps
        decider.batch = before
        if before is not None:
            decider.lay()


HANDLERS: dict[EventType, Callable[[Any, int, Any], None]] = {EventType.ESTIMATE: estimate}
