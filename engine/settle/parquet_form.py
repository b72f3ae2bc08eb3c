"""Statements as Parquet: amounts are decimals with the currency's digits, never floats."""

from __future__ import annotations

import io
from collections.abc import Sequence

import polars as pl

from guerdon.engine.settle.columns import AMOUNTS, amount_text, summary_columns, summary_row
from guerdon.engine.settle.statement import Statement

_PRECISION = 38


def lines_parquet(lines: pl.DataFrame, digits: int) -> bytes:
    """Lines of statements, the statement's name with each."""
    kind = pl.Decimal(_PRECISION, digits)
    exact = [amount_text(pl.col(name), digits).cast(kind).alias(name) for name in AMOUNTS]
    return _bytes(lines.with_columns(exact))


def summary_parquet(statements: Sequence[Statement], digits: int) -> bytes:
    """One row a statement."""
    columns = summary_columns(statements)
    rows = [summary_row(statement, columns, digits) for statement in statements]
    amounts = set(columns) - {
        "statement", "merchant", "name", "period", "first_day", "last_day", "due_on", "lines"
    }  # fmt: skip
    kinds = {
        name: pl.Decimal(_PRECISION, digits) if name in amounts else pl.Int64 if name == "lines" else pl.String
        for name in columns
    }
    frame = pl.DataFrame(rows, schema=kinds, orient="row")
    days = [pl.col(name).str.to_date() for name in ("first_day", "last_day", "due_on")]
    return _bytes(frame.with_columns(days))


def _bytes(frame: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.write_parquet(out, compression="zstd")
    return out.getvalue()
