"""Passes that others hand to the scheduler: done at once and again, on one machine at a time, each failing alone."""

from __future__ import annotations

import threading

import pytest

from guerdon.engine.ledger import Ledger
from guerdon.engine.stream.leases import Leases
from guerdon.engine.stream.passes import Pass
from guerdon.engine.stream.scheduler import PASS_LEASE_SECONDS, Scheduler
from guerdon.engine.stream.turns import Turns

from ..engines import new
from .shop import program
from .test_scheduler import Clock

pytestmark = pytest.mark.usefixtures("engine")


def scheduler(ledger: Ledger, clock: Clock, *passes: Pass) -> Scheduler:
    return Scheduler(Turns(program(), ledger), passes=passes, clock=lambda: clock.now, steady=lambda: clock.passed)


def failing(now: int) -> str:
    raise ValueError("no")


def test_a_pass_that_fails_holds_up_no_other_and_is_tried_again() -> None:
    told: list[int] = []
    with Ledger.open(new()) as ledger:
        clock = Clock("2026-03-05T12:00:00Z")
        jobs = scheduler(ledger, clock, Pass("bad", 60, failing), Pass("good", 60, told.append))
        assert jobs.once() == ["midnight of 2026-03-05", "good: None"]
        assert (jobs.failed, told) == (["bad"], [clock.now])
        clock.go(0.1)
        jobs.once()
        assert (jobs.failed, len(told)) == (["bad", "bad"], 2)  # its lease was given back


def test_another_machine_at_it_is_waited_for_until_its_lease_ends() -> None:
    with Ledger.open(new()) as ledger:
        clock = Clock("2026-03-05T12:00:00Z")
        one = Pass("one", 60, lambda now: "done")
        other = Leases(ledger, "other", PASS_LEASE_SECONDS, clock=lambda: clock.now)
        jobs = scheduler(ledger, clock, one)
        assert other.take("job:pass:one")
        assert jobs.go_over(one) == []
        clock.go((PASS_LEASE_SECONDS + 1) / 3_600)
        assert jobs.go_over(one) == ["one: done"]
        assert other.take("job:pass:one")


def test_a_clock_that_jumps_a_year_ahead_lets_no_pass_forget_anything() -> None:
    told: list[int] = []
    with Ledger.open(new()) as ledger:
        clock = Clock("2026-03-05T12:00:00Z")
        jobs = scheduler(ledger, clock, Pass("one", 60, told.append))
        clock.now += 365 * 24 * 3_600_000_000
        jobs.once()
        assert told == []


def test_started_it_does_them_at_once_and_again() -> None:
    twice, times = threading.Event(), []

    def work(now: int) -> None:
        times.append(now)
        if len(times) == 2:
            twice.set()

    with Ledger.open(new()) as ledger:
        jobs = scheduler(ledger, Clock("2026-03-05T12:00:00Z"), Pass("bad", 1, failing), Pass("good", 1, work))
        jobs.start()
        try:
            assert twice.wait(15)
        finally:
            jobs.stop()
