"""A till's extract against the ledger, sent as a body; nothing is posted."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import Query, Request
from starlette.responses import Response

from guerdon.engine.api.answers import Answer, json_bytes
from guerdon.engine.api.bodies import body_of
from guerdon.engine.api.calling import called
from guerdon.engine.api.caring import Merchant, merchant_within
from guerdon.engine.api.collecting import Work
from guerdon.engine.api.decimals import plain
from guerdon.engine.api.keys import Principal
from guerdon.engine.api.problems import Problem, not_found, wrong_field
from guerdon.engine.ledger.ledger import Ledger
from guerdon.rules.program import Program

if TYPE_CHECKING:
    from guerdon.engine.care.reconcile import Reconciliation

SUFFIXES: Final = {"text/csv": ".csv", "application/x-ndjson": ".jsonl", "application/jsonl": ".jsonl"}
Columns = Annotated[
    list[str] | None,
    Query(alias="column", max_length=20, description="What a column is called, as reference=invoice_no."),
]
_OF_LEDGER = ("event", "ledger_merchant", "ledger_day", "ledger_amount")


async def post_reconciliation(request: Request, merchant: Merchant = "", columns: Columns = None) -> Response:
    """Compare a till's extract (CSV or JSON lines) with the ledger: how many lines match, and those that don't."""
    service, principal = called(request)
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in SUFFIXES:
        raise Problem(415, "media_type", f"send {' or '.join(SUFFIXES)}")
    names = _names(columns or [])
    body = await body_of(request, service.settings)
    if not body.strip():
        raise Problem(422, "extract_invalid", "the extract is empty")
    key = service.request_key(request, principal, body)
    till = merchant_within(principal, merchant) if merchant or len(principal.merchants) == 1 else ""
    found = await service.readers.fresh(_compared, service.program, principal, body, SUFFIXES[media], names, till)
    answer = Answer(200, json_bytes(plain(found)))
    if key is None:
        return Response(answer.body, media_type=answer.media_type)
    return await service.done(Work((), lambda _: answer, request=key))


def _names(columns: list[str]) -> dict[str, str]:
    names = {}
    for word in columns:
        name, separator, value = word.partition("=")
        if not separator:
            raise wrong_field("column", "bad_query", "a column is told as reference=invoice_no")
        names[name] = value
    return names


def _compared(
    ledger: Ledger, program: Program, principal: Principal, body: bytes, suffix: str, names: dict[str, str],
    merchant: str,
) -> dict[str, Any]:  # fmt: skip
    from guerdon.engine.care.reconcile import Extract, ExtractInvalid, reconcile

    with tempfile.TemporaryDirectory(prefix="guerdon-extract-") as folder:
        file = Path(folder) / f"extract{suffix}"
        file.write_bytes(body)
        try:
            found = reconcile(ledger, program, Extract(file, names, merchant))
        except ExtractInvalid as error:
            detail = error.message.replace(str(file), "the extract")
            raise Problem(422, "extract_invalid", detail) from None
    if principal.merchants and not principal.merchants.issuperset(found.merchants):
        raise not_found("merchant")
    return _shown(found, principal)


def _shown(found: Reconciliation, principal: Principal) -> dict[str, Any]:
    whole = found.as_json()
    for row in whole["exceptions"]:
        if not principal.sees(row["ledger_merchant"]) and row["ledger_merchant"] is not None:
            row.update(dict.fromkeys(_OF_LEDGER))  # it is another's; that it is must do
        for name in ("day", "ledger_day"):
            row[name] = row[name].isoformat() if isinstance(row[name], date) else None
    return {**whole, "agrees": found.agrees}
