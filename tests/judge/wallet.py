"""Steps 10 to 13 of a decision: redeem, wallet fee and spend, payout."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from .candidates import in_place
from .funding import fee_of
from .ledger import balance, move, open_money, settlement_fee, take_open
from .matching import holds
from .money import percent, rounded
from .reading import line_fields
from .state import Contact, Happening, Line, Lot, Refused, Spend, Taken

if TYPE_CHECKING:
    from .judge import Judge


class Bucket:
    """Lines that the same set of pools may pay."""

    def __init__(self, pools: frozenset[str], first_line: int) -> None:
        self.pools = pools
        self.first_line = first_line
        self.lines: list[list[Any]] = []  # [line, value left]

    @property
    def value(self) -> Fraction:
        return max(Fraction(0), sum((value for _, value in self.lines), Fraction(0)))

    def take(self, amount: Fraction) -> None:
        for entry in self.lines:
            part = min(amount, max(Fraction(0), entry[1]))
            entry[1] -= part
            amount -= part
            entry[0].redeemed += part


def usable_lots(j: Judge, contact: Contact, at: datetime) -> list[Lot]:
    """The lots that can be used now, in the order in which they are."""
    lots = [
        lot
        for lot in j.state.lots
        if lot.contact == contact.name
        and lot.remaining > 0
        and not lot.pending
        and lot.usable_at <= at
        and (lot.expires_at is None or at <= lot.expires_at)
    ]
    return sorted(lots, key=lot_order)


def lot_order(lot: Lot) -> tuple[bool, float, datetime, tuple[int, int]]:
    never = lot.expires_at is None
    return (never, 0 if lot.expires_at is None else lot.expires_at.timestamp(), lot.earned_at, lot.id)


def pool_is_active(j: Judge, contact: Contact, pool: str) -> bool:
    needs_it = j.rules.pools[pool].get("activation", "none") == "required"
    return not needs_it or pool in contact.pools


def pool_pays(j: Judge, pool: str, h: Happening, line: Line) -> bool:
    entry = j.rules.pools[pool]
    if not in_place(entry.get("at"), h):
        return False
    if entry.get("times") and not j.rules.clock.in_hours(entry["times"], h.moment):
        return False
    return holds(entry.get("lines"), line_fields(j, h, line))


def buckets_of(j: Judge, h: Happening, lots: list[Lot]) -> list[Bucket]:
    """The lines of a purchase by the set of pools that may pay them, in the order in which they are taken from."""
    pools = {lot.pool for lot in lots}
    found: dict[frozenset[str], Bucket] = {}
    for line in h.lines:
        allowed = frozenset(pool for pool in pools if pool_pays(j, pool, h, line))
        if allowed:
            bucket = found.setdefault(allowed, Bucket(allowed, line.number))
            bucket.lines.append([line, line.kept_total - line.redeemed])
    return sorted(found.values(), key=lambda bucket: (len(bucket.pools), bucket.first_line))


def take_lots(j: Judge, lots: list[Lot], buckets: list[Bucket], most: int | None) -> list[tuple[Lot, int]]:
    """What each lot takes of the purchase's value; with `most`, no more than that in all."""
    taken = []
    for lot in lots:
        mine = [bucket for bucket in buckets if lot.pool in bucket.pools]
        value = sum((bucket.value for bucket in mine), Fraction(0))
        amount = min(lot.remaining, rounded(value / j.rules.worth, "floor"))
        if most is not None:
            amount = min(amount, most)
            most -= amount
        if amount <= 0:
            continue
        left = amount * j.rules.worth
        for bucket in mine:
            part = min(left, bucket.value)
            bucket.take(part)
            left -= part
        taken.append((lot, amount))
    return taken


def redeem(j: Judge, h: Happening, contact: Contact, taken: list[tuple[Lot, int]], event: str) -> None:
    """Move what was taken from commerce to open money."""
    for lot, amount in taken:
        role = "open:payable" if j.rules.pools[lot.pool].get("payout") == "true" else "open"
        lot.remaining -= amount
        move(j, f"{contact.name}/commerce/{lot.pool}", f"{contact.name}/{role}", amount, h.at, "redeem")
        h.taken.append(Taken(event, lot, amount, role))
        key = (event, lot.pool)
        j.state.redeems[key] = j.state.redeems.get(key, 0) + amount


# Spend


