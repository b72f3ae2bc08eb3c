"""Refusals in words and figures: why an offer or a request gave nothing, with what was needed and what was there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from guerdon.engine.codes import Reason
from guerdon.engine.report.naming import amount_text
from guerdon.rules.program import Cap, Offer, Program

SENTENCES = {
    Reason.OFFER_INACTIVE: "the offer is inactive",
    Reason.SCHEME_INACTIVE: "its scheme is inactive",
    Reason.NOT_A_MEMBER: "the contact has not joined the scheme",
    Reason.HOLDOUT: "the contact is in the scheme's control group",
    Reason.NOT_AVAILABLE: "the date lies outside its availability",
    Reason.OUTSIDE_HOURS: "day and hour lie outside its times",
    Reason.WRONG_PLACE: "it does not hold at this place",
    Reason.NOT_IN_AUDIENCE: "the contact is not in its audience",
    Reason.WRONG_TIER: "the contact is in another tier",
    Reason.EVENT_MISMATCH: "the event is not what it asks for",
    Reason.NO_MATCHING_LINES: "no line is what it asks for",
    Reason.NEEDS_NOT_MET: "too little of what it asks for was bought",
    Reason.TERMS_INACTIVE: "there is no agreement with the merchant in force",
    Reason.TERMS_FORBID: "the agreement with the merchant does not allow it",
    Reason.GOAL_NOT_REACHED: "its goal is not reached",
    Reason.COOLDOWN: "the last award to this contact was too recent",
    Reason.CAP_REACHED: "a cap has nothing left",
    Reason.BUDGET_USED: "the merchant's budget has nothing left",
    Reason.ROUNDS_TO_ZERO: "its amount rounds to zero",
    Reason.OUTRANKED: "another offer of its group is given instead",
    Reason.AWARD_SHARE_REACHED: "the awards together reach the largest share of a purchase",
    Reason.SPEND_BLOCKED: "the contact may not spend",
    Reason.CONTACT_ON_HOLD: "the contact is on hold",
    Reason.REGISTRATION_REQUIRED: "the contact has not completed registration",
    Reason.TOKEN_MISMATCH: "the token is used, expired, rejected or of another amount",
    Reason.LIMIT_REACHED: "a limit would be passed",
    Reason.INSUFFICIENT_FUNDS: "there is not enough open money",
    Reason.NOT_FULLY_COVERED: "open money does not cover all of it",
    Reason.NO_PAYMENT_METHOD: "the contact has no payment method",
    Reason.NOT_PAYABLE: "there is not enough payable money",
    Reason.UNREADABLE: "it could not be read",
    Reason.NOT_PERMITTED: "its source may not send it",
    Reason.ID_CONFLICT: "its id was told before with other content",
    Reason.UNKNOWN_TYPE: "there is no such type of event",
    Reason.UNDECLARED_FIELD: "it has a field that is not declared",
    Reason.BAD_AMOUNT: "an amount can't be held",
    Reason.AMOUNTS_DISAGREE: "its amounts contradict each other",
    Reason.RATE_MISSING: "it is in another currency without a rate",
    Reason.IN_FUTURE: "it lies more than a day in the future",
    Reason.UNKNOWN_MERCHANT: "there is no such merchant, venue or tap",
    Reason.UNKNOWN_CONTACT: "there is no such contact",
    Reason.REFERENCE_USED: "its reference names another purchase",
    Reason.TOO_LATE: "it came too late",
    Reason.UNKNOWN_PURCHASE: "the event that it names never came",
    Reason.REPEAT: "it was told before; the first telling counts",
    Reason.SAME_REFERENCE: "another event told the same purchase before",
    Reason.CONTACT_CLOSED: "the contact is closed",
    Reason.CONTACT_MERGED: "the contact was merged into another",
    Reason.NOTHING_TO_DO: "there was nothing to do",
    Reason.ESTIMATE: "an estimate is answered and not kept",
}


def sentence(reason: int) -> str:
    """The reason in words."""
    return SENTENCES.get(Reason(reason), Reason(reason).name.lower().replace("_", " "))


@dataclass(frozen=True, slots=True)
class Measures:
    """How the figures of refusals are written."""

    digits: int  # of the wallet's unit
    currency_digits: int
    unit: str
    currency: str
    instant: Callable[[int], str]  # µs UTC as local text

    @classmethod
    def of(cls, program: Program, instant: Callable[[int], str]) -> Measures:
        """The measures of a programme."""
        business = program.business
        return cls(business.unit.digits, business.digits, business.unit.code, business.currency, instant)

    def in_currency(self) -> Measures:
        """The measures of what is in the currency, whatever the wallet holds."""
        return replace(self, digits=self.currency_digits, unit=self.currency)

    def units(self, minor: int) -> str:
        """An amount of the wallet."""
        return f"{amount_text(minor, self.digits)} {self.unit}"

    def money(self, minor: int) -> str:
        """An amount of the currency."""
        return f"{amount_text(minor, self.currency_digits)} {self.currency}"


def figures(measures: Measures, offer: Offer | None, reason: int, needed: int, had: int) -> str:
    """``needs 50.00 EUR, has 37.20 EUR`` in the reason's own measure; empty where it has no figures."""
    show = _measure(measures, offer, Reason(reason), needed)
    if show is None or (needed == 0 and had == 0):
        return ""
    if Reason(reason) == Reason.CAP_REACHED:
        return f"limit {show(needed)}, used {show(had)}"
    if Reason(reason) == Reason.COOLDOWN:
        return f"again from {show(needed)}"
    if Reason(reason) == Reason.ROUNDS_TO_ZERO:
        return f"of {show(had)}"
    if needed == 0:
        return f"has {show(had)}"
    return f"needs {show(needed)}, has {show(had)}"


def _measure(measures: Measures, offer: Offer | None, reason: Reason, needed: int) -> Callable[[int], str] | None:
    if reason == Reason.COOLDOWN:
        return measures.instant
    if reason == Reason.GOAL_NOT_REACHED and offer is not None and offer.goals:
        return _by_kind(measures, offer.goals[0].kind)
    if reason == Reason.NEEDS_NOT_MET and offer is not None and offer.needs is not None:
        return _by_kind(measures, {"amount": "spend"}.get(offer.needs.kind, offer.needs.kind))
    if reason == Reason.CAP_REACHED and offer is not None:
        return str if _cap_measure(offer.caps, needed) == "times" else measures.units
    if reason == Reason.ROUNDS_TO_ZERO:
        return measures.money
    return measures.units


def _by_kind(measures: Measures, kind: str) -> Callable[[int], str]:
    if kind == "spend":
        return measures.money
    if kind == "quantity":
        return lambda thousandths: f"{amount_text(thousandths, 3).rstrip('0').rstrip('.')}"
    return str


def _cap_measure(caps: tuple[Cap, ...], limit: int) -> str:
    return next((cap.measure for cap in caps if cap.limit == limit), "times")
