"""The catalogue and codes: rewards exchanged for coupons, coupons used and cancelled, codes that open an offer."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from .ledger import balance, commerce, expire, move
from .members import done
from .purchases import begin, happening_of
from .state import Contact, Happening, Ignored, Refused
from .statuses import must_earn
from .wallet import usable_lots

if TYPE_CHECKING:
    from .judge import Judge


def served(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> tuple[Happening, Contact]:
    h = happening_of(j, name, e, moment)
    h.contact = j.contact_name(e)
    contact = j.state.contacts.get(h.contact)
    if contact is None:
        from .purchases import member

        contact = member(j, h, e)
    else:
        must_earn(contact)
        begin(j, h, contact)
    done(j, h, contact)
    return h, contact


def exchange(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    h = happening_of(j, name, e, moment)
    h.contact = j.contact_name(e)
    contact = j.state.contacts.get(h.contact)
    if contact is None:
        raise Refused("unknown_contact")
    reward = j.rules.rewards.get(e["reward"])
    if reward is None:
        raise Refused("unknown_instrument")
    must_earn(contact)
    begin(j, h, contact)
    if e["coupon"] in j.state.coupons:
        raise Refused("invalid_transition")
    price = price_of(j, reward, contact)
    refuse_exchange(j, e, reward, contact, h, price)
    taken = pay_price(j, contact, price, h)
    j.state.stock[reward["id"]] -= 1
    j.state.coupons[e["coupon"]] = {
        "contact": contact.name, "reward": reward["id"], "status": "assigned", "at": h.at, "taken": taken,
    }  # fmt: skip
    done(j, h, contact)


def price_of(j: Judge, reward: dict[str, Any], contact: Contact) -> int:
    tier = contact.tier.name if contact.tier else None
    return j.rules.units((reward.get("prices") or {}).get(tier, reward["price"]))


def refuse_exchange(
    j: Judge, e: dict[str, Any], reward: dict[str, Any], contact: Contact, h: Happening, price: int
) -> None:
    if contact.blocked:
        raise Refused("spend_blocked")
    if contact.status == "pending":
        raise Refused("registration_required")
    clock = j.rules.clock
    available = reward.get("available") or {}
    if "from" in available and h.moment < clock.midnight_of(available["from"]):
        raise Refused("not_available")
    if "until" in available and h.moment >= clock.midnight_of(available["until"]):
        raise Refused("not_available")
    if "stock" in reward and j.state.stock[reward["id"]] <= 0:
        raise Refused("out_of_stock")
    if reward.get("terms") is not None and e.get("terms") != reward["terms"]:
        raise Refused("terms_not_accepted")
    limit = reward.get("per_contact")
    if limit:
        window = clock.window(limit["each"], h.at)
        count = sum(
            1
            for coupon in j.state.coupons.values()
            if coupon["contact"] == contact.name
            and coupon["reward"] == reward["id"]
            and coupon["status"] != "cancelled"
            and clock.window(limit["each"], coupon["at"]) == window
        )
        if count >= int(limit["times"]):
            raise Refused("limit_reached")
    money = sum(lot.remaining for lot in usable_lots(j, contact, h.at))
    if money + sum(balance(j, f"{contact.name}/{role}") for role in ("open", "open:payable")) < price:
        raise Refused("insufficient_funds")


def pay_price(j: Judge, contact: Contact, price: int, h: Happening) -> list[tuple[Any, int]]:
    """Usable lots of all pools in their order, then open money; says what was taken where."""
    taken: list[tuple[Any, int]] = []
    for lot in usable_lots(j, contact, h.at):
        part = min(price, lot.remaining)
        move(j, commerce(lot), "business/spent", part, h.at, "reward")
        lot.remaining -= part
        price -= part
        if part:
            taken.append((lot, part))
    for role in ("open", "open:payable"):
        part = min(price, balance(j, f"{contact.name}/{role}"))
        move(j, f"{contact.name}/{role}", "business/spent", part, h.at, "reward")
        price -= part
        if part:
            taken.append((role, part))
    return taken


def coupon_event(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    coupon = j.state.coupons.get(e["coupon"])
    if coupon is None:
        raise Refused("unknown_instrument")
    contact = j.followed(coupon["contact"])
    h = happening_of(j, name, e, moment)
    h.contact = contact.name
    begin(j, h, contact)
    coupon = j.state.coupons[e["coupon"]]
    if coupon["status"] != "assigned":
        raise Refused("invalid_transition")
    if e["type"] == "coupon_used":
        coupon["status"] = "used"
        done(j, h, contact)
        return
    within = j.rules.rewards[coupon["reward"]].get("cancel_within")
    if within and h.at > j.rules.clock.after(coupon["at"], within) and e.get("approver") in (None, e.get("actor")):
        raise Refused("exceeds_authority")
    coupon["status"] = "cancelled"
    put_back(j, contact, coupon["taken"], h)
    j.state.stock[coupon["reward"]] += 1
    done(j, h, contact)


def put_back(j: Judge, contact: Contact, taken: list[tuple[Any, int]], h: Happening) -> None:
    for where, amount in taken:
        if isinstance(where, str):
            move(j, "business/spent", f"{contact.name}/{where}", amount, h.at, "reward")
            continue
        move(j, "business/spent", commerce(where), amount, h.at, "reward")
        where.remaining += amount
        if where.expires_at is not None and h.at > where.expires_at:
            grace = ((where.offer.scheme if where.offer else {}).get("restore") or {}).get("grace")
            if grace:
                where.expires_at = j.rules.clock.after(h.at, grace)
            else:
                expire(j, where, where.remaining, h.at)


def restocked(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    if e["reward"] not in j.rules.rewards:
        raise Refused("unknown_instrument")
    j.state.stock[e["reward"]] += int(e["quantity"])


# Codes


def code_entered(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    _, contact = served(j, name, e, moment)
    code = j.rules.codes.get(e["code"])
    if code is None:
        raise Refused("code_unknown")
    if code["id"] in contact.entries:
        raise Ignored("nothing_to_do")
    used = j.state.code_entries.get(code["id"], 0)
    if code.get("kind", "single") == "single":
        if "maximum_usage" in code and used >= int(code["maximum_usage"]):
            raise Refused("code_used")
    else:
        if e.get("number") not in (code.get("numbers") or []):
            raise Refused("code_unknown")
        if (code["id"], e["number"]) in j.state.used_codes:
            raise Refused("code_used")
        j.state.used_codes.add((code["id"], e["number"]))
    j.state.code_entries[code["id"]] = used + 1
    contact.entries.append(code["id"])
