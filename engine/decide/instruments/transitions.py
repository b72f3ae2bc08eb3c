"""The tables of states of cards, certificates and coupons (spec 7b, *from → to*), and nothing else about them.

Checks of handlers, the API and menus of consoles all read these tables.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from guerdon.engine.codes import EventType as T


class CardState(StrEnum):
    """What a gift card can be."""

    NEW = "new"  # nothing is known of it
    PRINTED = "printed"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    LOCKED = "locked"
    LOST = "lost"
    EMPTIED = "emptied"


class CertificateState(StrEnum):
    """What a certificate can be."""

    NEW = "new"
    GENERATED = "generated"
    DISTRIBUTED = "distributed"
    RESERVED = "reserved"
    CLAIMED = "claimed"
    FULFILLED = "fulfilled"
    EXPIRED = "expired"
    VOIDED = "voided"
    REPLACED = "replaced"


class CouponState(StrEnum):
    """What a coupon can be."""

    AVAILABLE = "available"  # nothing is known of it
    ASSIGNED = "assigned"
    USED = "used"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Move(NamedTuple):
    """``taken_in``: the states in which the event is taken; ``leads_to``: the state after it, None: it stays."""

    taken_in: frozenset[str]
    leads_to: str | None


def _move(*states: str, to: str | None = None) -> Move:
    return Move(frozenset(states), to)


_C, _K, _U = CardState, CertificateState, CouponState
_EXISTING = (_C.PRINTED, _C.ACTIVE, _C.SUSPENDED, _C.LOCKED, _C.LOST, _C.EMPTIED)

CARD: dict[T, Move] = {
    T.CARD_ISSUED: _move(_C.NEW, to=_C.PRINTED),
    T.CARD_ACTIVATED: _move(_C.PRINTED, to=_C.ACTIVE),
    T.CARD_RELOADED: _move(_C.ACTIVE),
    T.CARD_SPENT: _move(_C.ACTIVE),
    T.CARD_HELD: _move(_C.ACTIVE),
    T.CARD_CAPTURED: _move(_C.ACTIVE),
    T.CARD_VOIDED: _move(*_EXISTING),
    T.CARD_CANCELLED: _move(_C.ACTIVE, _C.SUSPENDED, _C.LOCKED, _C.LOST, _C.EMPTIED),
    T.CARD_EMPTIED: _move(_C.ACTIVE, to=_C.EMPTIED),
    T.CARD_TRANSFERRED: _move(_C.ACTIVE, _C.SUSPENDED, _C.LOCKED, to=_C.LOST),
    T.CARD_REGISTERED: _move(_C.ACTIVE),
    T.CARD_PIN_FAILED: _move(_C.ACTIVE),
    T.CARD_LOCKED: _move(_C.ACTIVE, to=_C.LOCKED),
    T.CARD_UNLOCKED: _move(_C.LOCKED, to=_C.ACTIVE),
    T.CARD_SUSPENDED: _move(_C.ACTIVE, to=_C.SUSPENDED),
    T.CARD_RESUMED: _move(_C.SUSPENDED, to=_C.ACTIVE),
    T.CARD_LOST: _move(_C.ACTIVE, _C.SUSPENDED, _C.LOCKED, to=_C.LOST),
}
# The card that receives the balance of another.
CARD_RECEIVES = _move(_C.PRINTED, _C.ACTIVE, to=_C.ACTIVE)

CERTIFICATE: dict[T, Move] = {
    T.CERTIFICATE_ISSUED: _move(_K.NEW, to=_K.GENERATED),
    T.CERTIFICATE_DISTRIBUTED: _move(_K.GENERATED, to=_K.DISTRIBUTED),
    T.CERTIFICATE_RESERVED: _move(_K.DISTRIBUTED, to=_K.RESERVED),
    T.CERTIFICATE_CLAIMED: _move(_K.DISTRIBUTED, _K.RESERVED, to=_K.CLAIMED),
    T.CERTIFICATE_FULFILLED: _move(_K.CLAIMED, to=_K.FULFILLED),
    T.CERTIFICATE_VOIDED: _move(_K.GENERATED, _K.DISTRIBUTED, _K.RESERVED, to=_K.VOIDED),
    T.CERTIFICATE_REPLACED: _move(_K.DISTRIBUTED, _K.RESERVED, to=_K.REPLACED),
}
# In these states a certificate is worth its value, and expires.
CERTIFICATE_OUT = frozenset({_K.DISTRIBUTED, _K.RESERVED})

COUPON: dict[T, Move] = {
    T.REWARD_EXCHANGED: _move(_U.AVAILABLE, to=_U.ASSIGNED),
    T.COUPON_USED: _move(_U.ASSIGNED, to=_U.USED),
    T.COUPON_CANCELLED: _move(_U.ASSIGNED, to=_U.CANCELLED),
}


def taken(table: dict[T, Move], state: str) -> list[T]:
    """The events of a table that are taken in a state, in the order of the table.

    >>> [kind.name.lower() for kind in taken(COUPON, CouponState.ASSIGNED)]
    ['coupon_used', 'coupon_cancelled']
    """
    return [kind for kind, move in table.items() if state in move.taken_in]
