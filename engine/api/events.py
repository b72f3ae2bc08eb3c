"""Telling events, asking for estimates, and looking events up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import Path, Request
from starlette.responses import JSONResponse, Response

from guerdon.engine.api import views
from guerdon.engine.api.answers import Answer, EventAnswer, json_bytes, whole
from guerdon.engine.api.bodies import body_of, told
from guerdon.engine.api.calling import called
from guerdon.engine.api.problems import Problem
from guerdon.engine.codes import Reason
from guerdon.engine.events.reading import Unreadable

Source = Annotated[str, Path(max_length=128, description="The event's source.")]
EventId = Annotated[str, Path(max_length=128, description="The event's id, unique within its source.")]


async def post_events(request: Request) -> Response:
    """Tell one event, or up to 1,000 as a list; plain or as CloudEvents. Answers when they are on disk."""
    service, principal = called(request)
    body = await body_of(request, service.settings)
    records = told(request, body)
    return await service.tell(request, principal, body, records, object=_object(records))


async def post_estimates(request: Request) -> Response:
    """What a purchase would give; with `hold_for` what it would spend is held for it."""
    service, principal = called(request)
    body = await body_of(request, service.settings)
    records = told(request, body)
    if len(records) != 1:
        raise Problem(422, "too_many_events", "estimate one purchase at a time")
    record = records[0]
    if isinstance(record, Mapping):
        kind = record.get("type", "estimate")
        if kind not in ("estimate", "purchase"):
            detail = f"a purchase can be estimated, not {kind!r}"
            error = {"pointer": "/type", "code": "unknown_type", "detail": detail}
            raise Problem(422, "unknown_type", detail, errors=[error])
        record = {**record, "type": "estimate"}
    return await service.tell(request, principal, body, [record], object=_object([record]), answered=_estimate)


def _estimate(answers: Sequence[EventAnswer]) -> Answer:
    answer = answers[0]
    if answer.reason is Reason.ESTIMATE or answer.shown.get("would"):
        return Answer(200, json_bytes(answer.shown))
    return whole(answers) if whole(answers).status >= 400 else Answer(200, json_bytes(answer.shown))


async def get_event(request: Request, source: Source, event_id: EventId) -> Response:
    """One event of the log with its journal."""
    service, principal = called(request)
    found = await service.readers.read(views.event, service.program, principal, source, event_id)
    return JSONResponse(found)


async def get_explanation(request: Request, source: Source, event_id: EventId) -> Response:
    """Why an event gave what it gave: every offer, given or refused, with its figures."""
    service, principal = called(request)
    found = await service.readers.read(views.explanation, service.program, principal, source, event_id)
    return JSONResponse(found)


def _object(records: Sequence[Any]) -> str:
    """What an audit entry says of these records: source and id of the first, and how many."""
    first = records[0]
    if isinstance(first, Unreadable) or not isinstance(first, Mapping):
        name = "(unreadable)"
    else:
        name = f"{first.get('type', '')!s:.64} {first.get('source', 'default')!s:.128}/{first.get('id', '')!s:.128}"
    return name if len(records) == 1 else f"{name} and {len(records) - 1} more"
