"""The step function: one event, decided on the desk (spec 4, the order of steps).

``run`` is the only loop; a batch and a single event both go through it. It stops before an event that belongs to a
handler (rarer types, late events, things due that only the caller knows) or when an output is nearly full.
"""

from __future__ import annotations

from typing import Any

from guerdon.engine.codes import Cause, EventType, Outcome, Reason, Status
from guerdon.engine.decide.amounts import in_money
from guerdon.engine.decide.arithmetic import FLOOR, U0, U1, lowest_bit, prefetch
from guerdon.engine.decide.awarding import award_round
from guerdon.engine.decide.booking import begin, outcome, refuse_request
from guerdon.engine.decide.candidates import select_lines, select_nothing
from guerdon.engine.decide.due import catch_up
from guerdon.engine.decide.layout import (
    DONE,
    FORCED_QUEUE,
    REDEEM_AUTOMATIC,
    REDEEM_ON_SPEND,
    STOP_HANDLER,
    STOP_ROOM,
    STOP_SPECIAL,
)
from guerdon.engine.decide.lots import NO_LOT, prefetch_lot
from guerdon.engine.decide.membership import join, register
from guerdon.engine.decide.redeeming import BOTH, INSTANT, redeem, redeem_short
from guerdon.engine.decide.spending import (
    affordable,
    asked_by_rule,
    fee_of,
    pay_out,
    requested,
    spend,
    why_not,
    within_limits,
)
from guerdon.engine.decide.tiers import add_units
from guerdon.engine.rows import REQUEST_SPEND, SPEND_NONE

POSTED, IGNORED = int(Outcome.POSTED), int(Outcome.IGNORED)
PURCHASE, TIER_REACHED = int(EventType.PURCHASE), int(EventType.TIER_REACHED)
REGISTER, SIGN_UP = int(EventType.REGISTER), int(EventType.SIGN_UP)
NEW, PENDING, ON_HOLD = int(Status.NEW), int(Status.PENDING), int(Status.ON_HOLD)
CLOSED_BY_AGENT, MERGED = int(Status.CLOSED_BY_AGENT), int(Status.MERGED)
CONTACT_ON_HOLD, CONTACT_CLOSED = int(Reason.CONTACT_ON_HOLD), int(Reason.CONTACT_CLOSED)
CONTACT_MERGED = int(Reason.CONTACT_MERGED)
CAUSE_REGISTER, CAUSE_SIGN_UP, CAUSE_TIER = int(Cause.REGISTER), int(Cause.SIGN_UP), int(Cause.TIER_REACHED)
ON_SPEND_FEE = 0
FAR, NEAR, NEXT = 12, 6, 3  # how many events ahead memory is asked for
CONTACT_LINES, SLOTS_A_LINE = 3, 2  # of 64 bytes


def run(d: Any, start: int, end: int, forced: int) -> tuple[int, int]:
    """Decide events ``start`` to ``end``; returns where it stopped and why (``DONE``, ``STOP_...``).

    ``forced``: FORCED, the caller has prepared the desk for this event (late, or with things due), no stop before it;
    FORCED_QUEUE, it has also begun the event and filled the queue.
    """
    i = start
    while i < end:
        look_ahead(d, i, end)
        e = d.b_event[i]
        c = e.contact
        if not has_room(d, c):
            return i, STOP_ROOM
        if forced == 0:
            if e.route != 0 or e.time < clock_of(d, c):
                return i, STOP_HANDLER
            if d.s_contact[c].special_at <= e.time:
                return i, STOP_SPECIAL
        if forced == FORCED_QUEUE:
            rounds(d, i, c)
        else:
            purchase(d, i, c)
        i += 1
    return i, DONE


