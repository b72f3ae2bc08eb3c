"""What a run did: events by outcome, awards by offer with their funders, wallets, settlement, seconds, peak memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import BindParameter, bindparam, distinct, func, select

from guerdon.engine.codes import KIND_SHIFT, OwnerKind, Role, TransferKind, account_parts
from guerdon.engine.ledger import tables
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.report.naming import decimal_of
from guerdon.rules.program import Program

_A, _T, _B = tables.award.c, tables.transfer.c, tables.balance.c
_SINCE: BindParameter[int] = bindparam("since")
_AWARDS = (
    select(_A.offer, _A.merchant, func.count(), func.sum(_A.amount), func.sum(_A.merchant_part))
    .where(_A.seq >= _SINCE)
    .group_by(_A.offer, _A.merchant)
)
_WINNERS = select(_A.offer, func.count(distinct(_A.contact))).where(_A.seq >= _SINCE).group_by(_A.offer)
_MOVED = (
    select(_T.offer, _T.kind, func.count(), func.sum(_T.amount)).where(_T.seq >= _SINCE).group_by(_T.offer, _T.kind)
)


def _of_merchants(side: Any) -> Any:
    owned = side.between(OwnerKind.MERCHANT << KIND_SHIFT, (OwnerKind.MERCHANT << KIND_SHIFT) | (1 << KIND_SHIFT) - 1)
    return select(side, func.sum(_T.amount)).where(_T.seq >= _SINCE, owned).group_by(side)


_DEBITED, _CREDITED = _of_merchants(_T.debit), _of_merchants(_T.credit)
_WALLETS = select(_B.account, _B.minor).where(
    _B.account.between(OwnerKind.CONTACT << KIND_SHIFT, (OwnerKind.CONTACT << KIND_SHIFT) | (1 << KIND_SHIFT) - 1)
)
_NETTED = (Role.RECEIVABLE, Role.PAYABLE)
EVENT_COUNTS = ("read", "posted", "ignored", "refused", "parked")


@dataclass(slots=True)
class OfferLine:
    """One offer in a run. Amounts are in the wallet's unit; ``funders`` says who bore what of ``amount``."""

    offer: str
    awards: int = 0
    winners: int = 0
    amount: Decimal = Decimal(0)
    funders: dict[str, Decimal] = field(default_factory=dict)
    reversed: Decimal = Decimal(0)
    redeemed: Decimal = Decimal(0)
    expired: Decimal = Decimal(0)

    @classmethod
    def nothing(cls, offer: str, digits: int) -> OfferLine:
        """A line of zeros with the digits of the wallet's unit."""
        zero = decimal_of(0, digits)
        return cls(offer, amount=zero, reversed=zero, redeemed=zero, expired=zero)


@dataclass(slots=True)
class Summary:
    """One run. ``events`` and ``reasons`` count what it read; ``wallets`` are those of the ledger after it."""

    programme: str
    events: dict[str, int]
    reasons: dict[str, int]
    offers: list[OfferLine]
    wallets: dict[str, Decimal]
    redeemed: Decimal
    spent: Decimal
    transfers: int
    settlement: dict[str, Decimal]
    seconds: dict[str, float]
    peak_memory_bytes: int
    digest: str

    def as_json(self) -> dict[str, Any]:
        """The object that ``run --json`` prints."""
        whole = {name: getattr(self, name) for name in self.__slots__}
        whole["offers"] = [{name: getattr(line, name) for name in OfferLine.__slots__} for line in self.offers]
        return whole


