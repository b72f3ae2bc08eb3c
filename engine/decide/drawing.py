"""Lotteries: a ``draw`` event picks the winners among those with enough entries, in the order of a hash (spec 2, 4)."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from guerdon.engine.codes import Cause, EventType, Outcome, Reason
from guerdon.engine.decide import booking
from guerdon.engine.decide.calendar import DAY
from guerdon.engine.decide.funding import (
    NO_TERMS,
    bears_part,
    budget_left,
    fitting,
    part_of_award,
    set_funder,
    terms_at,
    use_budget,
)
from guerdon.engine.decide.granting import grant
from guerdon.engine.decide.opening import make_room, status_of
from guerdon.engine.decide.specials import catch_up_all
from guerdon.engine.decide.statuses import EARNS
from guerdon.engine.decide.step import clock_of
from guerdon.engine.events.event import Event
from guerdon.rules.program import Draw

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

DRAWN = "draw"  # kind of record: an offer whose lottery has been drawn


def drawing(decider: Decider, i: int, event: Event) -> None:
    """``draw``: once for each offer, not before its time."""
    e = decider.desk.b_event[i]
    seq, time = int(e.seq), int(e.time)
    booking.begin(decider.desk, seq, time)
    place = next((o for o, offer in enumerate(decider.program.offers) if offer.id == event.fields.get("offer")), -1)
    award = decider.program.offers[place].award if place >= 0 else None
    if not isinstance(award, Draw):
        booking.outcome(decider.desk, seq, Outcome.REFUSED, Reason.UNKNOWN_INSTRUMENT)
        return
    offer = decider.program.offers[place].id
    if time < decider.desk.r_offer[place].draw_at or decider.records.get(DRAWN, offer) is not None:
        booking.outcome(decider.desk, seq, Outcome.REFUSED, Reason.INVALID_TRANSITION)
        return
    won = winners(decider, place, award)
    decider.records.put(DRAWN, offer, {"seq": seq, "winners": won})
    for number in won:
        _award(decider, i, place, number)
    booking.outcome(decider.desk, seq, Outcome.POSTED, Reason.NONE)


def winners(decider: Decider, place: int, award: Draw) -> list[int]:
    """Numbers of the winners of an offer's lottery, in the order in which they were drawn.

    A contact that is on hold, closed or merged takes no part: its place goes to the next.
    """
    slot = int(decider.desk.r_offer[place].entry_slot)
    stored = decider.store.counters_of_slot(int(decider.state.slot_numbers[slot]))
    entries = {int(row["contact"]): int(row["amount"]) for row in stored}
    count = decider.state.count
    loaded = decider.state.arrays["s_contact"]["number"][:count]
    here = decider.state.arrays["s_slot"]["amount"][:count, slot]
    entries |= dict(zip(loaded.tolist(), here.tolist(), strict=True))
    enough = sorted(number for number, amount in entries.items() if number > 0 and amount >= award.entries)
    if enough:
        decider.state.rows(np.array(enough, np.int64))
        decider.lay()
    offer, names = decider.program.offers[place], decider.store.names
    at = datetime.fromtimestamp(int(decider.desk.r_offer[place].draw_at) // 1_000_000, UTC).strftime(
        "%Y-%m-%dT%H:%M:%SZ"
    )

    def order(number: int) -> tuple[bytes, str]:
        name = names.id("contact", number)
        return hashlib.sha256(f"{award.seed}|{offer.id}|{at}|{name}".encode()).digest(), name

    taking = [number for number in enough if status_of(decider, decider.row(number)) in EARNS]
    return sorted(taking, key=order)[: award.winners]


def _award(decider: Decider, i: int, place: int, number: int) -> None:
    """Post one winner's award, at no place and at the draw's time."""
    seq = int(decider.desk.b_event[i].seq)
    time = int(decider.desk.b_event[i].time)
    c = decider.row(number)
    make_room(decider, c)
    now = max(time, int(clock_of(decider.desk, c)))
    catch_up_all(decider, seq, c, now)
    d = decider.desk
    d.w_head[0].now, d.w_head[0].cause, d.w_head[0].scheme, d.w_head[0].terms = now, int(Cause.DRAW), 0, NO_TERMS
    w = d.w_offer[place]
    w.amount = w.formed = int(d.r_offer[place].amount)
    w.earning, w.wins, w.window, w.goals, w.clipped_by = 0, 1, 0, 0, 0
    set_funder(d, place, -1, NO_TERMS)
    if bears_part(d, place):
        day = int(d.b_event[i].local) // DAY
        fits = fitting(d, place, int(w.amount), budget_left(d, int(w.funder), time, day))
        if fits < w.amount:
            w.amount, w.clipped_by = fits, int(Reason.BUDGET_USED)
        if fits <= 0:
            booking.refuse(d, seq, place, int(Reason.BUDGET_USED), int(w.formed), 0, int(w.formed), 0)
            return
        terms = terms_at(d, int(w.funder), time)
        if terms != NO_TERMS:
            use_budget(d, int(w.funder), terms, part_of_award(d, place, int(w.amount)))
    _grant_at_no_place(decider, i, c, place)
    catch_up_all(decider, seq, c, now)
    k = decider.desk.s_contact[c]
    k.clock = max(int(k.clock), now)
    k.dirty = 1


def _grant_at_no_place(decider: Decider, i: int, c: int, place: int) -> None:
    assert decider.batch is not None
    row = decider.batch.events[i : i + 1]
    merchant = int(row["merchant"][0])
    row["merchant"] = -1
    grant(decider.desk, i, c, place, int(Cause.DRAW))
    row["merchant"] = merchant


HANDLERS = {EventType.DRAW: drawing}
