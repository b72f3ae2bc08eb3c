"""Who pays an award: the merchant's part by offer, terms or scheme, and the budgets that limit it."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from .candidates import Candidate
from .ledger import balance, merchant_part
from .money import decimal, percent
from .rules import Offer
from .state import Funding, Happening

if TYPE_CHECKING:
    from .judge import Judge


def funding_of(j: Judge, offer: Offer, h: Happening, amount: int) -> Funding:
    """The parting of an award of this amount between a merchant and the business."""
    own = offer.get("funding")
    merchant = offer.get("owner") if offer.get("owner") and own is None else h.merchant
    terms = j.rules.terms.get(merchant) if merchant else None
    if merchant is None:
        share: Any = "0%"
    elif own is not None:
        share = own["merchant"]
    elif offer.get("owner"):
        share = "100%"
    elif terms is not None and "contribution" in terms:
        share = terms["contribution"]
    else:
        share = (offer.scheme.get("funding") or {}).get("merchant", "100%")
    settle = (terms or {}).get("settle") or {}
    prepaid = settle.get("mode") == "prepaid"
    rate, fixed = parted(j, str(share))
    return Funding(
        merchant=merchant,
        role="budget" if prepaid else "receivable",
        rate=rate,
        amount=fixed,
        award=amount,
        live=amount,
        to_breakage=prepaid or settle.get("expiry") == "business",
    )


def parted(j: Judge, share: str) -> tuple[Fraction | None, Fraction | None]:
    if share.endswith("%"):
        return percent(share), None
    return None, decimal(share) * 10**j.rules.digits / j.rules.worth


def fee_of(j: Judge, h: Happening, kind: str) -> tuple[str, Fraction] | None:
    """The settlement fee of the merchant where an award is won or money is spent."""
    terms = j.rules.terms.get(h.merchant) if h.merchant else None
    fee = ((terms or {}).get("fees") or {}).get(kind)
    if fee is None:
        return None
    rate, fixed = parted(j, str(fee))
    return ("rate", rate) if rate is not None else ("amount", fixed or Fraction(0))


def budget_left(j: Judge, merchant: str, h: Happening) -> int | None:
    """What the merchant can still bear, in units: its prepaid budget, or its ceiling for the period."""
    settle = (j.rules.terms.get(merchant) or {}).get("settle") or {}
    if settle.get("mode") == "prepaid":
        return balance(j, f"{merchant}/budget")
    if "budget" not in settle:
        return None
    every = settle.get("every", "month")
    period = j.rules.clock.window(every, h.moment)
    borne = sum(
        usage.share
        for usage in j.state.usages
        if usage.merchant == merchant and j.rules.clock.window(every, usage.moment) == period
    )
    return int(Fraction(j.rules.money(settle["budget"])) / j.rules.worth) - borne


def share_out(j: Judge, winners: list[Candidate], h: Happening) -> list[Candidate]:
    """Clip the awards, in order, so that each merchant's share fits its budget; says which came to nothing."""
    left: dict[str, int | None] = {}
    nothing = []
    for candidate in sorted(winners, key=lambda candidate: candidate.offer.rank):
        funding = funding_of(j, candidate.offer, h, candidate.amount)
        if funding.merchant is None:
            continue
        if funding.merchant not in left:
            left[funding.merchant] = budget_left(j, funding.merchant, h)
        room = left[funding.merchant]
        if room is None:
            continue
        bears = funding.rate != 0 and funding.amount != 0
        amount = 0 if bears and room <= 0 else largest_that_fits(j, candidate, h, room)
        if amount == 0:
            nothing.append(candidate)
        candidate.amount = amount
        if amount:
            left[funding.merchant] = room - merchant_part(funding_of(j, candidate.offer, h, amount), amount)
    return nothing


def largest_that_fits(j: Judge, candidate: Candidate, h: Happening, room: int) -> int:
    """The largest award, up to the one decided, whose merchant's part is within the room."""
    low, high = 0, candidate.amount
    while low < high:
        middle = (low + high + 1) // 2
        if merchant_part(funding_of(j, candidate.offer, h, middle), middle) <= room:
            low = middle
        else:
            high = middle - 1
    return low
