"""Four eyes: a command that waits until a second person approves it, and then is told by the one who asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from fastapi import Path, Request
from starlette.responses import JSONResponse, Response

from guerdon.engine.api.answers import Answer, json_bytes
from guerdon.engine.api.bodies import body_of
from guerdon.engine.api.calling import called
from guerdon.engine.api.collecting import Work
from guerdon.engine.api.commands import single
from guerdon.engine.api.instants import rfc3339
from guerdon.engine.api.keys import Principal, principal_of
from guerdon.engine.api.paging import Cursor, Limit, cursor, page_of
from guerdon.engine.api.problems import Problem, not_found
from guerdon.engine.api.service import Service
from guerdon.engine.codes import Reason
from guerdon.engine.events.code_names import NamedRecord
from guerdon.engine.events.event import Refused
from guerdon.engine.ledger.access import ApiKey, Approval, find_approval, find_key, open_approvals
from guerdon.engine.ledger.access_tables import approval
from guerdon.engine.ledger.ledger import Ledger

ApprovalId = Annotated[str, Path(max_length=64, description="The id of a request for approval.")]


class Decision(StrEnum):
    """What the second person says."""

    APPROVE = "approve"
    REJECT = "reject"


async def ask_for(request: Request, record: Mapping[str, Any], body: bytes, about: str) -> Response:
    """Keeps a command until it is approved or rejected; 202."""
    service, principal = called(request)
    received_at = service.clock()
    told = await service.readers.read(
        lambda ledger: service.door.told(principal, [record], received_at, ledger=ledger)[0]
    )
    if isinstance(told.item, Refused) and told.item.reason is Reason.NOT_PERMITTED:
        await service.note(service.deed(request, principal, about, "denied", "not_permitted"))
        raise Problem(403, "not_permitted", told.item.detail)
    asked = {name: told.record.get(name) for name in record if name != "time" or "time" in _given(body)}
    id = f"{received_at:016x}-{str(record['id']).rpartition('/')[2][:32]}"
    row = Approval(id, principal.key_id, principal.name, _text(asked), "open", "", received_at, 0)
    answer = Answer(202, json_bytes(_shown(row)))
    work = Work(
        (),
        lambda _: answer,
        lambda _: service.deed(request, principal, about, "asked", ""),
        service.request_key(request, principal, body),
        {"approval": [row]},
    )
    return await service.done(work)


def _given(body: bytes) -> Any:
    return json.loads(body) if body else {}


def _text(record: Mapping[str, Any]) -> str:
    """JSON that keeps the text of numbers."""
    return json.dumps(record, default=lambda value: f"{value:f}" if isinstance(value, Decimal) else str(value))


async def get_approvals(request: Request, limit: Limit = 100, cursor: Cursor = "") -> Response:
    """Commands that wait for a second person, oldest first."""
    service, principal = called(request)
    page = page_of(limit, cursor)

    def read(ledger: Ledger) -> list[Approval]:
        return open_approvals(ledger.store.rows, page.after_id, page.limit + 1)

    found = await service.readers.read(read)
    here = [each for each in found[: page.limit] if _may_see(principal, each)]
    more = found[page.limit - 1].id if len(found) > page.limit else None
    return JSONResponse({"approvals": [_shown(each) for each in here], "next": _cursor(more)})


def _cursor(id: str | None) -> str | None:
    return None if id is None else cursor(id)


def _may_see(principal: Principal, asked: Approval) -> bool:
    return not principal.merchants or json.loads(asked.event).get("merchant") in principal.merchants


async def decide(request: Request, approval_id: ApprovalId, decision: Decision) -> Response:
    """Approve or reject a command that waits. Nobody approves what they asked for themselves."""
    service, principal = called(request)
    body = await body_of(request, service.settings)
    asked, asker = await service.readers.read(_asked, approval_id)
    if asked is None or not _may_see(principal, asked):
        raise not_found("request for approval")
    about = f"{decision} {approval_id}"
    if asked.asked_by == principal.key_id or asked.asker == principal.name:
        await service.note(service.deed(request, principal, about, "denied", "exceeds_authority"))
        raise Problem(403, "exceeds_authority", "nobody approves what they asked for themselves")
    if asked.state != "open" and asked.state != f"{decision}d".replace("rejectd", "rejected"):
        raise Problem(409, "invalid_transition", f"it is {asked.state}")
    if decision is Decision.REJECT:
        return await _rejected(request, service, principal, asked, about, body)
    if asker is None or asker.revoked_at:
        raise Problem(409, "invalid_transition", "the key of who asked is no longer in force")
    received_at = service.clock()
    record = NamedRecord({"time": rfc3339(asked.decided_at or received_at), **json.loads(asked.event)})
    told = await service.readers.read(
        lambda ledger: service.door.told(
            principal_of(asker), [record], received_at, ledger=ledger, approver=principal.name
        )
    )
    state = _decided(asked, principal, "approved", received_at)
    work = Work(
        told,
        single,
        lambda answer: service.deed(
            request, principal, about, "done" if answer.status < 400 else "refused", answer.reason
        ),
        service.request_key(request, principal, body),
        statements=[state],
    )
    return await service.done(work)


def _asked(ledger: Ledger, id: str) -> tuple[Approval | None, ApiKey | None]:
    asked = find_approval(ledger.store.rows, id)
    return asked, find_key(ledger.store.rows, asked.asked_by) if asked is not None else None


async def _rejected(
    request: Request, service: Service, principal: Principal, asked: Approval, about: str, body: bytes
) -> Response:
    now = service.clock()
    answer = Answer(
        200, json_bytes(_shown(asked._replace(state="rejected", decided_by=principal.name, decided_at=now)))
    )
    work = Work(
        (),
        lambda _: answer,
        lambda _: service.deed(request, principal, about, "done", ""),
        service.request_key(request, principal, body),
        statements=[_decided(asked, principal, "rejected", now)],
    )
    return await service.done(work)


def _decided(asked: Approval, principal: Principal, state: str, at: int) -> Any:
    return (
        approval.update()
        .where(approval.c.id == asked.id, approval.c.state == "open")
        .values(state=state, decided_by=principal.name, decided_at=at)
    )


def _shown(asked: Approval) -> dict[str, Any]:
    return {
        "approval": asked.id,
        "state": asked.state,
        "asker": asked.asker,
        "event": json.loads(asked.event),
        "asked_at": rfc3339(asked.asked_at),
        "decided_by": asked.decided_by or None,
        "decided_at": rfc3339(asked.decided_at) if asked.decided_at else None,
    }