def wallet_fee(j: Judge, on: str, amount: int) -> int:
    total = 0
    for fee in j.rules.wallet.get("fees") or []:
        if fee["on"] == on:
            part = percent(fee["percent"]) * amount if "percent" in fee else Fraction(j.rules.units(fee["amount"]))
            total += rounded(part, "half_up")
    return total


def largest_with_fee(j: Judge, on: str, want: int, money: int) -> int:
    """The largest amount, up to what is wanted, that the money pays together with its fee."""
    low, high = 0, max(0, want)
    while low < high:
        middle = (low + high + 1) // 2
        if middle + wallet_fee(j, on, middle) <= money:
            low = middle
        else:
            high = middle - 1
    return low


def limited(j: Judge, contact: Contact, on: str, want: int, at: datetime) -> int | None:
    """What the limits let through of an amount; None where they refuse it."""
    for limit in [*(j.rules.wallet.get("limits") or []), *contact.limits]:
        if limit["on"] != on:
            continue
        window = j.rules.clock.window(limit["each"], at)
        uses = [
            amount
            for name, kind, moment, amount in j.state.limit_uses
            if name == contact.name and kind == on and j.rules.clock.window(limit["each"], moment) == window
        ]
        if "times" in limit and len(uses) >= int(limit["times"]):
            return None
        if "amount" in limit:
            left = j.rules.units(limit["amount"]) - sum(uses)
            if want > left:
                if limit.get("over", "refuse") != "clip" or left <= 0:
                    return None
                want = left
    return want


def spend_permission(j: Judge, contact: Contact, merchant: str | None, moment: datetime) -> str | None:
    if merchant is None:
        return None
    terms = j.rules.active_terms(merchant, moment)
    if terms is None:
        return "terms_inactive"
    whose = "spend_own" if contact.merchant == merchant else "spend_others"
    if (terms.get("may") or {}).get(whose, "true") != "true":
        return "terms_forbid"
    return None


def spent_to(merchant: str | None) -> str:
    return "business/spent" if merchant is None else f"{merchant}/payable"


def post_spend(j: Judge, h: Happening, contact: Contact, amount: int) -> None:
    """The wallet fee first, then the spend, then the merchant's fee for it."""
    fee = wallet_fee(j, "spend", amount)
    fee_parts = take_open(j, contact, fee, "business/fee_income", h.at, "wallet_fee")
    parts = take_open(j, contact, amount, spent_to(h.merchant), h.at, "spend")
    record_spend(j, h, amount, parts, fee, fee_parts, h.merchant)
    j.state.limit_uses.append((contact.name, "spend", h.at, amount))


def record_spend(
    j: Judge,
    h: Happening,
    amount: int,
    parts: list[tuple[str, int]],
    fee: int,
    fee_parts: list[tuple[str, int]],
    merchant: str | None,
) -> None:
    merchant_fee = fee_of(j, h, "spend")
    spend = Spend(h.name, amount, parts, fee, fee_parts, merchant, merchant_fee)
    h.spends.append(spend)
    j.state.spends.append(spend)
    charge = settlement_fee(merchant_fee, amount, amount)
    move(j, f"{merchant}/receivable", "business/fee_income", charge, h.at, "spend_fee")


# Payout


def pay_out(j: Judge, contact: Contact, event: str, want: int, at: datetime) -> str | None:
    """Pay payable money out; says why not, if it is refused."""
    if contact.blocked:
        return "spend_blocked"
    allowed = limited(j, contact, "payout", want, at)
    if allowed is None:
        return "limit_reached"
    if contact.method is None:
        return "no_payment_method"
    account = f"{contact.name}/open:payable"
    amount = largest_with_fee(j, "payout", allowed, balance(j, account))
    if amount <= 0:
        return "not_payable"
    fee = wallet_fee(j, "payout", amount)
    move(j, account, "business/fee_income", fee, at, "wallet_fee")
    move(j, account, f"{contact.name}/payout", amount, at, "payout")
    j.state.payouts[event] = {"contact": contact.name, "left": amount}
    j.state.limit_uses.append((contact.name, "payout", at, amount))
    return None


def money_after(j: Judge, contact: Contact, taken: list[tuple[Lot, int]]) -> int:
    return open_money(j, contact) + sum(amount for _, amount in taken)


def must_be_positive(amount: int) -> int:
    if amount <= 0:
        raise Refused("bad_amount")
    return amount
