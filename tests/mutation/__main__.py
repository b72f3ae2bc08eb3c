"""A mutation run: ``python -m tests.mutation [--sample N] [--seed S]``.

A sample of small changes to the rules and to what decides is put, one at a time, into a process of its own, which plays
the case files that reach the changed line, without the compiler, and reads the wrong programmes. A line that hundreds
of cases reach is asked about by some of each path through its function, rare paths first. What no case notices the
tests of rules, or the histories that are held to the judge, may. A change that nothing notices has survived: either
nothing asks about it, or it changes nothing. Prints the score and the survivors.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import pickle
import random
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from guerdon.engine.cases import running
from guerdon.engine.cases.reading import Case, find_cases
from guerdon.engine.decide.decider import Decider
from guerdon.rules import read_programme

from .mutants import Mutant, mutants_of, put_in
from .paths import Paths

ROOT = Path(__file__).parent.parent.parent
RULES = (
    "budgets", "canonical", "coherence", "compile", "compile_offers", "contradiction", "figures", "funders",
    "implication", "lints", "matchers", "match.python", "offer_coherence", "offer_lints", "outranked", "reachable",
    "selection",
)  # fmt: skip
DECIDE = (
    "adhoc", "amounts", "award_back", "awarding", "back", "candidates", "caps", "clawing", "due", "estimates",
    "funding", "granting", "holds", "kept", "late", "lifecycle", "lots", "merging_counters", "payouts", "progress",
    "progress_back", "redeeming", "referrals", "resolution", "returns", "spending", "step", "terms_tables", "tiers",
    "units_back", "waiting", "windows",
)  # fmt: skip
MODULES = (*(f"guerdon.rules.{name}" for name in RULES), *(f"guerdon.engine.decide.{name}" for name in DECIDE))
TESTS = {
    "rules": (
        "rules/test_figures.py", "rules/test_matchers.py", "rules/test_selection.py", "rules/test_compile.py",
        "rules/test_lints.py", "rules/test_outranked.py", "rules/test_implication.py", "rules/test_match_agreement.py",
        "rules/test_contradiction.py", "rules/test_everything.py", "cli/test_check_history.py",
        "rules/test_budgets.py", "rules/test_reachable.py", "rules/test_outranked_multiples.py",
        "rules/test_business_name.py",
    ),
    "engine": (
        "decide/test_what_rows_say.py", "decide/test_room.py", "decide/test_requests.py",
        "decide/returns/test_own_version.py", "decide/test_instruments_judged.py",
        "decide/test_request_histories.py", "decide/test_contacts_judged.py", "properties/test_mixed.py",
        "decide/returns/test_returns_judged.py", "properties/test_judge.py",
    ),
}  # fmt: skip
MOST_SECONDS = 90  # a change that makes the cases take longer has been noticed
MOST_SECONDS_OF_TESTS = 400
MOST_CASES = 120
Check = tuple[str, str]  # kind, path


def main() -> int:
    """Run it; 1 if fewer than ``--at-least`` percent of the changes were noticed."""
    asked = argparse.ArgumentParser(prog="python -m tests.mutation")
    asked.add_argument("--sample", type=int, default=200)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--at-least", type=float, default=0.0, metavar="PERCENT")
    asked.add_argument("--every", type=int, default=1, metavar="N", help="play every Nth case only")
    told = asked.parse_args()
    started = time.perf_counter()
    _without_the_compiler()
    paths = _found_paths(told.every)
    every = [mutant for module in MODULES for mutant in mutants_of(module)]
    sample = random.Random(told.seed).sample(every, min(told.sample, len(every)))
    survived = []
    for number, mutant in enumerate(sample, 1):
        noticed = _noticed(mutant, paths.through(mutant)[:MOST_CASES]) or _noticed_by_tests(mutant)
        if not noticed:
            survived.append(mutant)
        print(f"{number}/{len(sample)} {'noticed ' if noticed else 'SURVIVED'} {mutant}", flush=True)
    score = 100 * (len(sample) - len(survived)) / len(sample)
    print(f"\n{len(sample)} of {len(every)} changes, seed {told.seed}, {time.perf_counter() - started:.0f} s")
    print(f"noticed {len(sample) - len(survived)}, survived {len(survived)}: {score:.1f}%")
    for mutant in survived:
        print(f"  {mutant}")
    return int(score < told.at_least)


def _without_the_compiler() -> None:
    """Decide with the plain functions, which a change can be put into; each case as one batch."""
    told = Decider.__init__

    def plain(self: Decider, *rest: Any, **named: Any) -> None:
        told(self, *rest, **{**named, "plain": True})

    Decider.__init__ = plain  # type: ignore[method-assign]
    running.ways_of = _as_one_batch


def _as_one_batch(case: Case) -> Iterator[running.Way]:
    yield running.Way(running.BATCH)


# ---- what can notice a change


def _checks() -> list[Check]:
    cases = [*find_cases(ROOT / "tests" / "cases"), *(ROOT / "schemes").glob("*/cases/*.yaml")]
    wrong = [path for path in (ROOT / "tests" / "wrong").iterdir() if (path / "expected.txt").exists()]
    return [("case", str(path)) for path in cases] + [("wrong", str(path)) for path in sorted(wrong)]


def _holds(check: Check) -> bool:
    """Whether a case ends as it expects, or a wrong programme is told of as it should be."""
    kind, path = check
    if kind == "case":
        report = running.check_case(Path(path))
        return report is not None and not report.failures
    folder = Path(path)
    base = ROOT / "tests" / "wrong" / "base"
    files = {
        each.name: each.read_text(encoding="utf-8")
        for place in (base, folder)
        for each in sorted(place.iterdir())
        if each.is_file() and each.name != "expected.txt"
    }
    said = "\n".join(problem.shown() for problem in read_programme(None, files).problems) + "\n"
    return said == (folder / "expected.txt").read_text(encoding="utf-8")


def _found_paths(every: int) -> Paths:
    """Which checks hold here, and which lines each of them reaches; found out in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "paths"
        _in_a_process(lambda: path.write_bytes(pickle.dumps(Paths.of(MODULES, _checks()[::every], _holds))), 3600)
        found: Paths = pickle.loads(path.read_bytes())
    return found


# ---- one change


def _noticed(mutant: Mutant, checks: list[Check]) -> bool:
    """Whether a check no longer holds, ends in an error or takes too long with the change in place."""

    def played() -> None:
        put_in(mutant)
        if not all(_holds(check) for check in checks):
            os._exit(1)

    return _in_a_process(played, MOST_SECONDS) != 0


def _noticed_by_tests(mutant: Mutant) -> bool:
    """Whether a test fails, ends in an error or takes too long with the change in place."""

    def tested() -> None:
        os.environ["GUERDON_TEST_ENGINE"] = "sqlite"
        put_in(mutant)
        quietly = ["-q", "-x", "--no-header", "-p", "no:cacheprovider", "-p", "no:xdist"]
        for name in TESTS[mutant.module.split(".")[1]]:
            if pytest.main([*quietly, str(ROOT / "tests" / name)]) != 0:
                os._exit(1)

    return _in_a_process(tested, MOST_SECONDS_OF_TESTS) != 0


def _in_a_process(work: Callable[[], object], seconds: int) -> int:
    """Do it in a fork; its exit code, not 0 if it raised, or took longer than ``seconds`` of the processor."""

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        signal.alarm(6 * seconds)
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
            work()

    child = multiprocessing.get_context("fork").Process(target=bounded)
    child.start()
    child.join()
    return child.exitcode or 0


if __name__ == "__main__":
    sys.exit(main())
