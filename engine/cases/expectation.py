"""What the parts of ``expect`` may say: the vocabulary that case files are checked against."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """One key of ``expect``.

    ``shape``: ``entries`` (a list of mappings), ``texts`` (name → text), ``mappings`` (name → mapping),
    ``lists`` (name → list of mappings) or ``outcomes``. ``whole``: no more than what is listed may be found.
    ``amounts`` are the fields compared as decimals, wherever they stand.
    """

    shape: str
    needed: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    whole: bool = False
    amounts: tuple[str, ...] = ()


WALLET = ("commerce", "pools", "pending", "open", "payable", "held", "payout", "debt")

# Columns of a statement (spec 6, 7b) beside the net.
SETTLEMENT = (
    "award",
    "award_fee",
    "spend",
    "spend_fee",
    "expiry",
    "product",
    "prepaid",
    "card_load",
    "card_bonus",
    "card_commission",
    "card_spend",
    "certificate_sale",
    "certificate_claim",
)

PARTS: dict[str, Part] = {
    "outcomes": Part("outcomes"),
    "awards": Part(
        "entries",
        needed=("event", "offer", "amount"),
        optional=("contact", "pool", "funders", "lines"),
        whole=True,
        amounts=("amount", "funders", "lines"),
    ),
    "reversals": Part("entries", needed=("event", "offer", "amount"), whole=True, amounts=("amount",)),
    "refusals": Part("entries", needed=("event", "code"), optional=("offer", "request")),
    "redeems": Part("entries", needed=("event", "pool", "amount"), whole=True, amounts=("amount",)),
    "spends": Part("entries", needed=("event", "amount"), optional=("fee",), whole=True, amounts=("amount", "fee")),
    "expiries": Part("entries", needed=("contact", "amount"), optional=("at",), whole=True, amounts=("amount",)),
    "transfers": Part("entries", needed=("event", "from", "to", "amount"), amounts=("amount",)),
    "wallets": Part("mappings", optional=WALLET, amounts=WALLET),
    "accounts": Part("texts", amounts=("",)),
    "progress": Part("entries", needed=("contact", "offer", "at"), optional=("goal",), amounts=("at",)),
    "tiers": Part("texts"),
    "contacts": Part("mappings", optional=("status", "member_of", "spend_blocked")),
    "cards": Part("mappings", optional=("status", "paid", "promo"), amounts=("paid", "promo")),
    "certificates": Part("texts"),
    "coupons": Part("lists", optional=("reward", "status")),
    "settlement": Part(
        "entries", needed=("merchant", "period"), optional=("net", *SETTLEMENT), amounts=("net", *SETTLEMENT)
    ),
    "errors": Part("entries", needed=("code",), optional=("file", "line"), whole=True),
}
