"""Support tickets: who proves a claim by code and address opens and reads them, a desk lists and answers them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from fastapi import Path, Query, Request
from starlette.responses import JSONResponse, Response

from guerdon.engine.api.answers import Answer, json_bytes
from guerdon.engine.api.bodies import body_of, object_of, texts_of
from guerdon.engine.api.calling import called
from guerdon.engine.api.instants import rfc3339
from guerdon.engine.api.instruments import in_scope
from guerdon.engine.api.keys import Principal
from guerdon.engine.api.paging import Cursor, Limit, Page, cursor, page_of
from guerdon.engine.api.problems import Problem, not_found, wrong_field
from guerdon.engine.care.certificates import NotVerified, holds
from guerdon.engine.care.tickets import (
    ANSWER_MAX,
    ANSWERED,
    CLOSED,
    SUBJECT_MAX,
    WAITING,
    Ticket,
    TicketError,
    change_ticket,
    open_ticket,
    ticket_of,
    tickets_due,
    tickets_of,
)
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.pipeline import Run
from guerdon.rules.program import Program

TheCode = Annotated[str, Path(max_length=128, description="The certificate's whole code, which is the proof.")]
TheAddress = Annotated[str, Query(min_length=1, max_length=320, description="The address of the claim.")]
CodeOrName = Annotated[str, Query(max_length=128, description="Those of one certificate, by its code or name.")]
TicketId = Annotated[str, Path(max_length=160, description="A ticket's id.")]
Every = Annotated[bool, Query(description="Also those that are closed.")]
_TICKET = {"email": 320, "subject": SUBJECT_MAX}  # field → characters at most
_ANSWER = {"answer": ANSWER_MAX}
_NOTHING: dict[str, int] = {}


class Step(StrEnum):
    """What a desk does with a ticket: asks its holder something, answers it, closes it."""

    WAIT = "wait"
    ANSWER = "answer"
    CLOSE = "close"


_STATES = {Step.WAIT: WAITING, Step.ANSWER: ANSWERED, Step.CLOSE: CLOSED}


async def post_ticket(request: Request, certificate: TheCode) -> Response:
    """Open a support ticket for somebody who proves a claim by its code and address."""
    service, principal = called(request)
    name = service.door.codes.name(certificate)
    body = await body_of(request, service.settings)
    told = texts_of(object_of(request, body), _TICKET)
    now = service.clock()
    return await service.deal(
        request,
        principal,
        body,
        lambda run: _opened(run, service.program, principal, name, told, now),
        object=f"ticket {name}",
    )


def _opened(run: Run, program: Program, principal: Principal, name: str, told: dict[str, str], now: int) -> Answer:
    try:
        if not in_scope(run.ledger, principal, name):
            raise NotVerified
        opened = open_ticket(run.ledger, program, name, told["email"], told["subject"], now)
    except NotVerified as error:
        raise Problem(422, error.code, error.message) from None
    return Answer(200, json_bytes(_shown(opened)))


async def get_own_tickets(request: Request, certificate: TheCode, email: TheAddress) -> Response:
    """The tickets of somebody who proves a claim by its code and address, with their answers."""
    service, principal = called(request)
    name = service.door.codes.name(certificate)
    return JSONResponse(await service.readers.read(_own, principal, name, email))


def _own(ledger: Ledger, principal: Principal, name: str, email: str) -> dict[str, Any]:
    try:
        if not in_scope(ledger, principal, name):
            raise NotVerified
        holds(ledger, name, email)
    except NotVerified as error:
        raise Problem(422, error.code, error.message) from None
    return {"tickets": [_shown(each) for each in tickets_of(ledger, name)], "next": None}


async def get_tickets(
    request: Request, certificate: CodeOrName = "", every: Every = False, limit: Limit = 100, cursor: Cursor = ""
) -> Response:
    """Tickets that are not closed, those that are due first first."""
    service, principal = called(request)
    name = service.door.codes.named(certificate) if certificate else ""
    page = page_of(limit, cursor)
    return JSONResponse(await service.readers.read(_listed, principal, name, every, page))


def _listed(ledger: Ledger, principal: Principal, name: str, every: bool, page: Page) -> dict[str, Any]:
    if name:
        found = [each for each in tickets_of(ledger, name) if every or each.state != CLOSED]
        more = None
    else:
        found = tickets_due(ledger, every=every, after=_after(page), most=page.limit + 1)
        last = found[page.limit - 1] if len(found) > page.limit else None
        found, more = found[: page.limit], None if last is None else cursor(f"{last.due_at}/{last.id}")
    mine = [each for each in found if not principal.merchants or in_scope(ledger, principal, each.certificate)]
    return {"tickets": [_shown(each) for each in mine], "next": more}


def _after(page: Page) -> tuple[int, str]:
    """Where a page begins. Problem 422: its cursor is another list's."""
    if not page.after_id and not page.after:
        return -1, ""
    due, separator, id = page.after_id.partition("/")
    if not separator or not due.isdecimal() or len(due) > 18:
        raise wrong_field("cursor", "bad_cursor", "the cursor is none that a page gave")
    return int(due), id


async def change(request: Request, ticket: TicketId, step: Step) -> Response:
    """Ask a ticket's holder something (`wait`), answer it, or close it; the body holds the `answer`."""
    service, principal = called(request)
    body = await body_of(request, service.settings)
    wanted = _NOTHING if step is Step.CLOSE else _ANSWER
    answer = texts_of(object_of(request, body), wanted).get("answer", "")
    now = service.clock()
    return await service.deal(
        request,
        principal,
        body,
        lambda run: _changed(run.ledger, principal, ticket, step, answer, now),
        object=f"{step} ticket {ticket}",
    )


def _changed(ledger: Ledger, principal: Principal, id: str, step: Step, answer: str, now: int) -> Answer:
    try:
        if principal.merchants and not in_scope(ledger, principal, ticket_of(ledger, id).certificate):
            raise not_found("ticket")
        changed = change_ticket(ledger, id, _STATES[step], principal.name, now, answer)
    except TicketError as error:
        if error.code == "unknown-ticket":
            raise not_found("ticket") from None
        raise Problem(409, error.code, error.message) from None
    return Answer(200, json_bytes(_shown(changed)))


def _shown(found: Ticket) -> dict[str, Any]:
    return {
        "ticket": found.id,
        "certificate": found.certificate,
        "subject": found.subject,
        "state": found.state,
        "opened_at": rfc3339(found.opened_at),
        "due_at": rfc3339(found.due_at),
        "changed_at": rfc3339(found.changed_at),
        "by": found.by or None,
        "answer": found.answer or None,
    }
