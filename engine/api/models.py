"""The shapes of what is said of events, for OpenAPI. Amounts are decimal text, times RFC 3339 in UTC."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Shape(BaseModel):
    """Nothing but what is named."""

    model_config = ConfigDict(extra="forbid")


class Error(Shape):
    pointer: str
    code: str
    detail: str


class Award(Shape):
    offer: str
    contact: str
    pool: str | None
    amount: str
    usable_at: str
    expires_at: str | None


class Refusal(Shape):
    offer: str | None
    code: str
    detail: str


class First(Shape):
    outcome: str | None = None
    reason: str | None = None
    awards: list[Award] | None = None
    awarded: str | None = None
    redeemed: str | None = None
    spent: str | None = None


class Transfer(Shape):
    kind: str
    debit: str
    credit: str
    amount: str
    effective_at: str


class Balances(Shape):
    before: str
    after: str


class Outcome(Shape):
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
    wallets: dict[str, dict[str, Balances]] | None = None
    previewed_after: str | None = None
    token: str | None = None
    token_expires_at: str | None = None


class PinSet(Shape):
    card: str
    set_at: str


class Outcomes(Shape):
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
    preview: Outcome | None = None


class Given(Shape):
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


class Withheld(Shape):
    event: str
    offer: str | None
    request: str | None
    code: str
    why: str
    figures: str
    winner: str | None
    lost: str


class Moved(Shape):
    transfer: str
    kind: str
    debit: str
    credit: str
    amount: str
    offer: str | None
    at: str


class _Journal(Shape):
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
