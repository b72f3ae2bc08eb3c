"""What the rule files say of instruments, with amounts in minor units; read once for each version of the programme."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from guerdon.engine.decide.rule_versions import version_of
from guerdon.rules import figures
from guerdon.rules.figures import Digits
from guerdon.rules.program import Duration, Hours

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

BUSINESS = "business"


@dataclass(frozen=True, slots=True)
class Bonus:
    """A load of at least ``load_minor`` gives ``give_minor``, borne by a merchant or (None) the business."""

    load_minor: int
    give_minor: int
    funder: str | None


@dataclass(frozen=True, slots=True)
class CardKind:
    """One entry of ``cards``. Bounds are inclusive; None: there is none."""

    id: str
    load_min_minor: int
    load_max_minor: int | None
    balance_max_minor: int | None
    reload: bool
    bonus: Bonus | None
    promo_valid: Duration | None
    promo_first: bool
    cash_out_minor: int
    invoice: bool
    pin: bool
    lock_after: int


@dataclass(frozen=True, slots=True)
class CertificateKind:
    """One entry of ``certificates``; ``valid``: as of offers, a duration, a date or (both None) always."""

    id: str
    site: str
    distributor: str
    value_minor: int
    valid_for: Duration | None
    valid_until: str | None
    terms: str | None
    refuse_if_closed: bool


@dataclass(frozen=True, slots=True)
class Site:
    """Where certificates are claimed."""

    id: str
    url: str
    open: bool


@dataclass(frozen=True, slots=True)
class Reward:
    """One entry of the catalogue. Prices in units of the wallet; ``stock`` None: as many as are wanted."""

    id: str
    price: int
    prices: Mapping[str, int]
    stock: int | None
    available_from: str | None
    available_until: str | None
    times: int | None
    each: str
    terms: str | None
    cancel_within: Duration | None


@dataclass(frozen=True, slots=True)
class Control:
    """What is not let through without more ado: all the tests that it has must hold."""

    id: str
    on: str
    amount: Mapping[str, int]  # min, max, above, below
    hours: Hours | None
    manual: bool
    merchant: str | None
    role: str | None
    times: int | None
    each: str
    delay: Duration | None
    then: str  # refuse | hold | approve


@dataclass(frozen=True, slots=True)
class Kinds:
    """All that one version says of instruments, by id."""

    cards: Mapping[str, CardKind]
    certificates: Mapping[str, CertificateKind]
    sites: Mapping[str, Site]
    rewards: Mapping[str, Reward]
    controls: tuple[Control, ...]


def kinds_of(decider: Decider) -> Kinds:
    """The instruments of the programme in force."""
    program = decider.program
    return _read(program.instruments, program.business.digits, program.business.unit.digits)


def kinds_then(decider: Decider, version: int) -> Kinds:
    """The instruments of an earlier version, by its number."""
    program = version_of(decider, version).program
    return _read(program.instruments, program.business.digits, program.business.unit.digits)


def card_kind(decider: Decider, id: str, version: int) -> CardKind:
    """A kind of card as it is now, or as it was when the card was issued if it is gone."""
    found = kinds_of(decider).cards.get(id)
    return found if found is not None else kinds_then(decider, version).cards[id]


def certificate_kind(decider: Decider, id: str, version: int) -> CertificateKind:
    """A kind of certificate as it is now, or as it was when the certificate was issued if it is gone."""
    found = kinds_of(decider).certificates.get(id)
    return found if found is not None else kinds_then(decider, version).certificates[id]


@lru_cache(maxsize=16)
def _read(instruments: tuple[tuple[str, str], ...], currency_digits: int, unit_digits: int) -> Kinds:
    digits = Digits(currency_digits, unit_digits)
    says: dict[str, list[dict[str, Any]]] = {}
    for kind, entry in instruments:
        says.setdefault(kind, []).append(json.loads(entry))
    return Kinds(
        {entry["id"]: _card(entry, digits) for entry in says.get("cards", ())},
        {entry["id"]: _certificate(entry, digits) for entry in says.get("certificates", ())},
        {entry["id"]: Site(entry["id"], entry["url"], entry["state"] == "open") for entry in says.get("sites", ())},
        {entry["id"]: _reward(entry, digits) for entry in says.get("rewards", ())},
        tuple(_control(entry, digits) for entry in says.get("controls", ())),
    )


def _card(says: dict[str, Any], digits: Digits) -> CardKind:
    bonus, pin = says["bonus"], says["pin"]
    return CardKind(
        id=says["id"],
        load_min_minor=digits.money(says["load"]["min"]),
        load_max_minor=_money(says["load"]["max"], digits),
        balance_max_minor=_money(says["max_balance"], digits),
        reload=bool(says["reload"]),
        bonus=None
        if bonus is None
        else Bonus(
            digits.money(bonus["load"]),
            digits.money(bonus["give"]),
            None if bonus["funder"] == BUSINESS else bonus["funder"],
        ),
        promo_valid=_duration(says["promo_valid"]),
        promo_first=says["spend_order"] == "promo_first",
        cash_out_minor=digits.money(says["cash_out"]),
        invoice=says["invoice"] == "required",
        pin=pin is not None,
        lock_after=3 if pin is None else int(pin["lock_after"]),
    )


def _certificate(says: dict[str, Any], digits: Digits) -> CertificateKind:
    valid = says["valid"] if isinstance(says["valid"], dict) else {}
    return CertificateKind(
        id=says["id"],
        site=says["site"],
        distributor=says["distributor"],
        value_minor=digits.money(says["value"]),
        valid_for=_duration(valid.get("for")),
        valid_until=valid.get("until"),
        terms=says["terms"],
        refuse_if_closed=says["on_distributor_closed"] == "refuse",
    )


def _reward(says: dict[str, Any], digits: Digits) -> Reward:
    limit = says["per_contact"]
    return Reward(
        id=says["id"],
        price=digits.units(says["price"]),
        prices={tier: digits.units(price) for tier, price in (says["prices"] or {}).items()},
        stock=None if says["stock"] is None else int(says["stock"]),
        available_from=says["available"]["from"],
        available_until=says["available"]["until"],
        times=None if limit is None else int(limit["times"]),
        each="lifetime" if limit is None else limit["each"],
        terms=says["terms"],
        cancel_within=_duration(says["cancel_within"]),
    )


def _control(says: dict[str, Any], digits: Digits) -> Control:
    return Control(
        id=says["id"],
        on=says["on"],
        amount={test: digits.money(bound) for test, bound in (says["amount"] or {}).items()},
        hours=None if says["hours"] is None else figures.span([], says["hours"]),
        manual=says["entry"] == "manual",
        merchant=says["merchant"],
        role=says["role"],
        times=None if says["times"] is None else int(says["times"]),
        each=says["each"] or "lifetime",
        delay=_duration(says["delay"]),
        then=says["then"],
    )


def _money(text: str | None, digits: Digits) -> int | None:
    return None if text is None else digits.money(text)


def _duration(text: str | None) -> Duration | None:
    return None if text is None else figures.duration(text)
