"""Certificates for who gave them away."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query, Request
from starlette.responses import Response

from guerdon.engine.api.calling import called
from guerdon.engine.api.decimals import decimal_json
from guerdon.engine.api.instants import rfc3339
from guerdon.engine.api.keys import Principal
from guerdon.engine.api.paging import Cursor, Limit, Page, cursor, page_of
from guerdon.engine.api.problems import not_found
from guerdon.engine.care.certificates import report
from guerdon.engine.decide.instruments.transitions import CertificateState
from guerdon.engine.ledger.ledger import Ledger
from guerdon.rules.program import Program

MerchantId = Annotated[str, Path(max_length=128, description="Who gave them away.")]
Email = Annotated[str, Query(max_length=320, description="Claimed or reserved with this address.")]
Code = Annotated[str, Query(max_length=128, description="This one, by its code or name.")]
State = Annotated[CertificateState | None, Query(description="Those in this state.")]


async def get_certificates(
    request: Request, merchant: MerchantId, email: Email = "", code: Code = "", state: State = None,
    limit: Limit = 50, cursor: Cursor = "",
) -> Response:  # fmt: skip
    """The certificates of a distributor, by name."""
    service, principal = called(request)
    name = service.door.codes.named(code) if code else ""
    wanted = {"email": email, "name": name, "state": str(state or "")}
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
