"""What each type of event may carry (spec 3 and 7b), as one table. Nothing else knows the names of fields."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from guerdon.engine.codes import EventType as T


class Kind(Enum):
    """How a field's value is read, and how it is held."""

    TEXT = "text"
    MONEY = "money"  # > 0, minor units of the currency
    MONEY_SIGNED = "money_signed"  # not 0
    MONEY_ANY = "money_any"  # 0 allowed, >= 0
    UNITS = "units"  # > 0, minor units of the wallet's unit
    UNITS_SIGNED = "units_signed"
    COUNT = "count"  # whole, > 0
    BOOLEAN = "boolean"
    TIME = "time"  # µs UTC
    DURATION = "duration"  # kept as text
    PERIOD = "period"  # 2026-03
    EMAIL = "email"  # trimmed, lower case
    TEXTS = "texts"  # list of text
    PAYMENT_METHOD = "payment_method"  # {kind, reference}


@dataclass(frozen=True, slots=True)
class Shape:
    """``fields``: what the type carries beside what every event may. ``bought``: lines, totals, currency and spend.

    ``rank``: place among events of the same time. ``registers``: makes an unknown contact known where the business
    registers automatically. ``told`` is False for what only the engine says. ``of_contact``: carries the contact's own
    attributes and identifiers.
    """

    rank: int
    fields: dict[str, Kind]
    bought: bool = False
    registers: bool = False
    told: bool = True
    of_contact: bool = False
    needs: tuple[str, ...] = ()  # amounts without which it is refused bad_amount
    at_merchant: bool = False  # has no sense without a merchant


_WHO_AND_WHERE = {"contact", "merchant", "venue", "tap", "channel", "reference", "series"}
COMMON = frozenset({"id", "source", "type", "time", "attributes", "reason", "note", *_WHO_AND_WHERE})
BY_THE_DOOR = frozenset({"actor", "approver", "role"})
BOUGHT = frozenset({"lines", "total", "net", "tax", "currency", "rate", "spend"})
IDENTIFIERS = ("card", "email", "phone", "document", "wallet_code")

TEXT, COUNT, BOOLEAN, EMAIL = Kind.TEXT, Kind.COUNT, Kind.BOOLEAN, Kind.EMAIL
MONEY, UNITS = Kind.MONEY, Kind.UNITS
_OF = {"of": TEXT}
_CARD = {"card": TEXT}
_CARD_MONEY = {"card": TEXT, "amount": MONEY}
_CERTIFICATE = {"certificate": TEXT}
_CLAIM = {"certificate": TEXT, "site": TEXT, "email": EMAIL}
_PERIOD = {"period": Kind.PERIOD}
_CONTACT = {
    "scheme": TEXT,
    "code": TEXT,
    "referrer": TEXT,
    "classification": TEXT,
    "amount": MONEY,
    "payment_method": Kind.PAYMENT_METHOD,
    **{kind: EMAIL if kind == "email" else TEXT for kind in IDENTIFIERS},
}


def _member(**more: Kind) -> Shape:
    return Shape(1, {**_CONTACT, **more}, registers=True, of_contact=True)


def _care(**more: Kind) -> Shape:
    return Shape(1, more)


def _card(amount: bool = False, **more: Kind) -> Shape:
    return Shape(1, {**(_CARD_MONEY if amount else _CARD), **more}, needs=("amount",) if amount else ())


