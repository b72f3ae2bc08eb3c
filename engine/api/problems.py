"""What goes wrong, as problem+json (RFC 9457): a stable code, words, and JSON pointers to what is meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from guerdon.engine.codes import Reason

MEDIA_TYPE = "application/problem+json"
TITLES = {
    400: "The request can't be read",
    401: "Who is calling?",
    403: "Not permitted",
    404: "There is no such thing",
    405: "Not a method of this route",
    408: "The request took too long to arrive",
    409: "It contradicts what is there",
    413: "The request is too large",
    415: "Not a media type that is read here",
    422: "It was read, and refused",
    429: "Too many requests",
    431: "The request's headers are too large",
    500: "A fault of Guerdon",
    503: "Not now",
    504: "It took too long",
}


class Problem(Exception):
    """The request ends with this answer. ``code`` is stable; ``errors`` are {pointer, code, detail}."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.errors, self.headers, self.more = list(errors), dict(headers or {}), more

    def body(self, instance: str = "") -> dict[str, Any]:
        """The JSON object. ``instance``: the request's id."""
        found: dict[str, Any] = {
            "type": f"urn:guerdon:problem:{self.code}",
            "title": TITLES.get(self.status, "Refused"),
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
        }
        if instance:
            found["instance"] = f"urn:guerdon:request:{instance}"
        if self.errors:
            found["errors"] = self.errors
        return found | self.more


def not_found(what: str) -> Problem:
    """The same for what isn't there and for what is outside of the caller's scope."""
    return Problem(404, "not_found", f"there is no such {what}")


def wrong_field(name: str, code: str, detail: str) -> Problem:
    """One field, parameter or part of a path is wrong."""
    return Problem(422, code, detail, errors=[{"pointer": f"/{name}", "code": code, "detail": detail}])


def status_of(reasons: Sequence[Reason]) -> int:
    """The status of a request of whose events every one was refused or could not be read."""
    if all(reason is Reason.ID_CONFLICT for reason in reasons):
        return 409
    if all(reason is Reason.NOT_PERMITTED for reason in reasons):
        return 403
    return 422
