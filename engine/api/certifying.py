"""Certificates for who gave them away, and tickets of those who hold one."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query, Request
from starlette.responses import Response

from guerdon.engine.api.answers import Answer, json_bytes
from guerdon.engine.api.bodies import body_of, object_of
from guerdon.engine.api.calling import called
from guerdon.engine.api.decimals import decimal_json
from guerdon.engine.api.instants import rfc3339
from guerdon.engine.api.instruments import Name, in_scope
from guerdon.engine.api.keys import Principal
from guerdon.engine.api.paging import Cursor, Limit, Page, cursor, page_of
from guerdon.engine.api.problems import Problem, not_found, wrong_field
from guerdon.engine.care.certificates import NotVerified, open_ticket, report
from guerdon.engine.decide.instruments.transitions import CertificateState
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.pipeline import Run
from guerdon.rules.program import Program

MerchantId = Annotated[str, Path(max_length=128, description="Who gave them away.")]
Email = Annotated[str, Query(max_length=320, description="Claimed or reserved with this address.")]
Code = Annotated[str, Query(max_length=128, description="This one.")]
State = Annotated[CertificateState | None, Query(description="Those in this state.")]
_TICKET = {"email": 320, "subject": 1000}  # field → characters at most


async def get_certificates(
    request: Request, merchant: MerchantId, email: Email = "", code: Code = "", state: State = None,
    limit: Limit = 50, cursor: Cursor = "",
) -> Response:  # fmt: skip
    """The certificates of a distributor, by name."""
    service, principal = called(request)
    wanted = {"email": email, "code": code, "state": str(state or "")}
    page = page_of(limit, cursor)
    return decimal_json(await service.readers.fresh(_given, service.program, principal, merchant, wanted, page))


def _given(
    ledger: Ledger, program: Program, principal: Principal, merchant: str, wanted: dict[str, str], page: Page
) -> dict[str, Any]:
    if not principal.sees(merchant) or not ledger.names.find("merchant", merchant):
        raise not_found("merchant")
    found = report(ledger, program, merchant, **wanted, after=page.after_id, most=page.limit, instant=rfc3339)
    more = cursor(found.after) if found.after else None
    return {"merchant": merchant, "certificates": [row.as_json() for row in found.rows], "next": more}


async def post_ticket(request: Request, certificate: Name) -> Response:
    """Open a support ticket for somebody who proves a claim by its code and address."""
    service, principal = called(request)
    body = await body_of(request, service.settings)
    told = _told(object_of(request, body))
    now = service.clock()
    return await service.deal(
        request,
        principal,
        body,
        lambda run: _opened(run, service.program, principal, certificate, told, now),
        object=f"ticket {certificate}",
    )


def _told(body: dict[str, Any]) -> dict[str, str]:
    """The fields of a ticket. Problem 422: one is missing, too many, no text or too long."""
    for name in (*_TICKET, *sorted(body)):
        value, most = body.get(name), _TICKET.get(name)
        if most is None:
            raise wrong_field(name, "undeclared_field", f"there is no field {name!r}")
        if not isinstance(value, str) or not 0 < len(value.strip()) <= most:
            raise wrong_field(name, "bad_request", f"{name!r} is text of 1 to {most} characters")
    return {name: body[name].strip() for name in _TICKET}


def _opened(run: Run, program: Program, principal: Principal, code: str, told: dict[str, str], now: int) -> Answer:
    try:
        if not in_scope(run.ledger, principal, code):
            raise NotVerified
        opened = open_ticket(run.ledger, program, code, told["email"], told["subject"], now)
    except NotVerified as error:
        raise Problem(422, error.code, error.message) from None
    shown = {"ticket": opened["id"], **{name: opened[name] for name in ("certificate", "subject", "state")}}
    return Answer(200, json_bytes({**shown, **{name: rfc3339(opened[name]) for name in ("opened_at", "due_at")}}))
