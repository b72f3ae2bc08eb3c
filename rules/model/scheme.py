"""What a scheme and its offers say."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from guerdon.rules.awards import AwardSays
from guerdon.rules.model.pools import PlaceSays, TimesSay, Valid
from guerdon.rules.model.values import (
    SHAPE,
    Boolean,
    CapWindow,
    Count,
    DateText,
    DurationText,
    Id,
    Ids,
    IfMapping,
    IfText,
    LimitWindow,
    Matcher,
    Part,
    PartOfWhole,
    PositiveMoney,
    Quantity,
    ShareText,
    State,
    Text,
    Texts,
    Units,
    Whole,
    Word,
)
from guerdon.rules.words import OFFER_TYPES, WINNING_EVENTS


class FundingSays(Part):
    merchant: ShareText


class SignUpSays(Part):
    email_domains: Texts | None = None
    codes: Text | None = None


class OnCloseSays(Part):
    forfeit_after: DurationText


class RestoreSays(Part):
    grace: DurationText


class AvailableSays(Part):
    from_: DateText | None = Field(default=None, alias="from")
    until: DateText | None = None


class WhoSays(Part):
    tiers: Ids = ()
    segments: Ids = ()
    contact: Matcher | None = None


class NeedsSay(Part):
    quantity: Quantity | None = None
    amount: PositiveMoney | None = None
    all: Annotated[tuple[Matcher, ...], Field(min_length=1)] | None = None
    each: Boolean = False


class WindowNeedsSay(Part):
    """What each window of a streak needs."""

    spend: PositiveMoney | None = None
    quantity: Quantity | None = None
    visits: Count | None = None
    distinct: Literal["day"] | None = None


class GoalSays(WindowNeedsSay):
    achievements: Annotated[Texts, Field(min_length=1)] | None = None
    streak: Count | None = None
    each: WindowNeedsSay | None = None
    per: LimitWindow


class GoalsSay(Part):
    reach: Literal["all", "any"] = "all"
    of: Annotated[tuple[GoalSays, ...], Field(min_length=1)]
    repeat: Boolean = False
    carry: Boolean = False


class RollingSays(Part):
    rolling: DurationText


class CapSays(Part):
    amount: Units | None = None
    times: Count | None = None
    per: Literal["event", "contact", "offer"]
    each: Annotated[Annotated[CapWindow, IfText] | Annotated[RollingSays, IfMapping], SHAPE] | None = None


class PendingSays(Part):
    for_: DurationText = Field(alias="for")


class OfferSays(Part):
    id: Id
    title: Text | None = None
    state: State = "active"
    owner: Id | None = None
    goal: Literal["spend", "visits", "membership", "achievement"]
    type: Annotated[str, Word(*OFFER_TYPES)] | None = None
    on: Annotated[str, Word(*WINNING_EVENTS)] | None = None
    available: AvailableSays = AvailableSays()
    times: tuple[TimesSay, ...] = ()
    at: PlaceSays | None = None
    who: WhoSays = WhoSays()
    event: Matcher | None = None
    lines: Matcher | None = None
    needs: NeedsSay | None = None
    goals: GoalsSay | None = None
    award: AwardSays
    round: Literal["half_up", "half_even", "floor", "ceil"] = "half_up"
    caps: tuple[CapSays, ...] = ()
    cooldown: DurationText | None = None
    group: Id | None = None
    priority: Whole = 100
    pool: Id = "anywhere"
    redeem: Literal["instant", "deferred"] = "deferred"
    pending: PendingSays | None = None
    valid: Valid | None = None
    funding: FundingSays | None = None
    claw_back: Literal["pending_only", "within_balance", "debt"] = "debt"
    after: DurationText | None = None


class SchemeSays(Part):
    id: Id
    title: Text | None = None
    state: State = "active"
    sign_up: Annotated[Annotated[Literal["auto", "self"], IfText] | Annotated[SignUpSays, IfMapping], SHAPE] = "auto"
    funding: FundingSays | None = None
    on_close: Annotated[Annotated[Literal["keep"], IfText] | Annotated[OnCloseSays, IfMapping], SHAPE] = "keep"
    restore: RestoreSays | None = None
    holdout: PartOfWhole | None = None


class WholeScheme(SchemeSays):
    """A scheme with its offers, as the canonical form keeps them together."""

    offers: tuple[OfferSays, ...] = ()
