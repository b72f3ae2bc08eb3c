"""Adjusting, transferring between contacts, merging two contacts, lotteries."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .awarding import expiry, post
from .candidates import Candidate
from .due import catch_up
from .ledger import balance, commerce, move, next_lot_id, open_money
from .members import done, require
from .money import BadAmount
from .purchases import begin, happening_of
from .reading import business_key
from .state import Contact, Funding, Happening, Lot, Refused
from .wallet import usable_lots

if TYPE_CHECKING:
    from .judge import Judge


def adjust(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    amount = signed(j, e["amount"])
    h = happening_of(j, name, e, moment)
    contact = j.state.contacts.get(j.contact_name(e))
    if contact is None:
        raise Refused("unknown_contact")
    h.contact = contact.name
    previous = contact.last_posted
    begin(j, h, contact)
    require(contact, "enrolled")
    test_adjust(j, e, h, contact, amount, previous)
    key = business_key(e, h.merchant)
    if key is not None and key in j.state.keys:
        raise Refused("reference_used")
    lot = adjust_money(j, e, h, contact, amount)
    j.state.adjusts.append({"actor": e.get("actor"), "at": h.moment, "amount": abs(amount)})
    if key is not None:
        j.state.keys[key] = name
        j.state.compensations[name] = {"contact": contact.name, "amount": max(0, amount), "lot": lot}
    done(j, h, contact)


def signed(j: Judge, text: str) -> int:
    try:
        amount = j.rules.units(text)
    except BadAmount as error:
        raise Refused("bad_amount") from error
    if amount == 0:
        raise Refused("bad_amount")
    return amount


def test_adjust(j: Judge, e: dict[str, Any], h: Happening, contact: Contact, amount: int, previous: str | None) -> None:
    rules = j.rules.business.get("adjust") or {}
    if e.get("reason") not in (rules.get("reasons") or []):
        raise Refused("reason_unknown")
    actor, approver = e.get("actor"), e.get("approver")
    if actor is not None and actor == contact.name:
        raise Refused("exceeds_authority")
    cap = rules.get("agent_cap")
    if cap:
        window = j.rules.clock.window(cap["each"], h.moment)
        before = [
            entry["amount"]
            for entry in j.state.adjusts
            if entry["actor"] == actor and j.rules.clock.window(cap["each"], entry["at"]) == window
        ]
        over = sum(before) + abs(amount) > j.rules.units(cap["amount"])
        if over and (approver is None or approver == actor):
            raise Refused("exceeds_authority")
    if "previewed_after" in e and e["previewed_after"] != previous:
        raise Refused("preview_stale")


def adjust_money(j: Judge, e: dict[str, Any], h: Happening, contact: Contact, amount: int) -> Lot | None:
    pool = e.get("pool")
    if pool in (None, "open"):
        if amount > 0:
            move(j, "business/adjustment", f"{contact.name}/open", amount, h.at, "adjust")
        else:
            if balance(j, f"{contact.name}/open") < -amount:
                raise Refused("insufficient_funds")
            move(j, f"{contact.name}/open", "business/adjustment", -amount, h.at, "adjust")
        return None
    if amount > 0:
        ends = expiry(j, j.rules.pools[pool].get("valid"), h.at)
        lot = Lot(
            next_lot_id(j), contact.name, pool, amount, h.at, h.at, ends, False, False, None, None, None, h.name
        )  # fmt: skip
        j.state.lots.append(lot)
        move(j, "business/adjustment", commerce(lot), amount, h.at, "adjust")
        return lot
    take_from_lots(j, contact, pool, -amount, "business/adjustment", h)
    return None


def take_from_lots(j: Judge, contact: Contact, pool: str | None, amount: int, to: str, h: Happening) -> list[Any]:
    """Usable lots in their order, or nothing at all."""
    lots = [lot for lot in usable_lots(j, contact, h.at) if pool in (None, lot.pool)]
    if sum(lot.remaining for lot in lots) < amount:
        raise Refused("insufficient_funds")
    taken = []
    for lot in lots:
        part = min(amount, lot.remaining)
        move(j, commerce(lot), to, part, h.at, "adjust")
        lot.remaining -= part
        amount -= part
        if part:
            taken.append((lot, part))
    return taken


def transfer(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    h, giver, taker = two(j, name, e, moment, "to")
    amount = signed(j, e["amount"])
    if amount < 0:
        raise Refused("bad_amount")
    require(giver, "enrolled")
    require(taker, "enrolled")
    if giver is taker:
        raise Refused("invalid_transition")
    if giver.blocked:
        raise Refused("spend_blocked")
    if e.get("pool"):
        lots = [lot for lot in usable_lots(j, giver, h.at) if lot.pool == e["pool"]]
        if sum(lot.remaining for lot in lots) < amount:
            raise Refused("insufficient_funds")
        for lot in lots:
            part = min(amount, lot.remaining)
            if part:
                give_lot(j, lot, taker, part, h)
            amount -= part
    else:
        if balance(j, f"{giver.name}/open") < amount:
            raise Refused("insufficient_funds")
        move(j, f"{giver.name}/open", f"{taker.name}/open", amount, h.at, "transfer")
    done(j, h, giver)
    taker.last_posted = name


def give_lot(j: Judge, lot: Lot, taker: Contact, amount: int, h: Happening) -> None:
    """A part of a lot becomes a new lot with the old dates, offer and funding."""
    funding: Funding | None = replace(lot.funding, live=amount) if lot.funding else None
    given = replace(
        lot, id=next_lot_id(j), contact=taker.name, remaining=amount, award=None, funding=funding, instant=False
    )
    given.cause = h.name
    move(j, commerce(lot), commerce(given), amount, h.at, "transfer")
    lot.remaining -= amount
    j.state.lots.append(given)


def two(j: Judge, name: str, e: dict[str, Any], moment: datetime, other: str) -> tuple[Happening, Contact, Contact]:
    first = j.state.contacts.get(j.own_name(e) if e["type"] == "merge" else j.contact_name(e))
    second = j.state.contacts.get(str(e[other]))
    if first is None or second is None:
        raise Refused("unknown_contact")
    h = happening_of(j, name, e, moment)
    h.contact = first.name
    begin(j, h, first)
    begin(j, replace_contact(h, second), second)
    return h, first, second


def replace_contact(h: Happening, contact: Contact) -> Happening:
    return replace(h, contact=contact.name)


# Merge


def merge(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    h, source, into = two(j, name, e, moment, "into")
    require(source, "registered", "pending", "enrolled")
    require(into, "enrolled")
    if source is into:
        raise Refused("invalid_transition")
    move_wallet(j, source, into, h.at)
    move_counters(j, source, into)
    source.status = "merged"
    source.merged_into = into.name
    source.members = {}
    done(j, h, source)
    into.last_posted = name


def move_wallet(j: Judge, source: Contact, into: Contact, at: datetime) -> None:
    for lot in sorted(j.state.lots, key=lambda lot: lot.id):
        if lot.contact == source.name:
            account = commerce(lot)
            lot.contact = into.name
            move(j, account, commerce(lot), lot.remaining, at, "merge")
    for role in ("open", "open:payable", "held", "payout"):
        move(j, f"{source.name}/{role}", f"{into.name}/{role}", balance(j, f"{source.name}/{role}"), at, "merge")
    owed = -balance(j, f"{source.name}/debt")
    move(j, f"{into.name}/debt", f"{source.name}/debt", owed, at, "merge")
    for hold in j.state.holds.values():
        if hold.contact == source.name:
            hold.contact = into.name
    for payout in j.state.payouts.values():
        if payout["contact"] == source.name:
            payout["contact"] = into.name
    for coupon in j.state.coupons.values():
        if coupon["contact"] == source.name:
            coupon["contact"] = into.name
    for card in j.state.cards.values():
        if card.get("contact") == source.name:
            card["contact"] = into.name


def move_counters(j: Judge, source: Contact, into: Contact) -> None:
    for usage in j.state.usages:
        if usage.contact == source.name:
            usage.contact = into.name
    for brought in j.state.brought:
        if brought.contact == source.name:
            brought.contact = into.name
    for win in j.state.wins:
        if win.contact == source.name:
            win.contact = into.name
    j.state.limit_uses = [
        (into.name if name == source.name else name, kind, at, amount) for name, kind, at, amount in j.state.limit_uses
    ]
    for offer, until in source.cooldown.items():
        into.cooldown[offer] = max(until, into.cooldown.get(offer, until))
    source.cooldown = {}
    if source.tier is not None and into.tier is not None:
        for h in j.state.happenings.values():
            if h.tier_added is not None and h.contact in j.state.contacts and j.followed(h.contact) is source:
                for counter in ("climb", "keep"):
                    counted = h.tier_added[counter] == getattr(source.tier, f"{counter}_epoch")
                    h.tier_added[counter] = getattr(into.tier, f"{counter}_epoch") if counted else None
        into.tier.climb += source.tier.climb
        into.tier.keep += source.tier.keep
        into.tier.lifetime += source.tier.lifetime


# Lottery


def draw(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    """Of those with enough entries before the time of the draw, the first by hash win."""
    offer = j.rules.offers[e["offer"]]
    terms = offer.award["draw"]
    at = draw_time(j, terms["at"])
    if moment < at or offer.id in j.state.drawn:
        raise Refused("invalid_transition")
    j.state.drawn.add(offer.id)
    names = [who for which, who, when, _ in j.state.draw_entries if which == offer.id and when < at]
    enough = {who for who in names if names.count(who) >= int(terms.get("entries", "1"))}
    stamp = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def order(who: str) -> tuple[bytes, str]:
        return hashlib.sha256(f"{terms.get('seed', '')}|{offer.id}|{stamp}|{who}".encode()).digest(), who

    for who in sorted(enough, key=order)[: int(terms["winners"])]:
        contact = j.followed(who)
        h = Happening(
            f"{name}/draw", f"{name}/draw", "draw", j.seq, "draw", contact.name, moment, moment, None, None, None, {},
            cause=name,
        )  # fmt: skip
        begin(j, h, contact)
        candidate = Candidate(offer, 1, {}, amount=j.rules.units(terms["amount"]))
        post(j, candidate, h, contact)
        catch_up(j, contact, h.at)


def draw_time(j: Judge, text: str) -> datetime:
    return j.rules.clock.midnight_of(text) if len(str(text)) == 10 else j.rules.clock.instant(text)


__all__ = ["adjust", "draw", "merge", "open_money", "transfer"]
