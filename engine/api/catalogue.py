"""The catalogue of rewards with what is left of them, and the coupons that a contact has."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from fastapi import Request
from starlette.responses import JSONResponse, Response

from guerdon.engine.api.calling import called
from guerdon.engine.api.contacts import ContactId
from guerdon.engine.api.instants import rfc3339
from guerdon.engine.api.keys import Principal
from guerdon.engine.api.paging import Cursor, Limit, Page, page_of, part_of
from guerdon.engine.api.views import number_of, seqs_of
from guerdon.engine.care.actions import instrument_actions
from guerdon.engine.decide.instruments.exchanging import COUPON_RECORD, REWARD_RECORD
from guerdon.engine.events.code_names import last_four
from guerdon.engine.ledger.ledger import Ledger
from guerdon.rules.program import Program


async def get_rewards(request: Request) -> Response:
    """The rewards of the catalogue: what they cost, by tier where it differs, and how many are left."""
    service, _ = called(request)
    return JSONResponse(await service.readers.read(_rewards, service.program))


def _rewards(ledger: Ledger, program: Program) -> dict[str, Any]:
    moved = {record.id: record.fields for record in ledger.records.of_kind(REWARD_RECORD)}
    digits = program.business.unit.digits
    return {
        "rewards": [_reward(says, moved.get(says["id"], {"out": 0, "added": 0}), digits) for says in _said(program)]
    }


def _said(program: Program) -> list[dict[str, Any]]:
    """What the rule files say of rewards."""
    return [json.loads(entry) for kind, entry in program.instruments if kind == "rewards"]


def _reward(says: dict[str, Any], moved: Mapping[str, Any], digits: int) -> dict[str, Any]:
    stock = says["stock"]
    return {
        "reward": says["id"],
        "title": says["title"] or says["id"],
        "price": f"{Decimal(says['price']):.{digits}f}",
        "prices": {tier: f"{Decimal(price):.{digits}f}" for tier, price in (says["prices"] or {}).items()},
        "left": None if stock is None else int(stock) + moved["added"] - moved["out"],
        "available_from": says["available"]["from"],
        "available_until": says["available"]["until"],
        "terms": says["terms"],
    }


async def get_coupons(request: Request, contact: ContactId, limit: Limit = 100, cursor: Cursor = "") -> Response:
    """The coupons of a contact in the order in which they were got, with what can be done with each."""
    service, principal = called(request)
    page = page_of(limit, cursor)
    return JSONResponse(await service.readers.read(_coupons, service.program, principal, contact, page))


def _coupons(ledger: Ledger, program: Program, principal: Principal, contact: str, page: Page) -> dict[str, Any]:
    number = number_of(ledger, principal, contact)
    mine = set(seqs_of(ledger, principal, number).tolist()) if principal.merchants else None
    records = sorted(ledger.records.of_contact(COUPON_RECORD, number), key=lambda record: int(record.fields["seq"]))
    seen = [record for record in records if mine is None or int(record.fields["seq"]) in mine]
    here, more = part_of(seen, page, lambda record: record.id)
    titles = {says["id"]: says["title"] or says["id"] for says in _said(program)}
    coupons = [
        {
            "coupon": record.id,
            "last_four": last_four(record.id),
            "reward": record.fields["reward"],
            "title": titles.get(record.fields["reward"], record.fields["reward"]),
            "status": record.fields["status"],
            "exchanged_at": rfc3339(int(record.fields["at"])),
            "terms": record.fields["terms"] or None,
            "actions": instrument_actions("coupon", str(record.fields["status"])),
        }
        for record in here
    ]
    return {"contact": contact, "coupons": coupons, "next": more}
