"""What merchants are owed, and what finance asks of a ledger."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from guerdon.engine.api.problems import Problem


async def get_settlements(request: Request) -> Response:
    """Statements of a period."""
    raise Problem(503, "not_ready", "not yet")


async def get_report(request: Request, report: str) -> Response:
    """A report."""
    raise Problem(503, "not_ready", "not yet")
