"""Which back-end tests single events in a stream: durable_rules, or plain Python. A backlog goes through polars anyway."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from guerdon.engine.pipeline import Run

if TYPE_CHECKING:
    from guerdon.rules.match.durable import Ruleset


class Matching:
    """Prepares runs. ``errors``: events that durable_rules could not test, which Python tested instead."""

    def __init__(self, matcher: str) -> None:
        self.matcher = matcher
        self._ruleset: Ruleset | None = None

    def prepare(self, run: Run) -> None:
        """Puts the chosen back-end in the place of the tests of ``event`` conditions."""
        terms = run.matcher.terms
        if self.matcher != "durable" or not terms.event_tests:
            return
        from guerdon.rules.match.durable import compile_tests

        self._ruleset = compile_tests([test.condition for test in terms.event_tests])
        tests = self._ruleset.tests()
        terms.event_tests = [replace(each, test=test) for each, test in zip(terms.event_tests, tests, strict=True)]

    @property
    def errors(self) -> int:
        """How many events Python tested in its place."""
        return self._ruleset.errors if self._ruleset is not None else 0
