"""Whether an offer can be won by an event: its tests in the order of the refusals, up to the caps."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from . import goals
from .matching import holds
from .money import decimal
from .reading import contact_fields, event_fields, line_fields
from .rules import Offer
from .state import Award, Contact, Happening, Line, Win

if TYPE_CHECKING:
    from .judge import Judge


@dataclass
class Candidate:
    offer: Offer
    wins: int
    base: dict[int, Fraction]
    win: Win | None = None
    amount: int = 0
    named: list[Award] = field(default_factory=list)


class No(Exception):
    """The offer gives nothing, for this reason."""

    def __init__(self, code: str, by: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.by = by


def concerned(j: Judge, h: Happening) -> list[Offer]:
    """The offers that this kind of event can win."""
    found = [offer for offer in j.rules.offers.values() if offer.trigger == h.type]
    if h.type == "sign_up":
        found = [offer for offer in found if offer.scheme["id"] == h.scheme]
    if h.after_offers is not None:
        found = [offer for offer in found if offer.id in h.after_offers]
    return sorted(found, key=lambda offer: offer.rank)


def tried(j: Judge, offer: Offer, h: Happening, contact: Contact) -> Candidate:
    """Test the offer up to its goals, whose progress moves; raises `No`."""
    test_standing(j, offer, h, contact)
    test_place(j, offer, h)
    test_audience(j, offer, h, contact)
    matched = test_event(j, offer, h)
    wins = test_needs(j, offer, h)
    test_terms(j, offer, h, contact)
    candidate = Candidate(offer, wins, {n: Fraction(0) for n in matched})
    if "draw" in offer.award:
        j.state.draw_entries.append((offer.id, h.contact, h.moment, h.name))
        raise No("goal_not_reached")
    if offer.goals:
        candidate.win = goals.advance(j, offer, h, [h.lines[n - 1] for n in matched])
        if candidate.win is None:
            raise No("goal_not_reached")
        candidate.wins = candidate.win.wins
    if offer.id in contact.cooldown and h.moment < contact.cooldown[offer.id]:
        raise No("cooldown")
    return candidate


def test_standing(j: Judge, offer: Offer, h: Happening, contact: Contact) -> None:
    if offer.get("state", "active") != "active":
        raise No("offer_inactive")
    if offer.scheme.get("state", "active") != "active":
        raise No("scheme_inactive")
    if offer.scheme["id"] not in contact.members:
        raise No("not_a_member")
    if contact.members[offer.scheme["id"]]:
        raise No("holdout")
    available = offer.get("available") or {}
    clock = j.rules.clock
    if "from" in available and h.moment < clock.midnight_of(available["from"]):
        raise No("not_available")
    if "until" in available and h.moment >= clock.midnight_of(available["until"]):
        raise No("not_available")


def test_place(j: Judge, offer: Offer, h: Happening) -> None:
    if offer.get("times") and not j.rules.clock.in_hours(offer.get("times"), h.moment):
        raise No("outside_hours")
    at = offer.get("at")
    if at is None and offer.get("owner"):
        at = {"merchants": [offer.get("owner")]}
    if not in_place(at, h):
        raise No("wrong_place")


def in_place(at: dict[str, Any] | None, h: Happening) -> bool:
    """All kinds of place that are named must hold; one value of each is enough; an empty list is no test."""
    here = {"merchants": h.merchant, "venues": h.venue, "taps": h.tap, "channels": h.fields.get("channel")}
    return all(not values or here[kind] in values for kind, values in (at or {}).items())


def test_audience(j: Judge, offer: Offer, h: Happening, contact: Contact) -> None:
    who = offer.get("who") or {}
    segments = who.get("segments")
    if segments and not any(in_segment(j, segment, contact, h) for segment in segments):
        raise No("not_in_audience")
    if not holds(who.get("contact"), contact_fields(j, contact, h)):
        raise No("not_in_audience")
    locked = [code["id"] for code in j.rules.codes.values() if code.get("unlocks") == offer.id]
    if locked and not any(code in contact.entries for code in locked):
        raise No("not_in_audience")
    tiers = who.get("tiers")
    if tiers and tier_at(contact, h) not in tiers:
        raise No("wrong_tier")


def in_segment(j: Judge, name: str, contact: Contact, h: Happening) -> bool:
    segment = j.rules.segments[name]
    if "list" in segment:
        return contact.name in j.rules.listed(segment["list"])
    return holds(segment.get("contacts"), contact_fields(j, contact, h))


def tier_at(contact: Contact, h: Happening) -> str | None:
    """The tier that decides: the present one, or for a late event the one of its own time."""
    if contact.tier is None:
        return None
    if h.tier is not None:
        return h.tier
    if not h.late:
        return contact.tier.name
    name = contact.tier.history[0][1]
    for since, tier in contact.tier.history:
        if since <= h.moment:
            name = tier
    return name


def matching_lines(j: Judge, offer: Offer, h: Happening, kept: bool = False) -> list[int]:
    return [line.number for line in h.lines if holds(offer.get("lines"), line_fields(j, h, line, kept), kept)]


def bundle_lines(j: Judge, offer: Offer, h: Happening, kept: bool = False) -> dict[int, int]:
    """For each line the first matcher of the bundle that it fits."""
    fits: dict[int, int] = {}
    for line in h.lines:
        for index, matcher in enumerate((offer.get("needs") or {}).get("all", [])):
            if line.number not in fits and holds(matcher, line_fields(j, h, line, kept), kept):
                fits[line.number] = index
    return fits


def test_event(j: Judge, offer: Offer, h: Happening) -> list[int]:
    """The lines of the award's base."""
    if not holds(offer.get("event"), event_fields(j, h)):
        raise No("event_mismatch")
    matched = base_lines(j, offer, h)
    if (offer.get("lines") or "all" in (offer.get("needs") or {})) and not matched:
        raise No("no_matching_lines")
    return matched


