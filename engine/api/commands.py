"""Care and instrument commands: one event each, said of what stands in the path, with a preview."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence, Set
from typing import Annotated, Any, Final

from fastapi import Path, Query, Request
from starlette.responses import JSONResponse, Response

from guerdon.engine.api import previews
from guerdon.engine.api.answers import Answer, EventAnswer, json_bytes, whole
from guerdon.engine.api.bodies import body_of, object_of
from guerdon.engine.api.calling import called
from guerdon.engine.api.door import Told
from guerdon.engine.api.instants import rfc3339
from guerdon.engine.api.keys import Principal
from guerdon.engine.api.problems import Problem
from guerdon.engine.api.service import Service
from guerdon.engine.codes import EventType as T
from guerdon.engine.events.code_names import is_of_row
from guerdon.engine.events.event import Parked, Refused

SOURCE: Final = "care"  # who tells commands, unless the caller's key or the command says otherwise
_OF_CONTACTS = (
    T.REGISTER, T.UPDATE, T.SIGN_UP, T.SIGN_UP_VERIFIED, T.SIGN_OUT, T.PROFILE_COMPLETED, T.REFERRAL, T.ENROL,
    T.UNENROL, T.CLOSE, T.HOLD_ACCOUNT, T.REACTIVATE, T.ERASE, T.MERGE, T.TRANSFER, T.ADJUST, T.REDEEM, T.PAYOUT,
    T.HOLD, T.TOKEN, T.POOL_ACTIVATED, T.POOL_DEACTIVATED, T.LIMIT_SET, T.BLOCK_SPEND, T.UNBLOCK_SPEND,
    T.CODE_ENTERED, T.REWARD_EXCHANGED,
)  # fmt: skip
_OF_CARDS = (
    T.CARD_ISSUED, T.CARD_ACTIVATED, T.CARD_RELOADED, T.CARD_SPENT, T.CARD_HELD, T.CARD_EMPTIED, T.CARD_TRANSFERRED,
    T.CARD_REGISTERED, T.CARD_LOCKED, T.CARD_UNLOCKED, T.CARD_SUSPENDED, T.CARD_RESUMED, T.CARD_LOST,
)  # fmt: skip
_WITH_PIN = frozenset({"card_spent", "card_held", "card_emptied", "card_registered"})
_OF_CERTIFICATES = (
    T.CERTIFICATE_ISSUED, T.CERTIFICATE_DISTRIBUTED, T.CERTIFICATE_RESERVED, T.CERTIFICATE_CLAIMED,
    T.CERTIFICATE_FULFILLED, T.CERTIFICATE_VOIDED, T.CERTIFICATE_REPLACED,
)  # fmt: skip
_OF_COUPONS = (T.COUPON_USED, T.COUPON_CANCELLED)
_OF_REWARDS = (T.REWARD_RESTOCKED,)
_OF_MERCHANTS = (
    T.BUDGET_LOADED, T.STATEMENT_APPROVED, T.STATEMENT_SENT, T.STATEMENT_PAID, T.STATEMENT_FAILED,
)  # fmt: skip
_OF_EVENTS = (
    T.CANCEL, T.CAPTURE, T.VOID, T.PAYOUT_CONFIRMED, T.PAYOUT_FAILED, T.CARD_CAPTURED, T.CARD_VOIDED, T.CARD_CANCELLED,
)  # fmt: skip


def _menu(kinds: Sequence[T]) -> Any:
    names = [kind.name.lower() for kind in kinds]
    extra: dict[str, Any] = {"enum": names}
    return Path(pattern=f"^({'|'.join(names)})$", description="The event's type.", json_schema_extra=extra)


ContactCommand = Annotated[str, _menu(_OF_CONTACTS)]
CardCommand = Annotated[str, _menu(_OF_CARDS)]
CertificateCommand = Annotated[str, _menu(_OF_CERTIFICATES)]
CouponCommand = Annotated[str, _menu(_OF_COUPONS)]
RewardCommand = Annotated[str, _menu(_OF_REWARDS)]
MerchantCommand = Annotated[str, _menu(_OF_MERCHANTS)]
EventCommand = Annotated[str, _menu(_OF_EVENTS)]
Subject = Annotated[str, Path(max_length=128, description="What the command is about, by its id.")]
Preview = Annotated[bool, Query(description="Say what it would do, with a token that confirms it; nothing is posted.")]
Ask = Annotated[bool, Query(description="Wait for a second person to approve it; nothing is posted until then.")]


async def contact_command(
    request: Request, contact: Subject, command: ContactCommand, preview: Preview = False, ask: Ask = False
) -> Response:
    """A command about a contact; the body holds the fields of its event."""
    return await _command(request, command, {"contact": contact}, preview=preview, ask=ask)


async def card_command(
    request: Request, card: Subject, command: CardCommand, preview: Preview = False, ask: Ask = False
) -> Response:
    """A command about a gift card."""
    return await _command(request, command, {"card": card}, preview=preview, ask=ask)


async def certificate_command(
    request: Request, certificate: Subject, command: CertificateCommand, preview: Preview = False, ask: Ask = False
) -> Response:
    """A command about a certificate."""
    return await _command(request, command, {"certificate": certificate}, preview=preview, ask=ask)


async def coupon_command(
    request: Request, coupon: Subject, command: CouponCommand, preview: Preview = False, ask: Ask = False
) -> Response:
    """A command about a coupon."""
    return await _command(request, command, {"coupon": coupon}, preview=preview, ask=ask)


async def reward_command(
    request: Request, reward: Subject, command: RewardCommand, preview: Preview = False, ask: Ask = False
) -> Response:
    """A command about a reward of the catalogue."""
    return await _command(request, command, {"reward": reward}, preview=preview, ask=ask)


async def merchant_command(
    request: Request, merchant: Subject, command: MerchantCommand, preview: Preview = False, ask: Ask = False
) -> Response:
    """A command about a merchant's budget or statement."""
    return await _command(request, command, {"merchant": merchant}, preview=preview, ask=ask)


