"""Becoming known and becoming a member: register, sign_up by each of its ways, sign_out (spec 2, 3, 7b)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guerdon.engine.codes import Cause, EventType, Reason, Status
from guerdon.engine.decide.funding import NO_TERMS, terms_at
from guerdon.engine.decide.membership import join, leave, register
from guerdon.engine.decide.opening import (
    Opening,
    catch_up,
    ignored,
    is_known,
    is_open,
    joined_schemes,
    open_event,
    posted,
    refused,
    status_of,
    win,
)
from guerdon.engine.decide.profiles import IDENTIFIED, names_another, profile_of, tell
from guerdon.engine.decide.step import queue
from guerdon.engine.events.event import Event
from guerdon.rules.program import Scheme
from guerdon.rules.source import kept_code

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

SIGN_UP_CODE = "sign_up_code"  # kind of record: a code of a scheme's list that was used
VERIFICATION = "verification"  # kind of record: a contact whose e-mail address waits to be verified for a scheme
NOWHERE = -1


# ---- becoming known


def may_enter(decider: Decider, o: Opening, event: Event) -> bool:
    """Whether the event of a member, known or not, is taken; all that is due for a known one has happened then."""
    if status_of(decider, o.c) is Status.NEW:
        if not decider.program.business.register:
            return refused(decider, o, Reason.UNKNOWN_CONTACT)
    elif not is_open(decider, o) or not catch_up(decider, o):
        return False
    return not names_another(decider, o.number, event) or refused(decider, o, Reason.REFERENCE_USED)


def enter(decider: Decider, o: Opening, event: Event, scheme: int = NOWHERE) -> None:
    """Register the contact if new, keep what is told, join the automatic schemes but ``scheme``; all is queued."""
    is_new = status_of(decider, o.c) is Status.NEW
    if is_new:
        register(decider.desk, o.i, o.c)
    tell(decider, o.c, o.number, event)
    if is_new:
        queue(decider.desk, EventType.REGISTER, Cause.REGISTER, 0, o.c)
    join_automatic(decider, o, [scheme], joined_schemes(decider.desk, o.c, ever=True))


def join_automatic(decider: Decider, o: Opening, but: list[int], known: list[int]) -> None:
    """The contact joins every automatic scheme that is in neither list; each joining is queued as derived."""
    desk = decider.desk
    for scheme in range(len(decider.program.schemes)):
        if desk.r_scheme[scheme].automatic and scheme not in but and scheme not in known:
            join(desk, o.seq, o.c, scheme, o.time)
            queue(desk, EventType.SIGN_UP, Cause.SIGN_UP, scheme, o.c)


def registering(decider: Decider, i: int, event: Event) -> None:
    """``register``: a new contact becomes known; one whose registration is not complete is ``pending``."""
    o = open_event(decider, i)
    if status_of(decider, o.c) is not Status.NEW:
        refused(decider, o, Reason.INVALID_TRANSITION)
        return
    if names_another(decider, o.number, event):
        refused(decider, o, Reason.REFERENCE_USED)
        return
    register(decider.desk, i, o.c)
    if event.fields.get("complete") is False:
        decider.desk.s_contact[o.c].status = Status.PENDING
    tell(decider, o.c, o.number, event)
    queue(decider.desk, EventType.REGISTER, Cause.ITSELF, 0, o.c)
    join_automatic(decider, o, [], [])
    win(decider, o)


# ---- schemes


def signing_up(decider: Decider, i: int, event: Event) -> None:
    """``sign_up``: a member at once, or for schemes of an e-mail domain after the address is verified."""
    o = open_event(decider, i)
    scheme = scheme_named(decider, event)
    if scheme == NOWHERE:
        refused(decider, o, Reason.UNKNOWN_INSTRUMENT)
        return
    if not may_enter(decider, o, event):
        return
    if scheme in joined_schemes(decider.desk, o.c):
        ignored(decider, o, Reason.NOTHING_TO_DO)
        return
    says = decider.program.schemes[scheme]
    why = _why_not(decider, o, event, says)
    if why is not Reason.NONE:
        refused(decider, o, why)
        return
    enter(decider, o, event, scheme)
    if says.email_domains:
        _await_verification(decider, o, event, says)
        win(decider, o)
        return
    if says.codes:
        decider.records.put(SIGN_UP_CODE, _code_name(says, event), {"seq": o.seq}, o.number)
    _join_itself(decider, o, scheme)


def signing_up_verified(decider: Decider, i: int, event: Event) -> None:
    """``sign_up_verified``: the address was verified by its one-time code; only now the contact is a member."""
    o = open_event(decider, i)
    if not is_known(decider, o) or not may_enter(decider, o, event):
        return
    scheme = _verified_scheme(decider, o, event)
    if scheme == NOWHERE:
        refused(decider, o, Reason.CODE_UNKNOWN)
        return
    says = decider.program.schemes[scheme]
    record = decider.records.get(VERIFICATION, f"{o.number}|{says.id}")
    assert record is not None
    wanted, given = record.fields.get("code"), event.fields.get("code")
    if wanted is not None and (given is None or kept_code(given) != wanted):
        refused(decider, o, Reason.CODE_UNKNOWN)
    elif record.fields["used"]:
        refused(decider, o, Reason.CODE_USED)
    else:
        decider.records.put(VERIFICATION, record.id, {**record.fields, "used": 1}, o.number)
        enter(decider, o, event, scheme)
        _join_itself(decider, o, scheme)


def signing_out(decider: Decider, i: int, event: Event) -> None:
    """``sign_out``: the membership ends, state and balance stay."""
    o = open_event(decider, i)
    if not is_known(decider, o):
        return
    scheme = scheme_named(decider, event)
    if scheme == NOWHERE:
        refused(decider, o, Reason.UNKNOWN_INSTRUMENT)
    elif catch_up(decider, o):
        if scheme not in joined_schemes(decider.desk, o.c):
            ignored(decider, o, Reason.NOTHING_TO_DO)
            return
        leave(decider.desk, o.c, scheme, o.now)
        posted(decider, o)


def scheme_named(decider: Decider, event: Event) -> int:
    """Index of the event's scheme; without a name the only one of the programme; NOWHERE: there is no such."""
    schemes = decider.program.schemes
    name: Any = event.fields.get("scheme")
    if name is None:
        return 0 if len(schemes) == 1 else NOWHERE
    return next((k for k, scheme in enumerate(schemes) if scheme.id == name), NOWHERE)


