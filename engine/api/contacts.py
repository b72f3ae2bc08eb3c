"""Contacts: search, who they are, wallet, history, goals, offers."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Request
from starlette.responses import JSONResponse, Response

from guerdon.engine.api import offers, views
from guerdon.engine.api.calling import called
from guerdon.engine.api.paging import Cursor, Limit, page_of

ContactId = Annotated[str, Path(max_length=128, description="A contact's id.")]


async def get_contact(request: Request, contact: ContactId) -> Response:
    """Who a contact is to the programme, and what its state allows."""
    service, principal = called(request)
    return JSONResponse(await service.readers.read(views.contact, service.program, principal, contact))


async def get_wallet(request: Request, contact: ContactId) -> Response:
    """Balances by pool, and open lots in the order in which they are consumed."""
    service, principal = called(request)
    return JSONResponse(await service.readers.read(views.wallet, service.program, principal, contact))


async def get_timeline(request: Request, contact: ContactId, limit: Limit = 100, cursor: Cursor = "") -> Response:
    """Everything that happened to a contact, newest first, a page at a time."""
    service, principal = called(request)
    page = page_of(limit, cursor)
    return JSONResponse(await service.readers.read(views.timeline, service.program, principal, contact, page))


async def get_progress(request: Request, contact: ContactId) -> Response:
    """How far a contact is with the goals of offers, in the windows of now."""
    service, principal = called(request)
    now = service.clock()
    return JSONResponse(await service.readers.read(views.progress, service.program, principal, contact, now))


async def get_offers(request: Request, contact: ContactId) -> Response:
    """Every offer, whether the contact could win it today, and if not, why."""
    service, principal = called(request)
    now = service.clock()
    return JSONResponse(await service.readers.read(offers.offers, service.program, principal, contact, now))


async def get_contacts(
    request: Request,
    find: Annotated[str, Query(min_length=1, max_length=320, description="An id, address, number or reference.")],
    by: Annotated[str, Query(max_length=20, description="In which way; all ways without it.")] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Response:
    """Find contacts by whatever the person on the phone has."""
    service, principal = called(request)
    page = page_of(limit, cursor)
    return JSONResponse(await service.readers.read(offers.found, service.program, principal, find, by, page))
