"""Problems of rule files: a stable code, a place, a message in the author's words and a hint that is an action."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple

_SHOWN_WIDTH = 120

# The codes of errors. docs/errors.md explains each; lints have theirs in ``lints.py``.
ERROR_CODES = (
    "unknown-field",
    "missing-field",
    "wrong-type",
    "bad-amount",
    "bad-date",
    "bad-duration",
    "bad-id",
    "duplicate-id",
    "duplicate-key",
    "unknown-reference",
    "unknown-attribute",
    "type-mismatch",
    "exactly-one",
    "conflicting-fields",
    "goal-type-mismatch",
    "goal-windows-differ",
    "offer-not-allowed",
    "yaml-syntax",
    "yaml-forbidden",
    "path-outside",
    "too-many",
)


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One problem. Lines and columns count from 1, as editors show them; ``file`` is relative to the programme."""

    file: str
    line: int
    column: int
    code: str
    message: str
    hint: str = ""
    source_line: str = ""
    severity: str = "error"  # error | lint

    @property
    def is_error(self) -> bool:
        """Whether it keeps the programme from running."""
        return self.severity == "error"

    def shown(self, folder: str = "") -> str:
        """The problem as it is printed; ``folder`` goes before the file's name so that an editor can follow it.

        >>> problem = Problem("pools.yaml", 2, 5, "bad-id", "'Coffee' is no id", "write coffee", "  - id: Coffee")
        >>> print(problem.shown("demo"))
        demo/pools.yaml:2:5: error[bad-id]: 'Coffee' is no id
          - id: Coffee
            ^
          hint: write coffee
        """
        where = f"{folder.rstrip('/')}/{self.file}" if folder else self.file
        lines = [f"{where}:{self.line}:{self.column}: {self.severity}[{self.code}]: {self.message}"]
        if self.source_line.strip():
            lines += _excerpt(self.source_line, self.column)
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.shown()


class Remark(NamedTuple):
    """What is hardly meant in one entry of a file; ``path``: where below the entry it is written."""

    code: str
    path: tuple[str | int, ...]
    message: str
    hint: str


def _excerpt(line: str, column: int) -> list[str]:
    """The source line, cut to what is around the column, and a caret under the column."""
    start = 0 if len(line) <= _SHOWN_WIDTH else max(0, min(column - 1 - _SHOWN_WIDTH // 2, len(line) - _SHOWN_WIDTH))
    end = start + _SHOWN_WIDTH
    before = ("…" if start else "") + line[start : column - 1]
    pad = "".join(character if character == "\t" else " " for character in before)
    text = ("…" if start else "") + line[start:end] + ("…" if end < len(line) else "")
    return [text.rstrip(), f"{pad}^"]


def did_you_mean(wrong: str, known: Iterable[str], *, what: str) -> str:
    """A hint: the nearest of the known names, or all of them if there are few.

    >>> did_you_mean("sliver", ["gold", "silver"], what="tiers")
    "did you mean 'silver'? tiers here: gold, silver"
    """
    names = sorted(known)
    near = nearest(wrong, names)
    listed = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    here = f"{what} here: {listed}" if names else f"there are no {what} in this programme"
    return f"did you mean '{near}'? {here}" if near else here


def nearest(wrong: str, known: Iterable[str]) -> str | None:
    """The known name most like ``wrong``; None if none is like it."""
    names = {name.lower(): name for name in known}
    found = get_close_matches(wrong.lower(), names, n=1, cutoff=0.6)
    return names[found[0]] if found else None
