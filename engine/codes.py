"""The closed lists of the engine: event types, outcomes, refusals, transfer kinds, accounts.

Every number here is stored in ledgers. Add at the end of a list, never renumber.
"""

from __future__ import annotations

from enum import IntEnum


class EventType(IntEnum):
    """What an event says (spec 3). The order of a list entry is its stored number."""

    PROGRAMME = 1
    PURCHASE = 2
    CANCEL = 3
    RETURN = 4
    ESTIMATE = 5
    REGISTER = 6
    UPDATE = 7
    SIGN_UP = 8
    SIGN_UP_VERIFIED = 9
    SIGN_OUT = 10
    PROFILE_COMPLETED = 11
    REFERRAL = 12
    ACHIEVEMENT = 13
    SUBSCRIPTION_STARTED = 14
    SUBSCRIPTION_INTERRUPTED = 15
    SUBSCRIPTION_MATURED = 16
    BIRTHDAY = 17
    TIER_REACHED = 18
    REDEEM = 19
    PAYOUT = 20
    PAYOUT_CONFIRMED = 21
    PAYOUT_FAILED = 22
    HOLD = 23
    CAPTURE = 24
    VOID = 25
    TOKEN = 26
    POOL_ACTIVATED = 27
    POOL_DEACTIVATED = 28
    LIMIT_SET = 29
    BLOCK_SPEND = 30
    UNBLOCK_SPEND = 31
    ADJUST = 32
    TRANSFER = 33
    MERGE = 34
    ENROL = 35
    UNENROL = 36
    CLOSE = 37
    HOLD_ACCOUNT = 38
    REACTIVATE = 39
    ERASE = 40
    BUDGET_LOADED = 41
    STATEMENT_CLOSED = 42
    STATEMENT_APPROVED = 43
    STATEMENT_SENT = 44
    STATEMENT_PAID = 45
    STATEMENT_FAILED = 46
    DRAW = 47
    TICK = 48
    CODE_ENTERED = 49
    REWARD_EXCHANGED = 50
    COUPON_USED = 51
    COUPON_CANCELLED = 52
    REWARD_RESTOCKED = 53
    CERTIFICATE_ISSUED = 54
    CERTIFICATE_DISTRIBUTED = 55
    CERTIFICATE_RESERVED = 56
    CERTIFICATE_CLAIMED = 57
    CERTIFICATE_FULFILLED = 58
    CERTIFICATE_VOIDED = 59
    CERTIFICATE_REPLACED = 60
    CARD_ISSUED = 61
    CARD_ACTIVATED = 62
    CARD_RELOADED = 63
    CARD_SPENT = 64
    CARD_HELD = 65
    CARD_CAPTURED = 66
    CARD_VOIDED = 67
    CARD_CANCELLED = 68
    CARD_EMPTIED = 69
    CARD_TRANSFERRED = 70
    CARD_REGISTERED = 71
    CARD_PIN_FAILED = 72
    CARD_LOCKED = 73
    CARD_UNLOCKED = 74
    CARD_SUSPENDED = 75
    CARD_RESUMED = 76
    CARD_LOST = 77
    CARD_BATCH_ACTIVATED = 78


class Outcome(IntEnum):
    """How an event ended."""

    POSTED = 1
    IGNORED = 2
    REFUSED = 3
    PARKED = 4  # unreadable, the raw text is kept
    WAITING = 5  # parked until the event that it names comes


class Reason(IntEnum):
    """Why an offer, a request or an event gave nothing, in order of precedence within each block (spec 4, 7b)."""

    NONE = 0
    # offers
    OFFER_INACTIVE = 1
    SCHEME_INACTIVE = 2
    NOT_A_MEMBER = 3
    HOLDOUT = 4
    NOT_AVAILABLE = 5
    OUTSIDE_HOURS = 6
    WRONG_PLACE = 7
    NOT_IN_AUDIENCE = 8
    WRONG_TIER = 9
    EVENT_MISMATCH = 10
    NO_MATCHING_LINES = 11
    NEEDS_NOT_MET = 12
    TERMS_INACTIVE = 13
    TERMS_FORBID = 14
    GOAL_NOT_REACHED = 15
    COOLDOWN = 16
    CAP_REACHED = 17
    BUDGET_USED = 18
    ROUNDS_TO_ZERO = 19
    OUTRANKED = 20
    AWARD_SHARE_REACHED = 21
    # spend, redeem, payout (TERMS_INACTIVE and TERMS_FORBID come first)
    SPEND_BLOCKED = 32
    CONTACT_ON_HOLD = 33
    REGISTRATION_REQUIRED = 34
    TOKEN_MISMATCH = 35
    LIMIT_REACHED = 36
    INSUFFICIENT_FUNDS = 37
    NOT_FULLY_COVERED = 38
    NO_PAYMENT_METHOD = 39
    NOT_PAYABLE = 40
    # events
    UNREADABLE = 64
    NOT_PERMITTED = 65
    ID_CONFLICT = 66
    UNKNOWN_TYPE = 67
    UNDECLARED_FIELD = 68
    BAD_AMOUNT = 69
    AMOUNTS_DISAGREE = 70
    RATE_MISSING = 71
    IN_FUTURE = 72
    UNKNOWN_MERCHANT = 73
    UNKNOWN_CONTACT = 74
    REFERENCE_USED = 75
    TOO_LATE = 76
    UNKNOWN_PURCHASE = 77
    ALREADY_CANCELLED = 78
    RETURNS_TOO_MUCH = 79
    CODE_USED = 80
    CODE_UNKNOWN = 81
    DOMAIN_NOT_ALLOWED = 82
    TOO_MANY_REFERRALS = 83
    OWN_REFERRAL = 84
    INVALID_TRANSITION = 85
    EXCEEDS_AUTHORITY = 86
    PREVIEW_STALE = 87
    UNKNOWN_INSTRUMENT = 88
    REASON_UNKNOWN = 89
    REFERENCE_REQUIRED = 90
    NOT_VERIFIED = 91
    TERMS_NOT_ACCEPTED = 92
    OUT_OF_STOCK = 93
    # ignored
    REPEAT = 112
    SAME_REFERENCE = 113
    CONTACT_CLOSED = 114
    CONTACT_MERGED = 115
    NOTHING_TO_DO = 116
    ESTIMATE = 117


