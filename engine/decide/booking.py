"""Writing down: transfers, refusals and what an explanation is told. Every row of a journal passes through here."""

from __future__ import annotations

from typing import Any

import numpy as np

from guerdon.engine.codes import KIND_SHIFT, OWNER_SHIFT, OwnerKind, Reason, Role
from guerdon.engine.decide.arithmetic import U0, U1, lowest_bit

BUSINESS = int(OwnerKind.BUSINESS) << KIND_SHIFT
CONTACT = int(OwnerKind.CONTACT) << KIND_SHIFT
MERCHANT = int(OwnerKind.MERCHANT) << KIND_SHIFT
COMMERCE = int(Role.COMMERCE)
REWARDS_COST = BUSINESS | int(Role.REWARDS_COST)
FEE_INCOME = BUSINESS | int(Role.FEE_INCOME)
BREAKAGE = BUSINESS | int(Role.BREAKAGE)
SPENT = BUSINESS | int(Role.SPENT)
PENDING, OPEN, PAYABLE_OUT, PAYOUT, DEBT = (
    int(Role.PENDING),
    int(Role.OPEN),
    int(Role.OPEN_PAYABLE),
    int(Role.PAYOUT),
    int(Role.DEBT),
)
RECEIVABLE, PAYABLE, BUDGET = int(Role.RECEIVABLE), int(Role.PAYABLE), int(Role.BUDGET)
OUTRANKED = int(Reason.OUTRANKED)
_STORED_FROM, _STORED_TO = int(Reason.COOLDOWN), int(Reason.AWARD_SHARE_REACHED)
_ROUNDS_TO_ZERO = int(Reason.ROUNDS_TO_ZERO)


def of_contact(number: int, role: int) -> int:
    """Account of a contact."""
    return CONTACT | (int(number) << OWNER_SHIFT) | int(role)


def of_merchant(number: int, role: int) -> int:
    """Account of a merchant."""
    return MERCHANT | (int(number) << OWNER_SHIFT) | int(role)


def book(
    d: Any,
    seq: int,
    kind: int,
    debit: int,
    credit: int,
    amount: int,
    effective_at: int,
    lot_seq: int,
    lot_n: int,
    offer: int,
) -> int:
    """Write one transfer and return its ``n``; an amount of zero writes nothing and returns 0."""
    if amount == 0:
        return 0
    head = d.w_head[0]
    head.n += 1
    row = d.o_transfer[d.o_head[0].transfers]
    d.o_head[0].transfers += 1
    row.seq = seq
    row.n = head.n
    row.kind = kind
    row.unit = 0
    row.debit = debit
    row.credit = credit
    row.amount = amount
    row.lot_seq = lot_seq
    row.lot_n = lot_n
    row.offer = offer
    row.reverses_seq = 0
    row.reverses_n = 0
    row.line = 0
    row.effective_at = effective_at
    return int(head.n)


def refuse(d: Any, seq: int, o: int, reason: int, needed: int, had: int, lost: int, winner: int) -> None:
    """An offer of this event gives nothing: count it, and keep the row where it can't be worked out again."""
    d.o_refused[o, reason] += 1
    stored = _STORED_FROM <= reason <= _STORED_TO and reason != _ROUNDS_TO_ZERO
    if stored or d.r_head[0].keep_refusals == 1:
        row = d.o_refusal[d.o_head[0].refusals]
        d.o_head[0].refusals += 1
        row.seq = seq
        row.offer = d.r_offer[o].number
        row.reason = reason
        row.request = 0
        row.cause = d.w_head[0].cause
        row.scheme = d.w_head[0].scheme
        row.winner = winner
        row.needed = needed
        row.had = had
        row.lost = lost


def refuse_request(d: Any, seq: int, request: int, reason: int, needed: int, had: int) -> None:
    """A spend, redeem or payout is refused."""
    row = d.o_refusal[d.o_head[0].refusals]
    d.o_head[0].refusals += 1
    row.seq = seq
    row.offer = 0
    row.reason = reason
    row.request = request
    row.cause = 0
    row.scheme = 0
    row.winner = 0
    row.needed = needed
    row.had = had
    row.lost = 0


def outcome(d: Any, seq: int, result: int, reason: int) -> None:
    """How an event ended, with the number of transfers it made."""
    row = d.o_outcome[d.o_head[0].outcomes]
    d.o_head[0].outcomes += 1
    row.seq = seq
    row.outcome = result
    row.reason = reason
    row.transfers = d.w_head[0].n


def begin(d: Any, seq: int, now: int) -> None:
    """Clear the scratch for a new event; one that has begun already goes on numbering its transfers."""
    head = d.w_head[0]
    if head.seq != seq:
        head.seq = seq
        head.n = 0
    head.stamp += 1
    head.instants = 0
    head.cause = 0
    head.scheme = 0
    head.spent = 0
    head.spend_reason = 0
    head.now = now


def refuse_all(d: Any, seq: int, word: int, mask: np.uint64, reason: int) -> None:
    """Refuse every offer of one word of a mask for a reason without figures."""
    while mask != U0:
        refuse(d, seq, word * 64 + lowest_bit(mask), reason, 0, 0, 0, 0)
        mask = mask & (mask - U1)