def base_lines(j: Judge, offer: Offer, h: Happening) -> list[int]:
    """The matched lines; of a bundle those of any of its matchers, with those of `lines` if it is given."""
    matched = matching_lines(j, offer, h)
    if "all" in (offer.get("needs") or {}):
        bundle = set(bundle_lines(j, offer, h))
        return sorted(bundle | set(matched)) if offer.get("lines") else sorted(bundle)
    return matched


def test_needs(j: Judge, offer: Offer, h: Happening) -> int:
    """How many wins the lines are worth; at least one line is needed by an offer on purchases."""
    matched = matching_lines(j, offer, h)
    wins = needs_met(offer, [line for line in h.lines if line.number in matched], h, j, kept=False)
    if wins < 1:
        raise No("needs_not_met")
    return wins


def needs_met(offer: Offer, lines: list[Line], h: Happening, j: Judge, kept: bool) -> int:
    needs = offer.get("needs")
    if not needs:
        return 1 if lines or h.type != "purchase" else 0
    if "quantity" in needs:
        has = sum((line.kept_quantity if kept else line.quantity for line in lines), Fraction(0))
        sets = int(has // decimal(needs["quantity"]))
    elif "amount" in needs:
        has = sum((line.kept_total if kept else Fraction(line.total) for line in lines), Fraction(0))
        sets = int(has // j.rules.money(needs["amount"]))
    else:
        fits = bundle_lines(j, offer, h)
        now = bundle_lines(j, offer, h, kept) if kept else fits
        counts = [Fraction(0)] * len(needs["all"])
        for line in h.lines:
            if line.number in fits and line.number in now:
                counts[fits[line.number]] += line.kept_quantity if kept else line.quantity
        # Without `each` a part is there if there is any of it, half a kilo too; whole sets are counted in whole units.
        sets = int(min(counts) // 1) if needs.get("each") == "true" else int(min(counts) > 0)
    return max(0, sets) if needs.get("each") == "true" else min(1, max(0, sets))


def test_terms(j: Judge, offer: Offer, h: Happening, contact: Contact) -> None:
    code = award_permission(j, offer, h, contact)
    if code is not None:
        raise No(code)


def award_permission(j: Judge, offer: Offer, h: Happening, contact: Contact) -> str | None:
    if h.merchant is None:
        return None
    terms = j.rules.active_terms(h.merchant, h.moment)
    if terms is None:
        return "terms_inactive"
    whose = "award_own" if contact.merchant == h.merchant else "award_others"
    if (terms.get("may") or {}).get(whose, "true") != "true":
        return "terms_forbid"
    schemes = terms.get("schemes", "any")
    if schemes != "any" and offer.scheme["id"] not in schemes:
        return "terms_forbid"
    return None


def still_meets(j: Judge, offer: Offer, h: Happening) -> bool:
    """Whether what is kept of a purchase still meets the offer's `event`, `lines` and `needs`."""
    if not holds(offer.get("event"), event_fields(j, h, kept=True), kept=True):
        return False
    is_bundle = "all" in (offer.get("needs") or {})
    first = set(matching_lines(j, offer, h))
    now = {line.number for line in h.lines if line.returned < 1 and line.number in first}
    now &= set(matching_lines(j, offer, h, kept=True))
    if offer.get("lines") and not now and not is_bundle:
        return False
    lines = [line for line in h.lines if line.number in now]
    if not offer.get("needs") and h.lines and not lines:
        return False
    return needs_met(offer, lines, h, j, kept=True) >= 1
