"""The ledger in one SQLite file (or in memory): pragmas, transactions, bulk rows through the C library.

A file has two connections here: one writes, one reads. Only the writer checkpoints, since SQLite before 3.51.3 can
lose pages when two connections checkpoint at one instant.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import URL, Connection, Select, StaticPool, bindparam, create_engine, func, select
from sqlalchemy.sql.elements import ColumnElement

from guerdon.engine.ledger.errors import LedgerBusy, LedgerConflict, LedgerError, LedgerUnreachable, LedgerUnwritable
from guerdon.engine.ledger.library import Handle, open_with_handle
from guerdon.engine.ledger.lock import WriterLock
from guerdon.engine.ledger.row_form import RowForm
from guerdon.engine.ledger.store import Row, Store, Target

PAGE_BYTES = 16_384
CACHE_KIB = 65_536
CHECKPOINT_PAGES = 4_000  # of the log, before it is copied back into the file
BUSY_SECONDS = 5
BULK_ROWS = 256  # from here on the compiled loop pays


class SqliteStore(Store):
    """``url``: ``sqlite:///file``, or ``sqlite://`` for memory. ``write``: takes the file's writer lock."""

    def __init__(self, url: URL, *, create: bool, write: bool) -> None:
        file = url.database
        self.file = None if file in (None, "", ":memory:") else Path(str(file))
        self.place = "memory" if self.file is None else str(self.file)
        self._lock: WriterLock | None = None
        self._prepared: dict[int, tuple[Select[Any], str, tuple[str, ...], dict[str, Any]]] = {}
        self._forms: dict[Target, RowForm] = {}
        if self.file is not None:
            self._look(self.file, create)
            self._lock = WriterLock(self.file) if write else None
        try:
            self._writer, self._handle = self._open()
            self._reader, self._reading = (self._writer, self._handle) if self.file is None else self._open()
            self._set_up(write)
        except sqlite3.Error as error:
            self.close()
            raise self._unreachable(error) from error
        self.engine = create_engine("sqlite://", creator=lambda: self._writer, poolclass=StaticPool)

    def _look(self, file: Path, create: bool) -> None:
        if file.is_dir():
            raise LedgerUnreachable("is a folder", place=self.place, hint="name a file")
        if not file.exists():
            if not create:
                raise LedgerUnreachable("there is no ledger", place=self.place, hint="guerdon run makes one")
            if not file.parent.is_dir():
                raise LedgerUnreachable("there is no such folder", place=str(file.parent), hint="make it first")

    def _open(self) -> tuple[sqlite3.Connection, Handle | None]:
        def connect() -> sqlite3.Connection:
            return sqlite3.connect(
                ":memory:" if self.file is None else self.file,
                timeout=BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=256,
            )

        connection, number = open_with_handle(connect)
        return connection, Handle(number) if number else None

    def _set_up(self, write: bool) -> None:
        writer, reader = self._writer, self._reader
        writer.execute(f"PRAGMA page_size={PAGE_BYTES}")  # only a new file takes it
        if self.file is not None and write:
            writer.execute("PRAGMA journal_mode=WAL")
        for connection in (writer, reader):
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
            connection.execute("PRAGMA temp_store=MEMORY")
            connection.execute("PRAGMA secure_delete=ON")  # what was said before lies in no gap of a page
        writer.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES if write else 0}")
        if reader is not writer:
            reader.execute("PRAGMA wal_autocheckpoint=0")
            reader.execute("PRAGMA query_only=ON")
        if not write:
            writer.execute("PRAGMA query_only=ON")

    def _unreachable(self, error: sqlite3.Error) -> LedgerError:
        text = str(error)
        if "locked" in text or "busy" in text:
            return LedgerBusy("another program holds it", place=self.place, hint="close that program and try again")
        if "disk" in text:  # "database or disk is full", "disk I/O error": what SQLite says of a failing write
            hint = "is the disk full, or the size of files limited? What has been posted is safe; run it again then"
            return LedgerUnwritable(f"it can't be written: {text}", place=self.place, hint=hint)
        hint = "is it a ledger of ours?" if "not a database" in text else "look at its permissions"
        return LedgerUnreachable(text, place=self.place, hint=hint)

    def connect(self) -> Connection:
        return self.engine.connect()

    @contextmanager
    def overwriting(self, erases: bool) -> Iterator[None]:
        """What is deleted or replaced is zeros in the file; the log that held it is copied back and cut off too."""
        yield
        if erases and self.file is not None:
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def begin(self) -> None:
        try:
            self._writer.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise self._unreachable(error) from error

    def commit(self) -> None:
        try:
            self._writer.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise self._unreachable(error) from error

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        if self._reader is self._writer:  # in memory nobody else writes
            yield
            return
        self._reader.execute("BEGIN")
        try:
            yield
        finally:
            self._reader.execute("ROLLBACK")

    def rollback(self) -> None:
        if self._writer.in_transaction:
            self._writer.execute("ROLLBACK")

    def put(self, target: Target, matrix: np.ndarray, texts: Mapping[str, Any]) -> None:
        count = len(matrix)
        if not count:
            return
        form = self._forms.get(target)
        if form is None:
            form = self._forms[target] = RowForm.of(target, self.engine.dialect, self._writer)
        try:
            if self._handle is not None and count >= BULK_ROWS and not form.has_bytes:
                form.write_compiled(self._handle, matrix, texts)
            else:
                form.write_plain(self._writer, matrix, texts)
        except sqlite3.IntegrityError as error:
            raise LedgerConflict(str(error), place=f"{self.place}, table {target.table.name}") from error
        except sqlite3.OperationalError as error:
            raise self._unreachable(error) from error

    def _prepare(self, statement: Select[Any], parameters: dict[str, Any]) -> tuple[str, list[Any]]:
        known = self._prepared.get(id(statement))
        if known is None:
            compiled = statement.compile(dialect=self.engine.dialect)
            order = tuple(compiled.positiontup or ())
            known = self._prepared[id(statement)] = (statement, str(compiled), order, dict(compiled.params))
        given = {**known[3], **parameters}
        return known[1], [given[name] for name in known[2]]

    def rows(self, statement: Select[Any], **parameters: Any) -> list[Row]:
        return self._reader.execute(*self._prepare(statement, parameters)).fetchall()

    def matrix(self, statement: Select[Any], **parameters: Any) -> np.ndarray:
        if self._reading is None:
            return self.few(statement, **parameters)
        return self._reading.read(*self._prepare(statement, parameters), len(statement.selected_columns))

    def few(self, statement: Select[Any], **parameters: Any) -> np.ndarray:
        found = self.rows(statement, **parameters)
        return np.array(found, np.int64).reshape(len(found), len(statement.selected_columns))

    def among(self, column: ColumnElement[int], name: str) -> ColumnElement[bool]:
        listed = func.json_each(bindparam(name)).table_valued("value")
        return column.in_(select(listed.c.value))

    def many(self, numbers: np.ndarray) -> Any:
        return json.dumps(numbers.tolist())

    def texts(self, texts: Sequence[str]) -> Any:
        return json.dumps(list(texts))

    def close(self) -> None:
        for handle in (getattr(self, "_reading", None), getattr(self, "_handle", None)):
            if handle is not None:
                handle.close()
        for connection in (getattr(self, "_reader", None), getattr(self, "_writer", None)):
            if connection is not None:
                connection.close()  # in memory both are one; closing it twice does nothing
        if self._lock is not None:
            self._lock.release()
