"""Who calls which service: what the door has put beside a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from fastapi import Request

if TYPE_CHECKING:
    from guerdon.engine.api.keys import Principal
    from guerdon.engine.api.service import Service


def service_of(request: Request) -> Service:
    """The service that answers."""
    return cast("Service", request.app.state.service)


def called(request: Request) -> tuple[Service, Principal]:
    """The service, and who calls it; only on routes that need a right."""
    return service_of(request), cast("Principal", request.state.principal)