async def event_command(
    request: Request, event_id: Subject, command: EventCommand, preview: Preview = False, ask: Ask = False
) -> Response:
    """A command about an earlier event: cancel it, capture or void a hold, confirm a payout."""
    return await _command(request, command, {"of": event_id}, preview=preview, ask=ask)


async def _command(request: Request, kind: str, subject: Mapping[str, str], *, preview: bool, ask: bool) -> Response:
    service, principal = called(request)
    body = await body_of(request, service.settings)
    told = object_of(request, body)
    pin = told.pop("pin", None)
    record = _record(request, service, principal, kind, subject, told)
    about = await _about(service, kind, subject)
    if pin is not None:
        from guerdon.engine.api.pin_checking import tell_with_pin

        if preview or ask or record["type"] not in _WITH_PIN or "verified" in record:
            detail = "a PIN is taken where a card is spent, held, emptied or registered, and at once"
            raise Problem(422, "pin_not_taken", detail, errors=[_error("pin", "pin_not_taken", detail)])
        return await tell_with_pin(request, record, pin, json_bytes(told), about)
    if preview:
        return await _previewed(request, service, principal, record, told.keys(), about)
    if ask:
        from guerdon.engine.api.approvals import ask_for

        return await ask_for(request, record, body, about)
    from guerdon.engine.api.signing_up import tell_with_code, wants_a_code

    if scheme := wants_a_code(service.program, record):
        return await tell_with_code(request, body, record, scheme, about)
    return await service.tell(request, principal, body, [record], object=about, answered=single)


async def _about(service: Service, kind: str, subject: Mapping[str, str]) -> str:
    """What the audit trail says a command is about: no code."""
    said = {"type": kind, **subject}
    if is_of_row(said):
        named = await service.readers.read(lambda ledger: ledger.codes.record(said, takes_names=True))
    else:
        named = service.door.codes.record(said, takes_names=True)
    return f"{kind} {named[next(iter(subject))]}"


def _record(
    request: Request,
    service: Service,
    principal: Principal,
    kind: str,
    subject: Mapping[str, str],
    told: dict[str, Any],
) -> dict[str, Any]:
    """The event that a command is."""
    for name in ("type", *subject):
        if told.get(name) is not None:
            detail = f"{name!r} stands in the path"
            raise Problem(422, "undeclared_field", detail, errors=[_error(name, "undeclared_field", detail)])
    key = request.headers.get("idempotency-key")
    name = hashlib.sha256(f"{principal.key_id}\n{key}".encode()).hexdigest()[:24] if key else uuid.uuid4().hex[:24]
    given = {name: value for name, value in told.items() if value is not None}
    record = {"id": f"{kind}/{name}", "time": rfc3339(service.clock()), **given, "type": kind, **subject}
    if not principal.sources:
        record.setdefault("source", SOURCE)
    return record


def single(answers: Sequence[EventAnswer]) -> Answer:
    """The answer to a request that is one event."""
    answer = whole(answers)
    return Answer(200, json_bytes(answers[0].shown)) if answer.status < 400 else answer


async def _previewed(
    request: Request, service: Service, principal: Principal, record: dict[str, Any], given: Set[str], about: str
) -> Response:
    made = {name: value for name, value in record.items() if name in ("id", "time") and name not in given}
    said = {name: value for name, value in record.items() if name not in made}
    proposal = previews.Proposal(principal, said, made)
    told, shown = await service.readers.fresh(previews.look, service.program, service.door, proposal, service.clock())
    if isinstance(told.item, (Refused, Parked)):
        return await _not_readable(request, service, principal, told, about)
    return JSONResponse(json.loads(json_bytes(shown)))


async def _not_readable(request: Request, service: Service, principal: Principal, told: Told, about: str) -> Response:
    """A preview of what would be refused before any state is looked at is a problem, as the command itself would be."""
    from guerdon.engine.api.pointers import pointer_of
    from guerdon.engine.codes import Reason

    assert isinstance(told.item, (Refused, Parked))
    reason = told.item.reason if isinstance(told.item, Refused) else Reason.UNREADABLE
    code = reason.name.lower()
    denied = reason is Reason.NOT_PERMITTED
    if denied:
        await service.note(service.deed(request, principal, about, "denied", code))
    error = _error(pointer_of(reason, told.item.detail, told.record)[1:], code, told.item.detail)
    raise Problem(403 if denied else 422, code, told.item.detail, errors=[error])


def _error(name: str, code: str, detail: str) -> dict[str, str]:
    return {"pointer": f"/{name}" if name else "", "code": code, "detail": detail}
