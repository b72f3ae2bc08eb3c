"""Statements and lines as the columns that every file form has: the same names, in the same order."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import polars as pl

from guerdon.engine.report.naming import decimal_of
from guerdon.engine.settle.lines import KINDS, SCHEMA
from guerdon.engine.settle.statement import Statement
from guerdon.engine.settling import PREPAID

LINE_COLUMNS: Final = tuple(name for name in SCHEMA if name != "statement")
AMOUNTS: Final = ("amount", "prepaid")
Cell = str | int | Decimal | None


def summary_columns(statements: Sequence[Statement]) -> tuple[str, ...]:
    """The columns of a summary: one for each kind of line that occurs in it."""
    occurs = {kind for statement in statements for kind in statement.totals_minor}
    kinds = [kind.lower() for kind in KINDS if kind in occurs and kind != PREPAID.upper()]
    return (
        "statement", "merchant", "name", "period", "first_day", "last_day", "opening", *kinds, "net", "prepaid",
        "due_on", "lines",
    )  # fmt: skip


def summary_row(statement: Statement, columns: Sequence[str], digits: int) -> list[Cell]:
    """One statement under those columns; amounts are exact decimals, days ISO text."""
    known: dict[str, Cell] = {
        "statement": statement.id,
        "merchant": statement.merchant,
        "name": statement.name,
        "period": statement.period,
        "first_day": statement.first_day.isoformat(),
        "last_day": statement.last_day.isoformat(),
        "opening": decimal_of(statement.opening_minor, digits),
        "net": decimal_of(statement.net_minor, digits),
        "prepaid": decimal_of(statement.prepaid_minor, digits),
        "due_on": statement.due_on.isoformat() if statement.due_on else None,
        "lines": statement.lines,
    }
    for column in columns:
        if column not in known:
            known[column] = decimal_of(statement.totals_minor.get(column.upper(), 0), digits)
    return [known[column] for column in columns]


def amount_text(minor: pl.Expr, digits: int) -> pl.Expr:
    """Minor units as decimal text, exactly."""
    if digits == 0:
        return minor.cast(pl.String)
    scale = 10**digits
    sign = pl.when(minor < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    whole, rest = (minor.abs() // scale).cast(pl.String), (minor.abs() % scale).cast(pl.String).str.zfill(digits)
    return pl.concat_str([sign, whole, pl.lit("."), rest])
