"""The closed lists of words of the rule language: event types, offer types, fields."""

from __future__ import annotations

from guerdon.rules.condition import FieldType

# The events that an offer may wait for (``on``).
WINNING_EVENTS = (
    "purchase",
    "register",
    "update",
    "sign_up",
    "profile_completed",
    "referral",
    "achievement",
    "subscription_started",
    "subscription_matured",
    "birthday",
    "tier_reached",
)

# The goal of each offer type, and the event that it waits for unless the offer says otherwise.
OFFER_TYPES = {
    "discount": ("spend", "purchase"),
    "bundle": ("spend", "purchase"),
    "gift": ("spend", "purchase"),
    "happy_hour": ("visits", "purchase"),
    "stamps": ("visits", "purchase"),
    "sign_up": ("membership", "sign_up"),
    "referral": ("membership", "referral"),
    "profile": ("membership", "profile_completed"),
    "reach_tier": ("membership", "tier_reached"),
    "subscription_maturity": ("membership", "subscription_matured"),
    "birthday": ("membership", "birthday"),
    "achievement": ("achievement", "achievement"),
    "lottery": ("achievement", "purchase"),
}

# What a source may be allowed to send (spec 3).
SENT_EVENTS = (
    *("purchase", "cancel", "return", "estimate", "register", "update", "sign_up", "sign_up_verified", "sign_out"),
    *("profile_completed", "referral", "achievement", "subscription_started", "subscription_interrupted"),
    *("redeem", "payout", "payout_confirmed", "payout_failed", "hold", "capture", "void", "token"),
    *("pool_activated", "pool_deactivated", "limit_set", "block_spend", "unblock_spend"),
    *("adjust", "transfer", "merge", "enrol", "unenrol", "close", "hold_account", "reactivate", "erase"),
    *("budget_loaded", "statement_closed", "statement_approved", "statement_sent", "statement_paid"),
    *("statement_failed", "draw", "tick", "code_entered"),
    *("reward_exchanged", "coupon_used", "coupon_cancelled", "reward_restocked"),
    *("certificate_issued", "certificate_distributed", "certificate_reserved", "certificate_claimed"),
    *("certificate_fulfilled", "certificate_voided", "certificate_replaced"),
    *("card_issued", "card_activated", "card_reloaded", "card_spent", "card_held", "card_captured", "card_voided"),
    *("card_cancelled", "card_emptied", "card_transferred", "card_registered", "card_pin_failed", "card_locked"),
    *("card_unlocked", "card_suspended", "card_resumed", "card_lost", "card_batch_activated"),
)

# ``card_load`` stands for activation and reload.
CARD_LOAD = "card_load"
CONTROLLED_EVENTS = (CARD_LOAD, *SENT_EVENTS)

# What an alert's window is kept for: one for the whole business, or one for each value of these, joined by "+".
SCOPES = (
    *("business", "merchant", "venue", "tap", "channel", "source", "actor", "role", "contact", "card", "certificate"),
    *("coupon", "kind", "site", "email", "distributor"),
)

# The fields that every programme has, by scope.
FIELDS: dict[str, dict[str, FieldType]] = {
    "event": {
        "total": FieldType.MONEY,
        "net": FieldType.MONEY,
        "tax": FieldType.MONEY,
        "quantity": FieldType.QUANTITY,
        "currency": FieldType.TEXT,
        "channel": FieldType.TEXT,
        "type": FieldType.TEXT,
        "classification": FieldType.TEXT,
        "amount": FieldType.MONEY,
    },
    "line": {
        "sku": FieldType.TEXT,
        "type": FieldType.TEXT,
        "family": FieldType.TEXT,
        "brand": FieldType.TEXT,
        "category": FieldType.TEXT,
        "quantity": FieldType.QUANTITY,
        "net": FieldType.MONEY,
        "tax": FieldType.MONEY,
        "total": FieldType.MONEY,
        "unit_price": FieldType.UNIT_PRICE,
    },
    "contact": {
        "id": FieldType.TEXT,
        "email_domain": FieldType.TEXT,
        "registered_on": FieldType.DATE,
        "referred": FieldType.BOOLEAN,
        "birth_month": FieldType.INTEGER,
        "birth_day": FieldType.INTEGER,
    },
}

ATTRIBUTE_TYPES = {
    "string": FieldType.TEXT,
    "integer": FieldType.INTEGER,
    "decimal": FieldType.DECIMAL,
    "boolean": FieldType.BOOLEAN,
    "date": FieldType.DATE,
}
