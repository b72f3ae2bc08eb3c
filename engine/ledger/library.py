"""SQLite's C library, called in a compiled loop: rows in and rows out without a Python object each.

It is the very library that Python's ``sqlite3`` uses (two copies in one process would break SQLite's file locks), found
through that module, and reached only by SQLite's public functions. Where it can't be reached so (some Pythons hide
its symbols), ``available()`` is False and plain ``sqlite3`` does the work.
"""

from __future__ import annotations

import ctypes
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np

from guerdon.engine.ledger.matrices import Packed

OK, ROW, DONE = 0, 100, 101
CONSTRAINT = 19
COPY = -1  # SQLite makes its own copy of a text
BLOCK_ROWS: Final = 65_536
_KEPT: Final = 128  # statements that stay prepared: one of a thousand rows takes SQLite a millisecond to read

_POINTER, _INT, _LONG = ctypes.c_void_p, ctypes.c_int, ctypes.c_longlong
_ENTRY = ctypes.CFUNCTYPE(_INT, _POINTER, _POINTER, _POINTER)
_SIGNATURES: Final = {
    "sqlite3_auto_extension": (_INT, [_POINTER]),
    "sqlite3_cancel_auto_extension": (_INT, [_POINTER]),
    "sqlite3_prepare_v2": (_INT, [_POINTER, ctypes.c_char_p, _INT, _POINTER, _POINTER]),
    "sqlite3_finalize": (_INT, [_POINTER]),
    "sqlite3_step": (_INT, [_POINTER]),
    "sqlite3_reset": (_INT, [_POINTER]),
    "sqlite3_clear_bindings": (_INT, [_POINTER]),
    "sqlite3_bind_int64": (_INT, [_POINTER, _INT, _LONG]),
    "sqlite3_bind_text": (_INT, [_POINTER, _INT, _POINTER, _INT, _POINTER]),
    "sqlite3_column_int64": (_LONG, [_POINTER, _INT]),
    "sqlite3_errmsg": (ctypes.c_char_p, [_POINTER]),
    "sqlite3_mutex_enter": (None, [_POINTER]),
    "sqlite3_mutex_leave": (None, [_POINTER]),
    "sqlite3_db_mutex": (_POINTER, [_POINTER]),
}


@cache
def _library() -> Any | None:
    try:
        import _sqlite3

        library = ctypes.CDLL(_sqlite3.__file__)
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
        version = library.sqlite3_libversion
        version.restype = ctypes.c_char_p
    except (ImportError, OSError, AttributeError):
        return None
    return library if version().decode() == sqlite3.sqlite_version else None


def available() -> bool:
    """Whether the library that ``sqlite3`` uses can be called."""
    return _library() is not None


_opening = threading.Lock()


def open_with_handle(connect: Callable[[], sqlite3.Connection]) -> tuple[sqlite3.Connection, int]:
    """Opens a connection and tells the library's handle of it; 0 where the library can't be called.

    SQLite tells it itself: it calls its registered extensions with the handle of each connection it opens.
    """
    library = _library()
    if library is None:
        return connect(), 0
    thread = threading.get_ident()
    handles: list[int] = []

    def opened(handle: int, _error: int, _routines: int) -> int:
        if threading.get_ident() == thread:
            handles.append(handle)
        return OK

    entry = _ENTRY(opened)
    with _opening:
        library.sqlite3_auto_extension(entry)
        try:
            connection = connect()
        finally:
            library.sqlite3_cancel_auto_extension(entry)
    return connection, handles[0] if len(handles) == 1 else 0


class Rows(NamedTuple):
    """Rows to be bound: numbers and texts, and the places (from 1) of their columns in a row of the statement."""

    numbers: np.ndarray  # int64[n, k]
    number_places: Sequence[int]
    texts: Sequence[Packed] = ()
    text_places: Sequence[int] = ()


def _entry(function: Any) -> Any:
    """A compiled function without the look at its arguments, which of pointers takes as long as a thousand rows.

    Sound because these are always of the same types here; the function that was first called is compiled for them.
    """
    signatures = function.signatures
    return function.get_overload(signatures[0]) if len(signatures) == 1 else function


