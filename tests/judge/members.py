"""Events of members: registering, schemes, profile, referral, subscription, pools, limits, blocks, statuses."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from . import derived, due
from .awarding import decide_offers
from .purchases import begin, happening_of, member
from .state import Contact, Happening, Ignored, Refused
from .statuses import close
from .tiers import first_tier

if TYPE_CHECKING:
    from .judge import Judge


def apply_fields(j: Judge, contact: Contact, e: dict[str, Any], at: datetime) -> None:
    """What an event tells of its contact."""
    if "email" in e:
        contact.email = e["email"]
        contact.email_domain = str(e["email"]).rsplit("@", 1)[-1].strip().lower()
    if "payment_method" in e:
        contact.method = e["payment_method"]
    for key, value in (e.get("attributes") or {}).items():
        if j.rules.attribute_kind("contact", key) is None:
            raise Refused("undeclared_field")
        contact.attributes[key] = str(value)
        if key == "birth_date":
            contact.born_known = at


def register(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    h = happening_of(j, name, e, moment)
    h.contact = j.contact_name(e)
    if h.contact in j.state.contacts:
        raise Refused("invalid_transition")
    status = "pending" if e.get("complete") == "false" else "registered"
    contact = Contact(h.contact, len(j.state.contacts) + 1, moment, status, derived.owner_of(j, h))
    contact.tier = first_tier(j, moment)
    contact.clock = moment
    j.state.contacts[h.contact] = contact
    apply_fields(j, contact, e, moment)
    done(j, h, contact)
    decide_offers(j, h, contact)
    derived.join_auto_schemes(j, h, contact)
    due.catch_up(j, contact, h.at)


def done(j: Judge, h: Happening, contact: Contact) -> None:
    j.state.happenings[h.name] = h
    contact.last_posted = h.name


def update(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    h = happening_of(j, name, e, moment)
    h.contact = j.contact_name(e)
    if h.contact not in j.state.contacts:
        contact = member(j, h, e)
        apply_fields(j, contact, e, h.at)
        done(j, h, contact)
        due.catch_up(j, contact, h.at)
        return
    h, contact = plain(j, name, e, moment)
    apply_fields(j, contact, e, h.at)


def sign_up(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    h = happening_of(j, name, e, moment)
    contact = member(j, h, e)
    scheme = e["scheme"]
    if scheme in contact.members:
        raise Ignored("nothing_to_do")
    if "email" in e:
        apply_fields(j, contact, {"email": e["email"]}, h.at)
    way = j.rules.schemes[scheme].get("sign_up", "auto")
    if isinstance(way, dict) and "email_domains" in way:
        if contact.email_domain not in [domain.lower() for domain in way["email_domains"]]:
            raise Refused("domain_not_allowed")
        contact.verify.append(scheme)
        done(j, h, contact)
        return
    if isinstance(way, dict) and "codes" in way:
        use_code(j, way["codes"], str(e.get("code", "")))
    joined(j, h, contact, scheme)


def use_code(j: Judge, name: str, code: str) -> None:
    if code not in j.rules.listed(name):
        raise Refused("code_unknown")
    if (name, code) in j.state.used_codes:
        raise Refused("code_used")
    j.state.used_codes.add((name, code))


def joined(j: Judge, h: Happening, contact: Contact, scheme: str) -> None:
    derived.join(j, contact, scheme)
    h.type, h.scheme = "sign_up", scheme
    done(j, h, contact)
    decide_offers(j, h, contact)
    due.catch_up(j, contact, h.at)


def sign_up_verified(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    h, contact = plain(j, name, e, moment)
    scheme = e.get("scheme") or (contact.verify[0] if contact.verify else "")
    if scheme not in contact.verify:
        raise Refused("code_unknown")
    contact.verify.remove(scheme)
    joined(j, h, contact, scheme)


def sign_out(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    _, contact = plain(j, name, e, moment)
    if e["scheme"] not in contact.members:
        raise Ignored("nothing_to_do")
    del contact.members[e["scheme"]]


def referral(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    """The newcomer is registered; the one who referred is awarded by a derived event in their own log."""
    h = happening_of(j, name, e, moment)
    referrer = j.state.contacts.get(str(e["referrer"]))
    if str(e["referrer"]) == j.contact_name(e):
        raise Refused("own_referral")
    if referrer is None:
        raise Refused("unknown_contact")
    per_day = int((j.rules.business.get("referrals") or {}).get("per_day", 2))
    day = j.rules.clock.day(moment)
    today = [at for who, at in j.state.referrals if who == referrer.name and j.rules.clock.day(at) == day]
    if len(today) >= per_day:
        raise Refused("too_many_referrals")
    newcomer = member(j, h, e)
    newcomer.referred = True
    done(j, h, newcomer)
    j.state.referrals.append((referrer.name, moment))
    thanks = Happening(
        f"{name}/referral", f"{name}/referral", h.source, h.seq, "referral", referrer.name,
        moment, moment, h.merchant, h.venue, h.tap, {}, cause=name,
    )  # fmt: skip
    if referrer.status in ("registered", "enrolled", "pending"):
        begin(j, thanks, referrer)
        decide_offers(j, thanks, referrer)
        due.catch_up(j, referrer, thanks.at)


def subscription(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    h = happening_of(j, name, e, moment)
    contact = member(j, h, e)
    if e["type"] == "subscription_started":
        contact.subscribed = h.at
        contact.matured = []
    else:
        contact.subscribed = None
    done(j, h, contact)


def plain(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> tuple[Happening, Contact]:
    """An event of a known contact that moves no money, whatever its status."""
    h = happening_of(j, name, e, moment)
    h.contact = j.contact_name(e)
    contact = j.state.contacts.get(h.contact)
    if contact is None:
        raise Refused("unknown_contact")
    begin(j, h, contact)
    done(j, h, contact)
    return h, contact


def setting(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    """Pools activated or not, limits of one's own, a block of spends."""
    _, contact = plain(j, name, e, moment)
    kind = e["type"]
    if kind == "pool_activated":
        contact.pools.add(e["pool"])
    elif kind == "pool_deactivated":
        contact.pools.discard(e["pool"])
    elif kind == "limit_set":
        limit: dict[str, Any] = {key: e[key] for key in ("on", "each", "amount", "times") if key in e}
        contact.limits = [own for own in contact.limits if (own["on"], own["each"]) != (e["on"], e["each"])]
        contact.limits.append(limit)
    else:
        contact.blocked = kind == "block_spend"


