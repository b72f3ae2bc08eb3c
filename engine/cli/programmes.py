"""Reading a programme for a command: its problems are shown all at once, and errors end the command with code 3."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guerdon.engine.cli.failing import CommandFailed, Exit

if TYPE_CHECKING:
    from guerdon.rules import Reading
    from guerdon.rules.problems import Problem
    from guerdon.rules.program import Program


def read(folder: Path) -> Reading:
    """The programme in a folder with its problems."""
    if not folder.is_dir():
        raise CommandFailed(
            "there is no such folder", Exit.USAGE, code="no-such-path", place=str(folder), hint="guerdon init makes one"
        )
    from guerdon.rules import read_programme

    return read_programme(folder)


def program_of(folder: Path) -> Program:
    """The compiled programme; its errors go to stderr and end the command."""
    reading = read(folder)
    if reading.program is None:
        show_problems(reading.errors, folder, error=True)
        count = f"{len(reading.errors)} errors"
        raise CommandFailed(count, Exit.RULES_INVALID, code="rules-invalid", place=str(folder), hint="mend them first")
    return reading.program


def show_problems(problems: Sequence[Problem], folder: Path, *, error: bool = False) -> None:
    """Each problem with its place, source line and hint."""
    stream = sys.stderr if error else sys.stdout
    for problem in problems:
        print(problem.shown(str(folder)), file=stream)


def problem_json(problem: Problem) -> dict[str, Any]:
    """A problem as ``--json`` gives it."""
    return {
        "severity": problem.severity,
        "code": problem.code,
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "message": problem.message,
        "hint": problem.hint,
    }
