"""Derived events: registering, signing up, reaching a tier, and what the calendar brings."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from .awarding import decide_offers
from .matching import birthday_in
from .money import percent
from .state import Award, Contact, Happening
from .tiers import first_tier

if TYPE_CHECKING:
    from .judge import Judge


def derive(j: Judge, cause: Happening, contact: Contact, kind: str, **more: Any) -> Happening:
    """An event of the same place and time, of total 0, decided inside its cause."""
    name = f"{cause.name}/{kind}"
    h = Happening(
        name=name,
        id=name,
        source=cause.source,
        seq=cause.seq,
        type=kind.split("/")[0],
        contact=contact.name,
        moment=cause.moment,
        at=cause.at,
        merchant=cause.merchant,
        venue=cause.venue,
        tap=cause.tap,
        fields={},
        late=cause.late,
        cause=cause.cause,
        **more,
    )
    decided_within(j, h, contact)
    return h


def decided_within(j: Judge, h: Happening, contact: Contact) -> list[Award]:
    """Decide the offers on a derived event; its awards carry its own name."""
    return decide_offers(j, h, contact)


def register(j: Judge, cause: Happening, name: str, status: str = "registered") -> Contact:
    """Make the contact known; derives `register` (unless it is the cause) and `sign_up` for the auto schemes."""
    contact = Contact(name, len(j.state.contacts) + 1, cause.moment, status, owner_of(j, cause))
    contact.tier = first_tier(j, cause.moment)
    j.state.contacts[name] = contact
    if cause.type != "register":
        cause.derived += derive(j, cause, contact, "register").awards
    join_auto_schemes(j, cause, contact)
    return contact


def owner_of(j: Judge, cause: Happening) -> str | None:
    merchant = j.rules.merchants.get(cause.merchant or "")
    return cause.merchant if merchant and merchant.get("owns_contacts") == "true" else None


def join_auto_schemes(j: Judge, cause: Happening, contact: Contact) -> None:
    for scheme in j.rules.schemes.values():
        if scheme.get("sign_up", "auto") == "auto" and scheme["id"] not in contact.members:
            join(j, contact, scheme["id"])
            cause.derived += derive(j, cause, contact, f"sign_up/{scheme['id']}", scheme=scheme["id"]).awards


def join(j: Judge, contact: Contact, scheme: str) -> None:
    contact.members[scheme] = held_out(j, contact.name, scheme)
    if contact.status == "registered":
        contact.status = "enrolled"


def held_out(j: Judge, contact: str, scheme: str) -> bool:
    rate = percent(j.rules.schemes[scheme].get("holdout", "0%"))
    digest = hashlib.sha256(f"{scheme}|{contact}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % 10_000 < rate * 10_000


def reach_tier(j: Judge, cause: Happening, contact: Contact, tier: str) -> None:
    assert contact.tier is not None
    h = derive(j, cause, contact, "tier_reached", tier=tier)
    contact.tier.upgrades.append((tier, h.awards))


# What the calendar brings


def of_the_calendar(j: Judge, contact: Contact, kind: str, at: datetime) -> Happening:
    name = f"{contact.name}/{kind}/{j.rules.clock.day(at).isoformat()}"
    return Happening(name, name, "calendar", j.seq, kind, contact.name, at, at, None, None, None, {})


def maturities_due(j: Judge, contact: Contact) -> list[tuple[datetime, list[str]]]:
    """When the running subscription matures, with the offers that count from its start."""
    if contact.subscribed is None:
        return []
    due: dict[datetime, list[str]] = {}
    for offer in j.rules.offers.values():
        if offer.trigger == "subscription_matured" and offer.id not in contact.matured:
            at = j.rules.clock.after(contact.subscribed, offer.get("after", "12mo"))
            due.setdefault(at, []).append(offer.id)
    return [(at, sorted(offers)) for at, offers in due.items()]


def mature(j: Judge, contact: Contact, at: datetime, offers: list[str]) -> None:
    contact.matured += offers
    h = of_the_calendar(j, contact, "subscription_matured", at)
    h.after_offers = offers
    if awards_are_given(contact):
        decided_within(j, h, contact)


def birthday_due(j: Judge, contact: Contact) -> list[datetime]:
    """The next birthday at local midnight after the date of birth was told or last celebrated."""
    born = contact.attributes.get("birth_date")
    if born is None or contact.born_known is None:
        return []
    year = j.rules.clock.day(contact.born_known).year
    for each in (year, year + 1):
        at = j.rules.clock.midnight(birthday_in(date.fromisoformat(born), each))
        if at > contact.born_known:
            return [at]
    return []


def celebrate(j: Judge, contact: Contact, at: datetime) -> None:
    contact.born_known = at
    if awards_are_given(contact):
        decided_within(j, of_the_calendar(j, contact, "birthday", at), contact)


def awards_are_given(contact: Contact) -> bool:
    return contact.status in ("registered", "enrolled", "pending")
