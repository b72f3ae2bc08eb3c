"""What OpenAPI says of each route beside its parameters: bodies, answers, problems, the key that it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from guerdon.engine.api.models import ProblemShape
from guerdon.engine.api.problems import MEDIA_TYPE, TITLES
from guerdon.engine.api.reconciling import SUFFIXES
from guerdon.engine.api.roles import Right
from guerdon.engine.api.settings import MAX_EVENTS
from guerdon.engine.events.fields import BOUGHT, COMMON, IDENTIFIERS, SHAPES, TYPES, Kind
from guerdon.rules.program import Program

if TYPE_CHECKING:
    from guerdon.engine.api.routes import Route

_TEXT = {"type": "string", "maxLength": 128}
_MONEY = {"type": ["string", "number"], "description": "Decimal text; a number is read from its text."}
_OBJECT = {"type": "object"}
_KINDS: dict[Kind, dict[str, Any]] = {
    Kind.TEXT: _TEXT,
    Kind.COUNT: {"type": ["integer", "string"]},
    Kind.BOOLEAN: {"type": "boolean"},
    Kind.TIME: {"type": "string", "format": "date-time"},
    Kind.DURATION: {"type": "string", "pattern": r"^[0-9]{1,4}(min|h|d|w|mo|q|y)$"},
    Kind.PERIOD: {"type": "string"},
    Kind.EMAIL: {"type": "string", "maxLength": 320},
    Kind.TEXTS: {"type": "array", "items": _TEXT},
    Kind.PAYMENT_METHOD: {"type": "object", "additionalProperties": _TEXT},
}
_LINE = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("sku", "type", "family", "brand", "category"), _TEXT),
        **dict.fromkeys(("quantity", "net", "tax", "total"), _MONEY),
        "line": {"type": "integer", "minimum": 1, "maximum": 1000},
        "attributes": _OBJECT,
    },
}
_OWN: dict[str, dict[str, Any]] = {
    "type": {"type": "string", "enum": sorted(name for name, kind in TYPES.items() if SHAPES[kind].told)},
    "time": {"type": "string", "format": "date-time", "description": "RFC 3339 with its offset."},
    "contact": {
        "anyOf": [
            _TEXT,
            {"type": "object", "properties": dict.fromkeys(IDENTIFIERS, _TEXT), "minProperties": 1, "maxProperties": 1},
        ]
    },
    "attributes": _OBJECT,
    "lines": {"type": "array", "items": _LINE, "maxItems": 1000},
    "spend": {"anyOf": [{"type": "string", "enum": ["max", "full"]}, {"type": "object"}]},
    "note": {"type": "string", "maxLength": 4096},
    "reason": {"type": "string", "maxLength": 4096},
    **dict.fromkeys(("total", "net", "tax", "rate"), _MONEY),
}


def _properties() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in sorted(COMMON | BOUGHT):
        found[name] = _OWN.get(name, _TEXT)
    for shape in SHAPES.values():
        for name, kind in shape.fields.items():
            found.setdefault(name, _KINDS.get(kind, _MONEY))
    return found


_EVENT = {
    "type": "object",
    "title": "Event",
    "description": "The fields of docs/http-api.md; or a CloudEvents 1.0 envelope, whose data they are.",
    "properties": _properties(),
    "required": ["id", "type", "time"],
}
_COMMAND = {
    "type": "object",
    "title": "Command",
    "properties": {name: each for name, each in _properties().items() if name != "type"},
}
_ESTIMATE = {**_EVENT, "title": "Purchase"}
_BODIES: dict[str, dict[str, Any]] = {
    "events": {
        "anyOf": [_EVENT, {"type": "array", "items": _EVENT, "minItems": 1, "maxItems": MAX_EVENTS}],
    },
    "event": _ESTIMATE,
    "command": _COMMAND,
    "pin": {
        "type": "object",
        "title": "Pin",
        "properties": {"pin": {"type": "string", "pattern": "^[0-9]{4,12}$"}},
        "required": ["pin"],
        "additionalProperties": False,
    },
    "ticket": {
        "type": "object",
        "title": "Question",
        "properties": {
            "email": {"type": "string", "minLength": 1, "maxLength": 320, "description": "The address of the claim."},
            "subject": {"type": "string", "minLength": 1, "maxLength": 1000},
        },
        "required": ["email", "subject"],
        "additionalProperties": False,
    },
    "recovery": {
        "type": "object",
        "title": "Forgotten",
        "properties": {
            "site": {"type": "string", "minLength": 1, "maxLength": 128},
            "email": {"type": "string", "minLength": 1, "maxLength": 320},
        },
        "required": ["site", "email"],
        "additionalProperties": False,
    },
    "recovered": {
        "type": "object",
        "title": "RecoveryCode",
        "properties": {
            "email": {"type": "string", "minLength": 1, "maxLength": 320},
            "code": {"type": "string", "minLength": 1, "maxLength": 64, "description": "What was mailed."},
        },
        "required": ["email", "code"],
        "additionalProperties": False,
    },
    "answer": {
        "type": "object",
        "title": "Answer",
        "description": "To close a ticket it is empty.",
        "properties": {"answer": {"type": "string", "minLength": 1, "maxLength": 4000}},
        "additionalProperties": False,
    },
    "confirmation": {
        "type": "object",
        "title": "Confirmation",
        "properties": {"token": {"type": "string", "minLength": 1, "description": "What a preview gave."}},
        "required": ["token"],
        "additionalProperties": False,
    },
    "extract": {"type": "string", "description": "Lines with reference, amount, and day or time."},
}
_MEDIA_TYPES = {"extract": tuple(SUFFIXES)}
_KEY_HEADER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "description": "The same request sent twice with the same key gets the same answer.",
}


def described(route: Route, program: Program) -> dict[str, Any]:
    """What ``add_api_route`` is told of a route beside its handler."""
    statuses = [400, 405, 422, 429, 500, 503, 504]
    if route.right is not Right.NONE:
        statuses += [401, 403]
    if "{" in route.path or route.method == "POST":
        statuses += [404]
    if route.method == "POST":
        statuses += [408, 409, 413, 415]
    responses: dict[int | str, dict[str, Any]] = {
        status: {"model": ProblemShape, "description": TITLES[status]} for status in sorted(statuses)
    }
    for status, model in route.also:
        responses[status] = {"model": model, "description": _ALSO[status]}
    if route.answer is None:
        responses[200] = {"description": "Text.", "content": {"text/plain": {"schema": {"type": "string"}}}}
    extra: dict[str, Any] = {"security": [] if route.right is Right.NONE else [{"key": []}]}
    if route.method == "POST":
        extra["parameters"] = [_KEY_HEADER]
    if route.body:
        media_types = _MEDIA_TYPES.get(route.body, ("application/json",))
        content = {media_type: {"schema": _BODIES[route.body]} for media_type in media_types}
        extra["requestBody"] = {"required": route.body not in ("command", "answer"), "content": content}
    return {
        "responses": responses,
        "response_model": route.answer,
        "openapi_extra": extra,
        "operation_id": route.handler.__name__,
        "summary": (route.handler.__doc__ or "").strip().splitlines()[0],
        "description": (route.handler.__doc__ or "").strip(),
        "tags": [route.path.split("/")[1]],
    }


_ALSO = {202: "It waits for a second person.", 207: "Some events were taken, some not."}


def document(app: FastAPI) -> dict[str, Any]:
    """The app's OpenAPI document: problems are problem+json, and keys are sent as bearer tokens."""
    if app.openapi_schema is None:
        found = get_openapi(title=app.title, version=app.version, routes=app.routes, description=_ABOUT)
        for of_path in found["paths"].values():
            for operation in of_path.values():
                for status, response in operation["responses"].items():
                    if int(status) >= 400:
                        response["content"] = {MEDIA_TYPE: response["content"]["application/json"]}
        found["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        app.openapi_schema = found
    return app.openapi_schema


_ABOUT = "Rewards as code. Amounts are decimal text, times RFC 3339 in UTC, codes those of the documentation."