def _join_itself(decider: Decider, o: Opening, scheme: int) -> None:
    join(decider.desk, o.seq, o.c, scheme, o.time)
    queue(decider.desk, EventType.SIGN_UP, Cause.ITSELF, scheme, o.c)
    win(decider, o)


def _why_not(decider: Decider, o: Opening, event: Event, scheme: Scheme) -> Reason:
    """NONE, or why the contact can't sign up for the scheme here, with this address, by this code."""
    merchant = int(decider.desk.b_event[o.i].merchant)
    if merchant != NOWHERE and terms_at(decider.desk, merchant, o.time) != NO_TERMS:
        terms = [t for t in decider.program.terms if t.merchant == event.merchant]
        first = int(decider.desk.r_merchant[merchant].terms_first)
        if not terms[terms_at(decider.desk, merchant, o.time) - first].sign_up:
            return Reason.TERMS_FORBID
    if scheme.email_domains:
        address = event.fields.get("email") or profile_of(decider, o.number).get(IDENTIFIED, {}).get("email", "")
        domains = [domain.lower() for domain in scheme.email_domains]
        return Reason.NONE if address.rpartition("@")[2] in domains else Reason.DOMAIN_NOT_ALLOWED
    if scheme.codes:
        if kept_code(event.fields.get("code", "")) not in scheme.codes:
            return Reason.CODE_UNKNOWN
        if decider.records.get(SIGN_UP_CODE, _code_name(scheme, event)) is not None:
            return Reason.CODE_USED
    return Reason.NONE


def _code_name(scheme: Scheme, event: Event) -> str:
    return f"{scheme.id}|{kept_code(event.fields.get('code', ''))}"


def _await_verification(decider: Decider, o: Opening, event: Event, scheme: Scheme) -> None:
    """No membership yet. The one-time code that the door has mailed is kept as its hash, if the event tells it."""
    code = event.fields.get("code")
    fields = {"used": 0} if code is None else {"used": 0, "code": kept_code(code)}
    decider.records.put(VERIFICATION, f"{o.number}|{scheme.id}", fields, o.number)


def _verified_scheme(decider: Decider, o: Opening, event: Event) -> int:
    """Index of the scheme that an address of this contact waits for (or has been verified for); NOWHERE: none."""
    waiting = [r.id.partition("|")[2] for r in decider.records.of_contact(VERIFICATION, o.number)]
    named = event.fields.get("scheme")
    if named is None and len(waiting) == 1:
        named = waiting[0]
    places = {scheme.id: k for k, scheme in enumerate(decider.program.schemes)}
    return places.get(str(named), NOWHERE) if named in waiting else NOWHERE


HANDLERS = {
    EventType.REGISTER: registering,
    EventType.SIGN_UP: signing_up,
    EventType.SIGN_UP_VERIFIED: signing_up_verified,
    EventType.SIGN_OUT: signing_out,
}
