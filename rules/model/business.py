"""What ``business.yaml`` says: the business, its wallet, its attributes; segments and merchants."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from guerdon.rules import currencies
from guerdon.rules.model.values import (
    SHAPE,
    Boolean,
    CountOrNone,
    DurationText,
    Id,
    Ids,
    IfList,
    IfMapping,
    IfText,
    LimitWindow,
    Matcher,
    Name,
    Part,
    PartOfWholeOrNone,
    Percent,
    PositiveUnits,
    Small,
    Text,
    Texts,
    Units,
    Word,
    Worth,
    distinct,
    wrong,
)
from guerdon.rules.words import SENT_EVENTS


def _currency(value: str) -> str:
    if value not in currencies.DIGITS:
        raise wrong("wrong-type", f"'{value}' is no currency of ISO 4217", "write three capital letters, such as EUR")
    return value


def _time_zone(value: str) -> str:
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(value)
    except (ValueError, OSError, LookupError):
        raise wrong("wrong-type", f"'{value}' is no time zone", _zone_hint(value)) from None
    return value


def _zone_hint(wrong_zone: str) -> str:
    from zoneinfo import available_timezones

    from guerdon.rules.problems import nearest

    near = nearest(wrong_zone, available_timezones())
    return f"did you mean {near}?" if near else "write an IANA name, such as Europe/Nicosia"


AttributeKind = Literal["string", "integer", "decimal", "boolean", "date"]


class AttributeSays(Part):
    type: AttributeKind
    personal: Boolean = False


AttributeType = Annotated[Annotated[AttributeKind, IfText] | Annotated[AttributeSays, IfMapping], SHAPE]


class AttributesSay(Part):
    event: dict[Name, AttributeType] | None = None
    line: dict[Name, AttributeType] | None = None
    contact: dict[Name, AttributeType] | None = None


class SourceSays(Part):
    id: Text
    types: Annotated[tuple[Annotated[str, Word(*SENT_EVENTS)], ...], AfterValidator(distinct)]
    merchants: Ids = ()


class GroupSays(Part):
    id: Id
    mode: Literal["all", "best", "first"] = "all"
    groups: tuple[GroupSays, ...] = ()


class ResolutionSays(Part):
    mode: Literal["all", "best", "first"] = "all"
    groups: tuple[GroupSays, ...] = ()


class UnitSays(Part):
    code: Text
    digits: Small = 0
    worth: Worth


class LimitSays(Part):
    on: Literal["spend", "payout"]
    each: LimitWindow
    amount: Units | None = None
    times: CountOrNone | None = None
    over: Literal["refuse", "clip"] = "refuse"


class WalletFeeSays(Part):
    on: Literal["spend", "payout"]
    amount: Units | None = None
    percent: Percent | None = None


class AutoSpendSays(Part):
    min_balance: Units = "0"
    min: Units = "0"
    max: PositiveUnits | None = None


class WalletSays(Part):
    unit: UnitSays | None = None
    limits: tuple[LimitSays, ...] = ()
    fees: tuple[WalletFeeSays, ...] = ()
    auto_spend: AutoSpendSays | None = None
    full_cover: Boolean = False


class ReferralsSay(Part):
    per_day: CountOrNone = 2


class MergeSays(Part):
    forward: Boolean = False


class AgentCapSays(Part):
    each: LimitWindow
    amount: Units


class AdjustSays(Part):
    reasons: Texts = ()
    agent_cap: AgentCapSays | None = None


class BusinessSays(Part):
    id: Id
    name: Text | None = None
    currency: Annotated[Text, AfterValidator(_currency)]
    time_zone: Annotated[Text, AfterValidator(_time_zone)]
    register_: Literal["auto", "never"] = Field(default="auto", alias="register")
    venues: Annotated[Annotated[Literal["any"], IfText] | Annotated[Ids, IfList], SHAPE] = "any"
    attributes: AttributesSay = AttributesSay()
    sources: tuple[SourceSays, ...] = ()
    resolution: ResolutionSays = ResolutionSays()
    redeem: Literal["automatic", "on_spend", "on_request"] = "automatic"
    award_share_max: PartOfWholeOrNone = "none"
    late_within: DurationText = "31d"
    wallet: WalletSays = WalletSays()
    referrals: ReferralsSay = ReferralsSay()
    merge: MergeSays = MergeSays()
    adjust: AdjustSays = AdjustSays()


class SegmentSays(Part):
    id: Id
    contacts: Matcher | None = None
    list_: Text | None = Field(default=None, alias="list")


class VenueSays(Part):
    id: Id
    taps: Ids = ()


class MerchantSays(Part):
    id: Id
    name: Text | None = None
    venues: tuple[VenueSays, ...] = ()
    owns_contacts: Boolean = False
