"""Purchases that the loop leaves alone: business keys that are taken, missing points made good, and full cover.

A business key (merchant, series, reference) stands for one purchase. Whoever tells it again is answered with the first
outcome; what an adjustment gave for a purchase that was missing is taken back when the purchase comes (spec 3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guerdon.engine.codes import EventType, Outcome, Reason, Status
from guerdon.engine.decide import booking, history, layout, step
from guerdon.engine.decide.asking import spend_asked
from guerdon.engine.decide.awarding import award_round
from guerdon.engine.decide.back import Back
from guerdon.engine.decide.calendar import DAY
from guerdon.engine.decide.candidates import select_lines, select_nothing
from guerdon.engine.decide.compensating import Compensation, compensation_of, take_compensation_back
from guerdon.engine.decide.due import catch_up
from guerdon.engine.decide.history import Told
from guerdon.engine.decide.kept import RETURNED
from guerdon.engine.decide.late import is_late, is_too_late, tier_on_desk, windows_on_desk
from guerdon.engine.decide.specials import catch_up_all
from guerdon.engine.decide.spending import requested, why_not, within_limits
from guerdon.engine.decide.trial import Trial
from guerdon.engine.rows import SPEND_NONE

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider


def purchase(decider: Decider, i: int, event: Any) -> None:
    """A purchase, whatever made the loop stop before it."""
    holder = None
    if event.reference:
        holder = history.event_by_reference(decider, event.merchant or "", event.series, event.reference)
    compensation = None
    if holder is not None:
        outcome, reason = _claim(decider, holder, event)
        if outcome is not Outcome.POSTED:
            _end(decider, event.seq, outcome, reason)
            return
        compensation = compensation_of(decider, holder)
    if is_late(decider, i):
        if is_too_late(decider, i):
            _end(decider, event.seq, Outcome.REFUSED, Reason.TOO_LATE)
            return
        e = decider.desk.b_event[i]
        with windows_on_desk(decider, int(e.contact), int(e.local) // DAY), tier_on_desk(decider, i):
            _decide(decider, i, event, compensation)
    else:
        _decide(decider, i, event, compensation)


def _claim(decider: Decider, holder: Told, event: Any) -> tuple[Outcome, Reason]:
    """What the holder of the key makes of a purchase that has it too. POSTED: it may have it."""
    first = holder.event
    same_contact = first.contact_number == event.contact_number
    if first.type is EventType.ADJUST:
        return (Outcome.POSTED, Reason.NONE) if same_contact else (Outcome.REFUSED, Reason.REFERENCE_USED)
    record = decider.records.get(RETURNED, str(first.seq))
    if record is not None and record.fields.get("cancelled"):
        corrects = event.fields.get("corrects") == first.id
        return (Outcome.POSTED, Reason.NONE) if corrects else (Outcome.REFUSED, Reason.REFERENCE_USED)
    if same_contact and first.total == event.total:
        return Outcome.IGNORED, Reason.SAME_REFERENCE
    return Outcome.REFUSED, Reason.REFERENCE_USED


def _end(decider: Decider, seq: int, outcome: Outcome, reason: Reason) -> None:
    booking.begin(decider.desk, seq, 0)
    booking.outcome(decider.desk, seq, outcome, reason)


def _decide(decider: Decider, i: int, event: Any, compensation: Compensation | None) -> None:
    """Decide it; with full cover it posts only if what it asks for is paid in full."""
    c = int(decider.desk.b_event[i].contact)
    trial, done = None, 0
    if decider.program.business.full_cover:
        done = _due_first(decider, c, event)
        trial = Trial(decider, c)
    with spend_asked(decider, i, event):
        _run(decider, i, event, compensation)
        reason = _not_covered(decider, i) if trial is not None else Reason.NONE
    if trial is not None and reason is not Reason.NONE:
        trial.undo()
        if reason is Reason.NOT_FULLY_COVERED and _limits_clip(decider, i, c):
            reason = Reason.LIMIT_REACHED
            trial.undo()
        decider.desk.w_head[0].seq, decider.desk.w_head[0].n = event.seq, done
        _end(decider, event.seq, Outcome.REFUSED, reason)


def _due_first(decider: Decider, c: int, event: Any) -> int:
    """What is due happens whatever becomes of the purchase; says how many transfers it made."""
    now = max(int(event.time), int(step.clock_of(decider.desk, c)))
    booking.begin(decider.desk, event.seq, now)
    if decider.desk.s_contact[c].status != Status.NEW:
        catch_up_all(decider, event.seq, c, now)
    return int(decider.desk.w_head[0].n)


def _run(decider: Decider, i: int, event: Any, compensation: Compensation | None) -> None:
    """What is due first, then the purchase itself."""
    d = decider.desk
    c, now = int(d.b_event[i].contact), max(int(event.time), int(step.clock_of(d, int(d.b_event[i].contact))))
    if d.s_contact[c].special_at <= now:
        booking.begin(d, event.seq, now)
        catch_up_all(decider, event.seq, c, now)
    if compensation is None:
        decider.run_one(i, layout.FORCED)
    else:
        _with_compensation(decider, i, event, compensation)


def _not_covered(decider: Decider, i: int) -> Reason:
    """Why the purchase just decided is not paid as it asks to be; NONE if it is, asks nothing, or was not decided."""
    d = decider.desk
    e = d.b_event[i]
    ended = history.outcome_of(decider, int(e.seq))
    if e.spend_kind == SPEND_NONE or ended is None or ended[0] is not Outcome.POSTED:
        return Reason.NONE
    if requested(d, i, e.contact) <= d.w_head[0].spent:
        return Reason.NONE
    refused = int(why_not(d, i, e.contact))
    if refused:
        return Reason(refused)
    limited = d.w_head[0].spend_reason == Reason.LIMIT_REACHED
    return Reason.LIMIT_REACHED if limited else Reason.NOT_FULLY_COVERED


def _limits_clip(decider: Decider, i: int, c: int) -> bool:
    """Whether a limit left less than the purchase asked for."""
    d = decider.desk
    want = int(requested(d, i, c))
    return int(within_limits(d, c, layout.ON_SPEND, want, int(d.b_event[i].seq))) < want


def _with_compensation(decider: Decider, i: int, event: Any, compensation: Compensation) -> None:
    """The step for this purchase, the compensation taken back between its awards and what it redeems."""
    c = int(decider.desk.b_event[i].contact)
    while not step.has_room(decider.desk, c):
        decider.make_room()
    d = decider.desk
    booking.begin(d, event.seq, max(int(event.time), int(step.clock_of(d, c))))
    if d.s_contact[c].status >= Status.ON_HOLD:
        step.purchase(d, i, c)  # is ignored
        return
    step.enrolment(d, i, c)
    _catch_up(decider, c, event.seq)
    step.queue(d, int(EventType.PURCHASE), 0, 0, c)
    r = 0
    while r < int(decider.desk.w_head[0].queued):
        _round(decider, i, r, compensation)
        r += 1
    k, now = decider.desk.s_contact[c], int(decider.desk.w_head[0].now)
    k.clock, k.dirty = max(int(k.clock), now), 1
    booking.outcome(decider.desk, event.seq, Outcome.POSTED, 0)


def _round(decider: Decider, i: int, r: int, compensation: Compensation) -> None:
    """One event of the purchase's journal, as ``step.rounds`` decides it."""
    d = decider.desk
    q = d.w_queue[r]
    trigger, cause, scheme, c = int(q.trigger), int(q.cause), int(q.scheme), int(q.contact)
    seq = int(d.b_event[i].seq)
    if trigger == EventType.PURCHASE:
        select_lines(d, i)
        step.money_off(d, i, c)
    else:
        select_nothing(d)
    award_round(d, i, c, trigger, cause, scheme)
    if trigger == EventType.PURCHASE:
        take_compensation_back(Back(decider, seq, c, int(d.w_head[0].now)), compensation)
        step.settle_wallet(decider.desk, i, c)
        step.count_tier(decider.desk, i, c)
    else:
        _catch_up(decider, c, seq)
    decider.desk.s_contact[c].dirty = 1


def _catch_up(decider: Decider, c: int, seq: int) -> None:
    d = decider.desk
    if d.s_contact[c].due_at <= d.w_head[0].now:
        catch_up(d, seq, c, int(d.w_head[0].now))
