"""Which checks run through which lines of the functions that are changed, and which of them to play for a change."""

from __future__ import annotations

import importlib
import os
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import coverage

from .mutants import Mutant, functions_of

Check = Any  # whatever the caller takes for one; hashable


@dataclass(slots=True)
class Paths:
    """``lines``: (module, function) → check → the lines of it that the check runs; ``seconds`` that a check takes."""

    lines: dict[tuple[str, str], dict[Check, frozenset[int]]] = field(default_factory=dict)
    seconds: dict[Check, float] = field(default_factory=dict)

    @classmethod
    def of(cls, modules: Sequence[str], checks: Sequence[Check], holds: Callable[[Check], bool]) -> Paths:
        """Watch each check that holds; one that does not hold here says nothing about a change."""
        files = {os.path.realpath(str(importlib.import_module(module).__file__)): module for module in modules}
        watched = coverage.Coverage(data_file=None, config_file=False, include=list(files))
        found = cls()
        kept: dict[str, Check] = {}
        watched.start()
        for number, check in enumerate(checks):
            watched.switch_context(str(number))
            started = time.process_time()
            try:
                held = holds(check)
            except Exception:
                held = False
            if held:
                kept[str(number)] = check
                found.seconds[check] = time.process_time() - started
        watched.stop()
        for file, module in files.items():
            contexts = watched.get_data().contexts_by_lineno(file)
            for name, first, last in functions_of(module):
                run: defaultdict[Check, set[int]] = defaultdict(set)
                for line in range(first, last + 1):
                    for context in contexts.get(line, ()):
                        if context in kept:
                            run[kept[context]].add(line)
                found.lines[module, name] = {check: frozenset(lines) for check, lines in run.items()}
        return found

    def through(self, mutant: Mutant) -> list[Check]:
        """The checks that run the changed line: in turn one of each path through the function, rare paths first."""
        run = self.lines.get((mutant.module, mutant.function), {})
        line = max((line for lines in run.values() for line in lines if line <= mutant.line), default=0)
        by_path: defaultdict[frozenset[int], list[Check]] = defaultdict(list)
        for check, lines in run.items():
            if line in lines:
                by_path[lines].append(check)
        groups = [sorted(group, key=self.seconds.__getitem__) for group in by_path.values()]
        groups.sort(key=len)
        turns = max(map(len, groups), default=0)
        return [group[turn] for turn in range(turns) for group in groups if turn < len(group)]
