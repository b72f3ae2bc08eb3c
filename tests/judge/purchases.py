"""The decision of a purchase, step by step, and of the other events that offers are decided on."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from . import derived, due
from .amounts import spend_off_the_base
from .awarding import decide_offers
from .ledger import commerce, move, open_money
from .paying import pay
from .reading import business_key, place_of, read_lines
from .state import Contact, Happening, Ignored, Refused
from .statuses import SHUT, must_earn
from .tiers import add_units
from .wallet import usable_lots

if TYPE_CHECKING:
    from .judge import Judge


def happening_of(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> Happening:
    """The event with its place; its contact's clock is not looked at yet."""
    merchant, venue, tap = place_of(j, e)
    source = e.get("source", "case")
    return Happening(
        name, e["id"], source, j.seq, e["type"], str(e.get("contact", "")), moment, moment, merchant, venue, tap, e
    )


def read_purchase(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> Happening:
    lines = read_lines(j, e)
    h = happening_of(j, name, e, moment)
    h.lines = lines
    h.net = sum(line.net for line in lines)
    h.tax = sum(line.tax for line in lines)
    h.total = sum(line.total for line in lines)
    h.key = business_key(e, h.merchant)
    return h


def purchase(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    h = read_purchase(j, name, e, moment)
    h.contact = j.contact_name(e)
    known = j.state.contacts.get(h.contact)
    if known is None and j.rules.business.get("register", "auto") == "never":
        raise Refused("unknown_contact")
    compensation = test_reference(j, h, e)
    if known is not None:
        if known.status in SHUT:
            j.keep_in_mind(name)
        must_earn(known)
        begin(j, h, known)
    contact = known or derived.register(j, h, h.contact)
    contact.clock = max(contact.clock or h.at, h.at)
    if "estimate" in e and e["estimate"] in j.state.holds:
        hold = j.state.holds[e["estimate"]]
        if hold.state == "open":
            due.free_hold(j, hold, h.at, "captured")
    j.state.happenings[name] = h
    if h.key is not None:
        j.state.keys[h.key] = name
    h.less = spend_off_the_base(j, h, contact, open_money(j, contact))
    decide_offers(j, h, contact)
    if compensation is not None:
        take_compensation_back(j, h, compensation)
    pay(j, h, contact)
    reached = add_units(j, h, contact)
    if reached is not None:
        derived.reach_tier(j, h, contact, reached)
    due.catch_up(j, contact, h.at)
    contact.last_posted = name


def begin(j: Judge, h: Happening, contact: Contact) -> None:
    """Lateness, and the catch-up of the contact to the event's time."""
    if contact.clock is not None:
        if j.rules.clock.after(h.moment, j.rules.business.get("late_within", "31d")) < contact.clock:
            raise Refused("too_late")
        h.late = h.moment < contact.clock
        h.at = max(h.moment, contact.clock)
    due.catch_up(j, contact, h.at)
    contact.clock = h.at
    j.checkpoint()


def test_reference(j: Judge, h: Happening, e: dict[str, Any]) -> dict[str, Any] | None:
    """The business key: told before, used by another, or claimed by a compensation that is then given."""
    if h.key is None or h.key not in j.state.keys:
        return None
    holder = j.state.keys[h.key]
    compensation = j.state.compensations.get(holder)
    if compensation is not None:
        if compensation["contact"] != h.contact:
            raise Refused("reference_used")
        return compensation
    first = j.state.happenings[holder]
    if first.cancelled and e.get("corrects") in (first.id, first.name):
        return None
    if not first.cancelled and first.contact == h.contact and first.total == h.total:
        raise Ignored("same_reference")
    raise Refused("reference_used")


def take_compensation_back(j: Judge, h: Happening, compensation: dict[str, Any]) -> None:
    """What an adjustment gave for this purchase goes back: from its own lot, or open money, then from the new lots."""
    left = min(compensation["amount"], sum(award.amount for award in h.awards if not award.is_product))
    account = f"{h.contact}/open"
    if compensation["lot"] is None:
        for role in ("open", "open:payable"):
            account = f"{h.contact}/{role}"
            part = min(left, j.state.balances.get(account, 0))
            move(j, account, "business/adjustment", part, h.at, "compensation")
            left -= part
    lots = [compensation["lot"]] if compensation["lot"] is not None else []
    for lot in lots + [award.lot for award in h.awards]:
        if lot is None:
            continue
        part = min(left, lot.remaining)
        move(j, commerce(lot), "business/adjustment", part, h.at, "compensation")
        lot.remaining -= part
        left -= part


# Other events that offers are decided on


def other(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    """An achievement, a completed profile: the offers on it are decided, nothing is bought."""
    h = happening_of(j, name, e, moment)
    contact = member(j, h, e)
    j.state.happenings[name] = h
    decide_offers(j, h, contact)
    due.catch_up(j, contact, h.at)
    contact.last_posted = name


def member(j: Judge, h: Happening, e: dict[str, Any]) -> Contact:
    """The contact of an event, caught up to it; registered by it if unknown."""
    h.contact = j.contact_name(e)
    contact = j.state.contacts.get(h.contact)
    if contact is None:
        if j.rules.business.get("register", "auto") == "never":
            raise Refused("unknown_contact")
        contact = derived.register(j, h, h.contact)
        contact.clock = h.at
        return contact
    must_earn(contact)
    begin(j, h, contact)
    return contact


def all_usable(j: Judge, contact: Contact, at: datetime, pool: str | None) -> list[Any]:
    return [lot for lot in usable_lots(j, contact, at) if pool in (None, lot.pool)]
