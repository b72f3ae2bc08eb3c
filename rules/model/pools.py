"""What ``pools.yaml`` and ``tiers.yaml`` say, and the parts that offers share with pools: places, times, validity."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from guerdon.rules.model.values import (
    SHAPE,
    Boolean,
    CountOrNone,
    DateText,
    DurationText,
    HoursText,
    Id,
    Ids,
    IfMapping,
    IfText,
    Matcher,
    Part,
    PositiveMoney,
    Text,
    Texts,
    Weekday,
    distinct,
)


class TimesSay(Part):
    weekdays: Annotated[tuple[Weekday, ...], AfterValidator(distinct)] = ()
    hours: HoursText | None = None


class PlaceSays(Part):
    merchants: Ids = ()
    venues: Texts = ()
    channels: Texts = ()


class ValidSays(Part):
    for_: DurationText | None = Field(default=None, alias="for")
    until: DateText | None = None


Valid = Annotated[Annotated[Literal["always"], IfText] | Annotated[ValidSays, IfMapping], SHAPE]


class PoolSays(Part):
    id: Id
    title: Text | None = None
    valid: Valid = ValidSays.model_validate({"for": "1y"})
    lines: Matcher | None = None
    at: PlaceSays = PlaceSays()
    times: tuple[TimesSay, ...] = ()
    activation: Literal["required", "none"] = "none"
    classification: Literal["payment_method", "sales_reduction"] = "payment_method"
    payout: Boolean = False


class TierWindowSays(Part):
    from_achieved: DurationText | None = None
    calendar: Literal["year"] | None = None


class TierSays(Part):
    id: Id
    title: Text | None = None
    needs: CountOrNone


class TiersSay(Part):
    unit_per: PositiveMoney
    of: Literal["total", "net"] = "total"
    window: TierWindowSays
    downgrade: Literal["one_step", "re_evaluate", "never"] = "one_step"
    ladder: Annotated[tuple[TierSays, ...], Field(min_length=1)]
