"""What the ledger asks of a database: statements, bulk rows, one transaction. One class for each dialect.

Rows travel as an int64 matrix, a column for each number column of the table, and texts (or bytes) by column name.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection, Delete, Engine, Insert, Select, Table, bindparam, delete
from sqlalchemy.sql.elements import ColumnElement

Row = tuple[Any, ...]
INSERT, UPSERT, ADD, REMOVE = "insert", "upsert", "add", "remove"


@dataclass(frozen=True, slots=True)
class Target:
    """How rows enter a table. ``numbers`` and ``texts`` are its columns in the order in which they are given.

    ``insert``: new rows. ``upsert``: the row replaces the one of the same key. ``add``: its value columns add to those
    of the same key. ``remove``: rows of these keys go; only key columns are given.
    """

    table: Table
    how: str
    numbers: tuple[str, ...]
    texts: tuple[str, ...]


def target(table: Table, how: str = INSERT) -> Target:
    """The target of a table, its columns in the table's order."""
    columns = [column for column in table.columns if how != REMOVE or column.primary_key]
    numbers = tuple(column.name for column in columns if _is_number(column))
    texts = tuple(column.name for column in columns if not _is_number(column))
    return Target(table, how, numbers, texts)


def _is_number(column: ColumnElement[Any]) -> bool:
    return column.type.python_type is int


class Store(ABC):
    """A database that holds a ledger, opened by one process. ``place`` is what messages call it."""

    engine: Engine
    place: str
    is_shared = False  # several processes write to it, in turns

    @abstractmethod
    def connect(self) -> Connection:
        """The connection that writes; migrations use it too."""

    @contextmanager
    def overwriting(self, erases: bool) -> Iterator[None]:
        """While open, and if something is erased, what is deleted is overwritten where the database can do so."""
        yield

    @abstractmethod
    def begin(self) -> None:
        """Starts the writing transaction. LedgerBusy if another process holds it."""

    @abstractmethod
    def commit(self) -> None:
        """Returns when the transaction is on disk."""

    @abstractmethod
    def rollback(self) -> None: ...

    @abstractmethod
    def put(self, target: Target, matrix: np.ndarray, texts: Mapping[str, Any]) -> None:
        """Writes rows in bulk: ``matrix`` int64[n, numbers], a sequence of n for each text column."""

    @abstractmethod
    def rows(self, statement: Select[Any], **parameters: Any) -> list[Row]:
        """The rows of a select that see all that is committed."""

    @abstractmethod
    def matrix(self, statement: Select[Any], **parameters: Any) -> np.ndarray:
        """The rows of a select of number columns as int64[n, columns]."""

    @abstractmethod
    def few(self, statement: Select[Any], **parameters: Any) -> np.ndarray:
        """``matrix`` for selects that find a handful of rows: cheaper to start, dearer a row."""

    @abstractmethod
    def among(self, column: ColumnElement[int], name: str) -> ColumnElement[bool]:
        """The condition that a column is one of many numbers, given as the parameter ``name``."""

    @abstractmethod
    def many(self, numbers: np.ndarray) -> Any:
        """Numbers as a parameter for ``among``."""

    @abstractmethod
    def texts(self, texts: Sequence[str]) -> Any:
        """Texts as the parameter that ``among`` names."""

    def take(self, wait_seconds: float) -> None:  # noqa: B027 - one process alone needs no turns
        """Takes the turn to write among processes that share the database; LedgerBusy after ``wait_seconds``."""

    def give(self) -> None:  # noqa: B027
        """Gives the turn back."""

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Within it all that is read is as it was at one instant."""
        yield

    @abstractmethod
    def close(self) -> None: ...


def statement_of(target: Target, insert: Any) -> Insert | Delete:
    """The SQL of a target; ``insert`` is the dialect's own construct, which knows ON CONFLICT."""
    table = target.table
    names = [column.name for column in table.columns]
    key = [column.name for column in table.primary_key.columns]
    if target.how == REMOVE:
        return delete(table).where(*(table.c[column] == bindparam(f"k_{column}") for column in key))
    statement: Any = insert(table).values({column: bindparam(column) for column in names})
    values = [column for column in names if column not in key]
    if target.how == UPSERT:
        return _typed(
            statement.on_conflict_do_update(
                index_elements=key, set_={column: statement.excluded[column] for column in values}
            )
        )
    if target.how == ADD:
        added = {column: table.c[column] + statement.excluded[column] for column in values}
        return _typed(statement.on_conflict_do_update(index_elements=key, set_=added))
    return _typed(statement)


def _typed(statement: Any) -> Insert:
    assert isinstance(statement, Insert)
    return statement


def parameter_name(compiled_name: str) -> str:
    """The column that a compiled parameter stands for."""
    return compiled_name.removeprefix("k_")


def as_list(texts: Any) -> Sequence[Any]:
    """Texts as a plain sequence."""
    plain: Sequence[Any] = texts.to_list() if hasattr(texts, "to_list") else texts
    return plain
