"""Gift cards, what undoes or moves: cancels, cash-out, transfers of a balance, states, PINs, batches."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from .cards import (
    Card,
    amount_of,
    catch_up,
    expire_promo,
    free,
    in_state,
    issued,
    known,
    load,
    loaded,
    paid,
    promo,
    rule,
    verified,
)
from .ledger import balance, move
from .money import rounded
from .reading import place_of
from .state import Refused
from .wallet import spent_to

if TYPE_CHECKING:
    from .judge import Judge


def now_at(j: Judge, name: str) -> Card:
    """The card that holds the balance now: cancels of an old card's events go to the new."""
    card: Card = j.state.cards[name]
    while card["to"] is not None:
        card = j.state.cards[card["to"]]
    return card


def cancelled(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    entry = j.state.card_events.get(e["of"])
    if entry is None or entry["what"] == "hold":
        raise Refused("unknown_purchase")
    card = now_at(j, entry["card"])
    catch_up(j, card, moment)
    j.checkpoint()
    in_state(card, "active", "suspended", "locked", "lost", "emptied")
    if entry["left"] == 0:
        raise Refused("already_cancelled")
    amount = amount_of(j, e) if "amount" in e else entry["left"]
    if amount > entry["left"]:
        raise Refused("returns_too_much")
    (cancel_spend if entry["what"] == "spend" else cancel_load)(j, card, entry, amount, moment)


def cancel_spend(j: Judge, card: Card, entry: dict[str, Any], amount: int, moment: datetime) -> None:
    entry["left"] -= amount
    for part in reversed(entry["parts"]):
        lot, taken = part
        back = min(amount, taken)
        part[1] -= back
        amount -= back
        move(j, spent_to(entry["merchant"]), paid(card) if lot is None else promo(card), back, moment, "card_spend")
        if lot is not None:
            lot["left"] += back
            if lot["expires_at"] is not None and moment > lot["expires_at"]:
                expire_promo(j, card, lot, moment)


def cancel_load(j: Judge, card: Card, entry: dict[str, Any], amount: int, moment: datetime) -> None:
    if min(balance(j, paid(card)), free(j, card)) < amount:
        raise Refused("insufficient_funds")
    done = entry["amount"] - entry["left"] + amount
    bonus = rounded(entry["bonus"] * done / _exact(entry["amount"]), "half_up") - entry["bonus_back"]
    if balance(j, promo(card)) < bonus:
        raise Refused("insufficient_funds")
    move(j, paid(card), entry["seller"], amount, moment, "card_load")
    left = bonus
    for lot in card["promo"]:
        part = min(left, lot["left"])
        move(j, promo(card), lot["source"], part, moment, "card_bonus")
        lot["left"] -= part
        left -= part
    entry["bonus_back"] += bonus
    before, after = entry["left"], entry["left"] - amount
    entry["left"] = after
    commission = rounded(before * entry["commission"], "half_up") - rounded(after * entry["commission"], "half_up")
    move(j, f"{entry['merchant']}/payable", "business/rewards_cost", commission, moment, "card_commission")


def _exact(amount: int) -> Any:
    from fractions import Fraction

    return Fraction(amount)


def emptied(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    merchant = place_of(j, e)[0]
    card = known(j, e["card"], moment)
    in_state(card, "active")
    if card["holds"]:
        raise Refused("invalid_transition")
    verified(j, card, e)
    there = balance(j, paid(card))
    if "cash_out" in rule(j, card) and there > j.rules.money(rule(j, card)["cash_out"]):
        raise Refused("limit_reached")
    move(j, paid(card), spent_to(merchant), there, moment, "card_spend")
    for lot in card["promo"]:
        expire_promo(j, card, lot, moment)
    card["status"] = "emptied"


def transferred(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    card = known(j, e["card"], moment)
    to = known(j, e["to"], moment)
    in_state(card, "active", "suspended", "locked")
    in_state(to, "printed", "active")
    if card["holds"] or card is to or card["kind"] != to["kind"]:
        raise Refused("invalid_transition")
    moved = balance(j, paid(card)) + balance(j, promo(card))
    there = balance(j, paid(to)) + balance(j, promo(to))
    if "max_balance" in rule(j, card) and moved + there > j.rules.money(rule(j, card)["max_balance"]):
        raise Refused("limit_reached")
    move(j, paid(card), paid(to), balance(j, paid(card)), moment, "card_move")
    move(j, promo(card), promo(to), balance(j, promo(card)), moment, "card_move")
    to["promo"] += card["promo"]
    card["promo"] = []
    to["contact"], card["contact"] = card["contact"] or to["contact"], None
    card["status"], to["status"] = "lost", "active"
    card["to"] = to["name"]


STATES = {
    "card_locked": (("active",), "locked"),
    "card_unlocked": (("locked",), "active"),
    "card_suspended": (("active",), "suspended"),
    "card_resumed": (("suspended",), "active"),
    "card_lost": (("active", "suspended", "locked"), "lost"),
}


def changed(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    card = known(j, e["card"], moment)
    before, after = STATES[e["type"]]
    in_state(card, *before)
    card["status"] = after
    if e["type"] == "card_unlocked":
        card["failures"] = 0


def registered(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    from .exchange import served

    if e["card"] not in j.state.cards:
        raise Refused("unknown_instrument")
    _, contact = served(j, name, e, moment)
    card = known(j, e["card"], moment)
    in_state(card, "active")
    if card["contact"] not in (None, contact.name) and e.get("verified") != "true":
        raise Refused("not_verified")
    if e.get("verified") == "true":
        card["failures"] = 0
    card["contact"] = contact.name


def pin_failed(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    card = known(j, e["card"], moment)
    in_state(card, "active")
    card["failures"] += 1
    if card["failures"] > int((rule(j, card).get("pin") or {}).get("lock_after", "3")):
        card["status"] = "locked"


def batch(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    """Each row for itself: a bad one loads nothing and stops no other."""
    amount = amount_of(j, e)
    merchant = place_of(j, e)[0]
    if e["batch"] in j.state.batches:
        raise Refused("reference_used")
    if j.rules.money(e["total"]) != amount * len(e["cards"]):
        raise Refused("amounts_disagree")
    if e.get("approver") is None or e["approver"] == e.get("actor"):
        raise Refused("exceeds_authority")
    j.state.batches.add(e["batch"])
    for row in e["cards"]:
        card = j.state.cards.get(row)
        if card is None or card["status"] != "printed" or card["kind"] != e["kind"]:
            continue
        try:
            load(j, f"{name}/{row}", card, amount, merchant, moment, None, None)
        except Refused:
            continue


CARD_HANDLERS = {
    "card_issued": issued,
    "card_activated": loaded,
    "card_reloaded": loaded,
    "card_cancelled": cancelled,
    "card_emptied": emptied,
    "card_transferred": transferred,
    "card_registered": registered,
    "card_pin_failed": pin_failed,
    "card_batch_activated": batch,
    **dict.fromkeys(STATES, changed),
}
