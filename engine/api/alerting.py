"""Alerts over HTTP: those that are open, and what somebody decides of one. Passes over the log raise them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from fastapi import Path, Query, Request
from starlette.responses import JSONResponse, Response

from guerdon.engine.api.answers import Answer, json_bytes
from guerdon.engine.api.bodies import body_of
from guerdon.engine.api.calling import called
from guerdon.engine.api.instants import rfc3339
from guerdon.engine.api.keys import Principal
from guerdon.engine.api.paging import Cursor, Limit, Page, page_of, part_of
from guerdon.engine.api.problems import Problem, not_found
from guerdon.engine.care.alerts import Alert, AlertError, act, alerts, change_state
from guerdon.engine.care.alerts.book import ACKNOWLEDGED, CLEARED, CONFIRMED, OPEN, one
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.pipeline import Run
from guerdon.rules.program import Program

AlertId = Annotated[str, Path(max_length=320, description="An alert's id.")]
Every = Annotated[bool, Query(description="Also those that are cleared or confirmed.")]


class Verdict(StrEnum):
    """What somebody says of an alert: looked at; it was nothing; it was fraud."""

    ACKNOWLEDGE = "acknowledge"
    CLEAR = "clear"
    CONFIRM = "confirm"


_STATES = {Verdict.ACKNOWLEDGE: ACKNOWLEDGED, Verdict.CLEAR: CLEARED, Verdict.CONFIRM: CONFIRMED}


async def get_alerts(request: Request, every: Every = False, limit: Limit = 100, cursor: Cursor = "") -> Response:
    """Alerts that are open, in the order in which they were raised."""
    service, principal = called(request)
    return JSONResponse(await service.readers.read(_listed, principal, every, page_of(limit, cursor)))


def _listed(ledger: Ledger, principal: Principal, every: bool, page: Page) -> dict[str, Any]:
    # The cursor is looked for among all of them: a page may begin after one that was cleared meanwhile.
    mine = [each for each in alerts(ledger) if _sees(principal, each)]
    rest, _ = part_of(mine, page._replace(limit=len(mine)), lambda each: each.id)
    wanted = [each for each in rest if every or each.state in OPEN]
    here, more = part_of(wanted, Page(page.limit, 0), lambda each: each.id)
    return {"alerts": [_shown(each) for each in here], "next": more}


async def decide_alert(request: Request, alert: AlertId, verdict: Verdict) -> Response:
    """Acknowledge an alert, clear it (what it held is let go) or confirm it (what it holds stays held)."""
    service, principal = called(request)
    body = await body_of(request, service.settings)
    now = service.clock()
    return await service.deal(
        request,
        principal,
        body,
        lambda run: _decided(run, service.program, principal, alert, verdict, now),
        object=f"{verdict} {alert}",
    )


def _decided(run: Run, program: Program, principal: Principal, id: str, verdict: Verdict, now: int) -> Answer:
    ledger = run.ledger
    try:
        if not _sees(principal, one(ledger, id)):
            raise not_found("alert")
        change_state(ledger, id, _STATES[verdict], principal.name, now)
    except AlertError as error:
        if error.code == "unknown-alert":
            raise not_found("alert") from None
        raise Problem(409, error.code, error.message) from None
    act(ledger, program, now, run)
    return Answer(200, json_bytes(_shown(one(ledger, id))))


def _sees(principal: Principal, found: Alert) -> bool:
    """A key bound to merchants sees what is about one of them alone."""
    return principal.sees(found.merchant or None)


def _shown(found: Alert) -> dict[str, Any]:
    says = found.fields
    return {
        "alert": found.id,
        "rule": found.rule,
        "scope": says["scope"],
        "key": found.key,
        "seq": found.seq,
        "state": found.state,
        "on": says["on"],
        "measure": says["measure"],
        "measured": says["measured"],
        "threshold": says["threshold"],
        "window": says["window"],
        "action": says["action"],
        "acted": bool(found.acted),
        "merchant": found.merchant or None,
        "touches": [{"kind": kind, "id": name} for kind, name in says["touches"]],
        "raised_at": rfc3339(found.raised_at),
        "changed_at": rfc3339(found.changed_at),
        "by": found.by or None,
    }
