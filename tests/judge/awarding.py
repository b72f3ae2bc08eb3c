"""Steps 6 to 9 of a decision: candidates, amounts, resolution, budgets, and posting the awards as lots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .amounts import give, shares, take_from_caps
from .candidates import Candidate, No, concerned, tried
from .funding import fee_of, funding_of, share_out
from .ledger import debt, merchant_part, move, next_lot_id, pay_in, settlement_fee
from .money import percent, rounded
from .resolution import resolve
from .rules import Offer
from .state import Award, Contact, Happening, Lot

if TYPE_CHECKING:
    from datetime import datetime

    from .judge import Judge


def decide_offers(j: Judge, h: Happening, contact: Contact) -> list[Award]:
    """Decide every offer that this event can win, and post what is given."""
    candidates, multipliers = [], []
    for offer in concerned(j, h):
        try:
            candidate = tried(j, offer, h, contact)
            if offer.multiplies:
                multipliers.append(candidate)
            else:
                give(j, candidate, h, contact)
                candidates.append(candidate)
        except No as no:
            refuse(j, h, offer, no.code)
    winners, outranked = resolve(j, candidates)
    for offer_id, by in outranked.items():
        refuse(j, h, j.rules.offers[offer_id], "outranked", by)
    winners += multiplied(j, h, contact, winners, multipliers)
    for candidate in share_out(j, winners, h):
        refuse(j, h, candidate.offer, "budget_used")
        winners.remove(candidate)
    for candidate in over_the_share(j, h, winners):
        refuse(j, h, candidate.offer, "award_share_reached")
        winners.remove(candidate)
    return [post(j, candidate, h, contact) for candidate in sorted(winners, key=posting_order)]


def posting_order(candidate: Candidate) -> tuple[bool, tuple[int, str]]:
    return (bool(candidate.offer.multiplies), candidate.offer.rank)


def refuse(j: Judge, h: Happening, offer: Offer, code: str, by: str | None = None) -> None:
    j.state.refusals.append({"event": h.name, "offer": offer.id, "code": code, "by": by, "contact": h.contact})


def multiplied(
    j: Judge, h: Happening, contact: Contact, winners: list[Candidate], multipliers: list[Candidate]
) -> list[Candidate]:
    """The `multiply` offers, on what the named offers gave on this event."""
    given = []
    for candidate in multipliers:
        for named in winners:
            if named.offer.id in candidate.offer.multiplies:
                candidate.named.append(preview(j, named, h))
        try:
            give(j, candidate, h, contact)
            given.append(candidate)
        except No as no:
            refuse(j, h, candidate.offer, no.code)
    return given


def preview(j: Judge, candidate: Candidate, h: Happening) -> Award:
    """An award as it would be posted, for those who multiply it."""
    offer = candidate.offer
    return Award(
        event=h.name,
        seq=h.seq,
        offer=offer,
        contact=h.contact,
        pool=offer.pool,
        amount=candidate.amount,
        wins=candidate.wins,
        lines=shares(candidate, candidate.amount),
        funding=funding_of(j, offer, h, candidate.amount),
        named=[],
        is_product="product" in offer.award,
        supplier=(offer.award.get("product") or {}).get("supplier"),
        fee_merchant=h.merchant,
        fee=fee_of(j, h, "award"),
        period=j.rules.clock.window("month", h.moment),
    )


def over_the_share(j: Judge, h: Happening, winners: list[Candidate]) -> list[Candidate]:
    """Clip to the largest share of the purchase, the last by (priority, id) first; says which came to nothing."""
    limit = j.rules.business.get("award_share_max", "none")
    if limit == "none" or h.type != "purchase":
        return []
    most = rounded(percent(limit) * h.total / j.rules.worth, "floor")
    counted = [c for c in winners if (not c.offer.goals or c.offer.multiplies) and "product" not in c.offer.award]
    over = sum(candidate.amount for candidate in counted) - most
    nothing = []
    for candidate in sorted(counted, key=lambda candidate: candidate.offer.rank, reverse=True):
        cut = min(candidate.amount, max(0, over))
        candidate.amount -= cut
        over -= cut
        if candidate.amount == 0:
            nothing.append(candidate)
    return nothing


def post(j: Judge, candidate: Candidate, h: Happening, contact: Contact) -> Award:
    """Post one award: the funders pay debt first, the rest is a lot."""
    award = preview(j, candidate, h)
    award.named = [real for named in candidate.named for real in h.awards if real.offer.id == named.offer.id]
    if award.named and not award.is_product:
        award.lines = shares(candidate, candidate.amount)
    take_from_caps(j, candidate, h, award)
    bear(j, award)
    if candidate.win is not None:
        candidate.win.award = award
    h.awards.append(award)
    j.state.awards.append(award)
    use_up_entry(j, candidate.offer, contact)
    cool_down(j, candidate.offer, h, contact)
    if award.is_product:
        post_product(j, award, h.moment)
    else:
        post_money(j, award, h, contact)
    fee = settlement_fee(award.fee, award.amount, award.amount)
    move(j, f"{award.fee_merchant}/receivable", "business/fee_income", fee, h.moment, "award_fee")
    return award


def bear(j: Judge, award: Award) -> None:
    """Note the merchant's share against its budget of the period."""
    assert award.usage is not None
    award.usage.merchant = award.funding.merchant
    award.usage.share = merchant_part(award.funding, award.amount)


