"""Request bodies: within their limits of size and time, strict JSON, plain events or CloudEvents in all three modes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.requests import ClientDisconnect, Request

from guerdon.engine.api.problems import Problem, wrong_field
from guerdon.engine.api.settings import MAX_EVENTS, Settings
from guerdon.engine.events.envelope import MAX_BYTES, opened, strict_json
from guerdon.engine.events.reading import Unreadable

_EVENT_TYPES = frozenset({"application/json", "application/cloudevents+json", "application/cloudevents-batch+json"})
_BINARY = ("id", "source", "type", "time")


async def body_of(request: Request, settings: Settings) -> bytes:
    """The whole body. Problem 413 or 408: too much of it, or too slow."""
    try:
        length = int(request.headers.get("content-length", "0"))
    except ValueError:
        raise Problem(400, "unreadable", "Content-Length is no number") from None
    too_large = Problem(413, "too_large", f"a body may have up to {settings.body_bytes:,} bytes")
    if length > settings.body_bytes:
        raise too_large
    parts, size = [], 0
    try:
        async with asyncio.timeout(settings.body_seconds):
            async for part in request.stream():
                size += len(part)
                if size > settings.body_bytes:
                    raise too_large
                parts.append(part)
    except TimeoutError:
        raise Problem(408, "too_slow", f"the body did not arrive in {settings.body_seconds} s") from None
    except ClientDisconnect:
        raise Problem(400, "unreadable", "the body ended too soon") from None
    return b"".join(parts)


def json_of(request: Request, body: bytes) -> Any:
    """The JSON value that a body holds; numbers with a point are ``Decimal``. Problem 400, 415."""
    media = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if media not in _EVENT_TYPES:
        raise Problem(415, "media_type", "send application/json or application/cloudevents+json")
    try:
        return strict_json(body)
    except Unreadable as problem:
        raise Problem(400, "unreadable", str(problem), errors=[_error("", str(problem))]) from None


def object_of(request: Request, body: bytes) -> dict[str, Any]:
    """The JSON object that a body holds; none is an empty one. Problem 400, 415, 422."""
    value = json_of(request, body) if body else {}
    if not isinstance(value, dict):
        detail = "the body must be a JSON object"
        raise Problem(422, "unreadable", detail, errors=[_error("", detail)])
    return value


def texts_of(body: Mapping[str, Any], wanted: Mapping[str, int]) -> dict[str, str]:
    """The texts that a body holds, trimmed; ``wanted``: characters at most. Problem 422: one is missing or no text."""
    for name in (*wanted, *sorted(body)):
        value, most = body.get(name), wanted.get(name)
        if most is None:
            raise wrong_field(name, "undeclared_field", f"there is no field {name!r}")
        if not isinstance(value, str) or not 0 < len(value.strip()) <= most:
            raise wrong_field(name, "bad_request", f"{name!r} is text of 1 to {most:,} characters")
        if unkept := [sign for sign in value if sign == "\0" or "\ud800" <= sign <= "\udfff"]:
            raise wrong_field(name, "bad_request", f"{name!r} holds {unkept[0]!r}, which is no text")
    return {name: body[name].strip() for name in wanted}


def told(request: Request, body: bytes) -> list[Any]:
    """The events of a body, one or several: records, or ``Unreadable`` in the place of one that can't be read."""
    value = json_of(request, body)
    if "ce-specversion" in request.headers and isinstance(value, dict):
        value = {name: text for name in _BINARY if (text := request.headers.get(f"ce-{name}"))} | value
    several = value if isinstance(value, list) else [value]
    if not several:
        detail = "there is no event in it"
        raise Problem(422, "unreadable", detail, errors=[_error("", detail)])
    if len(several) > MAX_EVENTS:
        raise Problem(413, "too_many_events", f"one request may tell up to {MAX_EVENTS:,} events")
    if len(several) == 1 and len(body) > MAX_BYTES + 2:
        raise Problem(413, "too_large", f"an event may have up to {MAX_BYTES:,} bytes")
    return [_opened(each) for each in several]


def _opened(value: Any) -> Any:
    if not isinstance(value, Mapping) or "specversion" not in value:
        return value
    try:
        return opened(dict(value))
    except Unreadable as problem:
        return problem


def _error(pointer: str, detail: str) -> dict[str, str]:
    return {"pointer": pointer, "code": "unreadable", "detail": detail}
