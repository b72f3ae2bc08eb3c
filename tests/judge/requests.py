"""Requests about money: holds and captures, tokens, redeeming on request, payouts."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from .copying import copied
from .due import catch_up, free_hold
from .ledger import balance, move, open_money, take_open
from .money import BadAmount, rounded
from .paying import leave
from .purchases import begin, happening_of, purchase
from .reading import read_lines
from .returns import find
from .state import Contact, Happening, Hold, Ignored, Refused, Waiting
from .statuses import must_be_served
from .wallet import (
    buckets_of,
    largest_with_fee,
    limited,
    pay_out,
    pool_is_active,
    record_spend,
    redeem,
    spend_permission,
    spent_to,
    take_lots,
    usable_lots,
    wallet_fee,
)

if TYPE_CHECKING:
    from .judge import Judge


def known(j: Judge, name: str, e: dict[str, Any], moment: datetime, served: bool = True) -> tuple[Happening, Contact]:
    """The event with its contact, which must exist and (unless the caller tests it later) be served, caught up."""
    h = happening_of(j, name, e, moment)
    h.contact = j.contact_name(e)
    contact = j.state.contacts.get(h.contact)
    if contact is None:
        raise Refused("unknown_contact")
    if served:
        must_be_served(contact)
    begin(j, h, contact)
    j.state.happenings[name] = h
    contact.last_posted = name
    return h, contact


def positive(j: Judge, text: str) -> int:
    try:
        amount = j.rules.units(text)
    except BadAmount as error:
        raise Refused("bad_amount") from error
    if amount <= 0:
        raise Refused("bad_amount")
    return amount


def units_asked(j: Judge, text: str) -> int:
    """An amount of the currency in units of the wallet, floored."""
    try:
        amount = j.rules.money(text)
    except BadAmount as error:
        raise Refused("bad_amount") from error
    if amount <= 0:
        raise Refused("bad_amount")
    return rounded(amount / j.rules.worth, "floor")


def hold(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    amount = units_asked(j, e["amount"])
    h, contact = known(j, name, e, moment, served=False)
    code = spend_permission(j, contact, h.merchant, h.moment)
    if code is None and contact.blocked:
        code = "spend_blocked"
    if code is None:
        must_be_served(contact)
    if code is None and contact.status == "pending":
        code = "registration_required"
    if code is None:
        allowed = limited(j, contact, "spend", amount, h.at)
        if allowed is None:
            code = "limit_reached"
        else:
            amount = allowed
    if code is None and (amount == 0 or open_money(j, contact) < amount + wallet_fee(j, "spend", amount)):
        code = "insufficient_funds"
    if code is not None:
        raise Refused(code)
    post_hold(j, h, contact, amount, e.get("hold_for"))


def post_hold(j: Judge, h: Happening, contact: Contact, amount: int, hold_for: str | None) -> None:
    """The amount and the fee that its spend will cost are set aside."""
    whole = amount + wallet_fee(j, "spend", amount)
    parts = take_open(j, contact, whole, f"{contact.name}/held", h.at, "hold")
    until = j.rules.clock.after(h.at, hold_for) if hold_for else None
    j.state.holds[h.name] = Hold(h.name, contact.name, amount, parts, h.merchant, until)
    j.state.limit_uses.append((contact.name, "spend", h.at, amount))


def estimate(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    """Answered with what a purchase would give; with `hold_for` it holds what that would spend, of open money now."""
    if "hold_for" not in e:
        raise Ignored("estimate")
    h, contact = known(j, name, e, moment)
    spent, code = would_spend(j, name, e, moment)
    if spent <= 0:
        raise Ignored("nothing_to_do") if code is None else Refused(code)
    allowed = limited(j, contact, "spend", spent, h.at)
    amount = largest_with_fee(j, "spend", allowed or 0, open_money(j, contact))
    if amount <= 0:
        raise Refused("insufficient_funds")
    post_hold(j, h, contact, amount, e["hold_for"])


def would_spend(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> tuple[int, str | None]:
    """What the purchase would spend, or why its request would be refused; nothing of it stays."""
    now, kept = j.state, j._kept
    j.state = copied(now)
    bought = {key: value for key, value in e.items() if key != "hold_for"} | {"type": "purchase"}
    try:
        purchase(j, name, bought, moment)
        spent = sum(spend.amount for spend in j.state.happenings[name].spends)
        asked = [no["code"] for no in j.state.refusals if no["event"] == name and no.get("request") == "spend"]
        return spent, asked[-1] if asked else None
    except Refused as no:
        return 0, str(no)
    finally:
        j.state, j._kept = now, kept


def hold_named(j: Judge, e: dict[str, Any]) -> Hold:
    found = j.state.holds.get(str(e["of"]))
    if found is None:
        raise Waiting
    return found


def capture(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    """What is not captured is freed first, what was taken last before the rest; the fee is paid from open money."""
    held = hold_named(j, e)
    h, contact = of_hold(j, name, e, moment, held)
    if held.state != "open":
        raise Refused("invalid_transition")
    amount = units_asked(j, e["amount"]) if "amount" in e else held.amount
    if amount > held.amount:
        raise Refused("limit_reached")
    if amount == 0:
        raise Refused("bad_amount")
    if held.merchant is None and h.merchant is not None:
        code = spend_permission(j, contact, h.merchant, h.moment)
        if code is not None:
            raise Refused(code)
    h.merchant = held.merchant or h.merchant
    kept, left = [], amount
    for index, (role, there) in enumerate(held.parts):
        part = min(left, there)
        held.parts[index] = (role, there - part)
        kept.append((role, part))
        left -= part
    free_hold(j, held, h.at, "captured")
    fee = wallet_fee(j, "spend", amount)
    fee_parts = take_open(j, contact, fee, "business/fee_income", h.at, "wallet_fee")
    move(j, f"{contact.name}/held", spent_to(h.merchant), amount, h.at, "spend")
    record_spend(j, h, amount, kept, fee, fee_parts, h.merchant)


def void(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    held = hold_named(j, e)
    h, _ = of_hold(j, name, e, moment, held)
    if held.state != "open":
        raise Refused("invalid_transition")
    free_hold(j, held, h.at, "void")


def of_hold(j: Judge, name: str, e: dict[str, Any], moment: datetime, held: Hold) -> tuple[Happening, Contact]:
    """A capture or a void: whatever its contact's status, what is held can be settled."""
    h = happening_of(j, name, e, moment)
    contact = j.followed(held.contact)
    h.contact = contact.name
    begin(j, h, contact)
    contact.last_posted = name
    return h, contact


