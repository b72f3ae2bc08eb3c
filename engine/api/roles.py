"""What each role may do: rights on routes, and the types of event that it may tell. One table, looked up everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from guerdon.engine.codes import EventType as T
from guerdon.engine.events.fields import SHAPES


class Right(StrEnum):
    """What a route needs. ``NONE``: anybody, signed in or not."""

    NONE = "none"
    TELL = "tell"  # events, as they come from systems
    ESTIMATE = "estimate"
    SET_PIN = "set_pin"
    COMMAND = "command"  # one event about a contact or an instrument, with a preview
    READ_CONTACT = "read_contact"
    READ_EVENT = "read_event"
    READ_INSTRUMENT = "read_instrument"
    READ_SETTLEMENT = "read_settlement"
    READ_REPORT = "read_report"
    READ_AUDIT = "read_audit"
    READ_METRICS = "read_metrics"
    READ_MAIL = "read_mail"
    SEND_MAIL = "send_mail"  # once more
    READ_ALERT = "read_alert"
    DECIDE_ALERT = "decide_alert"
    READ_CERTIFICATES = "read_certificates"  # a distributor's own, as a list
    OPEN_TICKET = "open_ticket"  # and read one's own, by proof of a claim
    READ_TICKET = "read_ticket"
    ANSWER_TICKET = "answer_ticket"
    RECOVER = "recover"  # what somebody claimed, by a mail to the address of the claim
    RECONCILE = "reconcile"
    APPROVE = "approve"


@dataclass(frozen=True, slots=True)
class Role:
    """``types``: the events it may tell; None: those that ``business.yaml`` lets its source tell.

    ``own``: of its own contact only. ``scoped``: must be bound to merchants.
    """

    name: str
    rights: frozenset[Right]
    types: frozenset[T] | None
    own: bool = False
    scoped: bool = False


_TOLD = frozenset(kind for kind, shape in SHAPES.items() if shape.told)
_MEMBER = frozenset(
    {
        T.UPDATE, T.SIGN_UP, T.SIGN_UP_VERIFIED, T.SIGN_OUT, T.CLOSE, T.REDEEM, T.PAYOUT, T.TOKEN, T.POOL_ACTIVATED,
        T.POOL_DEACTIVATED, T.LIMIT_SET, T.BLOCK_SPEND, T.TRANSFER, T.REWARD_EXCHANGED, T.CODE_ENTERED,
    }
)  # fmt: skip
_AGENT = frozenset(
    {
        T.REGISTER, T.UPDATE, T.SIGN_UP, T.SIGN_UP_VERIFIED, T.SIGN_OUT, T.PROFILE_COMPLETED, T.REFERRAL, T.ENROL,
        T.UNENROL, T.HOLD_ACCOUNT, T.REACTIVATE, T.BLOCK_SPEND, T.UNBLOCK_SPEND, T.POOL_ACTIVATED, T.POOL_DEACTIVATED,
        T.ADJUST, T.MERGE, T.CANCEL, T.REDEEM, T.CODE_ENTERED, T.REWARD_EXCHANGED, T.COUPON_USED, T.COUPON_CANCELLED,
        T.CARD_REGISTERED, T.CARD_LOCKED, T.CARD_UNLOCKED, T.CARD_SUSPENDED, T.CARD_RESUMED, T.CARD_LOST,
        T.CERTIFICATE_REPLACED,
    }
)  # fmt: skip
_SUPERVISOR = _AGENT | {
    T.TRANSFER, T.ERASE, T.PAYOUT, T.LIMIT_SET, T.CARD_TRANSFERRED, T.CARD_CANCELLED, T.CARD_EMPTIED,
    T.CERTIFICATE_VOIDED, T.REWARD_RESTOCKED,
}  # fmt: skip
_MERCHANT = frozenset(
    {
        T.PURCHASE, T.RETURN, T.CANCEL, T.ESTIMATE, T.REGISTER, T.SIGN_UP, T.REDEEM, T.HOLD, T.CAPTURE, T.VOID,
        T.COUPON_USED, T.CERTIFICATE_RESERVED, T.CERTIFICATE_CLAIMED, T.CERTIFICATE_FULFILLED, T.CARD_ACTIVATED,
        T.CARD_RELOADED, T.CARD_SPENT, T.CARD_HELD, T.CARD_CAPTURED, T.CARD_VOIDED, T.CARD_CANCELLED, T.CARD_EMPTIED,
    }
)  # fmt: skip
_APPROVER = frozenset({T.STATEMENT_APPROVED})

_OWN = frozenset({Right.ESTIMATE, Right.COMMAND, Right.READ_CONTACT, Right.READ_MAIL})
_READ = frozenset({Right.READ_CONTACT, Right.READ_EVENT, Right.READ_INSTRUMENT, Right.READ_CERTIFICATES})
_CARE = _READ | {Right.ESTIMATE, Right.COMMAND}
_TICKETS = frozenset({Right.OPEN_TICKET, Right.READ_TICKET, Right.ANSWER_TICKET})
_DESK = _CARE | _TICKETS | {Right.READ_MAIL, Right.SEND_MAIL, Right.RECOVER}
_WATCH = frozenset({Right.READ_ALERT, Right.DECIDE_ALERT})
_FINANCE = frozenset({Right.READ_SETTLEMENT, Right.READ_REPORT, Right.RECONCILE})
_AUDIT = frozenset({Right.READ_AUDIT, Right.READ_METRICS, Right.READ_MAIL, Right.READ_ALERT, Right.READ_TICKET})

ROLES: dict[str, Role] = {
    role.name: role
    for role in (
        Role("client", _CARE | {Right.TELL, Right.OPEN_TICKET, Right.RECOVER, Right.SET_PIN}, None),
        Role("member", _OWN, _MEMBER, own=True),
        Role("partner", frozenset({Right.READ_INSTRUMENT, Right.READ_CERTIFICATES}), frozenset(), scoped=True),
        Role(
            "merchant",
            _CARE | {Right.TELL, Right.READ_SETTLEMENT, Right.RECONCILE, Right.READ_ALERT, Right.SET_PIN},
            _MERCHANT,
            scoped=True,
        ),
        Role("agent", _DESK, _AGENT),
        Role("supervisor", _DESK | _WATCH | {Right.APPROVE, Right.SET_PIN}, _SUPERVISOR),
        Role("admin", _DESK | _WATCH | _FINANCE | _AUDIT | {Right.TELL}, _TOLD),
        Role("approver", _READ | _FINANCE | {Right.APPROVE, Right.COMMAND}, _APPROVER),
        Role("auditor", _READ | _FINANCE | _AUDIT, frozenset()),
    )
}

# Fields that change more than their event says; only these roles may tell them.
RESERVED_FIELDS: dict[str, frozenset[str]] = {
    "owner": frozenset({"supervisor", "admin", "client"}),
    "verified": frozenset({"client"}),  # a PIN that was checked: a person's word is not enough
}