SHAPES: dict[T, Shape] = {
    T.PROGRAMME: Shape(0, {"version": TEXT}, told=False),
    T.PURCHASE: Shape(2, {"token": TEXT, "estimate": TEXT, "corrects": TEXT}, bought=True, registers=True),
    T.CANCEL: Shape(3, _OF),
    T.RETURN: Shape(3, {"of": TEXT, "amount": MONEY}, bought=True),
    T.ESTIMATE: Shape(2, {"hold_for": Kind.DURATION, "token": TEXT}, bought=True),
    T.REGISTER: Shape(1, {**_CONTACT, "complete": BOOLEAN}, of_contact=True),
    T.UPDATE: _member(owner=TEXT),
    T.SIGN_UP: _member(),
    T.SIGN_UP_VERIFIED: _member(),
    T.SIGN_OUT: _care(scheme=TEXT),
    T.PROFILE_COMPLETED: _member(),
    T.REFERRAL: _member(),
    T.ACHIEVEMENT: _member(),
    T.SUBSCRIPTION_STARTED: Shape(1, {}, registers=True),
    T.SUBSCRIPTION_INTERRUPTED: _care(),
    T.SUBSCRIPTION_MATURED: Shape(1, {}, told=False),
    T.BIRTHDAY: Shape(1, {}, told=False),
    T.TIER_REACHED: Shape(2, {}, told=False),
    T.REDEEM: Shape(2, _OF, bought=True),
    T.PAYOUT: Shape(2, {"amount": UNITS, "method": TEXT}),
    T.PAYOUT_CONFIRMED: Shape(2, {"of": TEXT, "amount": UNITS, "method": TEXT}),
    T.PAYOUT_FAILED: Shape(2, {"of": TEXT, "amount": UNITS, "method": TEXT}),
    T.HOLD: Shape(2, {"amount": MONEY, "hold_for": Kind.DURATION}, needs=("amount",)),
    T.CAPTURE: Shape(2, {"of": TEXT, "amount": MONEY}),
    T.VOID: Shape(2, _OF),
    T.TOKEN: _care(intent=TEXT, amount=MONEY, expires=Kind.TIME),
    T.POOL_ACTIVATED: _care(pool=TEXT),
    T.POOL_DEACTIVATED: _care(pool=TEXT),
    T.LIMIT_SET: _care(on=TEXT, each=TEXT, amount=UNITS, times=COUNT),
    T.BLOCK_SPEND: _care(),
    T.UNBLOCK_SPEND: _care(),
    T.ADJUST: Shape(2, {"amount": Kind.UNITS_SIGNED, "pool": TEXT, "previewed_after": TEXT}, needs=("amount",)),
    T.TRANSFER: Shape(2, {"to": TEXT, "amount": UNITS, "pool": TEXT}, needs=("amount",)),
    T.MERGE: Shape(2, {"into": TEXT}),
    T.ENROL: _care(),
    T.UNENROL: _care(),
    T.CLOSE: _care(),
    T.HOLD_ACCOUNT: _care(),
    T.REACTIVATE: _care(),
    T.ERASE: _care(),
    T.BUDGET_LOADED: Shape(2, {"amount": Kind.MONEY_SIGNED}, needs=("amount",), at_merchant=True),
    T.STATEMENT_CLOSED: Shape(2, _PERIOD),
    T.STATEMENT_APPROVED: Shape(2, _PERIOD, at_merchant=True),
    T.STATEMENT_SENT: Shape(2, _PERIOD, at_merchant=True),
    T.STATEMENT_PAID: Shape(2, _PERIOD, at_merchant=True),
    T.STATEMENT_FAILED: Shape(2, _PERIOD, at_merchant=True),
    T.DRAW: Shape(2, {"offer": TEXT}),
    T.TICK: Shape(4, {}),
    T.CODE_ENTERED: Shape(1, {"code": TEXT, "number": TEXT}, registers=True),
    T.REWARD_EXCHANGED: _care(reward=TEXT, coupon=TEXT, terms=TEXT),
    T.COUPON_USED: _care(coupon=TEXT),
    T.COUPON_CANCELLED: _care(coupon=TEXT),
    T.REWARD_RESTOCKED: Shape(1, {"reward": TEXT, "quantity": COUNT}, needs=("quantity",)),
    T.CERTIFICATE_ISSUED: Shape(1, {"certificate": TEXT, "kind": TEXT}),
    T.CERTIFICATE_DISTRIBUTED: Shape(1, _CERTIFICATE),
    T.CERTIFICATE_RESERVED: Shape(1, _CLAIM),
    T.CERTIFICATE_CLAIMED: Shape(1, {**_CLAIM, "terms": TEXT}),
    T.CERTIFICATE_FULFILLED: Shape(1, _CERTIFICATE),
    T.CERTIFICATE_VOIDED: Shape(1, _CERTIFICATE),
    T.CERTIFICATE_REPLACED: Shape(1, {"certificate": TEXT, "by": TEXT}),
    T.CARD_ISSUED: _card(kind=TEXT),
    T.CARD_ACTIVATED: _card(amount=True),
    T.CARD_RELOADED: _card(amount=True),
    T.CARD_SPENT: _card(amount=True, partial=BOOLEAN, verified=BOOLEAN),
    T.CARD_HELD: _card(amount=True, hold_for=Kind.DURATION, verified=BOOLEAN),
    T.CARD_CAPTURED: Shape(1, {"of": TEXT, "amount": MONEY}),
    T.CARD_VOIDED: Shape(1, _OF),
    T.CARD_CANCELLED: Shape(1, {"of": TEXT, "amount": MONEY}),
    T.CARD_EMPTIED: _card(verified=BOOLEAN),
    T.CARD_TRANSFERRED: _card(to=TEXT),
    T.CARD_REGISTERED: Shape(1, {**_CARD, "verified": BOOLEAN}, registers=True),
    T.CARD_PIN_FAILED: _card(),
    T.CARD_LOCKED: _card(),
    T.CARD_UNLOCKED: _card(),
    T.CARD_SUSPENDED: _card(),
    T.CARD_RESUMED: _card(),
    T.CARD_LOST: _card(),
    T.CARD_BATCH_ACTIVATED: Shape(
        1,
        {"batch": TEXT, "kind": TEXT, "cards": Kind.TEXTS, "amount": MONEY, "total": MONEY},
        needs=("amount", "total"),
    ),
}

TYPES: dict[str, T] = {kind.name.lower(): kind for kind in T}
TYPE_NAMES: dict[T, str] = {kind: name for name, kind in TYPES.items()}

# What a source without an entry in business.yaml may send.
PERMITTED_BY_DEFAULT = frozenset(
    {
        T.PURCHASE,
        T.RETURN,
        T.CANCEL,
        T.ESTIMATE,
        T.REGISTER,
        T.UPDATE,
        T.SIGN_UP,
        T.SIGN_OUT,
        T.PROFILE_COMPLETED,
        T.REFERRAL,
        T.ACHIEVEMENT,
        T.SUBSCRIPTION_STARTED,
        T.SUBSCRIPTION_INTERRUPTED,
    }
)

# Personal whatever the business declares: kept apart when an event is stored.
_PERSONAL = frozenset({"email", "phone", "document", "wallet_code", "payment_method"})


def is_personal(kind: T, name: str) -> bool:
    """Whether a field names or reaches a person; ``card`` is an identifier only where members are told of."""
    return name in _PERSONAL or (name == "card" and SHAPES[kind].of_contact)


def rank(kind: int) -> int:
    """Place of a type among events of the same time."""
    return SHAPES[T(kind)].rank
