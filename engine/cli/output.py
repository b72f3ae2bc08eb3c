"""What commands print: tables and text for people, one JSON object for programs, progress on a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

PROGRESS_AFTER_SECONDS = 2
_PIPED_WIDTH, _PIPED_TABLE_WIDTH = 160, 10_000  # a table in a pipe is as wide as its content


def console(*, error: bool = False) -> Console:
    """A console that is as wide as the terminal, or wide enough for most lines when piped."""
    from rich.console import Console

    stream = sys.stderr if error else sys.stdout
    width = None if stream.isatty() else _PIPED_WIDTH
    return Console(stderr=error, width=width, highlight=False, soft_wrap=not stream.isatty())


def print_json(value: Any) -> None:
    """One JSON object; amounts are decimal text."""
    print(json.dumps(value, indent=2, default=_plain, ensure_ascii=False))


def _plain(value: Any) -> Any:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str = "", right: Sequence[str] = ()) -> None:
    """A table; the columns named in ``right`` hold figures, which stay whole: on a narrow terminal texts are folded."""
    from rich.table import Table
    from rich.text import Text

    grid = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    out = console()
    for place, column in enumerate(columns):
        figures = column in right
        whole = figures or place == 0 or not out.is_terminal
        grid.add_column(column, justify="right" if figures else "left", no_wrap=whole)
    for row in rows:
        grid.add_row(*(Text(_cell(cell)) for cell in row))
    if not out.is_terminal:
        out.width = _PIPED_TABLE_WIDTH
    out.print(grid)


def _cell(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value:,f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def counted(count: int, word: str) -> str:
    """A count with its word.

    >>> counted(1, "error"), counted(0, "error")
    ('1 error', '0 errors')
    """
    return f"{count:,} {word}" + ("" if count == 1 else "s")


class Progress:
    """How far a long command is; shows nothing unless stderr is a terminal and two seconds have passed."""

    def __init__(self, what: str) -> None:
        self.what = what
        self._bar: Any = None
        self._task: Any = None
        self._since = _seconds()

    def advance(self, done: int, total: int | None, what: str | None = None) -> None:
        """``done`` of ``total`` (None: unknown)."""
        if self._bar is None:
            if not sys.stderr.isatty() or _seconds() - self._since < PROGRESS_AFTER_SECONDS:
                return
            self._start()
        self._bar.update(self._task, completed=done, total=total, description=what or self.what)

    def _start(self) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bar = Bar(*columns, console=console(error=True), transient=True)
        self._bar.start()
        self._task = self._bar.add_task(self.what, total=None)

    def close(self) -> None:
        """Take the bar off the terminal."""
        if self._bar is not None:
            self._bar.stop()


@contextmanager
def progress(what: str) -> Iterator[Progress]:
    """A progress bar for anything that takes over two seconds on a terminal; nothing when piped."""
    bar = Progress(what)
    try:
        yield bar
    finally:
        bar.close()


def _seconds() -> float:
    from time import monotonic

    return monotonic()
