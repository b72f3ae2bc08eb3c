"""Certificates: one code for one offer at one site, sold to a distributor, claimed once, owed to who fulfils it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING

from guerdon.engine.codes import KIND_SHIFT, OWNER_SHIFT, EventType, OwnerKind, Reason, Role, TransferKind
from guerdon.engine.decide import booking
from guerdon.engine.decide.calendar import DAY, stepped, to_utc
from guerdon.engine.decide.funding import NO_TERMS, terms_at
from guerdon.engine.decide.instruments.acting import (
    Act,
    begun,
    merchant_number,
    numbered,
    paid_by,
    paid_to,
    post,
    posted,
    refused,
)
from guerdon.engine.decide.instruments.kinds import CertificateKind, certificate_kind, kinds_of
from guerdon.engine.decide.instruments.transitions import CERTIFICATE, CERTIFICATE_OUT, CertificateState
from guerdon.engine.decide.offer_tables import step
from guerdon.engine.events.code_names import HOLDER
from guerdon.engine.events.event import Event
from guerdon.engine.rows import FOREVER

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

CERTIFICATE_RECORD = "certificate"  # kind of record, its id the certificate's name
_CERTIFICATE = int(OwnerKind.CERTIFICATE) << KIND_SHIFT
_S = CertificateState
_UNKNOWN = frozenset({_S.GENERATED, _S.VOIDED, _S.REPLACED})  # for who claims
_USED = frozenset({_S.CLAIMED, _S.FULFILLED})


@dataclass(slots=True)
class Certificate:
    """``worth``: what lies in its account; ``sale``: the transfer (seq, n) that sold it to ``distributor`` (number).

    ``holder`` (as ``holder_of`` tells it), ``terms``, ``url`` and ``fulfiller`` (number) are those of the reservation
    and the claim.
    """

    number: int
    kind: str
    version: int
    status: str
    worth: int = 0
    expires_at: int = FOREVER
    sale: tuple[int, int] = (0, 0)
    distributor: int = 0
    holder: str = ""
    terms: str = ""
    url: str = ""
    fulfiller: int = 0
    replaced_by: str = ""

    @property
    def account(self) -> int:
        return _CERTIFICATE | self.number << OWNER_SHIFT | int(Role.CERTIFICATE)

    @property
    def due_at(self) -> int:
        return FOREVER if self.status not in CERTIFICATE_OUT or self.expires_at == FOREVER else self.expires_at + 1


# ---- the record


def holder_of(event: Event) -> str:
    """What the record keeps of the address of a claim: what the door made of it; in cases it is the address itself."""
    return str(event.fields.get(HOLDER) or event.fields.get("email", ""))


def read_certificate(decider: Decider, name: str) -> Certificate | None:
    """The certificate of that name; None: there is none."""
    record = decider.records.get(CERTIFICATE_RECORD, name)
    if record is None:
        return None
    fields = dict(record.fields)
    return Certificate(**{**fields, "sale": (fields["sale"][0], fields["sale"][1])})


def keep_certificate(decider: Decider, name: str, certificate: Certificate) -> None:
    """Write the certificate down."""
    fields = {**asdict(certificate), "status": str(certificate.status), "sale": list(certificate.sale)}
    decider.records.put(CERTIFICATE_RECORD, name, fields, 0, certificate.due_at)


def catch_up_certificate(act: Act, name: str, certificate: Certificate, until: int) -> None:
    """A certificate that is out expires, once: its value is breakage."""
    due = certificate.due_at
    if due <= until:
        post(act, TransferKind.CERTIFICATE_EXPIRY, certificate.account, booking.BREAKAGE, certificate.worth, at=due)
        certificate.worth, certificate.status = 0, _S.EXPIRED
        keep_certificate(act.decider, name, certificate)


# ---- events


def issuing(decider: Decider, i: int, event: Event) -> None:
    """``certificate_issued``: a new name, worth nothing yet."""
    act = begun(decider, i, event)
    if act is None:
        return
    name, kind = event.fields.get("certificate", ""), event.fields.get("kind", "")
    if not name or kind not in kinds_of(decider).certificates:
        refused(act, Reason.UNKNOWN_INSTRUMENT)
    elif decider.records.get(CERTIFICATE_RECORD, name) is not None:
        refused(act, Reason.INVALID_TRANSITION)
    else:
        number, version = numbered(decider, "certificate", name)
        keep_certificate(decider, name, Certificate(number, kind, version, _S.GENERATED))
        posted(act)


def changing(decider: Decider, i: int, event: Event) -> None:
    """Every event on a certificate that is known by its name, but a claim."""
    act = begun(decider, i, event)
    if act is None:
        return
    name = event.fields.get("certificate", "")
    certificate = read_certificate(decider, name)
    if certificate is None:
        refused(act, Reason.UNKNOWN_INSTRUMENT)
        return
    catch_up_certificate(act, name, certificate, act.at)
    move = CERTIFICATE[event.type]
    if certificate.status not in move.taken_in:
        refused(act, Reason.INVALID_TRANSITION)
        return
    why = _CHANGES[event.type](act, certificate)
    if why is not Reason.NONE:
        refused(act, why)
        return
    certificate.status = str(move.leads_to)
    keep_certificate(decider, name, certificate)
    posted(act)


def _distribute(act: Act, certificate: Certificate) -> Reason:
    """The distributor owes its value, and from now on it is valid."""
    kind = _kind(act, certificate)
    certificate.worth, certificate.expires_at = kind.value_minor, _valid_to(act, kind)
    certificate.distributor = merchant_number(act.decider, kind.distributor)
    account = paid_by(certificate.distributor, booking.SPENT)
    n = post(act, TransferKind.CERTIFICATE_SALE, account, certificate.account, certificate.worth)
    certificate.sale = (act.seq, n)
    return Reason.NONE


def _valid_to(act: Act, kind: CertificateKind) -> int:
    """The last instant at which it can be claimed."""
    desk = act.decider.desk
    if kind.valid_for is not None:
        return int(stepped(desk, act.at, *step(kind.valid_for)))
    if kind.valid_until is not None:
        day = (date.fromisoformat(kind.valid_until) - date(1970, 1, 1)).days
        return int(to_utc(desk, day * DAY)) - 1
    return FOREVER


def _reserve(act: Act, certificate: Certificate) -> Reason:
    """Only this address can claim it from now on."""
    why = why_not(act, certificate)
    if why is Reason.NONE:
        certificate.holder = holder_of(act.event)
    return why


def _fulfil(act: Act, certificate: Certificate) -> Reason:
    return Reason.NONE


def _void(act: Act, certificate: Certificate) -> Reason:
    """What the distributor owed for it is owed no more."""
    distributor = paid_by(certificate.distributor, booking.SPENT)
    kind = TransferKind.CERTIFICATE_SALE_REVERSAL
    post(act, kind, certificate.account, distributor, certificate.worth, reverses=certificate.sale)
    certificate.worth = 0
    return Reason.NONE


def _replace(act: Act, certificate: Certificate) -> Reason:
    """Another name for the same: kind, value, expiry and sale go along; a reservation does not."""
    decider, name = act.decider, act.event.fields.get("by", "")
    if not name:
        return Reason.UNKNOWN_INSTRUMENT
    if decider.records.get(CERTIFICATE_RECORD, name) is not None:
        return Reason.INVALID_TRANSITION
    number = int(decider.store.names.number("certificate", name))
    new = Certificate(number, certificate.kind, certificate.version, _S.DISTRIBUTED, certificate.worth)
    new.expires_at, new.sale, new.distributor = certificate.expires_at, certificate.sale, certificate.distributor
    post(act, TransferKind.CERTIFICATE_REPLACE, certificate.account, new.account, certificate.worth)
    certificate.worth, certificate.replaced_by = 0, name
    keep_certificate(decider, name, new)
    return Reason.NONE


_CHANGES: dict[EventType, Callable[[Act, Certificate], Reason]] = {
    EventType.CERTIFICATE_DISTRIBUTED: _distribute,
    EventType.CERTIFICATE_RESERVED: _reserve,
    EventType.CERTIFICATE_FULFILLED: _fulfil,
    EventType.CERTIFICATE_VOIDED: _void,
    EventType.CERTIFICATE_REPLACED: _replace,
}


def claiming(decider: Decider, i: int, event: Event) -> None:
    """``certificate_claimed``: answers a code that is not good here as it answers one that is unknown."""
    act = begun(decider, i, event)
    if act is None:
        return
    if event.merchant is None:
        refused(act, Reason.UNKNOWN_MERCHANT)
        return
    name = event.fields.get("certificate", "")
    certificate = read_certificate(decider, name)
    if certificate is None:
        refused(act, Reason.CODE_UNKNOWN)
        return
    catch_up_certificate(act, name, certificate, act.at)
    kind = _kind(act, certificate)
    why = why_not(act, certificate)
    if why is Reason.NONE and event.fields.get("terms") != kind.terms:
        why = Reason.TERMS_NOT_ACCEPTED
    if why is not Reason.NONE:
        refused(act, why)
        return
    certificate.fulfiller = merchant_number(decider, event.merchant)
    certificate.holder, certificate.terms = holder_of(event), kind.terms or ""
    certificate.url = kinds_of(decider).sites[kind.site].url
    to = paid_to(certificate.fulfiller)
    post(act, TransferKind.CERTIFICATE_CLAIM, certificate.account, to, certificate.worth)
    certificate.worth, certificate.status = 0, str(CERTIFICATE[event.type].leads_to)
    keep_certificate(decider, name, certificate)
    posted(act)


def why_not(act: Act, certificate: Certificate) -> Reason:
    """NONE, or why it can't be claimed here by this address; the terms are not looked at."""
    kind, fields = _kind(act, certificate), act.event.fields
    if certificate.status in _UNKNOWN or fields.get("site") != kind.site or not fields.get("email"):
        return Reason.CODE_UNKNOWN
    if certificate.status == _S.RESERVED and holder_of(act.event) != certificate.holder:
        return Reason.CODE_UNKNOWN
    if certificate.status in _USED:
        return Reason.CODE_USED
    site = kinds_of(act.decider).sites.get(kind.site)
    if certificate.status == _S.EXPIRED or site is None or not site.open:
        return Reason.NOT_AVAILABLE
    if kind.refuse_if_closed and not _has_terms(act, kind.distributor):
        return Reason.NOT_AVAILABLE
    return Reason.NONE


def _has_terms(act: Act, merchant: str) -> bool:
    """Whether the business has an agreement with a merchant at the event's time."""
    index = act.decider.tables.merchant_index.get(merchant, -1)
    return index >= 0 and int(terms_at(act.decider.desk, index, act.at)) != NO_TERMS


def _kind(act: Act, certificate: Certificate) -> CertificateKind:
    return certificate_kind(act.decider, certificate.kind, certificate.version)


HANDLERS = {
    EventType.CERTIFICATE_ISSUED: issuing,
    EventType.CERTIFICATE_CLAIMED: claiming,
    **dict.fromkeys(_CHANGES, changing),
}