class Handle:
    """One connection of the library. Use it from one thread at a time and only while its connection is open."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        library = _library()
        assert library is not None  # a handle came from it
        self._call = library
        self._mutex = self._call.sqlite3_db_mutex(handle)
        self._statements: OrderedDict[str, int] = OrderedDict()

    def write(self, sql: Callable[[int], str], sizes: Sequence[int], rows: Rows) -> None:
        """Writes rows, as many at once as the largest of ``sizes`` allows, the rest with the next; the last is 1.

        ``sql(size)`` is the statement for so many rows. sqlite3.IntegrityError: a constraint is broken.
        """
        from guerdon.engine.ledger import loops

        call, write = self._call, _entry(loops.write)
        numbers = np.ascontiguousarray(rows.numbers, np.int64)
        count = len(numbers)
        data = [np.ascontiguousarray(text.data) for text in rows.texts]
        addresses = np.array([part.ctypes.data for part in data], np.int64)
        offsets = np.stack([text.offsets for text in rows.texts]) if data else np.zeros((0, count + 1), np.int64)
        number_places, text_places = np.array(rows.number_places, np.int32), np.array(rows.text_places, np.int32)
        done = 0
        for size in sizes:
            if count - done < size:
                continue
            with self._prepared(sql(size)) as statement:
                done, status = write(
                    call.sqlite3_mutex_enter, call.sqlite3_mutex_leave, self._mutex,
                    call.sqlite3_bind_int64, call.sqlite3_bind_text, call.sqlite3_step, call.sqlite3_reset, statement,
                    done, size, len(number_places) + len(text_places), numbers, number_places,
                    addresses, offsets, text_places,
                )  # fmt: skip
                if status != DONE:
                    raise self._error(status)

    def read(self, sql: str, parameters: Sequence[int | str], width: int) -> np.ndarray:
        """The rows of a select of ``width`` number columns, int64[n, width]."""
        from guerdon.engine.ledger import loops

        call, fill = self._call, _entry(loops.read)
        blocks: list[np.ndarray] = []
        with self._prepared(sql) as statement:
            for place, parameter in enumerate(parameters, 1):
                if isinstance(parameter, str):
                    text = parameter.encode()
                    call.sqlite3_bind_text(statement, place, text, len(text), COPY)
                else:
                    call.sqlite3_bind_int64(statement, place, parameter)
            while True:
                block = np.empty((BLOCK_ROWS if blocks else 1024, width), np.int64)
                count, status = fill(
                    call.sqlite3_mutex_enter, call.sqlite3_mutex_leave, self._mutex,
                    call.sqlite3_step, call.sqlite3_column_int64, statement, block,
                )  # fmt: skip
                blocks.append(block[:count])
                if status == DONE:
                    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)
                if status != ROW:
                    raise self._error(status)

    def close(self) -> None:
        """Lets go of all statements; to be called before the connection is closed."""
        while self._statements:
            self._call.sqlite3_finalize(self._statements.popitem()[1])

    @contextmanager
    def _prepared(self, sql: str) -> Iterator[int]:
        """A statement, prepared once and kept; nothing of what was bound to it remains."""
        statement = self._statements.pop(sql, 0) or self._prepare(sql)
        try:
            yield statement
        finally:
            self._call.sqlite3_reset(statement)
            self._call.sqlite3_clear_bindings(statement)
            self._statements[sql] = statement
            if len(self._statements) > _KEPT:
                self._call.sqlite3_finalize(self._statements.popitem(last=False)[1])

    def _prepare(self, sql: str) -> int:
        statement = ctypes.c_void_p()
        status = self._call.sqlite3_prepare_v2(self._handle, sql.encode(), -1, ctypes.byref(statement), None)
        if status != OK or not statement.value:
            raise self._error(status)
        return statement.value

    def _error(self, status: int) -> sqlite3.Error:
        text = self._call.sqlite3_errmsg(self._handle).decode(errors="replace")
        if status & 0xFF == CONSTRAINT:
            return sqlite3.IntegrityError(text)
        return sqlite3.OperationalError(text)
