"""Runs cases: one batch, event by event, and cut in two at every place; each must end as the case expects."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guerdon.engine.cases.compare import Mismatch, compare
from guerdon.engine.cases.document import Map
from guerdon.engine.cases.reading import Case, CaseInvalid, read_case
from guerdon.rules.problems import Problem
from guerdon.rules.program import Program

if TYPE_CHECKING:
    from guerdon.engine.cases.playing import CaseResult

BATCH, SINGLE, CUT = "batch", "single", "cut"


@dataclass(frozen=True, slots=True)
class Way:
    """How the events of a case are fed. ``cut``: after how many events a second run begins."""

    kind: str
    cut: int = 0

    def __str__(self) -> str:
        if self.kind == CUT:
            return f"cut after {self.cut}"
        return {BATCH: "as one batch", SINGLE: "event by event"}[self.kind]


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing in which a case differs, in all the ways in which it does."""

    line: int
    part: str
    expected: str
    found: str
    ways: str
    explanation: str

    def as_json(self) -> dict[str, Any]:
        """The failure as ``test --json`` gives it."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class CaseReport:
    """How a case ended."""

    name: str
    display: str
    failures: tuple[Failure, ...]


def run_events(
    files: Mapping[str, str],
    events: Sequence[Mapping[str, Any]],
    *,
    way: str = BATCH,
    cut: int | None = None,
    folder: Path | None = None,
    url: str = "sqlite://",
) -> CaseResult:
    """Feed events to a programme given as texts, and read out what the ledger holds then.

    ``files``: name → text, laid over ``folder`` if there is one. ``events``: fields of spec 3, in log order; ids and
    sources may be left out, times be local, amounts decimal text. ``way``: batch, single, cut (after ``cut`` events).
    ``url``: of an empty ledger, or of none yet. Raises ValueError with every problem if the rule files are wrong.
    """
    program, problems = read_program(folder, files)
    if program is None:
        raise ValueError("\n".join(map(str, problems)))
    from guerdon.engine.cases.playing import Play

    told = [{"id": f"e{place}", "source": "case", **event} for place, event in enumerate(events, 1)]
    with Play(program, told, single=way == SINGLE, url=url) as play:
        for count in _steps(Way(way, cut or 0), len(told)):
            play.feed(count)
        return play.result()


def run_case(path: Path, *, way: str = BATCH, cut: int | None = None, url: str = "sqlite://") -> CaseResult:
    """Run the events of a case file in one way, and read out what the ledger holds then. Raises CaseInvalid."""
    case = read_case(path)
    events = [step.fields for step in case.events]
    return run_events(case.files, events, way=way, cut=cut, folder=case.programme, url=url)


def ways_of(case: Case) -> Iterator[Way]:
    """Every way in which a case is run."""
    yield Way(BATCH)
    yield Way(SINGLE)
    for place in range(1, len(case.events)):
        yield Way(CUT, place)


def check_case(path: Path, only: str = "") -> CaseReport | None:
    """Run a case in every way and compare. None: neither its name nor its path has the text ``only``."""
    try:
        case = read_case(path)
    except CaseInvalid as error:
        if only and only not in str(path):
            return None
        return CaseReport(
            path.stem, str(path), tuple(_as_failure(problem, "the case file") for problem in error.problems)
        )
    if only and only not in case.name and only not in case.display:
        return None
    return CaseReport(case.name, case.display, tuple(_failures(case)))


def _failures(case: Case) -> list[Failure]:
    program, problems = read_program(case.programme, case.files)
    if "errors" in case.expect:
        found = [{"code": p.code, "file": p.file, "line": str(p.line)} for p in problems]
        return [_with_way(mismatch, "reading the rule files") for mismatch in compare(case.expect, {"errors": found})]
    if program is None:
        return [_as_failure(problem, "reading the rule files") for problem in problems]
    seen: dict[tuple[int, str, str, str], list[Way]] = {}
    explanations: dict[tuple[int, str, str, str], str] = {}
    digests: dict[str, Way] = {}
    ways = list(ways_of(case))
    for way in ways:
        for mismatch, explanation in _run_or_fault(case, program, way, digests):
            key = (mismatch.line, mismatch.part, mismatch.expected, mismatch.found)
            seen.setdefault(key, []).append(way)
            explanations.setdefault(key, explanation)
    failures = [Failure(*key, _told(found, len(ways)), explanations[key]) for key, found in seen.items()]
    if len(digests) > 1:
        told = ", ".join(f"{digest[:8]} {way}" for digest, way in digests.items())
        failures.append(Failure(1, "ledger", "the same ledger however the events are fed", told, "compared", ""))
    return failures


def _run_or_fault(case: Case, program: Program, way: Way, digests: dict[str, Way]) -> Iterator[tuple[Mismatch, str]]:
    """``_run``; a fault of the engine fails the case and not those after it."""
    try:
        yield from _run(case, program, way, digests)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        found = f"{type(error).__name__}: {error}"
        yield Mismatch(1, "engine", "no fault", found), f"in {where.name}, {Path(where.filename).name}:{where.lineno}"


def _run(case: Case, program: Program, way: Way, digests: dict[str, Way]) -> Iterator[tuple[Mismatch, str]]:
    """Feed the events in one way; at every place where the feed stands still, what is expected there is compared.

    ``digests`` takes the digest of the ledger at the end. The ledger of the batch is verified too.
    """
    from guerdon.engine.cases.playing import Play

    with Play(program, [step.fields for step in case.events], sort=case.sorted, single=way.kind == SINGLE) as play:
        for count in _steps(way, len(case.events)):
            play.feed(count)
            for expect in _expected(case, count):
                result = play.result()
                for mismatch in compare(expect, result.found):
                    yield mismatch, result.explain(mismatch.event) if mismatch.event else ""
        digests.setdefault(play.ledger.digest(), way)
        if way.kind == BATCH:
            for finding in play.verify():
                yield Mismatch(1, "verify", finding.expected, f"{finding.found} ({finding})"), ""


def _steps(way: Way, events: int) -> Iterator[int]:
    """After how many events the feed stands still."""
    if way.kind == SINGLE:
        yield from range(1, events)
    elif way.kind == CUT:
        yield way.cut
    yield events


def _expected(case: Case, count: int) -> Iterator[Map]:
    yield from (point.expect for point in case.checkpoints if point.after == count)
    if count == len(case.events):
        yield case.expect


def read_program(folder: Path | None, files: Mapping[str, str]) -> tuple[Program | None, list[Problem]]:
    """The programme in a folder with files laid over it, or its errors."""
    from guerdon.rules import read_programme

    reading = read_programme(folder, files)
    return reading.program, list(reading.errors)


def _as_failure(problem: Problem, where: str) -> Failure:
    found = f"{problem.file}:{problem.line}: {problem.code}: {problem.message}"
    return Failure(problem.line, "errors", "nothing wrong", found, where, problem.hint)


def _with_way(mismatch: Mismatch, where: str) -> Failure:
    return Failure(mismatch.line, mismatch.part, mismatch.expected, mismatch.found, where, "")


def _told(found: list[Way], ways: int) -> str:
    if len(found) == ways and ways > 1:
        return "in every way"
    return ", ".join(map(str, found[:4])) + (", …" if len(found) > 4 else "")
