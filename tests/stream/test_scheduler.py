"""Slots of the clock: midnights in order, once whoever does them, on days of odd length; a clock that jumps."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from guerdon.engine.codes import EventType
from guerdon.engine.events.admission import admit
from guerdon.engine.events.times import instant, text
from guerdon.engine.ledger import Ledger, verify
from guerdon.engine.stream.leases import Leases
from guerdon.engine.stream.scheduler import BELIEVE_SECONDS, Scheduler
from guerdon.engine.stream.slots import MIDNIGHT, Slots
from guerdon.engine.stream.turns import Turns

from ..engines import ledger_at, new
from .shop import events, program, purchase

pytestmark = pytest.mark.usefixtures("engine")

HOUR = 3_600_000_000


class Clock:
    """A wall clock and a steady one, both set by hand."""

    def __init__(self, at: str) -> None:
        self.now = instant(at)
        self.passed = 0.0

    def go(self, hours: float) -> None:
        self.now += int(hours * HOUR)
        self.passed += hours * 3_600


def scheduler(ledger: Ledger, clock: Clock, since: str = "") -> Scheduler:
    return Scheduler(Turns(program(), ledger), since=since, clock=lambda: clock.now, steady=lambda: clock.passed)


def ticks(ledger: Ledger) -> list[str]:
    log = ledger.frame("event", ["seq", "time", "type"]).sort("seq")
    return [text(time) for time, kind in zip(log["time"], log["type"], strict=True) if kind == EventType.TICK]


def test_midnights_run_in_order_and_once() -> None:
    with Ledger.open(new()) as ledger:
        clock = Clock("2026-03-05T12:00:00Z")
        jobs = scheduler(ledger, clock)
        assert jobs.tick() == ["midnight of 2026-03-05"]
        assert jobs.tick() == []
        clock.go(72)
        assert scheduler(ledger, clock).tick() == [f"midnight of 2026-03-0{day}" for day in (6, 7, 8)]
        assert jobs.tick() == []
        assert ticks(ledger) == [f"2026-03-0{day}T23:00:00Z" for day in (4, 5, 6, 7)]
        assert verify(ledger).findings == []


def test_a_slot_that_another_holds_is_waited_for_and_taken_over_when_its_lease_ends() -> None:
    with Ledger.open(new()) as ledger:
        clock = Clock("2026-03-05T12:00:00Z")
        other = Leases(ledger, "other", clock=lambda: clock.now)
        jobs = scheduler(ledger, clock, since="2026-03-04")
        epoch = other.take(f"{MIDNIGHT}2026-03-04")
        assert epoch == 1 and jobs.tick() == []  # nor does it do the one after it
        clock.go(0.1)
        assert jobs.tick() == ["midnight of 2026-03-04", "midnight of 2026-03-05"]
        assert not other.renew(f"{MIDNIGHT}2026-03-04", epoch)


def test_a_slot_done_without_its_lease_being_kept_has_one_effect() -> None:
    """Killed between the tick and the release of the lease: the tick is told again, and is a repeat."""
    with Ledger.open(new()) as ledger:
        clock = Clock("2026-03-05T12:00:00Z")
        jobs = scheduler(ledger, clock)
        jobs._tell("tick/midnight/2026-03-05", "tick", jobs.slots.midnight(date(2026, 3, 5)))
        before = ledger.digest()
        assert jobs.tick() == ["midnight of 2026-03-05"]
        assert ledger.digest() == before and len(ticks(ledger)) == 1


def test_days_on_which_the_clocks_change() -> None:
    slots = Slots(program(), Ledger.open(new()))
    days = [date(2026, 3, 29), date(2026, 3, 30), date(2026, 10, 25), date(2026, 10, 26)]
    at = [slots.midnight(day) for day in days]
    assert [text(each) for each in at] == [
        "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z",
    ]  # fmt: skip
    assert [(at[1] - at[0]) // HOUR, (at[3] - at[2]) // HOUR] == [23, 25]
    for day, midnight in zip(days, at, strict=True):
        assert slots.today(midnight) == day and slots.today(midnight - 1) < day


def test_what_is_due_within_the_day_happens_by_its_minute() -> None:
    with Ledger.open(new()) as ledger:
        turns = Turns(program(), ledger)
        turns.admit(admit(events([purchase(0, contact="ann", total="100.00")])))
        clock = Clock("2026-04-04T06:00:30Z")  # it expires at 09:00 local time, which is 07:00 by now
        jobs = scheduler(ledger, clock)
        contact = ledger.names.find("contact", "ann")
        assert len(ledger.open_lots(contact)) == 1
        assert jobs.tick() == ["midnight of 2026-04-04"]
        assert len(ledger.open_lots(contact)) == 1
        assert jobs.tick() == []
        clock.go(2)
        assert jobs.tick() == [f"what was due by {text(clock.now - clock.now % 60_000_000)}"]
        assert len(ledger.open_lots(contact)) == 0
        assert verify(ledger).findings == []


def test_a_clock_that_jumps_a_year_ahead_expires_nothing(tmp_path: Path) -> None:
    with Ledger.open(ledger_at(tmp_path / "a.db")) as ledger:
        turns = Turns(program(), ledger)
        turns.admit(admit(events([purchase(0, contact="ann", total="100.00")])))
        clock = Clock("2026-03-05T09:00:00Z")
        jobs = scheduler(ledger, clock)
        jobs.tick()
        clock.now += 365 * 24 * HOUR
        assert jobs.tick() == []
        clock.now -= 365 * 24 * HOUR
        clock.go(1 / 60)
        assert jobs.tick() == []
        assert len(ledger.open_lots(ledger.names.find("contact", "ann"))) == 1
        clock.now += 48 * HOUR  # the machine had slept: after a while of going steadily it is believed
        assert jobs.tick() == []
        clock.go(BELIEVE_SECONDS / 3_600 + 0.01)
        assert jobs.tick() == ["midnight of 2026-03-06", "midnight of 2026-03-07"]


def test_it_starts_and_stops() -> None:
    import time

    with Ledger.open(new()) as ledger:
        jobs = scheduler(ledger, Clock("2026-03-05T12:00:00Z"))
        jobs.start()
        for _ in range(100):
            if ticks(ledger):
                break
            time.sleep(0.05)
        jobs.stop()
        assert len(ticks(ledger)) == 1