def look_ahead(d: Any, i: int, end: int) -> None:
    """Ask for the memory that later events will need: their contact and its counters, then its lots from both ends."""
    if i + FAR < end:
        c = d.b_event[i + FAR].contact
        if c > 0:
            for line in range(CONTACT_LINES):
                prefetch(d.s_contact[c], line)
            prefetch(d.s_member[c], 0)
            prefetch(d.s_mask[c], 0)
            for slot in range(0, d.r_head[0].slots, SLOTS_A_LINE):
                prefetch(d.s_slot[c, slot], 0)
    if i + NEAR < end:
        c = d.b_event[i + NEAR].contact
        if c > 0 and d.s_contact[c].lot_head != NO_LOT:
            prefetch_lot(d, d.s_contact[c].lot_head)
            prefetch_lot(d, d.s_contact[c].lot_tail)
    if i + NEXT < end:
        c = d.b_event[i + NEXT].contact
        if c > 0 and d.s_contact[c].lot_head != NO_LOT:
            second = d.s_lot[d.s_contact[c].lot_head].next
            if second != NO_LOT:
                prefetch_lot(d, second)


def clock_of(d: Any, c: int) -> int:
    """The latest time processed for the contact, ticks included."""
    k = d.s_contact[c]
    ticked = d.s_shared[d.s_head[0].tick_slot].amount
    return k.clock if k.status == NEW or k.clock > ticked else ticked


def has_room(d: Any, c: int) -> bool:
    """Whether every output can take what one event may write."""
    k = d.s_contact[c]
    offers = d.r_head[0].offers
    rounds = 3 + d.r_scheme.shape[0]
    out = d.o_head[0]
    most = 8 * offers * rounds + 3 * (k.lots + offers * rounds) + 64
    if out.transfers + most > d.o_transfer.shape[0] or out.refusals + offers * rounds + 16 > d.o_refusal.shape[0]:
        return False
    if out.awards + offers * rounds > d.o_award.shape[0] or out.closed + k.lots + 1 > d.o_closed.shape[0]:
        return False
    if (
        out.past + d.r_head[0].slots + d.s_shared.shape[0] > d.o_past.shape[0]
        or out.outcomes + 1 > d.o_outcome.shape[0]
    ):
        return False
    if out.tiers + 64 > d.o_tier.shape[0] or out.members + 65 > d.o_member.shape[0]:
        return False
    return d.s_head[0].free_lots >= offers * rounds


def purchase(d: Any, i: int, c: int) -> None:
    """One purchase, from the state of its contact to the upgrade of its tier."""
    e = d.b_event[i]
    k = d.s_contact[c]
    clock = clock_of(d, c)
    begin(d, e.seq, e.time if e.time > clock else clock)
    if k.status >= ON_HOLD:
        why = CONTACT_ON_HOLD if k.status == ON_HOLD else (CONTACT_MERGED if k.status == MERGED else CONTACT_CLOSED)
        outcome(d, e.seq, IGNORED, why)
        return
    enrolment(d, i, c)
    if k.due_at <= d.w_head[0].now:
        catch_up(d, e.seq, c, d.w_head[0].now)
    queue(d, PURCHASE, 0, 0, c)
    rounds(d, i, c)


def rounds(d: Any, i: int, c: int) -> None:
    """Decide every event of the journal's queue in turn; deciding one may queue more (``tier_reached``)."""
    r = 0
    while r < d.w_head[0].queued:
        q = d.w_queue[r]
        if q.trigger == PURCHASE:
            select_lines(d, i)
            money_off(d, i, c)
        else:
            select_nothing(d)
        award_round(d, i, q.contact, q.trigger, q.cause, q.scheme)
        if q.trigger == PURCHASE:
            settle_wallet(d, i, c)
            count_tier(d, i, c)
        elif d.s_contact[q.contact].due_at <= d.w_head[0].now:
            catch_up(d, d.b_event[i].seq, q.contact, d.w_head[0].now)
        d.s_contact[q.contact].dirty = 1
        r += 1
    k = d.s_contact[c]
    if k.clock < d.w_head[0].now:
        k.clock = d.w_head[0].now
    k.dirty = 1
    outcome(d, d.b_event[i].seq, POSTED, 0)


def enrolment(d: Any, i: int, c: int) -> None:
    """A new contact is registered and joins the automatic schemes first; so does one that a new such scheme finds."""
    e = d.b_event[i]
    k = d.s_contact[c]
    d.w_head[0].queued = 0
    if k.status == NEW:
        register(d, i, c)
        queue(d, REGISTER, CAUSE_REGISTER, 0, c)
    joining = d.r_head[0].automatic & ~d.s_member[c, 2]
    while joining != U0:
        scheme = lowest_bit(joining)
        joining = joining & (joining - U1)
        join(d, e.seq, c, scheme, e.time)
        queue(d, SIGN_UP, CAUSE_SIGN_UP, scheme, c)


