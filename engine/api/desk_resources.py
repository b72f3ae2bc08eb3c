"""The shapes of what a support desk reads and decides, for OpenAPI. Amounts are decimal text, times RFC 3339 in UTC."""

from __future__ import annotations

from pydantic import Field

from guerdon.engine.api.models import Shape


class Claim(Shape):
    finding: str
    advice: str
    event: str | None
    time: str | None
    contact: str | None
    outcome: str | None
    reason: str | None
    awarded: str | None
    adjust: dict[str, str] | None


class TierPeriod(Shape):
    tier: str
    starts: str
    ends: str | None


class Standing(Shape):
    contact: str
    tier: str | None
    climb: str | None
    keep: str | None
    lifetime: str | None
    next_tier: str | None
    to_next: str | None
    to_keep: str | None
    window_ends: str | None
    history: list[TierPeriod]
    referred: bool
    brought: int


class Mail(Shape):
    mail: str
    contact: str | None
    seq: int
    kind: str
    address: str
    subject: str
    state: str
    reason: str | None
    attempts: int
    due_at: str | None
    made_at: str | None
    sent_at: str | None
    alert: str | None
    by: str | None


class Mails(Shape):
    contact: str
    mails: list[Mail]
    next: str | None


class Touched(Shape):
    kind: str
    id: str


class Alert(Shape):
    alert: str
    rule: str
    scope: str
    key: str
    seq: int
    state: str
    on: str
    measure: str
    measured: str
    threshold: str
    window: str
    action: str
    acted: bool
    merchant: str | None
    touches: list[Touched]
    raised_at: str
    changed_at: str
    by: str | None


class Alerts(Shape):
    alerts: list[Alert]
    next: str | None


class GivenCertificate(Shape):
    certificate: str
    last_four: str
    kind: str
    state: str
    value: str
    site: str
    url: str
    terms: str
    expires: str | None


class Certificates(Shape):
    merchant: str
    certificates: list[GivenCertificate]
    next: str | None


class Reward(Shape):
    reward: str
    title: str
    price: str
    prices: dict[str, str]
    left: int | None
    available_from: str | None
    available_until: str | None
    terms: str | None


class Rewards(Shape):
    rewards: list[Reward]


class Coupon(Shape):
    coupon: str
    last_four: str
    reward: str
    title: str
    status: str
    exchanged_at: str
    terms: str | None
    actions: list[str]


class Coupons(Shape):
    contact: str
    coupons: list[Coupon]
    next: str | None


class Recovery(Shape):
    answer: str


class Recovered(Shape):
    certificates: list[GivenCertificate]


class Ticket(Shape):
    ticket: str
    certificate: str
    subject: str
    state: str
    opened_at: str
    due_at: str
    changed_at: str
    by: str | None
    answer: str | None


class Tickets(Shape):
    tickets: list[Ticket]
    next: str | None


class ClassSums(Shape):
    lines: int
    till: str
    ledger: str
    difference: str


class ReconciledLine(Shape):
    class_: str = Field(alias="class")
    kind: str | None
    merchant: str | None
    series: str | None
    reference: str | None
    line: int | None
    day: str | None
    amount: str | None
    event: str | None
    ledger_merchant: str | None
    ledger_day: str | None
    ledger_amount: str | None


class Reconciliation(Shape):
    agrees: bool
    from_: str | None = Field(alias="from")
    until: str | None
    merchants: list[str]
    till: str
    ledger: str
    difference: str
    classes: dict[str, ClassSums]
    exceptions: list[ReconciledLine]
