"""Being told to stop (Ctrl-C, SIGTERM): the command ends at once, says so, and what is being posted is rolled back."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from guerdon.engine.cli.failing import CommandFailed, Exit

_told = 0  # the signal that came; 0: none


class Stopped(BaseException):
    """The process was told to stop. No ``Exception``, so that nothing on the way takes it for a mistake of its own."""

    def __init__(self, number: int, hint: str = "") -> None:
        super().__init__(number)
        self.number = number
        self.hint = hint

    @property
    def exit_code(self) -> int:
        """What a shell expects of a process that a signal ended."""
        return 128 + self.number

    def failure(self) -> CommandFailed:
        """It as something to tell a user."""
        name = signal.Signals(self.number).name
        return CommandFailed(f"stopped by {name}", Exit.FINDINGS, code="stopped", hint=self.hint)


def listen() -> None:
    """From now on SIGINT and SIGTERM raise ``Stopped``. For the main thread of a process of its own."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)


def _stop(number: int, frame: FrameType | None) -> None:
    global _told  # noqa: PLW0603 - a process is told once
    _told = number
    raise Stopped(number)


@contextmanager
def stoppable(hint: str) -> Iterator[None]:
    """A ``Stopped`` from here says ``hint``. Libraries that listen themselves raise KeyboardInterrupt: the same."""
    try:
        yield
    except KeyboardInterrupt:
        raise Stopped(signal.SIGINT, hint) from None
    except Stopped as stopped:
        raise Stopped(stopped.number, hint) from None


def stop_if_told() -> None:
    """Raises ``Stopped`` if a signal came that was lost on its way: in a callback of a C library."""
    if _told:
        raise Stopped(_told)
