"""Taking an award back: from where, in what order, and what of it counts as reversed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from .ledger import award_fee_back, balance, commerce, merchant_part, move, pay_back
from .money import split
from .state import Award

if TYPE_CHECKING:
    from .judge import Judge


def reverse_rest(j: Judge, award: Award, event: str, at: datetime) -> None:
    """All that is left of the award."""
    reverse_share(j, award, dict(award.lines), event, at, whole=True)


def reverse_share(
    j: Judge, award: Award, targets: dict[int, int], event: str, at: datetime, whole: bool = False
) -> None:
    """Reverse up to what should be reversed on each line by now."""
    wanted = 0
    for number, target in targets.items():
        more = max(0, target - award.undone.get(number, 0))
        award.undone[number] = award.undone.get(number, 0) + more
        wanted += more
    if whole and not award.lines:
        wanted = award.amount - award.undone_total
    award.undone_total += wanted
    reverse(j, award, wanted, event, at)
    if award.undone_total >= award.amount:
        release_times(award)


def reverse_wins(j: Judge, award: Award, wins: int, event: str, at: datetime) -> None:
    """Some wins of an award: its rest × wins gone ÷ wins left."""
    from fractions import Fraction

    from .money import rounded

    left = award.amount - award.undone_total
    if wins >= award.wins:
        reverse_rest(j, award, event, at)
        award.wins = 0
        return
    live = award.funding.live
    amount = rounded(Fraction(live * wins, award.wins), "half_up")
    award.wins -= wins
    rests = {number: share - award.undone.get(number, 0) for number, share in award.lines.items()}
    for number, part in split(min(amount, left), rests).items():
        award.undone[number] = award.undone.get(number, 0) + part
    award.undone_total += min(amount, left)
    reverse(j, award, amount, event, at)
    if award.usage is not None:
        award.usage.times -= wins


def release_times(award: Award) -> None:
    award.gone = True
    if award.usage is not None:
        award.usage.times = 0


def reverse(j: Judge, award: Award, wanted: int, event: str, at: datetime) -> None:
    """Take this much of the award back, at most what has neither expired nor been reversed."""
    live = award.funding.live
    wanted = min(wanted, live)
    if wanted == 0:
        return
    taken = take_product(j, award, wanted, at) if award.is_product else take_money(j, award, wanted, at)
    award_fee_back(j, award, live, live - taken, at)
    award.funding.live = live - wanted  # what could not be taken is given up, and counts as reversed
    if award.usage is not None:
        award.usage.amount -= wanted
    key = (event, award.offer.id)
    j.state.reversals[key] = j.state.reversals.get(key, 0) + taken


def take_money(j: Judge, award: Award, wanted: int, at: datetime) -> int:
    policy = award.offer.get("claw_back", "debt")
    contact = j.followed(award.contact).name
    left = wanted
    lot = award.lot
    if lot is not None and (lot.pending or policy != "pending_only"):
        part = min(left, lot.remaining)
        take(j, award, commerce(lot), part, at)
        lot.remaining -= part
        left -= part
    if policy == "pending_only":
        return wanted - left
    part = min(left, award.repaid)
    take(j, award, f"{contact}/debt", part, at)
    award.repaid -= part
    left -= part
    for role in ("open", "open:payable"):
        part = min(left, balance(j, f"{contact}/{role}"))
        take(j, award, f"{contact}/{role}", part, at)
        left -= part
    if policy == "debt":
        take(j, award, f"{contact}/debt", left, at)
        left = 0
    return wanted - left


def take(j: Judge, award: Award, account: str, amount: int, at: datetime) -> None:
    """Back to the funders, in the award's own parts; budgets get their share back."""
    if amount > 0:
        merchant = pay_back(j, award.funding, account, amount, at, "award")
        if award.usage is not None:
            award.usage.share -= merchant


def take_product(j: Judge, award: Award, wanted: int, at: datetime) -> int:
    """A free product: the mirror of how it was charged."""
    funding = award.funding
    merchant = merchant_part(funding, funding.live) - merchant_part(funding, funding.live - wanted)
    if award.supplier is not None:
        move(j, f"{award.supplier}/payable", "business/rewards_cost", wanted - merchant, at, "product")
    if award.supplier != funding.merchant:
        supplier = f"{award.supplier}/payable" if award.supplier else "business/spent"
        move(j, supplier, f"{funding.merchant}/{funding.role}", merchant, at, "product")
    if award.usage is not None:
        award.usage.share -= merchant
    return wanted
