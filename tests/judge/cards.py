"""Gift cards: issuing, loading, spending, holding, cancelling, moving a balance. Pockets are paid and promo."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from .clock import MICROSECOND
from .ledger import balance, move
from .money import BadAmount, rounded
from .reading import normal_reference, place_of
from .state import Refused
from .wallet import spent_to

if TYPE_CHECKING:
    from .judge import Judge

Card = dict[str, Any]


def paid(card: Card) -> str:
    return f"card:{card['name']}/card:paid"


def promo(card: Card) -> str:
    return f"card:{card['name']}/card:promo"


def rule(j: Judge, card: Card) -> dict[str, Any]:
    return j.rules.cards[card["kind"]]


def free(j: Judge, card: Card) -> int:
    held: int = sum(hold["amount"] for hold in card["holds"].values())
    return balance(j, paid(card)) + balance(j, promo(card)) - held


def amount_of(j: Judge, e: dict[str, Any]) -> int:
    try:
        amount = j.rules.money(e["amount"])
    except BadAmount as error:
        raise Refused("bad_amount") from error
    if amount <= 0:
        raise Refused("bad_amount")
    return amount


def catch_up(j: Judge, card: Card, until: datetime) -> None:
    """Holds lapse, promo money expires; inclusive of the last instant."""
    for name, hold in list(card["holds"].items()):
        if hold["until"] is not None and hold["until"] + MICROSECOND <= until:
            del card["holds"][name]
    for lot in card["promo"]:
        if lot["left"] and lot["expires_at"] is not None and lot["expires_at"] + MICROSECOND <= until:
            expire_promo(j, card, lot, lot["expires_at"] + MICROSECOND)


def expire_promo(j: Judge, card: Card, lot: dict[str, Any], at: datetime) -> None:
    to = "business/breakage" if lot["funder"] == "business" else f"{lot['funder']}/payable"
    move(j, promo(card), to, lot["left"], at, "expiry")
    lot["left"] = 0


def known(j: Judge, name: str, moment: datetime) -> Card:
    card: Card | None = j.state.cards.get(name)
    if card is None:
        raise Refused("unknown_instrument")
    catch_up(j, card, moment)
    j.checkpoint()
    return card


def in_state(card: Card, *states: str) -> None:
    if card["status"] not in states:
        raise Refused("invalid_transition")


def issued(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    if e["kind"] not in j.rules.cards:
        raise Refused("unknown_instrument")
    if e["card"] in j.state.cards:
        raise Refused("invalid_transition")
    j.state.cards[e["card"]] = {
        "name": e["card"], "kind": e["kind"], "status": "printed", "promo": [], "holds": {}, "bonus_given": False,
        "failures": 0, "contact": None, "to": None,
    }  # fmt: skip


# Loads


def loaded(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    amount = amount_of(j, e)
    merchant = place_of(j, e)[0]
    card = known(j, e["card"], moment)
    first = e["type"] == "card_activated"
    in_state(card, "printed" if first else "active")
    if not first and rule(j, card).get("reload") != "true":
        raise Refused("invalid_transition")
    use_reference(j, card, e, merchant, "load")
    load(j, name, card, amount, merchant, moment, e.get("role"), e.get("approver"))


def load(
    j: Judge, name: str, card: Card, amount: int, merchant: str | None, moment: datetime, role: Any, approver: Any
) -> None:
    terms = rule(j, card)
    bounds = terms.get("load") or {}
    bonus = terms.get("bonus")
    give = 0
    if bonus and not card["bonus_given"] and amount >= j.rules.money(bonus["load"]):
        give = j.rules.money(bonus["give"])
    too_small = "min" in bounds and amount < j.rules.money(bounds["min"])
    too_large = "max" in bounds and amount > j.rules.money(bounds["max"])
    there = balance(j, paid(card)) + balance(j, promo(card))
    full = "max_balance" in terms and there + amount + give > j.rules.money(terms["max_balance"])
    if too_small or too_large or full:
        raise Refused("limit_reached")
    card["status"] = "active"
    seller = "business/bank" if merchant is None else f"{merchant}/receivable"
    move(j, seller, paid(card), amount, moment, "card_load")
    if give:
        add_bonus(j, card, terms, give, moment)
    commission = charge_commission(j, merchant, amount, moment)
    j.state.card_events[name] = {
        "what": "load", "card": card["name"], "amount": amount, "left": amount, "bonus": give, "bonus_back": 0,
        "seller": seller, "merchant": merchant, "commission": commission,
    }  # fmt: skip


def add_bonus(j: Judge, card: Card, terms: dict[str, Any], give: int, moment: datetime) -> None:
    card["bonus_given"] = True
    funder = terms["bonus"].get("funder", "business")
    source = "business/rewards_cost" if funder == "business" else f"{funder}/receivable"
    ends = j.rules.clock.after(moment, terms["promo_valid"]) if "promo_valid" in terms else None
    card["promo"].append({"left": give, "expires_at": ends, "funder": funder, "source": source})
    move(j, source, promo(card), give, moment, "card_bonus")


def charge_commission(j: Judge, merchant: str | None, amount: int, moment: datetime) -> Fraction:
    from .money import percent

    rate = percent((j.rules.terms.get(merchant or "") or {}).get("commission", "0%"))
    move(
        j, "business/rewards_cost", f"{merchant}/payable", rounded(amount * rate, "half_up"), moment, "card_commission"
    )
    return rate


def use_reference(j: Judge, card: Card, e: dict[str, Any], merchant: str | None, what: str) -> None:
    """The invoice number, where the kind needs one: used once per card, loads and spends apart."""
    if rule(j, card).get("invoice") != "required":
        return
    reference = normal_reference(e.get("reference", ""))
    if not reference:
        raise Refused("reference_required")
    key = (what, card["name"], merchant or "", normal_reference(e.get("series", "")), reference)
    if key in j.state.card_references:
        raise Refused("reference_used")
    j.state.card_references.add(key)


# Spends and holds


def verified(j: Judge, card: Card, e: dict[str, Any]) -> None:
    if "pin" in rule(j, card):
        if e.get("verified") != "true":
            raise Refused("not_verified")
        card["failures"] = 0


def spent(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    amount = amount_of(j, e)
    merchant = place_of(j, e)[0]
    card = known(j, e["card"], moment)
    in_state(card, "active")
    verified(j, card, e)
    use_reference(j, card, e, merchant, "spend")
    there = free(j, card)
    if e.get("partial") == "true":
        amount = min(amount, there)
    if amount > there or amount <= 0:
        raise Refused("insufficient_funds")
    spend(j, name, card, amount, merchant, moment)


def spend(j: Judge, name: str, card: Card, amount: int, merchant: str | None, moment: datetime) -> None:
    parts: list[list[Any]] = []
    left = amount
    order = ["promo", "paid"] if rule(j, card).get("spend_order", "promo_first") == "promo_first" else ["paid", "promo"]
    for pocket in order:
        if pocket == "paid":
            part = min(left, balance(j, paid(card)))
            move(j, paid(card), spent_to(merchant), part, moment, "card_spend")
            parts.append([None, part])
            left -= part
            continue
        for lot in sorted(card["promo"], key=lambda lot: (lot["expires_at"] is None, str(lot["expires_at"]))):
            part = min(left, lot["left"])
            move(j, promo(card), spent_to(merchant), part, moment, "card_spend")
            lot["left"] -= part
            parts.append([lot, part])
            left -= part
    j.state.card_events[name] = {
        "what": "spend", "card": card["name"], "amount": amount, "left": amount, "parts": parts, "merchant": merchant,
    }  # fmt: skip


def held(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    amount = amount_of(j, e)
    merchant = place_of(j, e)[0]
    card = known(j, e["card"], moment)
    in_state(card, "active")
    verified(j, card, e)
    if amount > free(j, card):
        raise Refused("insufficient_funds")
    until = j.rules.clock.after(moment, e["hold_for"]) if "hold_for" in e else None
    card["holds"][name] = {"amount": amount, "until": until, "merchant": merchant}
    j.state.card_events[name] = {"what": "hold", "card": card["name"]}


def settled(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    """A hold captured, or given up."""
    entry = j.state.card_events.get(e["of"])
    if entry is None or entry["what"] != "hold":
        raise Refused("unknown_purchase")
    card = known(j, entry["card"], moment)
    hold = card["holds"].get(e["of"])
    if hold is None:
        raise Refused("invalid_transition")
    if e["type"] == "card_captured":
        in_state(card, "active")
        amount = amount_of(j, e) if "amount" in e else hold["amount"]
        if amount > hold["amount"]:
            raise Refused("limit_reached")
        del card["holds"][e["of"]]
        spend(j, name, card, amount, hold["merchant"], moment)
    else:
        del card["holds"][e["of"]]