def use_up_entry(j: Judge, offer: Offer, contact: Contact) -> None:
    for code in j.rules.codes.values():
        if code.get("unlocks") == offer.id and code["id"] in contact.entries:
            contact.entries.remove(code["id"])
            return


def cool_down(j: Judge, offer: Offer, h: Happening, contact: Contact) -> None:
    if offer.get("cooldown"):
        until = j.rules.clock.after(h.moment, offer.get("cooldown"))
        contact.cooldown[offer.id] = max(until, contact.cooldown.get(offer.id, until))


def post_money(j: Judge, award: Award, h: Happening, contact: Contact) -> None:
    award.repaid = min(max(0, debt(j, contact)), award.amount)
    pay_in(j, award.funding, 0, award.repaid, f"{contact.name}/debt", h.moment, "award")
    rest = award.amount - award.repaid
    if rest == 0:
        return
    offer = award.offer
    pending = offer.get("pending")
    lot = Lot(
        id=next_lot_id(j),
        contact=contact.name,
        pool=award.pool,
        remaining=rest,
        earned_at=h.moment,
        usable_at=j.rules.clock.after(h.moment, pending["for"]) if pending else h.moment,
        expires_at=expiry(j, offer.get("valid") or j.rules.pools[award.pool].get("valid"), h.moment),
        pending=bool(pending),
        instant=offer.get("redeem") == "instant",
        award=award,
        funding=award.funding,
        offer=offer,
        cause=h.cause,
    )
    award.lot = lot
    j.state.lots.append(lot)
    where = f"{contact.name}/pending" if pending else f"{contact.name}/commerce/{award.pool}"
    pay_in(j, award.funding, award.repaid, rest, where, h.moment, "award")


def expiry(j: Judge, valid: object, moment: datetime) -> datetime | None:
    """The last instant at which a lot can be used; None is never over."""
    if valid == "always":
        return None
    if not isinstance(valid, dict):
        return j.rules.clock.after(moment, "1y")
    if "until" in valid:
        from .clock import MICROSECOND

        return j.rules.clock.midnight_of(valid["until"]) - MICROSECOND
    return j.rules.clock.after(moment, valid["for"])


def post_product(j: Judge, award: Award, at: datetime) -> None:
    """A free product: its value from the funders to the supplier; nothing where both are the same."""
    merchant = merchant_part(award.funding, award.amount)
    if award.supplier is not None:
        move(j, "business/rewards_cost", f"{award.supplier}/payable", award.amount - merchant, at, "product")
    if award.supplier != award.funding.merchant:
        supplier = f"{award.supplier}/payable" if award.supplier else "business/spent"
        move(j, f"{award.funding.merchant}/{award.funding.role}", supplier, merchant, at, "product")
