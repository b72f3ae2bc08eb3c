"""The ledger in a PostgreSQL database: COPY for bulk rows, advisory locks for those who write.

The same tables, migrations and statements as in SQLite; what differs is all in this module.

One process holds the writer's lock alone, or several hold it together and take turns. A turn is a lock too, and the
server is its lease: it ends the session of a worker that holds the turn and does nothing for ``LEASE_SECONDS``. That a
stale worker writes nothing does not hang on it: the number of its chunk would be taken.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

import numpy as np
from sqlalchemy import ARRAY, URL, Connection, Select, StaticPool, any_, bindparam, create_engine
from sqlalchemy.dialects import postgresql as dialect
from sqlalchemy.sql.elements import ColumnElement

from guerdon.engine.ledger.errors import (
    LedgerBusy,
    LedgerConflict,
    LedgerInterrupted,
    LedgerUnreachable,
    LedgerUnwritable,
)
from guerdon.engine.ledger.store import INSERT, REMOVE, Row, Store, Target, as_list, parameter_name, statement_of

LOCK: Final = 0x67756572646F6E  # the writer's advisory lock in each database: the word guerdon
TURN: Final = LOCK + 1  # the turn of one among several writers
LEASE_SECONDS: Final = 60
LOCK_MILLISECONDS: Final = 500  # the server needs a moment to see that a process which had it was killed
BULK_ROWS: Final = 256  # from here on COPY pays


class PostgresStore(Store):
    """``url``: ``postgresql+psycopg://…``. ``write``: takes the database's writer lock, which dies with its process.

    ``shared``: with others who do so, and write in turns.
    """

    def __init__(self, url: URL, *, write: bool, shared: bool = False) -> None:
        try:
            import psycopg
        except ImportError as error:
            raise LedgerUnreachable(
                "psycopg is not installed", place=_place(url), hint="pip install 'guerdon[postgres]'"
            ) from error
        self._psycopg = psycopg
        self.place = _place(url)
        self._statements: dict[Target, tuple[str, tuple[str, ...]]] = {}
        self._selects: dict[int, tuple[Select[Any], str, dict[str, Any]]] = {}
        self._where = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._write, self.is_shared = write, shared
        self._connect()

    def _connect(self) -> None:
        """Both connections, and the writer's lock."""
        try:
            self._writer = self._psycopg.connect(self._where, autocommit=True)
            self._reader = self._psycopg.connect(self._where, autocommit=True)
        except self._psycopg.Error as error:
            text = str(error).strip().splitlines()[-1]
            raise LedgerUnreachable(text, place=self.place, hint="is the server up, and the URL right?") from error
        with self._talking():
            self._take_lock()
        self.engine = create_engine("postgresql+psycopg://", creator=lambda: self._writer, poolclass=StaticPool)

    def _take_lock(self) -> None:
        """The lock of one who writes alone, or of those who share; who only reads takes none."""
        self._reader.execute("SET default_transaction_read_only = on")
        if not self._write:
            self._writer.execute("SET default_transaction_read_only = on")
            return
        lock = "pg_advisory_lock_shared" if self.is_shared else "pg_advisory_lock"
        try:
            self._writer.execute(f"SET lock_timeout = {LOCK_MILLISECONDS}; SELECT {lock}({LOCK})".encode())
            self._writer.execute("SET lock_timeout = 0")
        except self._psycopg.errors.LockNotAvailable as error:
            self.close()
            raise LedgerBusy(
                "another process is writing to this ledger", place=self.place, hint="wait until it has finished"
            ) from error

    @contextmanager
    def _talking(self) -> Iterator[None]:
        """A server that hangs up, or asks to try again, is ``LedgerInterrupted``; one with a full disk is not."""
        try:
            yield
        except (self._psycopg.OperationalError, self._psycopg.InterfaceError) as error:
            if (stop := _told_to_stop(error)) is not None:
                raise stop from None
            text = str(error).strip().splitlines()
            if isinstance(error, self._psycopg.errors.DiskFull | self._psycopg.errors.IoError):
                hint = "is the server's disk full? What has been posted is safe; run it again then"
                raise LedgerUnwritable(f"it can't be written: {text[0]}", place=self.place, hint=hint) from error
            raise LedgerInterrupted(
                text[0] if text else "the connection was lost", place=self.place, hint="is the server up?"
            ) from error

    def take(self, wait_seconds: float) -> None:
        if not self.is_shared:
            return
        if self._writer.closed or self._reader.closed:
            self.close()
            self._connect()
        milliseconds, lease = int(wait_seconds * 1000), LEASE_SECONDS * 1000
        with self._talking():
            try:
                self._writer.execute(
                    f"SET lock_timeout = {milliseconds}; SET idle_session_timeout = {lease}; "
                    f"SET idle_in_transaction_session_timeout = {lease}; SELECT pg_advisory_lock({TURN})".encode()
                )
            except self._psycopg.errors.LockNotAvailable as error:
                raise LedgerBusy(
                    f"other processes have been writing for {wait_seconds:g} seconds",
                    place=self.place,
                    hint="try again; is there one that hangs?",
                ) from error

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        self._reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        try:
            yield
        finally:
            self._reader.rollback()

    def give(self) -> None:
        if self.is_shared and not self._writer.closed:
            with suppress(self._psycopg.OperationalError):  # its locks are gone with a session
                self._writer.execute(f"SELECT pg_advisory_unlock({TURN}); SET idle_session_timeout = 0".encode())

    def connect(self) -> Connection:
        return self.engine.connect()

    def begin(self) -> None:
        with self._talking():
            self._writer.execute("BEGIN")

    def commit(self) -> None:
        with self._talking():
            self._writer.execute("COMMIT")

    def rollback(self) -> None:
        with suppress(self._psycopg.OperationalError):  # a session that is gone has rolled back
            self._writer.rollback()

    def put(self, target: Target, matrix: np.ndarray, texts: Mapping[str, Any]) -> None:
        if not len(matrix):
            return
        has_bytes = any(target.table.c[name].type.python_type is bytes for name in target.texts)
        try:
            with self._talking():
                if len(matrix) < BULK_ROWS or has_bytes:
                    self._one_by_one(target, matrix, texts)
                elif target.how == REMOVE:
                    self._remove(target, matrix, texts)
                elif target.how == INSERT:
                    self._copy(f'"{target.table.name}"', target, matrix, texts)
                else:
                    self._merge(target, matrix, texts)
        except self._psycopg.errors.IntegrityError as error:
            text = str(error).strip().splitlines()[0]
            raise LedgerConflict(text, place=f"{self.place}, table {target.table.name}") from error

    def _one_by_one(self, target: Target, matrix: np.ndarray, texts: Mapping[str, Any]) -> None:
        sql, names = self._statement(target)
        columns = [
            matrix[:, target.numbers.index(column)].tolist()
            if (column := parameter_name(name)) in target.numbers
            else as_list(texts[column]) or [""] * len(matrix)
            for name in names
        ]
        with self._writer.cursor() as cursor:
            cursor.executemany(sql.encode(), [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)])

    def _copy(self, table: str, target: Target, matrix: np.ndarray, texts: Mapping[str, Any]) -> None:
        import polars as pl

        frame = pl.DataFrame(dict(zip(target.numbers, matrix.T, strict=True)))
        for name in target.texts:
            values = texts[name]
            series = values if isinstance(values, pl.Series) else pl.Series(as_list(values), dtype=pl.String)
            frame = frame.with_columns(pl.lit("").alias(name) if not len(series) else series.alias(name))
        out = io.BytesIO()
        frame.write_csv(out, include_header=False, quote_style="non_numeric")
        names = ", ".join(f'"{name}"' for name in frame.columns)
        with (
            self._writer.cursor() as cursor,
            cursor.copy(f"COPY {table} ({names}) FROM STDIN (FORMAT csv)".encode()) as copy,
        ):
            copy.write(out.getbuffer())

    def _merge(self, target: Target, matrix: np.ndarray, texts: Mapping[str, Any]) -> None:
        """Copies into a table of this transaction, and from there into the target, row meeting row."""
        name = target.table.name
        with self._writer.cursor() as cursor:
            cursor.execute(
                f'CREATE TEMPORARY TABLE IF NOT EXISTS "new_{name}" (LIKE "{name}") ON COMMIT DELETE ROWS'.encode()
            )
            self._copy(f'"new_{name}"', target, matrix, texts)
            sql, _ = self._statement(target)
            names = ", ".join(f'"{column.name}"' for column in target.table.columns)
            merged = (
                f'INSERT INTO "{name}" ({names}) SELECT {names} FROM "new_{name}" ' + sql[sql.index("ON CONFLICT") :]
            )
            cursor.execute(merged.encode())
            cursor.execute(f'TRUNCATE "new_{name}"'.encode())

    def _remove(self, target: Target, matrix: np.ndarray, texts: Mapping[str, Any]) -> None:
        """Copies the keys into a table of this transaction, and takes away what has them."""
        name, keys = target.table.name, [f'"{key}"' for key in (*target.numbers, *target.texts)]
        with self._writer.cursor() as cursor:
            cursor.execute(
                f'CREATE TEMPORARY TABLE IF NOT EXISTS "gone_{name}" ON COMMIT DELETE ROWS '
                f'AS SELECT {", ".join(keys)} FROM "{name}" WITH NO DATA'.encode()
            )
            self._copy(f'"gone_{name}"', target, matrix, texts)
            same = " AND ".join(f"kept.{key} = gone.{key}" for key in keys)
            cursor.execute(f'DELETE FROM "{name}" AS kept USING "gone_{name}" AS gone WHERE {same}'.encode())
            cursor.execute(f'TRUNCATE "gone_{name}"'.encode())

    def _statement(self, target: Target) -> tuple[str, tuple[str, ...]]:
        if target not in self._statements:
            compiled = statement_of(target, dialect.insert).compile(dialect=self.engine.dialect)
            self._statements[target] = (str(compiled), tuple(compiled.params))
        return self._statements[target]

    def rows(self, statement: Select[Any], **parameters: Any) -> list[Row]:
        known = self._selects.get(id(statement))
        if known is None:
            compiled = statement.compile(dialect=self.engine.dialect)
            known = self._selects[id(statement)] = (statement, str(compiled), dict(compiled.params))
        with self._talking():
            return self._reader.execute(known[1].encode(), {**known[2], **parameters}).fetchall()

    def matrix(self, statement: Select[Any], **parameters: Any) -> np.ndarray:
        found = self.rows(statement, **parameters)
        return np.array(found, np.int64).reshape(len(found), len(statement.selected_columns))

    few = matrix

    def among(self, column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
        return column == any_(bindparam(name, type_=ARRAY(column.type)))

    def many(self, numbers: np.ndarray) -> Any:
        return numbers.tolist()

    def texts(self, texts: Sequence[str]) -> Any:
        return list(texts)

    def close(self) -> None:
        self._writer.close()
        self._reader.close()


def _told_to_stop(error: BaseException) -> BaseException | None:
    """What told this process to stop, if the driver only complains of being left in the midst of something."""
    before = error.__context__
    while before is not None and isinstance(before, Exception):
        before = before.__context__
    return before


def _place(url: URL) -> str:
    return url.render_as_string(hide_password=True)
