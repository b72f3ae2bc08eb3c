"""Statements as JSON: amounts are decimal text, what is not there is null."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import polars as pl

from guerdon.engine.report.naming import decimal_of
from guerdon.engine.settle.columns import AMOUNTS, LINE_COLUMNS, amount_text
from guerdon.engine.settle.statement import Statement


def statement_json(statement: Statement, lines: pl.DataFrame, currency: str, digits: int) -> bytes:
    """A statement with its lines."""
    told = lines.select(LINE_COLUMNS).with_columns(amount_text(pl.col(name), digits).alias(name) for name in AMOUNTS)
    head = _text({**statement_object(statement, currency, digits), "lines": []}).rstrip()
    assert head.endswith("[]\n}")
    rows = told.write_json().replace("},{", "},\n{")
    return f"{head.removesuffix('[]' + chr(10) + '}')}{rows}\n}}\n".encode()


def summary_json(statements: Sequence[Statement], currency: str, digits: int) -> bytes:
    """All statements of a period without their lines."""
    return _text([statement_object(statement, currency, digits) for statement in statements]).encode()


def statement_object(statement: Statement, currency: str, digits: int) -> dict[str, Any]:
    """What a statement says, its lines left out."""
    return {
        "statement": statement.id,
        "merchant": statement.merchant,
        "name": statement.name,
        "period": statement.period,
        "first_day": statement.first_day.isoformat(),
        "last_day": statement.last_day.isoformat(),
        "currency": currency,
        "opening": decimal_of(statement.opening_minor, digits),
        "totals": {kind: decimal_of(minor, digits) for kind, minor in statement.totals_minor.items()},
        "net": decimal_of(statement.net_minor, digits),
        "prepaid": decimal_of(statement.prepaid_minor, digits),
        "due_on": statement.due_on.isoformat() if statement.due_on else None,
        "count": statement.lines,
    }


def _text(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=_plain) + "\n"


def _plain(value: Any) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