class TransferKind(IntEnum):
    """What a transfer does (spec 5, the table). Settlement lines follow from kind and accounts."""

    AWARD = 1
    VEST = 2  # pending becomes usable
    REDEEM = 3
    SPEND = 4
    WALLET_FEE = 5
    HOLD = 6
    CAPTURE = 7
    VOID = 8
    PAYOUT = 9
    PAYOUT_CONFIRMED = 10
    PAYOUT_FAILED = 11
    EXPIRY = 12
    AWARD_FEE = 13
    SPEND_FEE = 14
    PRODUCT = 15
    AWARD_REVERSAL = 16
    REDEEM_REVERSAL = 17
    SPEND_REVERSAL = 18
    WALLET_FEE_REVERSAL = 19
    AWARD_FEE_REVERSAL = 20
    SPEND_FEE_REVERSAL = 21
    PRODUCT_REVERSAL = 22
    BUDGET_LOAD = 23
    BUDGET_REFUND = 24
    ADJUST = 25
    TRANSFER = 26
    MERGE = 27
    FORFEIT = 28
    EXCHANGE = 29
    EXCHANGE_REVERSAL = 30
    COMPENSATION = 31
    CARD_LOAD = 32
    CARD_BONUS = 33
    CARD_COMMISSION = 34
    CARD_SPEND = 35
    CARD_CASH_OUT = 36
    CARD_LOAD_REVERSAL = 37
    CARD_BONUS_REVERSAL = 38
    CARD_COMMISSION_REVERSAL = 39
    CARD_SPEND_REVERSAL = 40
    CARD_TRANSFER = 41
    CARD_EXPIRY = 42
    CERTIFICATE_SALE = 43
    CERTIFICATE_SALE_REVERSAL = 44
    CERTIFICATE_CLAIM = 45
    CERTIFICATE_EXPIRY = 46
    CERTIFICATE_REPLACE = 47
    STATEMENT_APPROVED = 48
    STATEMENT_PAID = 49
    STATEMENT_FAILED = 50


class OwnerKind(IntEnum):
    """Who owns an account."""

    BUSINESS = 1
    CONTACT = 2
    MERCHANT = 3
    CARD = 4
    CERTIFICATE = 5


class Role(IntEnum):
    """What an account is for; ``commerce:<pool>`` is ``COMMERCE + pool number``."""

    PENDING = 1
    OPEN = 2
    OPEN_PAYABLE = 3
    HELD = 4
    PAYOUT = 5
    DEBT = 6
    RECEIVABLE = 16
    PAYABLE = 17
    BUDGET = 18
    SETTLED = 19
    REWARDS_COST = 32
    SPENT = 33
    FEE_INCOME = 34
    BREAKAGE = 35
    ADJUSTMENT = 36
    BAD_DEBT = 37
    BANK = 38
    SUSPENSE = 39
    CARD_PAID = 48
    CARD_PROMO = 49
    CERTIFICATE = 56
    COMMERCE = 256


OWNER_SHIFT = 16
KIND_SHIFT = 56


def account(kind: OwnerKind | int, owner: int, role: Role | int) -> int:
    """The account's number: owner kind, owner number (0 for the business) and role packed in one positive int64.

    >>> account(OwnerKind.CONTACT, 7, Role.OPEN) == (2 << 56 | 7 << 16 | 2)
    True
    """
    return (int(kind) << KIND_SHIFT) | (owner << OWNER_SHIFT) | int(role)


def account_parts(number: int) -> tuple[OwnerKind, int, int]:
    """Owner kind, owner number and role of an account number.

    >>> account_parts(account(OwnerKind.CONTACT, 7, Role.OPEN))
    (<OwnerKind.CONTACT: 2>, 7, 2)
    """
    return (
        OwnerKind(number >> KIND_SHIFT),
        (number >> OWNER_SHIFT) & ((1 << (KIND_SHIFT - OWNER_SHIFT)) - 1),
        number & ((1 << OWNER_SHIFT) - 1),
    )


class Status(IntEnum):
    """A contact's state (spec 7). NEW: its number is given, nothing has registered it yet."""

    NEW = 0
    REGISTERED = 1
    ENROLLED = 2
    PENDING = 3
    ON_HOLD = 4
    CLOSED_BY_AGENT = 5
    CLOSED_BY_MEMBER = 6
    MERGED = 7


class Cause(IntEnum):
    """Which event of a journal an award belongs to: the event itself or one derived from it (spec 4)."""

    ITSELF = 0
    REGISTER = 1
    SIGN_UP = 2  # with a scheme
    TIER_REACHED = 3
    SUBSCRIPTION_MATURED = 4
    BIRTHDAY = 5
    REFERRER = 6  # the referral's award to the one who referred
    DRAW = 7
