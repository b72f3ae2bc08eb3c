"""Ad hoc returns: without a purchase, what a purchase of now would win by a rate is claimed back (spec 4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from guerdon.engine.codes import EventType, Outcome, Reason, Role, Status, TransferKind
from guerdon.engine.decide import booking, funding, history, layout
from guerdon.engine.decide.amounts import formed
from guerdon.engine.decide.arithmetic import has_bit
from guerdon.engine.decide.back import Back, make_room
from guerdon.engine.decide.calendar import stepped
from guerdon.engine.decide.candidates import needs_wins, select_lines, sift_word
from guerdon.engine.decide.funding import NO_TERMS, part_of_award, permission, set_funder, terms_at
from guerdon.engine.decide.offer_tables import step
from guerdon.engine.decide.resolution import resolve
from guerdon.engine.decide.specials import catch_up_all
from guerdon.engine.decide.step import clock_of
from guerdon.engine.rows import DEBT, PENDING_ONLY

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

_FORMS = (layout.FORM_PERCENT, layout.FORM_PER, layout.FORM_BRACKETS)
_REVERSAL = int(TransferKind.AWARD_REVERSAL)


def ad_hoc(decider: Decider, i: int, event: Any) -> None:
    """Claim back what the returned goods would win now; needs a known contact and a reference."""
    make_room(decider)
    number = history.merged_into(decider, event.contact_number) if event.contact_number else 0
    c = decider.row(number) if number else -1
    reason = _why_not(decider, c, event)
    if reason is not Reason.NONE:
        booking.begin(decider.desk, event.seq, 0)
        booking.outcome(decider.desk, event.seq, Outcome.REFUSED, reason)
        return
    now = max(event.time, int(clock_of(decider.desk, c)))
    booking.begin(decider.desk, event.seq, now)
    catch_up_all(decider, event.seq, c, now)
    back = Back(decider, event.seq, c, now)
    for o, amount in list(_winners(decider, i, c)):
        _claim(back, i, o, amount)
    k = decider.desk.s_contact[c]
    k.clock, k.dirty = max(int(k.clock), now), 1
    make_room(decider)
    booking.outcome(decider.desk, event.seq, Outcome.POSTED, 0)


def _why_not(decider: Decider, c: int, event: Any) -> Reason:
    if c < 0 or decider.desk.s_contact[c].status == Status.NEW:
        return Reason.UNKNOWN_CONTACT
    unit, n = step(decider.program.business.late_within)
    if stepped(decider.desk, event.time, unit, n) < clock_of(decider.desk, c):
        return Reason.TOO_LATE
    return Reason.REFERENCE_REQUIRED if not event.reference else Reason.NONE


def _winners(decider: Decider, i: int, c: int) -> Iterator[tuple[int, int]]:
    """Offers (index) by a rate, without goals, that a purchase of these lines would win, with what each would give."""
    d = decider.desk
    refusals, refused = int(d.o_head[0].refusals), d.o_refused.copy()
    d.w_head[0].listed = 0
    d.w_head[0].money_off = 0
    e = d.b_event[i]
    d.w_head[0].terms = terms_at(d, e.merchant, e.time) if e.merchant >= 0 else NO_TERMS
    select_lines(d, i)
    for word in range(int(d.r_head[0].words)):
        mask = sift_word(d, i, c, word, d.r_trigger[int(EventType.PURCHASE), word], False)
        for bit in range(64):
            if has_bit(mask, bit) and _weigh(d, i, c, word * 64 + bit):
                d.w_list[d.w_head[0].listed] = word * 64 + bit
                d.w_head[0].listed += 1
    resolve(d, d.b_event[i].seq)
    d.o_head[0].refusals = refusals  # nothing was won, so nothing was refused
    d.o_refused[...] = refused
    for r in range(int(d.w_head[0].listed)):
        o = int(d.w_list[r])
        if d.w_offer[o].alive == 1:
            yield o, int(d.w_offer[o].amount)


def _weigh(d: Any, i: int, c: int, o: int) -> bool:
    """Whether the offer gives something; caps and cooldowns don't count here."""
    offer, w, e = d.r_offer[o], d.w_offer[o], d.b_event[i]
    if offer.form not in _FORMS or offer.goal_count > 0:
        return False
    wins = needs_wins(d, o)
    if wins == 0:
        return False
    if e.merchant >= 0:
        owner = d.s_contact[c].owner
        if permission(d, e.merchant, d.w_head[0].terms, owner, offer.scheme, False) != 0:
            return False
    w.wins, w.goals = wins, 0
    set_funder(d, o, e.merchant, d.w_head[0].terms)
    w.amount = formed(d, i, o)
    w.alive = 1 if w.amount > 0 else 0
    return bool(w.alive == 1)


def _claim(back: Back, i: int, o: int, amount: int) -> None:
    """From open money, then as debt, as far as the offer's ``claw_back`` goes."""
    policy = int(back.decider.desk.r_offer[o].claw_back)
    if policy == PENDING_ONLY:
        return
    left = amount
    for field, role in (("open", booking.OPEN), ("payable", booking.PAYABLE_OUT)):
        part = min(left, int(getattr(back.contact, field)))
        if part > 0:
            _credit(back, i, o, amount, left, part, role)
            setattr(back.contact, field, int(getattr(back.contact, field)) - part)
            left -= part
    if policy == DEBT and left > 0:
        _credit(back, i, o, amount, left, left, int(Role.DEBT))
        back.contact.debt += left


def _credit(back: Back, i: int, o: int, amount: int, live: int, x: int, role: int) -> None:
    """The funders get their parts of ``x``, by running totals over the amount claimed."""
    d = back.decider.desk
    w, number = d.w_offer[o], int(d.r_offer[o].number)
    part = 0
    if w.part_kind == layout.SHARE_AMOUNT:
        num = part_of_award(d, o, amount)
        part = funding.merchant_part(live, num, amount) - funding.merchant_part(live - x, num, amount)
    elif w.part_kind == layout.SHARE_RATE:
        num, den = int(w.part_num), int(w.part_den)
        part = funding.merchant_part(live, num, den) - funding.merchant_part(live - x, num, den)
    back.post(_REVERSAL, back.account(role), booking.REWARDS_COST, x - part, offer=number)
    if part <= 0:
        return
    d = back.decider.desk
    funder = int(d.w_offer[o].funder)
    terms = terms_at(d, funder, d.b_event[i].time)
    prepaid = terms != NO_TERMS and d.r_terms[terms].prepaid == 1
    merchant = booking.of_merchant(int(d.r_merchant[funder].number), booking.BUDGET if prepaid else booking.RECEIVABLE)
    back.post(_REVERSAL, back.account(role), merchant, part, offer=number)
    if prepaid:
        funding.use_budget(back.decider.desk, funder, terms, -part)
