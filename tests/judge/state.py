"""What the judge remembers of a log, and why an event may be turned away."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any

from .records import Award, Brought, Funding, Happening, Line, Lot, Spend, Taken, Transfer, Usage, Win

__all__ = [
    "Award", "Brought", "Contact", "Funding", "Happening", "Hold", "Ignored", "Line", "Lot", "Refused", "Spend",
    "State", "Taken", "Tier", "Transfer", "Usage", "Waiting", "Win",
]  # fmt: skip


class Refused(Exception):
    """The event is refused with this code, and nothing moves."""


class Ignored(Exception):
    """The event is ignored for this reason, and nothing moves."""


class Waiting(Exception):
    """The event names one that is not known yet."""


@dataclass
class Tier:
    """A contact's tier: its window, its two counters with the number of times each was set to 0, its history."""

    name: str
    since: datetime
    window_end: datetime | None
    base: str
    climb: Fraction = Fraction(0)
    keep: Fraction = Fraction(0)
    climb_epoch: int = 0
    keep_epoch: int = 0
    climb_from: datetime | None = None
    keep_from: datetime | None = None
    lifetime: Fraction = Fraction(0)
    history: list[tuple[datetime, str]] = field(default_factory=list)
    upgrades: list[tuple[str, list[Award]]] = field(default_factory=list)


@dataclass
class Hold:
    event: str
    contact: str
    amount: int  # what it can pay; the parts hold the fee for it beside
    parts: list[tuple[str, int]]
    merchant: str | None
    until: datetime | None
    state: str = "open"


@dataclass
class Contact:
    name: str
    number: int
    registered_at: datetime
    status: str
    merchant: str | None
    clock: datetime | None = None
    email: str | None = None
    email_domain: str | None = None
    attributes: dict[str, str] = field(default_factory=dict)
    born_known: datetime | None = None
    referred: bool = False
    members: dict[str, bool] = field(default_factory=dict)  # scheme -> held out
    was_member: list[str] = field(default_factory=list)
    verify: list[str] = field(default_factory=list)
    blocked: bool = False
    method: Any = None
    pools: set[str] = field(default_factory=set)
    limits: list[dict[str, Any]] = field(default_factory=list)
    subscribed: datetime | None = None
    matured: list[str] = field(default_factory=list)
    cooldown: dict[str, datetime] = field(default_factory=dict)
    tier: Tier | None = None
    merged_into: str | None = None
    closed_at: datetime | None = None
    forfeited: list[str] = field(default_factory=list)
    last_posted: str | None = None
    entries: list[str] = field(default_factory=list)


@dataclass
class State:
    ignored_purchases: set[str] = field(default_factory=set)
    contacts: dict[str, Contact] = field(default_factory=dict)
    lots: list[Lot] = field(default_factory=list)
    transfers: list[Transfer] = field(default_factory=list)
    balances: dict[str, int] = field(default_factory=dict)
    happenings: dict[str, Happening] = field(default_factory=dict)
    awards: list[Award] = field(default_factory=list)
    reversals: dict[tuple[str, str], int] = field(default_factory=dict)
    refusals: list[dict[str, Any]] = field(default_factory=list)
    redeems: dict[tuple[str, str], int] = field(default_factory=dict)
    spends: list[Spend] = field(default_factory=list)
    expiries: list[tuple[str, int, datetime]] = field(default_factory=list)
    usages: list[Usage] = field(default_factory=list)
    brought: list[Brought] = field(default_factory=list)
    wins: list[Win] = field(default_factory=list)
    limit_uses: list[tuple[str, str, datetime, int]] = field(default_factory=list)
    holds: dict[str, Hold] = field(default_factory=dict)
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)
    payouts: dict[str, dict[str, Any]] = field(default_factory=dict)
    keys: dict[tuple[str, str, str], str] = field(default_factory=dict)
    compensations: dict[str, dict[str, Any]] = field(default_factory=dict)
    adjusts: list[dict[str, Any]] = field(default_factory=list)
    referrals: list[tuple[str, datetime]] = field(default_factory=list)
    used_codes: set[tuple[str, str]] = field(default_factory=set)
    code_entries: dict[str, int] = field(default_factory=dict)
    draw_entries: list[tuple[str, str, datetime, str]] = field(default_factory=list)
    drawn: set[str] = field(default_factory=set)
    closed_periods: list[tuple[str, int]] = field(default_factory=list)
    statements: dict[tuple[str, str], str] = field(default_factory=dict)
    coupons: dict[str, dict[str, Any]] = field(default_factory=dict)
    stock: dict[str, int] = field(default_factory=dict)
    certificates: dict[str, dict[str, Any]] = field(default_factory=dict)
    cards: dict[str, dict[str, Any]] = field(default_factory=dict)
    card_events: dict[str, dict[str, Any]] = field(default_factory=dict)
    card_references: set[tuple[str, ...]] = field(default_factory=set)
    batches: set[str] = field(default_factory=set)
    last_moment: datetime | None = None