def summarise(
    ledger: Ledger,
    program: Program,
    *,
    since: int,
    events: Mapping[str, int],
    reasons: Mapping[str, int],
    seconds: Mapping[str, float],
) -> Summary:
    """The summary of the events from ``since`` (seq) on. Costs four scans of the transfers since then."""
    digits = program.business.unit.digits
    moved = ledger.store.rows(_MOVED, since=since)
    by_kind: dict[int, int] = defaultdict(int)
    for _, kind, _, amount in moved:
        by_kind[kind] += amount
    spent = by_kind[TransferKind.SPEND] + by_kind[TransferKind.CAPTURE] - by_kind[TransferKind.SPEND_REVERSAL]
    redeemed = by_kind[TransferKind.REDEEM] - by_kind[TransferKind.REDEEM_REVERSAL]
    return Summary(
        programme=program.version,
        events={name: events.get(name, 0) for name in EVENT_COUNTS},
        reasons=dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
        offers=_offers(ledger, program, since, moved),
        wallets=_wallets(ledger, digits),
        redeemed=decimal_of(redeemed, digits),
        spent=decimal_of(spent, digits),
        transfers=sum(count for _, _, count, _ in moved),
        settlement=_settlement(ledger, since, digits),
        seconds={name: round(value, 3) for name, value in seconds.items()},
        peak_memory_bytes=peak_memory_bytes(),
        digest=ledger.digest(),
    )


def _offers(ledger: Ledger, program: Program, since: int, moved: list[Any]) -> list[OfferLine]:
    digits = program.business.unit.digits
    owner_of = {offer.id: offer.owner for offer in program.offers}
    lines = {offer.id: OfferLine.nothing(offer.id, digits) for offer in program.offers}
    for number, merchant, count, amount, part in ledger.store.rows(_AWARDS, since=since):
        name = ledger.names.id("offer", number)
        line = lines.setdefault(name, OfferLine.nothing(name, digits))
        line.awards += count
        line.amount += decimal_of(amount, digits)
        funder = owner_of.get(line.offer) or ledger.names.id("merchant", merchant)
        for name, minor in (("business", amount - part), (funder, part)):
            if minor:
                line.funders[name] = line.funders.get(name, Decimal(0)) + decimal_of(minor, digits)
    for number, winners in ledger.store.rows(_WINNERS, since=since):
        lines[ledger.names.id("offer", number)].winners = winners
    for number, kind, _, amount in moved:
        name = ledger.names.id("offer", number)
        if name in lines:
            _add(lines[name], kind, decimal_of(amount, digits))
    return list(lines.values())


def _add(line: OfferLine, kind: int, amount: Decimal) -> None:
    if kind in (TransferKind.AWARD_REVERSAL, TransferKind.PRODUCT_REVERSAL):
        line.reversed += amount
    elif kind == TransferKind.REDEEM:
        line.redeemed += amount
    elif kind == TransferKind.REDEEM_REVERSAL:
        line.redeemed -= amount
    elif kind == TransferKind.EXPIRY:
        line.expired += amount


def _wallets(ledger: Ledger, digits: int) -> dict[str, Decimal]:
    sums = {"pending": 0, "commerce": 0, "open": 0, "debt": 0}
    for account, minor in ledger.store.rows(_WALLETS):
        role = account_parts(account)[2]
        if role >= Role.COMMERCE:
            sums["commerce"] += minor
        elif role in (Role.OPEN, Role.OPEN_PAYABLE):
            sums["open"] += minor
        elif role in (Role.PENDING, Role.DEBT):
            sums[Role(role).name.lower()] += minor
    return {name: decimal_of(minor, digits) for name, minor in sums.items()}


def _settlement(ledger: Ledger, since: int, digits: int) -> dict[str, Decimal]:
    """What each merchant is owed (or owes, below zero) from this run."""
    nets: dict[str, Decimal] = defaultdict(Decimal)
    for statement, sign in ((_DEBITED, -1), (_CREDITED, 1)):
        for account, amount in ledger.store.rows(statement, since=since):
            _, owner, role = account_parts(account)
            if role in _NETTED:
                nets[ledger.names.id("merchant", owner)] += sign * decimal_of(amount, digits)
    return dict(sorted(nets.items()))


def peak_memory_bytes() -> int:
    """The most memory this process has held so far."""
    import resource
    import sys

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
