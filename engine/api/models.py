"""The shapes of answers, for OpenAPI. Amounts are decimal text, times RFC 3339 in UTC, codes those of the docs."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Error(_Shape):
    pointer: str
    code: str
    detail: str


class Award(_Shape):
    offer: str
    contact: str
    pool: str | None
    amount: str
    usable_at: str
    expires_at: str | None


class Refusal(_Shape):
    offer: str | None
    code: str
    detail: str


class First(_Shape):
    outcome: str | None = None
    reason: str | None = None
    awards: list[Award] | None = None
    awarded: str | None = None
    redeemed: str | None = None
    spent: str | None = None


class Transfer(_Shape):
    kind: str
    debit: str
    credit: str
    amount: str
    effective_at: str


class Outcome(_Shape):
    source: str | None
    id: str | None
    outcome: str
    type: str | None = None
    reason: str | None = None
    detail: str | None = None
    pointer: str | None = None
    seq: int | None = None
    awards: list[Award] | None = None
    awarded: str | None = None
    redeemed: str | None = None
    spent: str | None = None
    first: First | None = None
    would: str | None = None
    would_reason: str | None = None
    refusals: list[Refusal] | None = None
    changes: dict[str, dict[str, str]] | None = None
    transfers: list[Transfer] | None = None
    previewed_after: str | None = None


class Outcomes(_Shape):
    outcomes: list[Outcome]


class ProblemShape(BaseModel):
    model_config = ConfigDict(title="Problem", extra="forbid")

    type: str
    title: str
    status: int
    code: str
    detail: str
    instance: str | None = None
    errors: list[Error] | None = None
    outcomes: list[Outcome] | None = None


class Given(_Shape):
    award: str
    event: str
    offer: str
    title: str
    contact: str
    pool: str
    amount: str
    earning: str
    wins: int
    funders: dict[str, str]
    clipped: str
    clipped_by: str | None
    debt_repaid: str
    usable: str
    expires: str | None


class Withheld(_Shape):
    event: str
    offer: str | None
    request: str | None
    code: str
    why: str
    figures: str
    winner: str | None
    lost: str


class Moved(_Shape):
    transfer: str
    kind: str
    debit: str
    credit: str
    amount: str
    offer: str | None
    at: str


class _Journal(_Shape):
    seq: int
    source: str
    id: str
    type: str
    time: str
    contact: str | None
    merchant: str | None
    outcome: str
    reason: str | None
    programme: str
    given: list[Given]
    withheld: list[Withheld]
    moved: list[Moved]


class Journal(_Journal):
    received_at: str


class Explanation(_Journal):
    text: str


class Match(_Shape):
    contact: str
    by: str
    what: str
    status: str
    tier: str | None
    spend_blocked: bool
    merged_into: str | None
    actions: list[str]


class Contacts(_Shape):
    contacts: list[Match]


class Contact(_Shape):
    contact: str
    status: str
    tier: str | None
    member_of: list[str]
    spend_blocked: bool
    owner: str | None
    registered_at: str | None
    actions: list[str]


class Lot(_Shape):
    award: str
    offer: str | None
    pool: str
    amount: str
    pending: bool
    usable_at: str
    expires_at: str | None


class Wallet(_Shape):
    contact: str
    unit: str
    balances: dict[str, str]
    pools: dict[str, str]
    lots: list[Lot]


class Part(_Shape):
    what: str
    amount: str
    of: str


class TimelineEntry(_Shape):
    seq: int
    time: str
    event: str
    type: str
    outcome: str
    reason: str | None
    parts: list[Part]


class Timeline(_Shape):
    contact: str
    entries: list[TimelineEntry]
    next: str | None


class Goal(_Shape):
    offer: str
    goal: int
    at: str
    target: str


class Progress(_Shape):
    contact: str
    goals: list[Goal]


class Offer(_Shape):
    offer: str
    title: str
    scheme: str
    owner: str | None
    available_from: str | None
    available_until: str | None
    open: bool
    code: str | None
    detail: str | None


class Offers(_Shape):
    contact: str
    offers: list[Offer]


class Promo(_Shape):
    amount: str
    expires_at: str | None


class Card(_Shape):
    card: str
    kind: str
    status: str
    paid: str
    promo: str
    held: str
    free: str
    promos: list[Promo]
    registered: bool
    actions: list[str]


class Certificate(_Shape):
    certificate: str
    kind: str
    status: str
    distributor: str | None
    fulfiller: str | None
    url: str | None
    expires_at: str | None
    actions: list[str]


class Approval(_Shape):
    approval: str
    state: str
    asker: str
    event: dict[str, Any]
    asked_at: str
    decided_by: str | None
    decided_at: str | None


class Approvals(_Shape):
    approvals: list[Approval]
    next: str | None


class Decided(BaseModel):
    """The outcome of what was approved, or the request that was rejected."""

    model_config = ConfigDict(extra="allow")


class Settlement(BaseModel):
    model_config = ConfigDict(extra="allow")

    merchant: str
    net: str


class Settlements(_Shape):
    period: str
    currency: str
    statements: list[Settlement]


class Report(BaseModel):
    """A report, as `guerdon report --json` prints it."""

    model_config = ConfigDict(extra="allow")

    report: str


class AuditEntry(_Shape):
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


class Audit(_Shape):
    entries: list[AuditEntry]
    next: str | None


class AuditCheck(_Shape):
    entries: int
    holds: bool
    findings: list[str]


class State(_Shape):
    status: str
