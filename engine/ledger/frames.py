"""Tables as polars frames: number columns as integers of their size, texts and bytes as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Column, Integer, Select, SmallInteger, Table, select

from guerdon.engine.ledger import tables
from guerdon.engine.ledger.store import Store

if TYPE_CHECKING:
    import polars as pl


def read_frame(store: Store, name: str, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """The table, or some of its columns, in the order of its key; KeyError for a table that a ledger doesn't have."""
    import polars as pl

    table = tables.metadata.tables[name]
    chosen = [column for column in table.columns if columns is None or column.name in columns]
    numbers = [column for column in chosen if column.type.python_type is int]
    others = [column for column in chosen if column.type.python_type is not int]
    found: dict[str, Any] = {}
    if numbers:
        matrix = store.matrix(_ordered(table, numbers))
        for place, column in enumerate(numbers):
            found[column.name] = pl.Series(matrix[:, place], dtype=pl.Int64).cast(_width(column))
        del matrix
    if others:
        rows = store.rows(_ordered(table, others))
        for place, column in enumerate(others):
            kind = pl.String if column.type.python_type is str else pl.Binary
            found[column.name] = pl.Series([row[place] for row in rows], dtype=kind)
    return pl.DataFrame({column.name: found[column.name] for column in chosen})


def _width(column: Column[Any]) -> Any:
    import polars as pl

    if isinstance(column.type, SmallInteger):
        return pl.Int16
    return pl.Int32 if isinstance(column.type, Integer) and not isinstance(column.type, BigInteger) else pl.Int64


_STATEMENTS: dict[tuple[str, ...], Select[Any]] = {}


def _ordered(table: Table, columns: Sequence[Column[Any]]) -> Select[Any]:
    key = (table.name, *(column.name for column in columns))
    if key not in _STATEMENTS:
        _STATEMENTS[key] = select(*columns).order_by(*table.primary_key.columns)
    return _STATEMENTS[key]
