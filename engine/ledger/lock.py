"""One writing process for each SQLite file: a lock of the operating system that dies with its process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

from guerdon.engine.ledger.errors import LedgerBusy, LedgerUnreachable, LedgerUnwritable


class WriterLock:
    """Holds ``<file>.lock`` locked until ``release`` or the end of the process, however it ends."""

    def __init__(self, database: Path) -> None:
        path = Path(os.path.realpath(database))
        self.path = path.with_name(path.name + ".lock")
        try:
            self._file: IO[bytes] = open(self.path, "a+b", buffering=0)  # noqa: SIM115 - held until release
        except OSError as error:
            raise LedgerUnreachable(
                f"its lock file can't be opened: {error.strerror}", place=str(database), hint="is the folder writable?"
            ) from error
        if not _lock(self._file):
            holder = self._holder()
            self._file.close()
            raise LedgerBusy(
                f"another process{holder} is writing to this ledger",
                place=str(database),
                hint="wait until it has finished; what it has committed is safe",
            )
        try:
            self._file.truncate(0)
            self._file.write(str(os.getpid()).encode())
        except OSError as error:
            self._file.close()
            raise LedgerUnwritable(
                f"its lock file can't be written: {error.strerror}",
                place=str(database),
                hint="is the disk full, or the size of files limited?",
            ) from error

    def _holder(self) -> str:
        self._file.seek(0)
        text = self._file.read(32).decode(errors="replace").strip()
        return f" (process {text})" if text.isdigit() else ""

    def release(self) -> None:
        """Gives the lock back. The file stays: removing it could take away the lock of the next one."""
        self._file.close()


def _lock(file: IO[bytes]) -> bool:
    try:
        import fcntl
    except ImportError:
        return _lock_windows(file)
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _lock_windows(file: IO[bytes]) -> bool:
    import importlib

    msvcrt = importlib.import_module("msvcrt")
    file.seek(1 << 20)  # a byte beyond the text, so that others can read it
    try:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    except OSError:
        return False
    return True
