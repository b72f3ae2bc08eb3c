"""How a purchase is paid: which lots it redeems in each mode, what it spends, and whether it must be covered."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from .ledger import balance
from .money import rounded
from .state import Contact, Happening, Lot, Refused
from .wallet import (
    Bucket,
    buckets_of,
    largest_with_fee,
    limited,
    money_after,
    pay_out,
    pool_is_active,
    post_spend,
    redeem,
    spend_permission,
    take_lots,
    usable_lots,
    wallet_fee,
)

if TYPE_CHECKING:
    from .judge import Judge


class Wish:
    """What a purchase wants to spend, in units, before and after limits; or why it may not."""

    def __init__(self) -> None:
        self.asked = 0
        self.want = 0
        self.refusal: str | None = None
        self.is_request = False
        self.least = 0  # auto_spend pays no less
        self.from_balance = 0  # nor from a smaller balance


def pay(j: Judge, h: Happening, contact: Contact) -> None:
    """Redeem, spend and pay out for a purchase whose awards are posted."""
    wish = wish_of(j, h, contact)
    instant = instant_lots(j, h, contact)
    taken = planned(j, h, contact, wish, instant)
    amount = affordable(j, contact, wish, taken)
    if amount <= 0 and wish.is_request and wish.refusal is None:
        wish.refusal = "insufficient_funds"
    if wish.is_request and wish.refusal is not None:
        test_cover(j, wish, 0)
        refuse(j, h, "spend", wish.refusal)
        if mode(j) == "on_spend":
            taken = planned(j, h, contact, Wish(), instant)
        amount = 0
    elif wish.is_request:
        test_cover(j, wish, amount)
    redeem(j, h, contact, final(j, h, contact, taken), h.name)
    if amount > 0:
        post_spend(j, h, contact, amount)
        use_token(j, h)
    leave(j, h, contact)


def mode(j: Judge) -> str:
    return str(j.rules.business.get("redeem", "automatic"))


def refuse(j: Judge, h: Happening, request: str, code: str) -> None:
    j.state.refusals.append({"event": h.name, "request": request, "code": code, "contact": h.contact})


# Lots


def instant_lots(j: Judge, h: Happening, contact: Contact) -> list[Lot]:
    """The instant awards of this very event."""
    if contact.status == "pending":
        return []
    own = [award.lot for award in h.awards if award.lot is not None and award.lot.instant]
    return [lot for lot in usable_lots(j, contact, h.at) if lot in own and pool_is_active(j, contact, lot.pool)]


def older_lots(j: Judge, h: Happening, contact: Contact) -> list[Lot]:
    """Usable lots from before this event, of whatever origin; none that it caused."""
    if contact.status == "pending":
        return []
    return [
        lot for lot in usable_lots(j, contact, h.at) if lot.cause != h.name and pool_is_active(j, contact, lot.pool)
    ]


def planned(j: Judge, h: Happening, contact: Contact, wish: Wish, instant: list[Lot]) -> list[tuple[Lot, int]]:
    """What each lot gives, without posting it; the lines are as before."""
    before = [line.redeemed for line in h.lines]
    taken = plan(j, h, contact, wish, instant)
    for line, value in zip(h.lines, before, strict=True):
        line.redeemed = value
    return taken


def plan(j: Judge, h: Happening, contact: Contact, wish: Wish, instant: list[Lot]) -> list[tuple[Lot, int]]:
    how = mode(j)
    if how == "automatic":
        lots = older_lots(j, h, contact) + instant
        order = usable_lots(j, contact, h.at)
        lots.sort(key=order.index)
        return take_lots(j, lots, buckets_of(j, h, lots), None)
    older: list[Lot] = []
    if how == "on_spend" and wish.is_request and wish.refusal is None:
        older = older_lots(j, h, contact)
    buckets: list[Bucket] = buckets_of(j, h, instant + older)
    taken = take_lots(j, instant, buckets, None)
    lacking = wish.want + wallet_fee(j, "spend", wish.want) - money_after(j, contact, taken)
    return taken + take_lots(j, older, buckets, max(0, lacking))


def final(j: Judge, h: Happening, contact: Contact, taken: list[tuple[Lot, int]]) -> list[tuple[Lot, int]]:
    """The plan, with the value it takes noted on the lines."""
    lots = [lot for lot, _ in taken]
    buckets = buckets_of(j, h, lots)
    for lot, amount in taken:
        left = amount * j.rules.worth
        for bucket in buckets:
            if lot.pool in bucket.pools:
                part = min(left, bucket.value)
                bucket.take(part)
                left -= part
    return taken


# Spend


def wish_of(j: Judge, h: Happening, contact: Contact) -> Wish:
    wish = Wish()
    request = h.fields.get("spend")
    token = h.fields.get("token")
    if request is None and token is not None:
        request = (j.state.tokens.get(str(token)) or {}).get("amount", "max")
        request = {"amount": request} if request != "max" else "max"
    if request is None:
        auto = j.rules.wallet.get("auto_spend")
        if auto and contact.status != "pending":
            wish_auto(j, h, contact, wish, auto)
        return wish
    wish.is_request = True
    asked = Fraction(j.rules.money(request["amount"])) if isinstance(request, dict) else Fraction(h.total)
    wish.asked = rounded(min(asked, Fraction(h.total)) / j.rules.worth, "floor")
    wish.refusal = reason_against(j, h, contact, request, token)
    if wish.refusal is None:
        limit(j, h, contact, wish)
    return wish


def wish_auto(j: Judge, h: Happening, contact: Contact, wish: Wish, auto: dict[str, Any]) -> None:
    wish.asked = min(j.rules.units(auto["max"]), rounded(h.total / j.rules.worth, "floor"))
    wish.least = j.rules.units(auto.get("min", "0"))
    wish.from_balance = j.rules.units(auto.get("min_balance", "0"))
    wish.refusal = "spend_blocked" if contact.blocked else spend_permission(j, contact, h.merchant, h.moment)
    if wish.refusal is None:
        limit(j, h, contact, wish)


def limit(j: Judge, h: Happening, contact: Contact, wish: Wish) -> None:
    allowed = limited(j, contact, "spend", wish.asked, h.at)
    wish.want = allowed or 0
    if allowed is None:
        wish.refusal = "limit_reached"


def reason_against(j: Judge, h: Happening, contact: Contact, request: Any, token: Any) -> str | None:
    """Why the request is refused before its money is looked at, in the order of precedence."""
    code = spend_permission(j, contact, h.merchant, h.moment)
    if code is not None:
        return code
    if contact.blocked:
        return "spend_blocked"
    if contact.status == "pending":
        return "registration_required"
    if token is not None and not token_fits(j, h, contact, request, str(token)):
        return "token_mismatch"
    return None


def token_fits(j: Judge, h: Happening, contact: Contact, request: Any, name: str) -> bool:
    token = j.state.tokens.get(name)
    if token is None or token["contact"] != contact.name or token["used"] or token["rejected"]:
        return False
    if token["expires"] is not None and h.at > token["expires"]:
        return False
    if token["amount"] is None:
        return True
    return isinstance(request, dict) and j.rules.money(request["amount"]) == j.rules.money(token["amount"])


def use_token(j: Judge, h: Happening) -> None:
    if h.fields.get("token") is not None:
        j.state.tokens[str(h.fields["token"])]["used"] = True


def affordable(j: Judge, contact: Contact, wish: Wish, taken: list[tuple[Lot, int]]) -> int:
    if wish.refusal is not None:
        return 0
    money = money_after(j, contact, taken)
    if not wish.is_request and money < wish.from_balance:
        return 0
    amount = largest_with_fee(j, "spend", wish.want, money)
    return amount if amount >= wish.least else 0


def test_cover(j: Judge, wish: Wish, amount: int) -> None:
    """With full cover the whole purchase is refused unless the request is paid in full."""
    if j.rules.wallet.get("full_cover") != "true":
        return
    if wish.refusal is not None and wish.refusal != "insufficient_funds":
        raise Refused(wish.refusal)
    if wish.want < wish.asked:
        raise Refused("limit_reached")
    if amount < wish.asked:
        raise Refused("not_fully_covered")


def leave(j: Judge, h: Happening, contact: Contact) -> None:
    """Step 13: payable money goes to the contact's payment method, if it has one."""
    payable = balance(j, f"{contact.name}/open:payable")
    if payable > 0 and contact.status != "pending":
        code = pay_out(j, contact, h.name, payable, h.at)
        if code is not None:
            refuse(j, h, "payout", code)
