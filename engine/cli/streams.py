"""What ``stream`` and ``jobs`` do: put feed, intake, turns and leases together, and stop gracefully when told."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from guerdon.engine.cli.failing import CommandFailed, Exit

if TYPE_CHECKING:
    from guerdon.engine.cli.tending import Passes
    from guerdon.engine.counting import Counts
    from guerdon.engine.events.mapping import Feeds
    from guerdon.engine.ledger.ledger import Ledger
    from guerdon.engine.stream.feed import Feed
    from guerdon.engine.stream.folder import FolderWorker
    from guerdon.engine.stream.subscribers import Subscriber
    from guerdon.engine.stream.turns import Turns
    from guerdon.engine.stream.worker import Worker
    from guerdon.rules.program import Program


@dataclass(frozen=True, slots=True)
class Told:
    """What ``stream`` was told. ``window``: a duration like 10min, '' for none; ``quiet_seconds``: None to go on."""

    folder: Path
    feed: str
    operator: str
    match: str
    window: str
    batch_events: int
    quiet_seconds: float | None
    jobs: bool
    passes: Passes  # what jobs do beside


@dataclass(frozen=True, slots=True)
class Done:
    """How a stream ended."""

    counts: Counts
    transfers: int
    seconds: float
    digest: str
    matcher_errors: int

    def as_json(self) -> dict[str, Any]:
        """For ``--json``."""
        counts = self.counts
        events = {name: getattr(counts, name) for name in ("read", "posted", "ignored", "refused", "parked")}
        events["parked"] += counts.waiting
        return {
            "events": events,
            "reasons": counts.reasons,
            "transfers": self.transfers,
            "seconds": {"total": round(self.seconds, 3)},
            "matcher_errors": self.matcher_errors,
            "digest": self.digest,
        }

    def show(self) -> None:
        """For people."""
        told = self.as_json()
        print("events   " + ", ".join(f"{count:,} {name}" for name, count in told["events"].items()))
        if told["reasons"]:
            print("reasons  " + ", ".join(f"{count:,} {reason}" for reason, count in told["reasons"].items()))
        if self.matcher_errors:
            print(f"matcher  {self.matcher_errors:,} events that durable_rules could not test were tested in Python")
        print(f"moved    {self.transfers:,} transfers in {self.seconds:.1f} s")
        print(f"digest   {self.digest}")


def stream_job(program: Program, told: Told, url: str) -> Done:
    """Consume a feed until it ends or a signal comes."""
    from guerdon.engine.cli.jobs import say_if_compiling
    from guerdon.engine.ledger.ledger import Ledger
    from guerdon.engine.stream.matching import Matching
    from guerdon.engine.stream.turns import Turns

    started = perf_counter()
    subscribers = subscribers_of(told.folder)
    feeds = _feeds(program, told.folder)
    with Ledger.open(url, shared=True) as ledger:
        say_if_compiling()
        matching = Matching.of(told.match, ledger)
        turns = Turns(program, ledger, prepare=matching.prepare)
        tell_subscribers(ledger, program, subscribers)
        worker = _worker(program, told, turns, feeds)
        with stopping_at_signals(worker.stop), _scheduled(told, turns, subscribers):
            worker.run()
        ledger.take_turn(10)
        ledger.give_turn()
        seconds = perf_counter() - started
        return Done(turns.counts, turns.transfers, seconds, ledger.digest(), matching.errors)


def jobs_job(program: Program, folder: Path, url: str, passes: Passes, *, once: bool, since: str) -> None:
    """Wake what the clock owes, and do the passes, until a signal comes, or ``once``."""
    import threading

    from guerdon.engine.cli.jobs import say_if_compiling
    from guerdon.engine.ledger.ledger import Ledger
    from guerdon.engine.stream.scheduler import Scheduler
    from guerdon.engine.stream.turns import Turns

    subscribers = subscribers_of(folder)
    with Ledger.open(url, create=False, shared=True) as ledger:
        say_if_compiling()
        tell_subscribers(ledger, program, subscribers)
        turns = Turns(program, ledger)
        scheduler = Scheduler(turns, subscribers, since=since, passes=passes(turns))
        if once:
            for line in scheduler.once():
                print(line)
            if scheduler.failed:
                raise CommandFailed(f"{', '.join(scheduler.failed)} failed", Exit.FINDINGS, code="job-failed")
            return
        stop = threading.Event()
        with stopping_at_signals(stop.set):
            scheduler.start()
            print("jobs run; stop with SIGTERM or Ctrl-C", flush=True)
            while not stop.wait(0.5):
                pass
            scheduler.stop()


def subscribers_of(folder: Path) -> list[Subscriber]:
    """Who is told of outcomes, by ``subscribers.yaml`` of the programme; its mistakes end the command."""
    from guerdon.engine.cli.programmes import show_problems
    from guerdon.engine.stream.subscribers import read_subscribers

    subscribers, problems = read_subscribers(folder)
    if problems:
        show_problems(problems, folder, error=True)
        raise CommandFailed(
            "the subscribers are wrong", Exit.RULES_INVALID, code="subscribers-invalid", hint="mend subscribers.yaml"
        )
    return subscribers


def tell_subscribers(ledger: Ledger, program: Program, subscribers: list[Subscriber]) -> None:
    """From now on each chunk posted writes the messages about it, if there is anybody to be told."""
    if subscribers:
        from guerdon.engine.stream.outbox import Outbox

        ledger.outbox = Outbox(program, ledger).messages


@contextmanager
def stopping_at_signals(stop: Callable[[], None]) -> Iterator[None]:
    """SIGTERM and Ctrl-C call ``stop`` the first time; the second time they end the process as they always do."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def told(number: int, frame: object) -> None:
        signal.signal(number, before[signal.Signals(number)] or signal.SIG_DFL)
        print("stopping after what is being posted …", file=sys.stderr, flush=True)
        stop()

    for number in before:
        signal.signal(number, told)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)


