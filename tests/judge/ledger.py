"""The ledger: balanced transfers between named accounts, and the parting of an award over its funders.

Accounts are text, `owner/role` or `owner/commerce/pool`; a balance is credits less debits.
"""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from typing import TYPE_CHECKING

from .money import rounded
from .state import Award, Contact, Funding, Lot, Transfer

if TYPE_CHECKING:
    from .judge import Judge


def move(j: Judge, debit: str, credit: str, amount: int, at: datetime, kind: str) -> None:
    """Post one transfer; nothing is posted for nothing."""
    if amount == 0 or debit == credit:
        return
    assert amount > 0, (debit, credit, amount)
    s = j.state
    n = 1 + sum(1 for t in s.transfers if t.seq == j.seq)
    s.transfers.append(Transfer(j.event, j.seq, n, debit, credit, amount, at, kind))
    s.balances[debit] = s.balances.get(debit, 0) - amount
    s.balances[credit] = s.balances.get(credit, 0) + amount


def balance(j: Judge, account: str) -> int:
    return j.state.balances.get(account, 0)


def next_lot_id(j: Judge) -> tuple[int, int]:
    return (j.seq, 1 + sum(1 for t in j.state.transfers if t.seq == j.seq))


def open_money(j: Judge, contact: Contact) -> int:
    return balance(j, f"{contact.name}/open") + balance(j, f"{contact.name}/open:payable")


def debt(j: Judge, contact: Contact) -> int:
    """What the contact owes, as a positive amount."""
    return -balance(j, f"{contact.name}/debt")


def take_open(j: Judge, contact: Contact, amount: int, credit: str, at: datetime, kind: str) -> list[tuple[str, int]]:
    """Take from `open` first, then from `open:payable`; says what was taken where."""
    parts = []
    for role in ("open", "open:payable"):
        part = min(amount, balance(j, f"{contact.name}/{role}"))
        if part > 0:
            move(j, f"{contact.name}/{role}", credit, part, at, kind)
            parts.append((role, part))
            amount -= part
    assert amount == 0
    return parts


def commerce(lot: Lot) -> str:
    """The account that holds a lot's money now."""
    return f"{lot.contact}/pending" if lot.pending else f"{lot.contact}/commerce/{lot.pool}"


# The merchant's part of an award


def merchant_part(funding: Funding, amount: int) -> int:
    """The merchant's part of a running total of the award; halves fall on the business."""
    if funding.merchant is None or amount == 0:
        return 0
    if funding.rate is not None:
        return rounded(funding.rate * amount, "half_down")
    assert funding.amount is not None
    return rounded(min(funding.amount, Fraction(funding.award)) * amount / funding.award, "half_down")


def pay_in(j: Judge, funding: Funding, before: int, amount: int, credit: str, at: datetime, kind: str) -> None:
    """The funders pay this part of an award, of which `before` is already paid."""
    merchant = merchant_part(funding, before + amount) - merchant_part(funding, before)
    move(j, funding.source, credit, amount - merchant, at, kind)
    move(j, f"{funding.merchant}/{funding.role}", credit, merchant, at, kind)


def pay_back(j: Judge, funding: Funding, debit: str, amount: int, at: datetime, kind: str) -> int:
    """A part of an award goes back to its funders; says how much of it is the merchant's."""
    merchant = merchant_part(funding, funding.live) - merchant_part(funding, funding.live - amount)
    funding.live -= amount
    move(j, debit, funding.source, amount - merchant, at, kind)
    move(j, debit, f"{funding.merchant}/{funding.role}", merchant, at, kind)
    return merchant


def expire(j: Judge, lot: Lot, amount: int, at: datetime, whole: bool = False) -> None:
    """Money of a lot expires: to breakage, and the merchant's part back to it unless its terms say otherwise."""
    account = commerce(lot)
    lot.remaining -= amount
    funding = lot.funding
    merchant = 0
    if funding is not None and not whole:
        left = max(0, funding.live - amount)
        if not funding.to_breakage:
            merchant = merchant_part(funding, funding.live) - merchant_part(funding, left)
        funding.live = left
    move(j, account, "business/breakage", amount - merchant, at, "expiry")
    if funding is not None:
        move(j, account, f"{funding.merchant}/payable", merchant, at, "expiry")
    j.state.expiries.append((lot.contact, amount, at))


def settlement_fee(fee: tuple[str, Fraction] | None, of: int, whole: int) -> int:
    """A fee of a running total: a share of it, or an amount in proportion to the whole."""
    if fee is None or whole == 0:
        return 0
    kind, value = fee
    return rounded(value * of if kind == "rate" else value * of / whole, "half_up")


def award_fee_back(j: Judge, award: Award, before: int, after: int, at: datetime) -> None:
    amount = settlement_fee(award.fee, before, award.amount) - settlement_fee(award.fee, after, award.amount)
    move(j, "business/fee_income", f"{award.fee_merchant}/receivable", amount, at, "award_fee")