def queue(d: Any, trigger: int, cause: int, scheme: int, c: int) -> None:
    """Put an event or derived event in the queue of this journal; ``scheme`` is an index."""
    head = d.w_head[0]
    q = d.w_queue[head.queued]
    q.trigger = trigger
    q.cause = cause
    q.scheme = scheme
    q.contact = c
    head.queued += 1


def money_off(d: Any, i: int, c: int) -> None:
    """What ``less_spend`` takes off the bases: the request, as far as open money before this event reaches."""
    head = d.w_head[0]
    head.money_off = 0
    if d.r_head[0].less_spend == 0 or d.b_event[i].spend_kind == SPEND_NONE or d.s_contact[c].spend_blocked == 1:
        return
    k = d.s_contact[c]
    units = requested(d, i, c)
    funds = k.open + k.payable
    head.money_off = in_money(d, units if units < funds else funds, FLOOR)


def settle_wallet(d: Any, i: int, c: int) -> None:
    """Redeem, wallet fee and spend, payout: steps 10 to 13."""
    e = d.b_event[i]
    k = d.s_contact[c]
    want = requested(d, i, c)
    refused = 0
    if e.spend_kind != SPEND_NONE:
        refused = why_not(d, i, c)
        if refused != 0:
            d.w_head[0].spend_reason = refused
            refuse_request(d, e.seq, REQUEST_SPEND, refused, want, 0)
    if k.due_at <= d.w_head[0].now:
        catch_up(d, e.seq, c, d.w_head[0].now)
    if k.status != PENDING:
        mode = d.r_head[0].redeem_mode
        if mode == REDEEM_AUTOMATIC:
            redeem(d, i, c, BOTH)
        elif mode == REDEEM_ON_SPEND and want > 0 and refused == 0:
            fetch(d, i, c, want)
        else:
            redeem(d, i, c, INSTANT)
    if e.spend_kind != SPEND_NONE and refused == 0:
        spend(d, i, c, want)
    elif e.spend_kind == SPEND_NONE:
        asked = asked_by_rule(d, i, c)
        if asked > 0 and why_not(d, i, c) == 0:
            spend(d, i, c, asked)
    if k.status != PENDING:
        pay_out(d, i, c)


def fetch(d: Any, i: int, c: int, want: int) -> None:
    """Redeem on a spend: instant awards, and what the request and its fee lack; only those if it comes to nothing."""
    k = d.s_contact[c]
    allowed = within_limits(d, c, ON_SPEND_FEE, want, d.b_event[i].seq)
    if allowed > 0:
        short = allowed + fee_of(d, ON_SPEND_FEE, allowed) - k.open - k.payable
        taken = redeem_short(d, i, c, short, False)
        if affordable(d, ON_SPEND_FEE, allowed, k.open + k.payable + taken) > 0:
            redeem_short(d, i, c, short, True)
            return
    redeem(d, i, c, INSTANT)


def count_tier(d: Any, i: int, c: int) -> None:
    """Tier value units; an upgrade derives one ``tier_reached``, for the tier arrived at."""
    e = d.b_event[i]
    units = e.net if d.r_head[0].tier_net == 1 else e.total
    reached = add_units(d, e.seq, c, e.time, d.w_head[0].now, units)
    k = d.s_contact[c]
    if k.tier_until < k.due_at:
        k.due_at = k.tier_until
    if reached >= 0:
        queue(d, TIER_REACHED, CAUSE_TIER, 0, c)


def tick(d: Any, rows: Any, seq: int, until: int, start: int) -> int:
    """Catch up the contacts of ``rows`` in their order; returns how many were done before an output was full."""
    for r in range(start, rows.shape[0]):
        c = rows[r]
        if not has_room(d, c):
            return r
        catch_up(d, seq, c, until)
    return rows.shape[0]
