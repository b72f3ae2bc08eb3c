"""What the files of instruments say: gift cards, rewards, certificates and sites, codes, controls, alerts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, WithJsonSchema

from guerdon.rules.model.pools import Valid, ValidSays
from guerdon.rules.model.scheme import AvailableSays
from guerdon.rules.model.values import (
    SHAPE,
    Boolean,
    Count,
    CountOrNone,
    Decimal,
    DurationText,
    Id,
    IfList,
    IfText,
    LimitWindow,
    Money,
    Part,
    PositiveMoney,
    PositiveUnits,
    Text,
    Texts,
    Units,
    Word,
    word_hint,
    wrong,
)
from guerdon.rules.words import CONTROLLED_EVENTS, SCOPES


class LoadSays(Part):
    min: Money = "0"
    max: PositiveMoney | None = None


class BonusSays(Part):
    load: PositiveMoney
    give: PositiveMoney
    funder: Id = "business"


class PinSays(Part):
    digits: Count = 6
    lock_after: Count = 3


class CardSays(Part):
    id: Id
    title: Text | None = None
    form: Literal["physical", "virtual"] = "physical"
    load: LoadSays = LoadSays()
    max_balance: PositiveMoney | None = None
    reload: Boolean = False
    bonus: BonusSays | None = None
    promo_valid: DurationText | None = None
    spend_order: Literal["promo_first", "paid_first"] = "promo_first"
    cash_out: Money = "0"
    invoice: Literal["required", "none"] = "none"
    pin: PinSays | None = None


class PerContactSays(Part):
    times: Count
    each: LimitWindow = "lifetime"


class RewardSays(Part):
    id: Id
    title: Text | None = None
    price: PositiveUnits
    prices: dict[Id, Units] | None = None
    stock: CountOrNone | None = None
    available: AvailableSays = AvailableSays()
    per_contact: PerContactSays | None = None
    terms: Text | None = None
    cancel_within: DurationText | None = None


class CertificateSays(Part):
    id: Id
    title: Text | None = None
    site: Id
    distributor: Id
    value: PositiveMoney
    valid: Valid = ValidSays.model_validate({"for": "1y"})
    terms: Text | None = None
    on_distributor_closed: Literal["honour", "refuse"] = "honour"


class SiteSays(Part):
    id: Id
    url: Text
    state: Literal["open", "sunset", "closed"] = "open"


class CodeSays(Part):
    id: Id
    unlocks: Id
    kind: Literal["single", "unique"]
    maximum_usage: Count | None = None
    # of unique codes: their hashes, or a file of the codes themselves
    numbers: Annotated[Annotated[Text, IfText] | Annotated[Texts, IfList], SHAPE] | None = None


class ControlSays(Part):
    """Refuses or holds what its tests meet; all that are given must."""

    id: Id
    on: Annotated[str, Word(*CONTROLLED_EVENTS)]
    amount: dict[Literal["min", "max", "above", "below"], Money] | None = None
    times: Count | None = None
    each: LimitWindow | None = None
    hours: Text | None = None
    entry: Literal["manual"] | None = None
    merchant: Id | None = None
    role: Text | None = None
    delay: DurationText | None = None
    then: Literal["refuse", "hold", "approve"]


def _scope(text: str) -> str:
    """Names joined by ``+``."""
    names = [name.strip() for name in text.split("+")]
    for name in names:
        if name not in SCOPES:
            raise wrong("wrong-type", f"there is no scope '{name}'", f"{word_hint(name, SCOPES)}, joined by +")
    if len(names) > len(set(names)):
        raise wrong("wrong-type", f"'{text}' names one scope twice", "name each once")
    if "business" in names and len(names) > 1:
        raise wrong("wrong-type", "business is the whole, and not joined with others", "leave business out")
    return "+".join(names)


_ONE_SCOPE = f"({'|'.join(SCOPES)})"
Scope = Annotated[
    Text,
    AfterValidator(_scope),
    WithJsonSchema({"type": "string", "pattern": rf"^{_ONE_SCOPE}( *\+ *{_ONE_SCOPE})*$"}),
]


class AlertSays(Part):
    id: Id
    on: Annotated[str, Word(*CONTROLLED_EVENTS)]
    measure: Literal["count", "sum", "distinct", "ratio"] = "count"
    window: DurationText
    threshold: Decimal
    scope: Scope = "business"
    notify: Literal["head_office", "merchant"] = "head_office"
    action: Literal["none", "hold", "lock", "approve"] = "none"
