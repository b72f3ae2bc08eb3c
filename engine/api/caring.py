"""What a support desk asks about a contact: a receipt whose points are missing, where it stands, its mails."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

from fastapi import Path, Query, Request
from starlette.responses import JSONResponse, Response

from guerdon.engine.api import views
from guerdon.engine.api.answers import Answer, json_bytes
from guerdon.engine.api.bodies import body_of
from guerdon.engine.api.calling import called
from guerdon.engine.api.contacts import ContactId
from guerdon.engine.api.decimals import decimal_json
from guerdon.engine.api.instants import rfc3339
from guerdon.engine.api.keys import Principal
from guerdon.engine.api.paging import Cursor, Limit, Page, page_of, part_of
from guerdon.engine.api.problems import Problem, not_found
from guerdon.engine.care.claims import claim
from guerdon.engine.care.mails import Mail, MailError, mails_of, resend
from guerdon.engine.care.mails.box import one
from guerdon.engine.care.mails.composing import address_of
from guerdon.engine.care.standing import standing
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.pipeline import Run
from guerdon.rules.program import Program

Reference = Annotated[str, Query(min_length=1, max_length=128, description="The number on the receipt.")]
Merchant = Annotated[
    str, Query(max_length=128, description="Where; without it the business itself, or the key's only.")
]
Series = Annotated[str, Query(max_length=128, description="The number's series, where the till has one.")]
Day = Annotated[date | None, Query(description="The day on the receipt, as 2026-03-06.")]
MailId = Annotated[str, Path(max_length=320, description="A mail's id.")]


async def get_claims(
    request: Request, contact: ContactId, reference: Reference, merchant: Merchant = "", series: Series = "",
    date: Day = None,
) -> Response:  # fmt: skip
    """Missing points: what the ledger knows of a receipt, and what can be done."""
    service, principal = called(request)
    where, day = merchant_within(principal, merchant), date.isoformat() if date is not None else None
    receipt = (reference, where, series, day)
    return decimal_json(await service.readers.read(_claimed, service.program, principal, contact, receipt))


def merchant_within(principal: Principal, merchant: str) -> str:
    """The merchant that is meant: the key's only one goes without saying. Problem 404: it is out of scope."""
    if not merchant and len(principal.merchants) == 1:
        return next(iter(principal.merchants))
    if not principal.sees(merchant):
        raise not_found("merchant")
    return merchant


def _claimed(
    ledger: Ledger, program: Program, principal: Principal, contact: str, receipt: tuple[str, str, str, str | None]
) -> dict[str, Any]:
    views.number_of(ledger, principal, contact)
    reference, merchant, series, day = receipt
    journals = views.UtcJournals(ledger, program)
    found = claim(ledger, program, contact, reference, merchant=merchant, series=series, day=day, journals=journals)
    return found.as_json()


async def get_standing(request: Request, contact: ContactId) -> Response:
    """A contact's tier, what is missing to the next and to keep it, and whom it brought."""
    service, principal = called(request)
    return decimal_json(await service.readers.read(_standing, service.program, principal, contact))


def _standing(ledger: Ledger, program: Program, principal: Principal, contact: str) -> dict[str, Any]:
    views.number_of(ledger, principal, contact)
    return standing(ledger, program, contact, rfc3339).as_json()


async def get_mails(request: Request, contact: ContactId, limit: Limit = 100, cursor: Cursor = "") -> Response:
    """The mails to a contact with their states, in the order of the events that gave occasion."""
    service, principal = called(request)
    page = page_of(limit, cursor)
    return JSONResponse(await service.readers.read(_mails, principal, contact, page))


def _mails(ledger: Ledger, principal: Principal, contact: str, page: Page) -> dict[str, Any]:
    here, more = part_of(_seen(ledger, principal, contact), page, lambda each: each.id)
    return {"contact": contact, "mails": [_shown(each, contact) for each in here], "next": more}


def _seen(ledger: Ledger, principal: Principal, contact: str) -> list[Mail]:
    """The contact's mails that the caller may see: those to which its own merchants' events gave occasion."""
    number = views.number_of(ledger, principal, contact)
    seqs = set(views.seqs_of(ledger, principal, number).tolist()) if principal.merchants else None
    return [each for each in mails_of(ledger, number) if seqs is None or each.seq in seqs]


async def post_again(request: Request, mail: MailId) -> Response:
    """Send a mail once more, to its contact's present address."""
    service, principal = called(request)
    body = await body_of(request, service.settings)
    now = service.clock()
    return await service.deal(
        request, principal, body, lambda run: _again(run, principal, mail, now), object=f"mail {mail}"
    )


def _again(run: Run, principal: Principal, id: str, now: int) -> Answer:
    ledger = run.ledger
    try:
        found = one(ledger, id)
        contact = ledger.names.id("contact", found.contact) if found.contact else ""
        if not _may_send(ledger, principal, found, contact):
            raise not_found("mail")
        queued = resend(ledger, id, now, address_of(ledger, found.contact) or None, by=principal.name)
    except MailError as error:
        if error.code == "unknown-mail":
            raise not_found("mail") from None
        raise Problem(409, error.code.replace("-", "_"), error.message) from None
    return Answer(200, json_bytes(_shown(queued, contact)))


def _may_send(ledger: Ledger, principal: Principal, mail: Mail, contact: str) -> bool:
    if not principal.merchants and not principal.contact:
        return True
    try:
        return bool(contact) and mail in _seen(ledger, principal, contact)
    except Problem:  # the contact itself is out of scope
        return False


def _shown(mail: Mail, contact: str) -> dict[str, Any]:
    whole = {**asdict(mail), "mail": mail.id, "contact": contact or None}
    instants = {name: rfc3339(whole[name]) if whole[name] else None for name in ("due_at", "made_at", "sent_at")}
    optional = {name: whole[name] or None for name in ("reason", "alert", "by")}
    plain = ("mail", "contact", "seq", "kind", "address", "subject", "state", "attempts")
    return {**{name: whole[name] for name in plain}, **optional, **instants}  # its text may hold a code
