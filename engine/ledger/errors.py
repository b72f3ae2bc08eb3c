"""What can go wrong when a ledger is opened or written: errors with a stable code, the place and a hint."""

from __future__ import annotations


class LedgerError(Exception):
    """A ledger can't do what was asked. ``code`` is stable, ``place`` is its URL or file, ``hint`` says what helps."""

    code = "ledger_error"

    def __init__(self, message: str, *, place: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.place}: {self.message}" if self.place else self.message
        return f"{text} ({self.hint})" if self.hint else text


class LedgerBusy(LedgerError):
    """Another process is writing to the ledger; SQLite takes one writing process at a time."""

    code = "ledger_busy"


class LedgerUnreachable(LedgerError):
    """There is no ledger at the URL, it can't be opened, or it is of another version of the schema."""

    code = "ledger_unreachable"


class LedgerUnwritable(LedgerError):
    """The disk takes no more: it is full, a file may not grow, or it fails. Nothing of the chunk was posted."""

    code = "ledger_unwritable"


class LedgerInterrupted(LedgerError):
    """The database hung up, or asks to try again. Whether the last chunk was committed its head tells: read it anew."""

    code = "ledger_interrupted"


class LedgerConflict(LedgerError):
    """A chunk doesn't fit what the ledger holds (a key or a seq that is taken): nothing of it was posted."""

    code = "ledger_conflict"
