"""Around every request: an id, headers that keep browsers out of it, a limit of time, a log line, its figures."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import structlog
from starlette.convertors import Convertor
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from guerdon.engine.api.logs import trace_of
from guerdon.engine.api.problems import MEDIA_TYPE, Problem

if TYPE_CHECKING:
    from guerdon.engine.api.service import Service

_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}\Z")
_ESCAPED = re.compile(rb"%2[fF]")
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
)


_SLASH = "\ue000"  # stands for a slash within a name until the path has been taken apart


class NameConvertor(Convertor[str]):
    """One part of a path, which may hold slashes where they were escaped."""

    regex = "[^/]+"

    def convert(self, value: str) -> str:
        """The name that a part of the path is."""
        return value.replace(_SLASH, "/")

    def to_string(self, value: str) -> str:
        """The part of a path that names it."""
        return quote(value, safe="")


def _kept_apart(scope: Scope) -> str:
    """The path with escaped slashes still told from those between its parts."""
    raw: bytes = scope.get("raw_path") or b""
    if b"%2f" not in raw.lower():
        return str(scope["path"])
    return unquote(_ESCAPED.sub(quote(_SLASH).encode(), raw.partition(b"?")[0]).decode("latin-1"))


class Envelope:
    """ASGI middleware. A request id that the caller sends is taken over if it is a plain word."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self.app = app
        self.service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        id = scope["request_id"] = _request_id(scope)
        scope["path"] = _kept_apart(scope)
        started = time.perf_counter()
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message.get("headers", ()), *_HEADERS, (b"x-request-id", id.encode())]
                message = {**message, "headers": headers}
            await send(message)

        limit = self.service.settings.answer_seconds + self.service.settings.body_seconds
        try:
            async with asyncio.timeout(limit):
                await self.app(scope, receive, sending)
        except TimeoutError:
            await self._failed(Problem(504, "too_slow", "it took too long"), id, status, scope, receive, sending)
        except Exception as error:
            structlog.get_logger("guerdon.http").error("failed", request_id=id, trace=trace_of(error))
            problem = Problem(500, "internal_error", "it was logged under the request's id")
            await self._failed(problem, id, status, scope, receive, sending)
        finally:
            self._told(scope, id, status, time.perf_counter() - started)

    async def _failed(self, problem: Problem, id: str, status: int, scope: Scope, receive: Receive, send: Send) -> None:
        if not status:  # nothing was sent yet
            await JSONResponse(problem.body(id), problem.status, media_type=MEDIA_TYPE)(scope, receive, send)

    def _told(self, scope: Scope, id: str, status: int, seconds: float) -> None:
        """One line and the figures; never a body, a query or a header."""
        route = str(getattr(scope.get("route"), "path_format", "")) or "(none)"
        caller: Any = scope.get("caller")
        method = scope["method"] if route != "(none)" else "-"
        self.service.metrics.requests.labels(method, route, str(status)).inc()
        self.service.metrics.seconds.labels(method, route).observe(seconds)
        structlog.get_logger("guerdon.http").info(
            "request", request_id=id, method=scope["method"], route=route, status=status,
            milliseconds=round(seconds * 1000, 2), key=caller.key_id if caller else None,
            role=caller.role.name if caller else None, address=(scope.get("client") or ("",))[0],
        )  # fmt: skip


def _request_id(scope: Scope) -> str:
    told = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    return told.decode() if _ID.match(told) else secrets.token_hex(8)
