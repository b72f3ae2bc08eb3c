"""The ASGI app: every route of the table behind one check of who calls, every error a problem, OpenAPI of it all."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from importlib.metadata import version

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.convertors import register_url_convertor
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from guerdon.engine.api.envelope import Envelope, NameConvertor
from guerdon.engine.api.openapi import described, document
from guerdon.engine.api.problems import MEDIA_TYPE, Problem
from guerdon.engine.api.roles import Right
from guerdon.engine.api.routes import ROUTES
from guerdon.engine.api.service import Service
from guerdon.engine.ledger.errors import LedgerError

register_url_convertor("name", NameConvertor())
_CODED = ("card", "certificate", "coupon")  # what a path may name by its code
_CODES = {404: "not_found", 405: "method_not_allowed"}


def app_of(service: Service) -> FastAPI:
    """The app of a service, which has begun before the first request and ends after the last."""
    app = FastAPI(
        title=f"Guerdon: {service.program.business.name}",
        version=version("guerdon"),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.service = service
    for route in ROUTES:
        app.add_api_route(
            re.sub(r"\{(\w+)\}", r"{\1:name}", route.path),
            route.handler,
            methods=[route.method],
            dependencies=[Depends(_needs(route.right))],
            **described(route, service.program),
        )
    for kind in (Problem, LedgerError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, _as_problem)
    app.openapi = lambda: document(app)  # type: ignore[method-assign]
    app.add_middleware(Envelope, service=service)
    return app


def _needs(right: Right) -> Callable[[Request], Awaitable[None]]:
    """Lets a request pass if who calls has the right; what is denied is in the audit trail before it is told."""

    async def check(request: Request) -> None:
        if right is Right.NONE:
            return
        service: Service = request.app.state.service
        try:
            principal = await service.signed_in(request)
        except Problem as problem:
            if problem.status == 401:
                await service.note(service.deed(request, None, "", "denied", problem.code))
            raise
        request.state.principal = principal
        request.scope["caller"] = principal
        if not principal.may(right):
            await service.note(service.deed(request, principal, "", "denied", "not_permitted"))
            raise Problem(403, "not_permitted", f"not for the role {principal.role.name!r}")

    return check


async def _as_problem(request: Request, error: Exception) -> Response:
    """Any error as problem+json. What a key of limited scope does not find is denied it, whether or not it is there."""
    problem = _problem_of(error)
    caller = request.scope.get("caller")
    if problem.code == "not_found" and caller is not None and (caller.contact or caller.merchants):
        service: Service = request.app.state.service
        try:
            await service.note(service.deed(request, caller, _about(request, service), "denied", problem.code))
        except Problem as worse:
            problem = worse
    body = problem.body(str(request.scope.get("request_id", "")))
    return JSONResponse(body, problem.status, problem.headers, MEDIA_TYPE)


def _about(request: Request, service: Service) -> str:
    """What a path names, for the audit trail: no code."""
    named = service.door.codes.named
    told = request.path_params.items()  # an event's id may be BATCH/CODE
    return " ".join(f"{name} {named(text) if name in _CODED else text.partition('/')[0]}" for name, text in told)


def _problem_of(error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, RequestValidationError):
        errors = [
            {
                "pointer": "/" + "/".join(str(part) for part in each["loc"][1:]),
                "code": "bad_request",
                "detail": each["msg"],
            }
            for each in error.errors()
        ]
        return Problem(422, "bad_request", errors[0]["detail"] if errors else "it can't be read", errors=errors)
    if isinstance(error, HTTPException):
        code = _CODES.get(error.status_code, "bad_request")
        return Problem(error.status_code, code, str(error.detail), headers=error.headers)
    if isinstance(error, LedgerError):
        return Problem(503, error.code, "the ledger can't be read at present", headers={"Retry-After": "2"})
    return Problem(500, "internal_error", "it was logged under the request's id")
