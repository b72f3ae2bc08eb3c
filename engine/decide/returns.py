"""Returns and cancels of purchases: spend back, redeem back, awards reversed, units off (spec 4); cancelled redeems."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from guerdon.engine.codes import Cause, EventType, Outcome, Reason, Status
from guerdon.engine.decide import booking, history
from guerdon.engine.decide.adhoc import ad_hoc
from guerdon.engine.decide.award_back import AwardBack
from guerdon.engine.decide.back import Back, make_room
from guerdon.engine.decide.calendar import stepped
from guerdon.engine.decide.clawing import reverse_lines, reverse_rest
from guerdon.engine.decide.giving_back import redeem_back, settle_lots, spend_back
from guerdon.engine.decide.history import Told
from guerdon.engine.decide.kept import Kept
from guerdon.engine.decide.named import find_purchase
from guerdon.engine.decide.offer_tables import step
from guerdon.engine.decide.progress_back import progress_back
from guerdon.engine.decide.redeemed import forget_redeemed, redeemed_by
from guerdon.engine.decide.rule_versions import version_of
from guerdon.engine.decide.specials import catch_up_all
from guerdon.engine.decide.step import clock_of
from guerdon.engine.decide.units_back import units_back
from guerdon.engine.decide.waiting import wait
from guerdon.engine.events.amounts import half_up
from guerdon.rules.program import Multiply

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

_OF_REGISTERING = (int(Cause.REGISTER), int(Cause.SIGN_UP))


def given_back(decider: Decider, i: int, event: Any) -> None:
    """A return or a cancel: of a purchase that is known, of one that is still to come, or of none (ad hoc)."""
    if event.fields.get("of") is None:
        if event.type is EventType.RETURN:
            ad_hoc(decider, i, event)
        else:
            _end(decider, event.seq, Outcome.REFUSED, Reason.UNKNOWN_PURCHASE)
        return
    told = find_purchase(decider, event)
    if told is None:
        wait(decider, event)
    elif told.outcome is Outcome.IGNORED:
        _end(decider, event.seq, Outcome.IGNORED, Reason.NOTHING_TO_DO)
    elif told.outcome is Outcome.POSTED and told.event.type is EventType.REDEEM and event.type is EventType.CANCEL:
        _of_redeem(decider, event, told)
    elif told.outcome is not Outcome.POSTED or told.event.type is not EventType.PURCHASE:
        _end(decider, event.seq, Outcome.REFUSED, Reason.UNKNOWN_PURCHASE)
    else:
        _of_purchase(decider, event, told)


def _of_purchase(decider: Decider, event: Any, told: Told) -> None:
    c = _in_time(decider, event, told)
    if c is None:
        return
    kept = Kept(decider, told)
    cancel = event.type is EventType.CANCEL
    reason = Reason.ALREADY_CANCELLED if kept.cancelled else Reason.NONE
    if cancel:
        kept.cancel()
    elif reason is Reason.NONE:
        reason = kept.give_back(event.fields)
    if reason is not Reason.NONE:
        _end(decider, event.seq, Outcome.REFUSED, reason)
        return
    back = _begun(decider, event, kept, c)
    take_all_back(back, kept, cancel)
    _posted(back)


def _of_redeem(decider: Decider, event: Any, told: Told) -> None:
    """A redeem request is cancelled, by itself or with its purchase, but once: its lots have their money again."""
    c = _in_time(decider, event, told)
    if c is None:
        return
    kept = Kept(decider, told)
    named = find_purchase(decider, told.event) if "of" in told.event.fields else None
    if kept.cancelled or (named is not None and told.seq not in redeemed_by(decider, named.seq)):
        _end(decider, event.seq, Outcome.REFUSED, Reason.ALREADY_CANCELLED)
        return
    kept.cancel()
    back = _begun(decider, event, kept, c)
    lots = redeem_back(back, kept)
    if named is not None:
        forget_redeemed(decider, named.seq, told.seq, back.number)
    settle_lots(back, lots)
    _posted(back)


def _in_time(decider: Decider, event: Any, told: Told) -> int | None:
    """Row of the contact that holds the wallet; None: it comes too late, and is refused."""
    c = decider.row(_wallet(decider, told))
    unit, n = step(decider.program.business.late_within)
    if stepped(decider.desk, event.time, unit, n) < int(clock_of(decider.desk, c)):
        _end(decider, event.seq, Outcome.REFUSED, Reason.TOO_LATE)
        return None
    return c


def _begun(decider: Decider, event: Any, kept: Kept, c: int) -> Back:
    """Its booking is begun at the contact's clock, with all done that falls due until then."""
    now = max(event.time, int(clock_of(decider.desk, c)))
    booking.begin(decider.desk, event.seq, now)
    catch_up_all(decider, event.seq, c, now)
    back = Back(decider, event.seq, c, now)
    back.holds(kept)
    return back


