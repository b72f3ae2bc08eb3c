"""How rows enter a table of SQLite: many rows a statement, bound by the compiled loop or by ``sqlite3`` itself.

One statement for a thousand rows costs half of a thousand statements: SQLite opens the table's tree once and appends
at its end. Measured in docs/decisions/0004-bulk-path.md.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

import numpy as np
from sqlalchemy import Dialect
from sqlalchemy.dialects import sqlite as dialect

from guerdon.engine.ledger.library import Handle, Rows
from guerdon.engine.ledger.matrices import pack
from guerdon.engine.ledger.store import REMOVE, Target, as_list, parameter_name, statement_of

AT_ONCE: Final = (1024, 32, 1)  # rows a statement, as far as SQLite takes so many parameters


@dataclass(frozen=True, slots=True)
class RowForm:
    """The statement of a target and the order in which it takes the columns."""

    target: Target
    sql: str  # for one row
    order: tuple[str, ...]
    sizes: tuple[int, ...]  # of AT_ONCE those that are allowed
    has_bytes: bool

    @staticmethod
    def of(target: Target, dialect_in_use: Dialect, connection: sqlite3.Connection) -> RowForm:
        """Compiles the statement and looks how many parameters the connection allows."""
        compiled = statement_of(target, dialect.insert).compile(dialect=dialect_in_use)
        order = tuple(parameter_name(name) for name in compiled.positiontup or ())
        most = connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER) // len(order)
        sizes = (1,) if target.how == REMOVE else tuple(size for size in AT_ONCE if size <= most)
        has_bytes = any(target.table.c[name].type.python_type is bytes for name in target.texts)
        return RowForm(target, str(compiled), order, sizes, has_bytes)

    def sql_for(self, rows: int) -> str:
        """The statement for so many rows at once."""
        if rows == 1:
            return self.sql
        one = "(" + ", ".join("?" * len(self.order)) + ")"
        assert self.sql.count(one) == 1
        return self.sql.replace(one, ", ".join([one] * rows))

    def write_compiled(self, handle: Handle, matrix: np.ndarray, texts: Mapping[str, Any]) -> None:
        """Writes rows through SQLite's own functions."""
        places = {name: place for place, name in enumerate(self.order, 1)}
        rows = Rows(
            matrix,
            [places[name] for name in self.target.numbers],
            [pack(texts[name], len(matrix)) for name in self.target.texts],
            [places[name] for name in self.target.texts],
        )
        handle.write(self.sql_for, self.sizes, rows)

    def write_plain(self, connection: sqlite3.Connection, matrix: np.ndarray, texts: Mapping[str, Any]) -> None:
        """Writes rows through ``sqlite3``."""
        count = len(matrix)
        if self.order == self.target.numbers:
            rows: list[Any] = matrix.tolist()
        else:
            columns = dict(zip(self.target.numbers, matrix.T.tolist(), strict=True))
            columns |= {name: as_list(texts[name]) or [""] * count for name in self.target.texts}
            rows = list(zip(*(columns[name] for name in self.order), strict=True))
        done = 0
        for size in self.sizes:
            whole = (count - done) // size
            if size == 1:
                connection.executemany(self.sql, rows[done:])
            elif whole:
                sql = self.sql_for(size)
                for first in range(done, done + whole * size, size):
                    connection.execute(sql, list(chain.from_iterable(rows[first : first + size])))
            done += whole * size
