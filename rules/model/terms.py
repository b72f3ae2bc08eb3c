"""What ``terms.yaml`` and ``bank.yaml`` say: the agreement between the business and a merchant, and the accounts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator

from guerdon.rules.model.scheme import AvailableSays
from guerdon.rules.model.values import (
    SHAPE,
    Boolean,
    DurationText,
    Id,
    Ids,
    IfList,
    IfText,
    Money,
    Part,
    PartOfWhole,
    ShareText,
    State,
    Text,
    Word,
    distinct,
)
from guerdon.rules.words import OFFER_TYPES


class OwnOffersSay(Part):
    """What the merchant's own offers may be; a list that is absent allows any, an empty one none."""

    types: Annotated[tuple[Annotated[str, Word(*OFFER_TYPES)], ...], AfterValidator(distinct)] | None = None
    redeem: Annotated[tuple[Literal["instant", "deferred"], ...], AfterValidator(distinct)] | None = None


class MaySay(Part):
    award_own: Boolean = True
    award_others: Boolean = True
    spend_own: Boolean = True
    spend_others: Boolean = True
    sign_up: Boolean = True
    offers: OwnOffersSay = OwnOffersSay()


class FeesSay(Part):
    award: ShareText | None = None
    spend: ShareText | None = None


class SettleSays(Part):
    every: Literal["week", "month", "quarter", "year"] = "month"
    due: DurationText | None = None
    mode: Literal["post_paid", "prepaid"] = "post_paid"
    budget: Money | None = None
    expiry: Literal["funders", "business"] = "funders"


class TermsSay(Part):
    merchant: Id
    state: State = "active"
    effective: AvailableSays = AvailableSays()
    schemes: Annotated[Annotated[Literal["any"], IfText] | Annotated[Ids, IfList], SHAPE] = "any"
    may: MaySay = MaySay()
    contribution: ShareText | None = None
    fees: FeesSay = FeesSay()
    commission: PartOfWhole | None = None
    settle: SettleSays = SettleSays()
    bank: Id | None = None


class AccountSays(Part):
    id: Id
    name: Text
    iban: Text
    bic: Text | None = None


class BankSays(Part):
    """``bank.yaml``: no part of a programme's version."""

    accounts: tuple[AccountSays, ...] = ()