def _posted(back: Back) -> None:
    """What it did to purchases is noted for the returns to come."""
    decider = back.decider
    for bought in back.touched():
        bought.keep(decider)
    k = decider.desk.s_contact[back.c]
    k.clock, k.dirty = max(int(k.clock), back.now), 1
    make_room(decider)
    booking.outcome(decider.desk, back.seq, Outcome.POSTED, 0)


def _wallet(decider: Decider, told: Told) -> int:
    """Number of the contact that holds what the purchase gave: after a merge the target, forwarded events included."""
    number = history.merged_into(decider, told.event.contact_number, told.seq)
    forwards = version_of(decider, told.version).program.business.merge_forward
    if forwards and decider.desk.s_contact[decider.row(number)].status == Status.MERGED:
        return history.merged_into(decider, number)
    return number


def take_all_back(back: Back, kept: Kept, cancel: bool) -> None:
    """Everything that follows from what is returned by now."""
    spend_back(back, kept, cancel)
    lots = redeem_back(back, kept) if cancel else []
    _awards_back(back, kept, cancel)
    progress_back(back, kept, cancel)
    for bought in back.touched():
        _multiplied_back(back, bought)
    units_back(back, kept)
    settle_lots(back, lots)


def _end(decider: Decider, seq: int, outcome: Outcome, reason: Reason) -> None:
    """It ends without moving anything."""
    make_room(decider)
    booking.begin(decider.desk, seq, 0)
    booking.outcome(decider.desk, seq, outcome, reason)


# ---- awards


def _awards_back(back: Back, kept: Kept, cancel: bool) -> None:
    """The purchase's awards, those of offers with goals apart; on a cancel those of its registering and joining too."""
    for award in history.awards_of(back.decider, kept.seq):
        if cancel and award["cause"] in _OF_REGISTERING:
            reverse_rest(back, AwardBack(back, kept, award))
    for award in history.awards_of(back.decider, kept.seq):
        offer = kept.version.offer(int(award["offer"]))
        if award["cause"] != 0 or offer.goals:
            continue
        book = AwardBack(back, kept, award)
        if cancel or not kept.still_meets(book.offer):
            reverse_rest(back, book)
        elif not isinstance(offer.award, Multiply):
            due = {line: half_up(share * kept.returned[line]) for line, share in book.lines.items()}
            reverse_lines(back, book, due)


def _multiplied_back(back: Back, kept: Kept) -> None:
    """Awards that multiply follow what they multiplied, line by line."""
    rows = [row for row in history.awards_of(back.decider, kept.seq) if row["cause"] == 0]
    ids = {kept.version.offer(int(row["offer"])).id: row for row in rows}
    for row in rows:
        offer = kept.version.offer(int(row["offer"]))
        if not isinstance(offer.award, Multiply):
            continue
        named = [AwardBack(back, kept, ids[id]) for id in offer.award.offers if id in ids]
        book = AwardBack(back, kept, row)
        due = {}
        for line, share in book.lines.items():
            base = sum(each.lines.get(line, 0) for each in named)
            undone = sum(each.line_undone(line) for each in named)
            due[line] = half_up(Fraction(share * undone, base)) if base else 0
        reverse_lines(back, book, due)
