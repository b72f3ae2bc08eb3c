"""The rule language: YAML text → a compiled, hashed programme, or every problem at once.

reading = read_programme(Path("schemes/starter"))
if reading.program is None:
    print(*reading.problems, sep="\\n")
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from guerdon.rules.problems import Problem
    from guerdon.rules.program import Program

__all__ = ["Problem", "Program", "Reading", "program_from_canonical", "read_programme"]


@dataclass(frozen=True, slots=True)
class Reading:
    """A programme that was read. ``program`` is None if ``problems`` holds an error; lints stop nothing."""

    program: Program | None
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.is_error)

    @property
    def lints(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if not problem.is_error)


def read_programme(path: Path | None, files: Mapping[str, str] | None = None) -> Reading:
    """Read a programme folder.

    Args:
        path: The folder; None for a programme that ``files`` holds whole.
        files: Texts by their path in the folder, laid over it.

    Raises:
        NotADirectoryError: ``path`` is no folder.
    """
    from guerdon.rules.reading import read

    return read(path, files or {})


def program_from_canonical(text: str) -> Program:
    """Compile again the programme whose ``canonical`` form was kept."""
    from guerdon.rules.canonical import program_from_canonical as compile_again

    return compile_again(text)


def __getattr__(name: str) -> Any:
    """``Problem`` and ``Program`` are loaded when they are asked for."""
    if name == "Problem":
        from guerdon.rules.problems import Problem

        return Problem
    if name == "Program":
        from guerdon.rules.program import Program

        return Program
    raise AttributeError(name)
