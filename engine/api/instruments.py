"""Gift cards and certificates, looked up by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Path, Query, Request
from starlette.responses import JSONResponse, Response

from guerdon.engine.api.calling import called
from guerdon.engine.api.instants import money, rfc3339, until
from guerdon.engine.api.keys import Principal
from guerdon.engine.api.problems import not_found
from guerdon.engine.care.actions import instrument_actions
from guerdon.engine.care.cards import cards
from guerdon.engine.events.code_names import last_four
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.rows import Record
from guerdon.rules.program import Program

Find = Annotated[str, Query(min_length=1, max_length=128, description="Code, name or last four of a card.")]
CodeOrName = Annotated[str, Path(max_length=128, description="Its whole code, or its name in the log.")]


async def get_card(request: Request, card: CodeOrName) -> Response:
    """A gift card: its state, its pockets, what of it is held."""
    service, principal = called(request)
    name = service.door.codes.named(card)
    return JSONResponse(await service.readers.read(_card, service.program, principal, name))


async def get_cards(request: Request, find: Find) -> Response:
    """Gift cards by their code, name or last four; a key bound to merchants finds them by code or name only."""
    service, principal = called(request)
    return JSONResponse(await service.readers.read(_cards, service.program, principal, find))


async def get_certificate(request: Request, certificate: CodeOrName) -> Response:
    """A certificate: its state, and what it was claimed for."""
    service, principal = called(request)
    name = service.door.codes.named(certificate)
    return JSONResponse(await service.readers.read(_certificate, service.program, principal, name))


def _card(ledger: Ledger, program: Program, principal: Principal, name: str) -> dict[str, Any]:
    if principal.role.name == "partner":
        raise not_found("card")
    return _shown(program, _record(ledger, "card", name))


def _cards(ledger: Ledger, program: Program, principal: Principal, told: str) -> dict[str, Any]:
    found = [] if principal.role.name == "partner" else cards(ledger, told, by_last_four=not principal.merchants)
    return {"cards": [_shown(program, record) for record in found]}


def _shown(program: Program, card: Record) -> dict[str, Any]:
    name, found = card.id, card.fields
    digits = program.business.digits
    promos = [
        {"amount": money(left, digits), "expires_at": until(int(expires))} for _, _, left, expires, _ in found["promos"]
    ]
    promo = sum(int(each[2]) for each in found["promos"])
    held = sum(int(each[1]) for each in found["holds"])
    return {
        "card": name,
        "last_four": last_four(name),
        "kind": found["kind"],
        "status": found["status"],
        "paid": money(found["paid"], digits),
        "promo": money(promo, digits),
        "held": money(held, digits),
        "free": money(int(found["paid"]) + promo - held, digits),
        "promos": promos,
        "registered": bool(found["contact"]),
        "actions": instrument_actions("card", str(found["status"])),
    }


def _certificate(ledger: Ledger, program: Program, principal: Principal, name: str) -> dict[str, Any]:
    found = _record(ledger, "certificate", name).fields
    distributor, fulfiller = _parties(ledger, found)
    if principal.merchants and not principal.merchants & {distributor, fulfiller}:
        raise not_found("certificate")
    expires = int(found["expires_at"])
    may_act = principal.role.name != "partner"
    return {
        "certificate": name,
        "last_four": last_four(name),
        "kind": found["kind"],
        "status": found["status"],
        "distributor": distributor,
        "fulfiller": fulfiller,
        "url": found["url"] or None,
        "expires_at": rfc3339(expires) if until(expires) and expires else None,
        "actions": instrument_actions("certificate", str(found["status"])) if may_act else [],
    }


def in_scope(ledger: Ledger, principal: Principal, name: str) -> bool:
    """Whether a certificate is there, and one of a merchant that the caller may speak of."""
    found = ledger.records.one("certificate", name)
    return found is not None and (
        not principal.merchants or not principal.merchants.isdisjoint(_parties(ledger, found.fields))
    )


def _record(ledger: Ledger, kind: str, name: str) -> Record:
    found = ledger.records.one(kind, name)
    if found is None:
        raise not_found(kind)
    return found


def _parties(ledger: Ledger, fields: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Who gave a certificate away, and who is to fulfil it."""
    distributor, fulfiller = (ledger.names.id("merchant", int(fields[each])) for each in ("distributor", "fulfiller"))
    return distributor or None, fulfiller or None
