"""How commands end: exit codes, and errors that say what happened, where, and what helps, without a traceback."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of every command (spec 8)."""

    DONE = 0
    FINDINGS = 1  # done, but events were refused or parked, or a check, case or invariant failed
    USAGE = 2
    RULES_INVALID = 3
    UNREACHABLE = 4  # ledger or feed


class CommandFailed(Exception):
    """A command can't go on. ``code`` is stable; ``hint`` says what helps."""

    def __init__(self, message: str, exit_code: Exit, *, code: str = "", place: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code
        self.code = code
        self.place = place
        self.hint = hint


def as_failure(error: Exception) -> CommandFailed:
    """Any exception as something to tell a user.

    Errors of the engine carry ``message``, ``code``, ``place`` and ``hint``; their module says what they mean.
    """
    if isinstance(error, CommandFailed):
        return error
    message = str(getattr(error, "message", "") or error)
    code, place, hint = (str(getattr(error, name, "") or "") for name in ("code", "place", "hint"))
    module = type(error).__module__
    if module.startswith(("guerdon.engine.ledger", "guerdon.engine.events", "guerdon.engine.stream")) and code:
        return CommandFailed(message, Exit.UNREACHABLE, code=code, place=place, hint=hint)
    if isinstance(error, OSError):
        message = f"{error.strerror or error}" + (f": {error.filename}" if error.filename else "")
        return CommandFailed(message, Exit.UNREACHABLE, code="unreachable", hint="check the path and its permissions")
    return CommandFailed(
        f"{type(error).__name__}: {message}",
        Exit.FINDINGS,
        code="internal-error",
        hint="this is a fault of Guerdon; run the command again with --debug and report what it prints",
    )
