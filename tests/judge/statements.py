"""Budgets and statements: what each merchant owes or is owed for a period, from the transfers that touch it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from .ledger import balance, move
from .money import BadAmount
from .state import Refused, Transfer

if TYPE_CHECKING:
    from .judge import Judge

# From which states each event leads, and to which.
STEPS = {
    "statement_approved": (("draft", "failed"), "approved"),
    "statement_sent": (("approved",), "sent"),
    "statement_paid": (("sent",), "paid"),
    "statement_failed": (("sent",), "failed"),
}


def budget_loaded(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    merchant = known_merchant(j, e)
    try:
        amount = int(j.rules.money(e["amount"]) / j.rules.worth)
    except BadAmount as error:
        raise Refused("bad_amount") from error
    if amount == 0:
        raise Refused("bad_amount")
    if ((j.rules.terms.get(merchant) or {}).get("settle") or {}).get("mode") != "prepaid":
        raise Refused("invalid_transition")
    if amount > 0:
        move(j, "business/bank", f"{merchant}/budget", amount, moment, "budget")
    else:
        if balance(j, f"{merchant}/budget") < -amount:
            raise Refused("insufficient_funds")
        move(j, f"{merchant}/budget", "business/bank", -amount, moment, "budget")


def known_merchant(j: Judge, e: dict[str, Any]) -> str:
    merchant = e.get("merchant")
    if merchant not in j.rules.merchants:
        raise Refused("unknown_merchant")
    return str(merchant)


# Periods


def period_of(j: Judge, transfer: Transfer) -> str:
    """The period of its time, if that was not closed in the log before it, else the first that was not."""
    month = j.rules.clock.window("month", transfer.at)
    closed = [period for period, seq in j.state.closed_periods if seq < transfer.seq]
    if not closed or month > max(closed):
        return month
    return next_month(max(closed))


def next_month(period: str) -> str:
    year, month = (int(part) for part in period.split("-"))
    return f"{year + month // 12}-{month % 12 + 1:02d}"


def closed(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    period = e["period"]
    if j.rules.clock.window("month", moment) <= period:
        raise Refused("invalid_transition")
    if j.state.closed_periods and period <= max(p for p, _ in j.state.closed_periods):
        raise Refused("invalid_transition")
    j.state.closed_periods.append((period, j.seq))


def status(j: Judge, merchant: str, period: str) -> str:
    found = j.state.statements.get((merchant, period))
    if found is not None:
        return found
    return "draft" if any(period <= each for each, _ in j.state.closed_periods) else "open"


# The transfers of a statement


def touching(j: Judge, merchant: str, period: str) -> list[Transfer]:
    mine = (f"{merchant}/receivable", f"{merchant}/payable", f"{merchant}/budget")
    return [
        t
        for t in j.state.transfers
        if (t.debit in mine or t.credit in mine) and not t.kind.startswith("statement") and period_of(j, t) == period
    ]


def totals(j: Judge, merchant: str, period: str) -> dict[str, int]:
    """By kind, credits of the merchant above zero; what a prepaid budget paid stands apart from the net."""
    found: dict[str, int] = {"net": 0}
    for t in touching(j, merchant, period):
        for account, sign in ((t.credit, 1), (t.debit, -1)):
            if account in (f"{merchant}/receivable", f"{merchant}/payable"):
                found[t.kind] = found.get(t.kind, 0) + sign * t.amount
                found["net"] += sign * t.amount
            elif account == f"{merchant}/budget" and t.kind == "award":
                found["prepaid"] = found.get("prepaid", 0) + sign * t.amount
    return found


def sums(j: Judge, merchant: str, period: str) -> tuple[int, int]:
    """What the merchant owes over the period, and what it is owed."""
    owes, owed = 0, 0
    for t in touching(j, merchant, period):
        for account, sign in ((t.credit, 1), (t.debit, -1)):
            if account == f"{merchant}/receivable":
                owes -= sign * t.amount
            if account == f"{merchant}/payable":
                owed += sign * t.amount
    return owes, owed


def both_ways(j: Judge, debit: str, credit: str, amount: int, at: datetime) -> None:
    if amount < 0:
        move(j, credit, debit, -amount, at, "statement")
    else:
        move(j, debit, credit, amount, at, "statement")


def step(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    merchant, period = known_merchant(j, e), e["period"]
    before, after = STEPS[e["type"]]
    if status(j, merchant, period) not in before:
        raise Refused("invalid_transition")
    owes, owed = sums(j, merchant, period)
    settled = f"{merchant}/settled"
    if e["type"] in ("statement_approved", "statement_failed"):
        sign = 1 if e["type"] == "statement_approved" else -1
        both_ways(j, settled, f"{merchant}/receivable", sign * owes, moment)
        both_ways(j, f"{merchant}/payable", settled, sign * owed, moment)
    if e["type"] == "statement_paid":
        both_ways(j, settled, "business/bank", owed - owes, moment)
    j.state.statements[(merchant, period)] = after
