"""What ``run`` and ``tick`` do: open the ledger, let the pipeline admit what the feeds tell, summarise."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter, time_ns
from typing import TYPE_CHECKING

from guerdon.engine.ahead import ahead
from guerdon.engine.cli.failing import CommandFailed, Exit
from guerdon.engine.cli.output import progress
from guerdon.engine.cli.stopping import stop_if_told, stoppable

if TYPE_CHECKING:
    from guerdon.engine.events.admission import Admission
    from guerdon.engine.events.feeds import EventFile, Reader
    from guerdon.engine.ledger.ledger import Ledger
    from guerdon.engine.pipeline import Run
    from guerdon.engine.report.summary import Summary
    from guerdon.rules.program import Program


_POSTED = "what has been posted stays, in whole chunks; run the same command again and it goes on from there"


@dataclass(slots=True)
class Job:
    """A run that has ended. ``messages`` are for people."""

    summary: Summary
    messages: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Told:
    """What ``run`` was told: the programme's folder, the files or feeds, where files lie, who feeds them."""

    folder: Path
    events: Sequence[str]
    data: Path | None
    operator: str
    refusals: Path | None = None
    chunk_events: int | None = None  # None: as many as is quick


def run_job(program: Program, told: Told, url: str) -> Job:
    """Evaluate the events and post what they give. Files that were processed before are told and post nothing."""
    from guerdon.engine.ledger.ledger import Ledger
    from guerdon.engine.pipeline import Run
    from guerdon.engine.report.refusals import Refusals

    started = perf_counter()
    files = files_of(program, told)
    with stoppable(_POSTED), Ledger.open(url) as ledger, progress("events") as bar:
        reader = reader_of(program, files, told.operator, ledger)
        since = ledger.last_seq + 1
        say_if_compiling()
        run = Run.open(program, ledger, keep_refusals=told.refusals is not None)
        run.chunk_events = told.chunk_events or run.chunk_events
        refusals = Refusals()
        if told.refusals is not None:
            run.sift = refusals.sift
        for admission in _timed(ahead(reader.admissions(_now(), ledger.file_progress, run.chunk_events)), run):
            stop_if_told()
            run.admit(admission)
            bar.advance(run.counts.read, None)
        messages = [f"{file.path}: already processed, nothing of it was posted again" for file in reader.repeated]
        if told.refusals is not None:
            messages.append(f"{told.refusals}: {refusals.write(ledger, told.refusals):,} refusals")
        return Job(_summary(ledger, program, run, since, started), messages)


def tick_job(program: Program, until: str, operator: str, url: str) -> Job:
    """Admit one tick at a local or RFC 3339 time."""
    from guerdon.engine.events.admission import admit
    from guerdon.engine.events.event import Event
    from guerdon.engine.events.normalise import Door, Normaliser
    from guerdon.engine.ledger.ledger import Ledger
    from guerdon.engine.pipeline import Run

    started = perf_counter()
    door = Door(permits_all=True, actor=operator or None, local_times=True, from_now=False)
    time = f"{until} 00:00" if len(until) == len("2026-04-01") else until
    record = {"id": f"tick/{until}", "source": "clock", "type": "tick", "time": time}
    event = Normaliser(program, door).normalise(record, _now())
    if not isinstance(event, Event):
        hint = "a time as 2026-04-01, 2026-04-01 00:00 or 2026-04-01T00:00:00Z"
        raise CommandFailed(event.detail, Exit.USAGE, code="bad-time", place=until, hint=hint)
    with stoppable(_POSTED), Ledger.open(url, create=False) as ledger:
        since = ledger.last_seq + 1
        say_if_compiling()
        run = Run.open(program, ledger)
        run.admit(admit([event]))
        return Job(_summary(ledger, program, run, since, started))


def say_if_compiling() -> None:
    """The first compilation on a machine takes a while: say that it is going on."""
    from guerdon.engine.decide.compiler import is_cached

    if not is_cached():
        print("compiling for this machine; it is kept for the next runs …", file=sys.stderr, flush=True)


def files_of(program: Program, told: Told) -> list[EventFile]:
    """The files that were named; all mistakes of ``events.yaml`` end the command."""
    from guerdon.engine.cli.programmes import show_problems
    from guerdon.engine.events.feeds import find_files
    from guerdon.engine.events.mapping import read_feeds
    from guerdon.engine.events.units import FeedInvalid

    business = program.business
    line, event = (
        frozenset(attribute.name for attribute in declared)
        for declared in (business.attributes_line, business.attributes_event)
    )
    feeds = read_feeds(told.folder, line, event)
    if feeds.problems:
        show_problems(feeds.problems, told.folder, error=True)
        raise CommandFailed(
            "the feeds are wrong", Exit.RULES_INVALID, code="feeds-invalid", hint="mend events.yaml first"
        )
    named = list(told.events) or list(feeds.feeds)
    try:
        return find_files(named, feeds, told.data)
    except FeedInvalid as error:
        raise CommandFailed(str(error), Exit.UNREACHABLE, code="feed-unreachable") from None


def reader_of(program: Program, files: Sequence[EventFile], operator: str, ledger: Ledger) -> Reader:
    """A reader of files for a ledger: what they tell of codes is names before anybody else sees it."""
    from guerdon.engine.events.feeds import Reader
    from guerdon.engine.events.normalise import Door, Normaliser

    door = Door(permits_all=True, actor=operator or None)
    return Reader(files, program, Normaliser(program, door, ledger.codes))


def _timed(admissions: Iterator[Admission], run: Run) -> Iterator[Admission]:
    """The admissions, the time it takes to read them counted to the run."""
    while True:
        started = perf_counter()
        admission = next(admissions, None)
        run.seconds["read"] += perf_counter() - started
        if admission is None:
            return
        yield admission


def _now() -> int:
    """The time of receipt, µs UTC."""
    return time_ns() // 1000


def _summary(ledger: Ledger, program: Program, run: Run, since: int, started: float) -> Summary:
    from guerdon.engine.report.summary import summarise

    counts = run.counts
    events = {name: getattr(counts, name) for name in ("read", "posted", "ignored", "refused", "parked")}
    events["parked"] += counts.waiting
    seconds = {**run.seconds, "total": perf_counter() - started}
    return summarise(ledger, program, since=since, events=events, reasons=counts.reasons, seconds=seconds)
