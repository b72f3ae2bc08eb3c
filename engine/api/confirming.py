"""Confirming a preview: by who looked, or by a second person, who is its approver then."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import Query, Request
from starlette.responses import JSONResponse, Response

from guerdon.engine.api.answers import Answer, json_bytes
from guerdon.engine.api.bodies import body_of, object_of
from guerdon.engine.api.calling import called
from guerdon.engine.api.collecting import Work
from guerdon.engine.api.commands import single
from guerdon.engine.api.door import Told
from guerdon.engine.api.instants import rfc3339
from guerdon.engine.api.keys import Principal, principal_of
from guerdon.engine.api.previews import Proposal, look
from guerdon.engine.api.problems import Problem, not_found, wrong_field
from guerdon.engine.api.roles import Right
from guerdon.engine.api.service import Service
from guerdon.engine.care.preview_tokens import Held, PreviewError, opened, unknown
from guerdon.engine.care.previews import EXPIRED, STALE, still_holds
from guerdon.engine.events.code_names import NamedRecord
from guerdon.engine.events.event import Event
from guerdon.engine.ledger.access import NEVER, ApiKey, find_key
from guerdon.engine.ledger.audit_trail import Deed
from guerdon.engine.ledger.ledger import Ledger

Again = Annotated[bool, Query(alias="preview", description="See it once more as it is now; nothing is posted.")]
_SUBJECTS: Final = ("contact", "card", "certificate", "coupon", "reward", "of", "merchant")


async def post_confirmation(request: Request, again: Again = False) -> Response:
    """Do what a preview showed, once, if nothing happened since to what it is about.

    Who looked confirms it alone. Another person, whose role may approve, is its approver. If something happened, or it
    is too old, the answer is 409 with the preview as it is now.
    """
    service, principal = called(request)
    body = await body_of(request, service.settings)
    token = _token(object_of(request, body))
    try:
        held, key = await service.readers.read(_opened, token)
    except PreviewError as error:
        await service.note(service.deed(request, principal, "confirm", "denied", error.code))
        raise wrong_field("token", error.code, error.message) from None
    about = f"confirm {_about(held.told)}"
    try:
        approver = _approver(principal, held, key, service.clock())
    except Problem as problem:
        await service.note(service.deed(request, principal, about, "denied", problem.code))
        raise
    maker = principal_of(key)
    if again:
        return JSONResponse(await _anew(service, maker, held, approver))
    return await _confirmed(request, service, principal, body, about, (maker, held, approver))


def _token(body: Mapping[str, Any]) -> str:
    for name in body:
        if name != "token":
            raise wrong_field(name, "undeclared_field", f"there is no field {name!r}")
    token = body.get("token")
    if not isinstance(token, str) or not token:
        raise wrong_field("token", "bad_request", "'token' is what a preview gave")
    return token


def _opened(ledger: Ledger, token: str) -> tuple[Held, ApiKey]:
    """What a token holds, and the key of who looked. PreviewError: it was changed, or is none."""
    held = opened(token, ledger.keyring.secret())
    key = find_key(ledger.store.rows, held.by)
    if key is None:
        raise unknown("this preview was not made here")
    return held, key


def _about(told: Mapping[str, Any]) -> str:
    """What an audit entry says of the event."""
    subject = next((str(told[name]) for name in _SUBJECTS if told.get(name) is not None), "")
    return f"{told['type']} {subject}".rstrip()


def _approver(principal: Principal, held: Held, key: ApiKey, now: int) -> str:
    """The second person's name; '' if it is who looked. Problem 403, 404, 409: it is not for this one to confirm."""
    if principal.key_id == held.by:
        return ""
    if not principal.may(Right.APPROVE):
        raise Problem(403, "not_permitted", f"what others looked at is not for the role {principal.role.name!r}")
    if principal.name == key.name:
        raise Problem(403, "exceeds_authority", "nobody approves what they looked at themselves")
    if not principal.sees(held.record.get("merchant")):
        raise not_found("preview")
    if key.revoked_at != NEVER or (key.expires_at != NEVER and now >= key.expires_at):
        raise Problem(409, "invalid_transition", "the key of who looked is no longer in force")
    return principal.name


async def _confirmed(
    request: Request, service: Service, principal: Principal, body: bytes, about: str, of: tuple[Principal, Held, str]
) -> Response:
    maker, held, approver = of
    now = service.clock()
    told: Told = await service.readers.read(
        lambda ledger: service.door.told(maker, [NamedRecord(held.record)], now, ledger=ledger, approver=approver)[0]
    )
    event = told.item

    def deed(answer: Answer) -> Deed:
        outcome = "denied" if answer.denied else "done" if answer.status < 400 else "refused"
        return service.deed(request, principal, about, outcome, answer.reason)

    def guard(ledger: Ledger) -> None:
        try:
            if isinstance(event, Event):
                still_holds(ledger, event, held, now)
        except PreviewError as error:
            raise Problem(409, error.code, error.message) from None

    work = Work([told], single, deed, service.request_key(request, principal, body), guard=guard)
    try:
        return await service.done(work)
    except Problem as problem:
        if problem.code in (STALE, EXPIRED):
            await service.note(service.deed(request, principal, about, "refused", problem.code))
            problem.more["preview"] = await _anew(service, maker, held, approver)
        raise


async def _anew(service: Service, maker: Principal, held: Held, approver: str) -> dict[str, Any]:
    """The same command looked at now, with a token of its own. Problem 403, 422: it can't be told any more."""
    now = service.clock()
    made: dict[str, Any] = {}
    if "id" in held.made:
        made["id"] = f"{held.told['type']}/{uuid.uuid4().hex[:24]}"
    if "time" in held.made:
        made["time"] = rfc3339(now)
    proposal = Proposal(maker, NamedRecord(held.told), made, approver)
    told, shown = await service.readers.fresh(look, service.program, service.door, proposal, now)
    if not isinstance(told.item, Event):
        reason = getattr(told.item, "reason", None)
        code = "unreadable" if reason is None else reason.name.lower()
        raise Problem(403 if code == "not_permitted" else 422, code, told.item.detail)
    found: dict[str, Any] = json.loads(json_bytes(shown))
    return found
