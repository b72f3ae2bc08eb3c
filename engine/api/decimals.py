"""Figures of people's reports as JSON: amounts are decimal text."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from starlette.responses import Response

from guerdon.engine.api.answers import json_bytes


def decimal_json(value: dict[str, Any]) -> Response:
    """An answer of what the command line prints with ``--json``."""
    return Response(json_bytes(plain(value)), media_type="application/json")


def plain(value: Any) -> Any:
    """JSON types only; amounts as decimal text."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return f"{value:f}" if isinstance(value, Decimal) else value