@contextmanager
def _scheduled(told: Told, turns: Turns, subscribers: list[Subscriber]) -> Iterator[None]:
    """With ``--jobs`` the scheduler runs beside the worker."""
    if not told.jobs:
        yield
        return
    from guerdon.engine.stream.scheduler import Scheduler

    scheduler = Scheduler(turns, subscribers, passes=told.passes(turns))
    scheduler.start()
    try:
        yield
    finally:
        scheduler.stop()


def _worker(program: Program, told: Told, turns: Turns, feeds: Feeds) -> Worker | FolderWorker:
    from guerdon.engine.events.normalise import Door, Normaliser
    from guerdon.engine.stream.intake import Intake, personal_attributes
    from guerdon.engine.stream.leases import Leases, a_holder
    from guerdon.engine.stream.naming import feed_of
    from guerdon.engine.stream.sharing import Sharing
    from guerdon.engine.stream.worker import Pace, Worker

    door = Door(permits_all=bool(told.operator), actor=told.operator or None)
    normaliser = Normaliser(program, door, turns.ledger.codes)
    leases = Leases(turns.ledger, a_holder()) if turns.ledger.store.is_shared else None
    pace = Pace(told.batch_events, quiet_seconds=told.quiet_seconds)
    found: Feed | Path = feed_of(told.feed)
    if isinstance(found, Path):
        from guerdon.engine.stream.folder import FolderWorker

        sharing = Sharing(f"folder:{found.resolve()}", ("",), leases)
        return FolderWorker(found, feeds, normaliser, turns, sharing, pace, lambda line: print(line, flush=True))
    intake = Intake(found, normaliser, personal_attributes(program), _microseconds(told.window))
    own = leases if found.keeps_positions else None
    return Worker(found, intake, turns, Sharing(found.name, found.shards, own), pace)


def _microseconds(duration: str) -> int:
    from guerdon.engine.events.times import is_duration

    spans = {"min": 60, "h": 3_600, "d": 86_400, "w": 604_800}
    if not duration:
        return 0
    unit = duration.lstrip("0123456789")
    if not is_duration(duration) or unit not in spans:
        hint = "as in 10min, 2h or 1d"
        raise CommandFailed("this is no span of time", Exit.USAGE, code="bad-duration", place=duration, hint=hint)
    return int(duration.removesuffix(unit)) * spans[unit] * 1_000_000


def _feeds(program: Program, folder: Path) -> Feeds:
    """The mappings of ``events.yaml``; mistakes end the command."""
    from guerdon.engine.cli.programmes import show_problems
    from guerdon.engine.events.mapping import read_feeds

    business = program.business
    line, event = (
        frozenset(attribute.name for attribute in declared)
        for declared in (business.attributes_line, business.attributes_event)
    )
    feeds = read_feeds(folder, line, event)
    if feeds.problems:
        show_problems(feeds.problems, folder, error=True)
        raise CommandFailed("the feeds are wrong", Exit.RULES_INVALID, code="feeds-invalid", hint="mend events.yaml")
    return feeds
