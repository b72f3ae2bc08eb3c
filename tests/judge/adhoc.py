"""Ad hoc returns: without a purchase, what a purchase of now would give is claimed back."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from .amounts import exact_amount
from .candidates import (
    Candidate,
    No,
    concerned,
    test_audience,
    test_event,
    test_needs,
    test_place,
    test_standing,
    test_terms,
)
from .funding import funding_of
from .ledger import balance, pay_back
from .money import rounded
from .purchases import begin, read_purchase
from .reading import normal_reference
from .resolution import resolve
from .state import Contact, Funding, Happening, Refused

if TYPE_CHECKING:
    from datetime import datetime

    from .judge import Judge

FORMS = ("percent", "per", "brackets")


def ad_hoc(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    if not normal_reference(e.get("reference", "")):
        raise Refused("reference_required")
    contact = j.state.contacts.get(j.contact_name(e))
    if contact is None:
        raise Refused("unknown_contact")
    fields = dict(e)
    if "amount" in e and "lines" not in e:
        fields["total"] = e["amount"]
    h = read_purchase(j, name, fields, moment)
    h.contact, h.key, h.type = contact.name, None, "purchase"
    begin(j, h, contact)
    winners, _ = resolve(j, candidates(j, h, contact))
    for candidate in sorted(winners, key=lambda candidate: candidate.offer.rank):
        claim(j, candidate, h, contact)
    h.type = "return"
    j.state.happenings[name] = h
    contact.last_posted = name


def candidates(j: Judge, h: Happening, contact: Contact) -> list[Candidate]:
    """What a purchase of now would give by a rate, without goals and whatever the caps."""
    found = []
    for offer in concerned(j, h):
        if offer.goals or not any(form in offer.award for form in FORMS):
            continue
        try:
            test_standing(j, offer, h, contact)
            test_place(j, offer, h)
            test_audience(j, offer, h, contact)
            matched = test_event(j, offer, h)
            wins = test_needs(j, offer, h)
            test_terms(j, offer, h, contact)
        except No:
            continue
        candidate = Candidate(offer, wins, dict.fromkeys(matched, Fraction(0)))
        candidate.amount = rounded(exact_amount(j, candidate, h), offer.get("round", "half_up"))
        if candidate.amount > 0:
            found.append(candidate)
    return found


def claim(j: Judge, candidate: Candidate, h: Happening, contact: Contact) -> None:
    """From open money, then as debt, as far as the offer's `claw_back` goes; the funders are credited."""
    policy = candidate.offer.get("claw_back", "debt")
    if policy == "pending_only":
        return
    funding = funding_of(j, candidate.offer, h, candidate.amount)
    left = candidate.amount
    for role in ("open", "open:payable"):
        part = min(left, balance(j, f"{contact.name}/{role}"))
        credit(j, funding, f"{contact.name}/{role}", part, h)
        left -= part
    if policy == "debt":
        credit(j, funding, f"{contact.name}/debt", left, h)
        left = 0
    key = (h.name, candidate.offer.id)
    j.state.reversals[key] = j.state.reversals.get(key, 0) + candidate.amount - left


def credit(j: Judge, funding: Funding, account: str, amount: int, h: Happening) -> None:
    if amount > 0:
        pay_back(j, funding, account, amount, h.at, "award")
