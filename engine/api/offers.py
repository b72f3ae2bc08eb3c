"""Which offers a contact could win today, as far as that doesn't depend on what it buys; and searching contacts."""

from __future__ import annotations

from typing import Any

import numpy as np

from guerdon.engine.api.keys import Principal
from guerdon.engine.api.paging import Page, cursor
from guerdon.engine.api.problems import wrong_field
from guerdon.engine.api.views import may_see, number_of
from guerdon.engine.care.search import LOOKED_AT, WAYS, search
from guerdon.engine.codes import Reason
from guerdon.engine.events.times import zone
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.report.naming import date_text
from guerdon.engine.report.reasons import sentence
from guerdon.engine.report.wallet import wallet_of
from guerdon.rules.program import Offer, Program


def offers(ledger: Ledger, program: Program, principal: Principal, id: str, now: int) -> dict[str, Any]:
    """Every offer in the order in which they are tried. ``open``: nothing that is known today speaks against it."""
    number = number_of(ledger, principal, id)
    state = ledger.load_contacts(np.array([number], np.int64))
    rows = {ledger.names.id("scheme", int(row["scheme"])): row for row in state.memberships}
    held = {scheme for scheme, row in rows.items() if row["member"] and row["holdout"]}
    found = wallet_of(ledger, program, id)
    today = date_text(zone(program.business.time_zone).local(now))
    schemes = {scheme.id: scheme for scheme in program.schemes}
    listed = []
    for offer in program.offers:
        if principal.merchants and offer.owner is not None and offer.owner not in principal.merchants:
            continue
        why = _why_not(offer, schemes[offer.scheme].active, set(found.member_of), held, found.tier, today)
        listed.append(
            {
                "offer": offer.id,
                "title": offer.title,
                "scheme": offer.scheme,
                "owner": offer.owner,
                "available_from": str(offer.available_from) if offer.available_from else None,
                "available_until": str(offer.available_until) if offer.available_until else None,
                "open": why is Reason.NONE,
                "code": why.name.lower() if why else None,
                "detail": sentence(int(why)) if why else None,
            }
        )
    return {"contact": id, "offers": listed}


def _why_not(offer: Offer, active: bool, member_of: set[str], held: set[str], tier: str | None, today: str) -> Reason:
    """The first refusal, in the order of precedence, that would come whatever is bought."""
    if not offer.active:
        return Reason.OFFER_INACTIVE
    if not active:
        return Reason.SCHEME_INACTIVE
    if offer.scheme not in member_of:
        return Reason.NOT_A_MEMBER
    if offer.scheme in held:
        return Reason.HOLDOUT
    if offer.available_from is not None and today < str(offer.available_from):
        return Reason.NOT_AVAILABLE
    if offer.available_until is not None and today >= str(offer.available_until):
        return Reason.NOT_AVAILABLE
    if offer.tiers and tier not in offer.tiers:
        return Reason.WRONG_TIER
    return Reason.NONE


def found(ledger: Ledger, program: Program, principal: Principal, text: str, by: str, page: Page) -> dict[str, Any]:
    """The contacts that a text finds, those within the caller's scope, a page of them."""
    if by and by not in WAYS:
        raise wrong_field("by", "bad_query", f"one of {', '.join(WAYS)}")
    bound = principal.contact or principal.merchants
    sees = (lambda number: may_see(ledger, principal, number)) if bound else None
    matches = search(ledger, program, text, by or None, page.limit + 1, skip=min(page.after, LOOKED_AT), sees=sees)
    here = [match.as_json() | {"actions": list(match.actions)} for match in matches[: page.limit]]
    return {"contacts": here, "next": cursor(page.after + page.limit) if len(matches) > page.limit else None}
