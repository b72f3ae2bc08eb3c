"""The shapes of everything else that can be read, for OpenAPI. Amounts are decimal text, times RFC 3339 in UTC."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from guerdon.engine.api.models import Shape


class Match(Shape):
    contact: str
    by: str
    what: str
    status: str
    tier: str | None
    spend_blocked: bool
    merged_into: str | None
    actions: list[str]


class Contacts(Shape):
    contacts: list[Match]
    next: str | None


class Contact(Shape):
    contact: str
    status: str
    tier: str | None
    member_of: list[str]
    spend_blocked: bool
    emails: bool
    owner: str | None
    registered_at: str | None
    actions: list[str]


class Lot(Shape):
    award: str
    offer: str | None
    pool: str
    amount: str
    pending: bool
    usable_at: str
    expires_at: str | None


class Wallet(Shape):
    contact: str
    unit: str
    balances: dict[str, str]
    pools: dict[str, str]
    lots: list[Lot]


class Part(Shape):
    what: str
    amount: str
    of: str


class MailState(Shape):
    kind: str
    state: str
    reason: str


class TimelineEntry(Shape):
    seq: int
    time: str
    event: str
    type: str
    outcome: str
    reason: str | None
    parts: list[Part]
    of: str | None
    said: str | None
    mails: list[MailState]
    note: str | None
    actor: str | None


class Timeline(Shape):
    contact: str
    entries: list[TimelineEntry]
    next: str | None


class Goal(Shape):
    offer: str
    goal: int
    at: str
    target: str


class Progress(Shape):
    contact: str
    goals: list[Goal]


class Offer(Shape):
    offer: str
    title: str
    scheme: str
    owner: str | None
    available_from: str | None
    available_until: str | None
    open: bool
    code: str | None
    detail: str | None


class Offers(Shape):
    contact: str
    offers: list[Offer]


class Promo(Shape):
    amount: str
    expires_at: str | None


class Card(Shape):
    card: str
    last_four: str
    kind: str
    status: str
    paid: str
    promo: str
    held: str
    free: str
    promos: list[Promo]
    registered: bool
    actions: list[str]


class Cards(Shape):
    cards: list[Card]


class Certificate(Shape):
    certificate: str
    last_four: str
    kind: str
    status: str
    distributor: str | None
    fulfiller: str | None
    url: str | None
    expires_at: str | None
    actions: list[str]


class Approval(Shape):
    approval: str
    state: str
    asker: str
    event: dict[str, Any]
    asked_at: str
    decided_by: str | None
    decided_at: str | None


class Approvals(Shape):
    approvals: list[Approval]
    next: str | None


class Decided(BaseModel):
    """The outcome of what was approved, or the request that was rejected."""

    model_config = ConfigDict(extra="allow")


class Settlement(BaseModel):
    model_config = ConfigDict(extra="allow")

    merchant: str
    net: str


class Settlements(Shape):
    period: str
    currency: str
    statements: list[Settlement]


class Report(BaseModel):
    """A report, as `guerdon report --json` prints it."""

    model_config = ConfigDict(extra="allow")

    report: str


class AuditEntry(Shape):
    number: int
    at: str
    request_id: str
    key_id: str
    actor: str
    role: str
    address: str
    action: str
    object: str
    outcome: str
    reason: str
    chain: str


class Audit(Shape):
    entries: list[AuditEntry]
    next: str | None


class AuditCheck(Shape):
    entries: int
    holds: bool
    findings: list[str]


class State(Shape):
    status: str
