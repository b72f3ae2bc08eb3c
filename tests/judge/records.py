"""The records that the judge keeps: transfers, lots, awards, lines, happenings. Plain, without behaviour."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any

from .rules import Offer


@dataclass
class Transfer:
    event: str
    seq: int
    n: int
    debit: str
    credit: str
    amount: int
    at: datetime
    kind: str


@dataclass
class Lot:
    """One award's money in the wallet; `expires_at` None is never."""

    id: tuple[int, int]
    contact: str
    pool: str
    remaining: int
    earned_at: datetime
    usable_at: datetime
    expires_at: datetime | None
    pending: bool
    instant: bool
    award: Award | None
    funding: Funding | None
    offer: Offer | None
    cause: str  # the event in whose chain of causes it was earned


@dataclass
class Funding:
    """Who pays: the merchant's part by rate or by amount; `live` is what is left of the award to be parted."""

    merchant: str | None
    role: str  # receivable or budget
    rate: Fraction | None
    amount: Fraction | None
    award: int
    live: int
    to_breakage: bool  # what expires goes to breakage whole
    source: str = "business/rewards_cost"


@dataclass
class Award:
    event: str
    seq: int
    offer: Offer
    contact: str
    pool: str
    amount: int
    wins: int
    lines: dict[int, int]
    funding: Funding
    named: list[Award]  # what a multiply award multiplied
    is_product: bool
    supplier: str | None
    fee_merchant: str | None
    fee: tuple[str, Fraction] | None
    period: str
    repaid: int = 0  # what went into debt
    lot: Lot | None = None
    undone: dict[int, int] = field(default_factory=dict)  # reversed so far on each line, taken or not
    undone_total: int = 0
    usage: Usage | None = None
    gone: bool = False


@dataclass
class Usage:
    """What one award took from the caps of its offer."""

    offer: str
    contact: str
    moment: datetime
    event: str
    tier: str | None
    times: int
    amount: int
    share: int = 0  # the merchant's share, for budgets
    merchant: str | None = None


@dataclass
class Line:
    number: int
    fields: dict[str, Any]
    quantity: Fraction
    net: int
    tax: int
    total: int
    returned: Fraction = Fraction(0)  # the part of the line that is returned, 0..1
    returned_quantity: Fraction = Fraction(0)
    redeemed: Fraction = Fraction(0)

    @property
    def kept_total(self) -> Fraction:
        return self.total * (1 - self.returned)

    @property
    def kept_quantity(self) -> Fraction:
        return Fraction(0) if self.returned == 1 else self.quantity - self.returned_quantity


@dataclass
class Brought:
    """What one event brought to the progress of one offer in one window."""

    offer: Offer
    event: str
    seq: int
    contact: str
    moment: datetime
    window: str
    parts: list[Fraction]  # one for each goal
    names: dict[str, int] = field(default_factory=dict)  # achievements
    lines: list[int] = field(default_factory=list)


@dataclass
class Win:
    offer: str
    contact: str
    window: str
    event: str
    seq: int
    wins: int
    award: Award | None = None


@dataclass
class Spend:
    event: str
    amount: int
    parts: list[tuple[str, int]]
    fee: int
    fee_parts: list[tuple[str, int]]
    merchant: str | None
    merchant_fee: tuple[str, Fraction] | None
    back: int = 0


@dataclass
class Taken:
    """What a redeem took from one lot, and where it went."""

    event: str
    lot: Lot
    amount: int
    account: str


@dataclass
class Happening:
    """A purchase, or any other event that offers are decided on."""

    name: str
    id: str
    source: str
    seq: int
    type: str
    contact: str
    moment: datetime  # its own time
    at: datetime  # the contact's clock when it is decided
    merchant: str | None
    venue: str | None
    tap: str | None
    fields: dict[str, Any]
    lines: list[Line] = field(default_factory=list)
    net: int = 0
    tax: int = 0
    total: int = 0
    key: tuple[str, str, str] | None = None
    scheme: str | None = None
    tier: str | None = None
    after_offers: list[str] | None = None
    late: bool = False
    cause: str = ""
    awards: list[Award] = field(default_factory=list)
    derived: list[Award] = field(default_factory=list)
    spends: list[Spend] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    brought: list[Brought] = field(default_factory=list)
    cancelled: bool = False
    tier_added: dict[str, Any] | None = None
    less: dict[int, int] = field(default_factory=dict)  # what `less_spend` takes off each line

    def __post_init__(self) -> None:
        self.cause = self.cause or self.name
