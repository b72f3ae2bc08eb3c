"""Which back-end tests single events in a stream: durable_rules or plain Python. A backlog is for polars anyway."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from guerdon.engine.pipeline import Run
from guerdon.engine.stream.crash_marker import CRASHES_AT_MOST, CrashMarker

if TYPE_CHECKING:
    from guerdon.engine.ledger.ledger import Ledger
    from guerdon.rules.match.durable import Ruleset


class Matching:
    """Prepares runs. ``errors``: events that durable_rules could not test, which Python tested instead."""

    def __init__(self, matcher: str, marker: CrashMarker | None = None) -> None:
        self.matcher, self._marker = matcher, marker
        self._ruleset: Ruleset | None = None

    @classmethod
    def of(cls, matcher: str, ledger: Ledger) -> Matching:
        """As told, unless durable_rules has ended two workers at this place of the log."""
        if matcher != "durable":
            return cls(matcher)
        marker = CrashMarker.of(ledger.place, getattr(ledger.store, "file", None))
        crashes = marker.crashes_at(ledger.last_seq)
        if crashes < CRASHES_AT_MOST:
            return cls(matcher, marker)
        print(
            f"durable_rules ended {crashes} workers on one event: Python tests events now", file=sys.stderr, flush=True
        )
        return cls("python")

    def prepare(self, run: Run) -> None:
        """Puts the chosen back-end in the place of the tests of ``event`` conditions."""
        terms = run.matcher.terms
        if self.matcher != "durable" or not terms.event_tests:
            return
        from guerdon.rules.match.durable import compile_tests

        self._ruleset = compile_tests([test.condition for test in terms.event_tests])
        if self._marker is not None:
            self._ruleset.testing = self._marker.testing
        tests = self._ruleset.tests()
        terms.event_tests = [replace(each, test=test) for each, test in zip(terms.event_tests, tests, strict=True)]

    @property
    def errors(self) -> int:
        """How many events Python tested in its place."""
        return self._ruleset.errors if self._ruleset is not None else 0
