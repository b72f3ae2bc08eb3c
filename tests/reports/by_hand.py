"""The wallets of a ledger at a cut, added up one transfer after the other in plain Python: the judge of the reports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from guerdon.engine.codes import OwnerKind, Role, TransferKind, account_parts
from guerdon.engine.ledger import Ledger

K = TransferKind
OPEN_ROLES = (Role.OPEN, Role.OPEN_PAYABLE, Role.HELD, Role.PAYOUT)


def money(account: int) -> tuple[str, int]:
    """The kind of wallet money that an account holds ('' of none), and whose it is."""
    kind, owner, role = account_parts(account)
    if kind != OwnerKind.CONTACT:
        return "", 0
    if role == Role.DEBT:
        return "debt", owner
    return ("open" if role in OPEN_ROLES else "commerce"), owner


@dataclass(slots=True)
class Hand:
    """What wallets hold. ``lots``: (seq, n) → minor; ``purses``: contact → [(lot or None, minor)], oldest first."""

    lots: dict[tuple[int, int], int] = field(default_factory=lambda: defaultdict(int))
    pools: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    purses: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    debt: int = 0
    redeemed: dict[tuple[int, int], int] = field(default_factory=lambda: defaultdict(int))
    expired: dict[int, int] = field(default_factory=lambda: defaultdict(int))  # offer → minor
    reversed: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def owed(self) -> int:
        return sum(self.lots.values()) + sum(self.purses.values())


def by_hand(ledger: Ledger, until: int | None = None, last_seq: int | None = None) -> Hand:
    """Every transfer effective before ``until`` (µs UTC) and posted up to ``last_seq``."""
    hand = Hand()
    for row in seen(ledger, until, last_seq):
        lot = row["lot_seq"], row["lot_n"]
        given = row["seq"], row["n"]
        source, giver = money(row["debit"])
        target, taker = money(row["credit"])
        amount = row["amount"]
        if source == "commerce":
            hand.lots[lot] -= amount
            hand.pools[account_parts(row["debit"])[2]] -= amount
        if target == "commerce":
            hand.lots[given if row["kind"] == K.TRANSFER else lot] += amount
            hand.pools[account_parts(row["credit"])[2]] += amount
        hand.purses[giver] -= amount if source == "open" else 0
        hand.purses[taker] += amount if target == "open" else 0
        hand.debt += (target == "debt") * amount - (source == "debt") * amount
        if row["kind"] in (K.REDEEM, K.REDEEM_REVERSAL):
            hand.redeemed[lot] += amount if row["kind"] == K.REDEEM else -amount
        if row["kind"] in (K.EXPIRY, K.FORFEIT) and source == "commerce":
            hand.expired[row["offer"]] += amount
        if row["kind"] == K.AWARD_REVERSAL:
            hand.reversed[row["offer"]] += amount
    return hand


def seen(ledger: Ledger, until: int | None, last_seq: int | None) -> Iterator[Mapping[str, Any]]:
    """The transfers of wallets that a cut sees, in the order of the log."""
    posted = {row["seq"]: row["at_seq"] for row in ledger.frame("resolved").to_dicts()}
    for row in ledger.frame("transfer").sort("seq", "n").to_dicts():
        late = until is not None and row["effective_at"] >= until
        unknown = last_seq is not None and posted.get(row["seq"], row["seq"]) > last_seq
        if row["unit"] == 0 and not late and not unknown:
            yield row
