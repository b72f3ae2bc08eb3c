"""Whether it works, what it counted, and who did what."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import JSONResponse, Response

from guerdon.engine.api.calling import called, service_of
from guerdon.engine.api.instants import rfc3339
from guerdon.engine.api.paging import Cursor, Limit, page_of
from guerdon.engine.api.paging import cursor as cursor_of
from guerdon.engine.api.problems import Problem
from guerdon.engine.ledger import audit_trail
from guerdon.engine.ledger.audit_trail import Entry
from guerdon.engine.ledger.ledger import Ledger


async def get_health(request: Request) -> Response:
    """Whether the process answers at all."""
    return JSONResponse({"status": "ok"})


async def get_ready(request: Request) -> Response:
    """Whether events can be told: the ledger is open for writing and can be read."""
    service = service_of(request)
    await service.try_again()
    if service.writer.failure:
        raise Problem(503, "not_ready", "the ledger can't be written at present", headers={"Retry-After": "2"})
    await service.readers.read(lambda ledger: ledger.last_run())
    return JSONResponse({"status": "ready"})


async def get_metrics(request: Request) -> Response:
    """Figures in the text form of Prometheus."""
    service, _ = called(request)
    return Response(service.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


async def get_audit(request: Request, limit: Limit = 100, cursor: Cursor = "") -> Response:
    """Who did what and was denied what, oldest first, with the links of the chain."""
    service, _ = called(request)
    page = page_of(limit, cursor)
    found = await service.readers.read(
        lambda ledger: audit_trail.entries(ledger.store.rows, page.after, page.limit + 1)
    )
    here = found[: page.limit]
    more = cursor_of(here[-1].number) if len(found) > page.limit else None
    return JSONResponse({"entries": [_shown(entry) for entry in here], "next": more})


async def get_audit_check(request: Request) -> Response:
    """Whether the chain of the audit trail holds from its first entry to its last."""
    service, _ = called(request)

    def check(ledger: Ledger) -> tuple[int, list[str]]:
        return audit_trail.count(ledger.store.rows), audit_trail.broken_links(ledger.store.rows)

    count, wrong = await service.readers.read(check)
    return JSONResponse({"entries": count, "holds": not wrong, "findings": wrong[:100]})


def _shown(entry: Entry) -> dict[str, object]:
    deed = entry.deed._asdict()
    return {"number": entry.number, **deed, "at": rfc3339(entry.deed.at), "chain": entry.chain.hex()}