# Statuses


def status(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    kind = e["type"]
    contact = j.state.contacts.get(j.own_name(e) if kind == "enrol" else j.contact_name(e))
    if contact is None:
        raise Refused("unknown_contact")
    h = happening_of(j, name, e, moment)
    h.contact = contact.name
    if kind == "enrol":
        if contact.status == "enrolled":
            raise Ignored("nothing_to_do")
        begin(j, h, contact)
        require(contact, "registered", "pending", "closed_by_agent", "merged")
        enrol(j, h, contact)
    else:
        begin(j, h, contact)
        require(contact, "on_hold" if kind == "reactivate" else "enrolled")
        if kind in ("unenrol", "close"):
            close(j, contact, "closed_by_agent" if kind == "unenrol" else "closed_by_member", h.at)
        else:
            contact.status = "on_hold" if kind == "hold_account" else "enrolled"
    done(j, h, contact)


def require(contact: Contact, *states: str) -> None:
    if contact.status not in states:
        raise Refused("invalid_transition")


def enrol(j: Judge, h: Happening, contact: Contact) -> None:
    if contact.status == "merged":
        contact.merged_into = None
        contact.members = {}
        contact.tier = first_tier(j, h.at)
    contact.status = "enrolled"
    contact.closed_at = None
    contact.was_member = []
    derived.join_auto_schemes(j, h, contact)


def erase(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    contact = j.state.contacts.get(j.own_name(e))
    if contact is None:
        raise Refused("unknown_contact")
    require(contact, "closed_by_agent", "closed_by_member", "merged")
    del j.state.contacts[contact.name]
