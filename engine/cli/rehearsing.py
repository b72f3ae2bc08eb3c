"""What ``check --events`` does: a history is run through the rules in memory, and its days held against the budgets."""

from __future__ import annotations

from pathlib import Path
from time import time_ns
from typing import TYPE_CHECKING, Any, NamedTuple

from guerdon.engine.ahead import ahead
from guerdon.engine.cli.jobs import Told, files_of, reader_of, say_if_compiling
from guerdon.engine.cli.output import progress
from guerdon.engine.cli.stopping import stop_if_told, stoppable

if TYPE_CHECKING:
    from guerdon.rules.budgets import LargestDays
    from guerdon.rules.problems import Problem
    from guerdon.rules.program import Program

_IN_MEMORY = "sqlite://"


class Rehearsal(NamedTuple):
    """A history that was run without budgets: its events, the budgets in doubt, the largest days."""

    events: int
    problems: list[Problem]
    days: LargestDays

    def as_json(self, digits: int) -> dict[str, Any]:
        """What ``check --json`` says of it beside the problems."""
        from guerdon.engine.report.naming import decimal_of

        days = {
            kind: {
                name: {"date": day.date.isoformat(), "amount": decimal_of(day.minor, digits)}
                for name, day in of.items()
            }
            for kind, of in (("offers", self.days.offers), ("merchants", self.days.merchants))
        }
        return {"events": self.events, "largest_days": days}


def rehearse(program: Program, folder: Path, events: list[str], data: Path | None) -> Rehearsal:
    """Run a history through the rules without their budgets; nothing is posted."""
    from guerdon.engine.ledger.ledger import Ledger
    from guerdon.engine.pipeline import Run
    from guerdon.engine.report.largest_days import largest_days
    from guerdon.rules.budgets import budget_lints, without_budgets

    rehearsed = without_budgets(program)
    files = files_of(rehearsed, Told(folder, events, data, ""))
    say_if_compiling()
    with stoppable("nothing was posted"), Ledger.open(_IN_MEMORY) as ledger, progress("events") as bar:
        reader = reader_of(rehearsed, files, "", ledger)
        run = Run.open(rehearsed, ledger)
        for admission in ahead(reader.admissions(time_ns() // 1000, ledger.file_progress, run.chunk_events)):
            stop_if_told()
            run.admit(admission)
            bar.advance(run.counts.read, None)
        days = largest_days(ledger, rehearsed)
        return Rehearsal(run.counts.read, sorted(budget_lints(folder, program, days)), days)