def token(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    h = happening_of(j, name, e, moment)
    h.contact = j.contact_name(e)
    contact = j.state.contacts.get(h.contact)
    if contact is None:
        raise Refused("unknown_contact")
    begin(j, h, contact)
    if e.get("intent") == "reject" and "of" in e and e["of"] in j.state.tokens:
        j.state.tokens[e["of"]]["rejected"] = True
    j.state.tokens[name] = {
        "contact": contact.name,
        "amount": e.get("amount"),
        "expires": j.rules.clock.instant(e["expires"]) if "expires" in e else None,
        "used": False,
        "rejected": e.get("intent") == "reject",
    }
    contact.last_posted = name


def redeem_request(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    """Match a purchase, or lines of now, against the contact's usable lots."""
    h, contact = known(j, name, e, moment)
    try:
        bought = find(j, e) if "of" in e else None
    except (Waiting, Ignored) as error:
        raise Refused("unknown_purchase") from error
    if contact.status == "pending":
        raise Refused("registration_required")
    if bought is None:
        h.lines = read_lines(j, e)
        bought = h
    elif bought.cancelled:
        raise Refused("already_cancelled")
    elif j.followed(bought.contact).name != contact.name:
        raise Refused("unknown_purchase")
    lots = [
        lot
        for lot in usable_lots(j, contact, h.at)
        if lot.cause != bought.name and pool_is_active(j, contact, lot.pool)
    ]
    taken = take_lots(j, lots, buckets_of(j, bought, lots), None)
    if not taken:
        raise Ignored("nothing_to_do")
    at_purchase, bought.at = bought.at, h.at
    redeem(j, bought, contact, taken, name)
    bought.at = at_purchase
    leave(j, h, contact)


def payout(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    told = positive(j, e["amount"]) if "amount" in e else None
    h, contact = known(j, name, e, moment, served=False)
    if contact.blocked:
        raise Refused("spend_blocked")
    must_be_served(contact)
    if contact.status == "pending":
        raise Refused("registration_required")
    amount = balance(j, f"{contact.name}/open:payable") if told is None else told
    if amount and limited(j, contact, "payout", amount, h.at) is None:
        raise Refused("limit_reached")
    if contact.method is None:
        raise Refused("no_payment_method")
    if balance(j, f"{contact.name}/open:payable") < max(amount, 1):
        raise Refused("not_payable")
    code = pay_out(j, contact, name, amount, h.at)
    if code is not None:
        raise Refused(code)


def payout_ends(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    """Confirmed: to the bank. Failed: back to payable money. Once."""
    found = j.state.payouts.get(str(e["of"]))
    if found is None:
        raise Waiting
    contact = j.followed(found["contact"])
    h = happening_of(j, name, e, moment)
    h.contact = contact.name
    begin(j, h, contact)
    amount = positive(j, e["amount"]) if "amount" in e else found["left"]
    if found["left"] == 0 or amount > found["left"]:
        raise Refused("invalid_transition")
    found["left"] -= amount
    to = "business/bank" if e["type"] == "payout_confirmed" else f"{contact.name}/open:payable"
    move(j, f"{contact.name}/payout", to, amount, h.at, "payout")
    contact.last_posted = name
    catch_up(j, contact, h.at)
