"""The scheduler wakes work: midnights in their order, what is due within the day, draws, messages, passes.

It decides nothing. What it tells the log are ``tick`` and ``draw`` events with ids made of their slot, so that a slot
done twice, late, or on two machines has one effect. A lease for each slot keeps two machines from trying at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import structlog

from guerdon.engine.events.admission import admit
from guerdon.engine.events.event import Event
from guerdon.engine.events.normalise import Door, Normaliser
from guerdon.engine.events.times import text
from guerdon.engine.stream.leases import Leases, a_holder
from guerdon.engine.stream.passes import Pass
from guerdon.engine.stream.relay import Relay
from guerdon.engine.stream.slots import MIDNIGHT, Slots
from guerdon.engine.stream.subscribers import Subscriber
from guerdon.engine.stream.turns import Turns

SOURCE = "clock"
TICK_SECONDS, DELIVERY_SECONDS = 60, 1
JUMP_SECONDS = 3_600  # a clock that jumps ahead further than this is not believed at once
BELIEVE_SECONDS = 900
PASS_LEASE_SECONDS = 300  # a pass that takes longer may be begun by another machine as well
_log = structlog.get_logger("guerdon.jobs")


class Scheduler:
    """Runs the jobs of one programme on one ledger, in threads of its own: ``start`` and ``stop``.

    ``since``: the first day whose midnight is owed if none was ever done; '' today. ``clock``: µs UTC.
    ``passes``: each is done at the start and then at its interval, by one machine at a time, and fails on its own.
    """

    def __init__(
        self,
        turns: Turns,
        subscribers: Sequence[Subscriber] = (),
        *,
        since: str = "",
        passes: Sequence[Pass] = (),
        clock: Callable[[], int] = lambda: time.time_ns() // 1000,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self.turns, self.clock, self._steady = turns, clock, steady
        self.slots = Slots(turns.program, turns.ledger)
        self.since = date.fromisoformat(since) if since else None
        self.relay = Relay(turns.ledger, subscribers, clock=clock) if subscribers else None
        self.passes = passes
        self.failed: list[str] = []  # the passes that failed in ``once``
        holder = a_holder()
        self._leases = Leases(turns.ledger, holder, clock=clock)
        self._passing = Leases(turns.ledger, holder, PASS_LEASE_SECONDS, clock=clock)
        self._normaliser = Normaliser(turns.program, Door(permits_all=True, from_now=False))
        self._believed = (clock(), steady())
        self._doubted_at: float | None = None
        self._scheduler: Any = None

    def start(self) -> None:
        """Begins; what is owed by now is done first."""
        from apscheduler.schedulers.background import BackgroundScheduler

        self._scheduler = BackgroundScheduler(timezone="UTC")
        once_at_a_time = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self._scheduler.add_job(self._safely, "interval", [self.tick], seconds=TICK_SECONDS, **once_at_a_time)
        self._scheduler.add_job(self._safely, "date", [self.tick], misfire_grace_time=None)
        if self.relay is not None:
            deliver = [self.relay.deliver]
            self._scheduler.add_job(self._safely, "interval", deliver, seconds=DELIVERY_SECONDS, **once_at_a_time)
        for each in self.passes:
            work, first = [partial(self.go_over, each), each.name], datetime.now(UTC)
            again = {"seconds": each.seconds, "next_run_time": first, **once_at_a_time}
            self._scheduler.add_job(self._safely, "interval", work, **again)
        self._scheduler.start()

    def stop(self) -> None:
        """Ends after what is being done."""
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=True)
            self._scheduler = None
        if self.relay is not None:
            self.relay.close()

    def once(self) -> list[str]:
        """Does what is owed by now and delivers what is waiting; a line about each thing done. See ``failed``."""
        done = self.tick()
        for each in self.passes:
            if not self._safely(partial(self._add, done, each), each.name):
                self.failed.append(each.name)
        delivered = 0
        while self.relay is not None and (taken := self.relay.deliver()):
            delivered += taken
        if self.relay is not None:
            done.append(f"{delivered} messages delivered")
            self.relay.close()
        return done

    def tick(self) -> list[str]:
        """The midnights that are owed, in order, then what is due by this minute; what was done."""
        now = self.clock()
        if not self._is_believed(now):
            return []
        done: list[str] = []
        for day in self.slots.owed(now, self.since):
            name = f"{MIDNIGHT}{day.isoformat()}"
            epoch = self._leases.take(name)
            if not epoch:
                if self._leases.is_done(name):
                    continue
                return done  # another machine is at it, and the next may not come before it
            at = self.slots.midnight(day)
            self._tell(f"tick/midnight/{day.isoformat()}", "tick", at)
            done += [f"midnight of {day.isoformat()}", *self._draw(at)]
            self._leases.release(name, epoch, done=True)
        minute = now - now % (TICK_SECONDS * 1_000_000)
        if self.slots.is_anything_due(minute):
            epoch = self._leases.take("job:minute")
            if epoch:
                self._tell(f"tick/{text(minute)}", "tick", minute)
                done.append(f"what was due by {text(minute)}")
                self._leases.release("job:minute", epoch)
        return done

    def _add(self, done: list[str], each: Pass) -> None:
        done += self.go_over(each)

    def go_over(self, each: Pass) -> list[str]:
        """Does a pass, unless another machine is at it; what it says it did."""
        now = self.clock()
        if not self._is_believed(now):
            return []  # it might destroy what is kept for a while
        name = f"job:pass:{each.name}"
        epoch = self._passing.take(name)
        if not epoch:
            return []
        try:
            return [f"{each.name}: {each.work(now)}"]
        finally:
            self._passing.release(name, epoch)

    def _draw(self, at: int) -> list[str]:
        offers = self.slots.draws(at)
        for offer in offers:
            self._tell(f"draw/{offer}", "draw", at, offer=offer)
        return [f"draw of {offer}" for offer in offers]

    def _tell(self, id: str, kind: str, at: int, **fields: str) -> None:
        """Admits one event of the clock."""
        record = {"id": id, "source": SOURCE, "type": kind, "time": text(at), **fields}
        event = self._normaliser.normalise(record, self.clock())
        assert isinstance(event, Event), event
        self.turns.admit(admit([event]))

    def _is_believed(self, now: int) -> bool:
        """Whether the clock goes as time passes. One that jumps far ahead would let everything expire, for good.

        It is believed once it has gone steadily for a while: a machine that slept is right about the time.
        """
        steady = self._steady()
        ahead = (now - self._believed[0]) / 1e6 - (steady - self._believed[1])
        if ahead <= JUMP_SECONDS:
            self._believed, self._doubted_at = (now, steady), None
            return True
        if self._doubted_at is None:
            self._doubted_at = steady
            _log.warning("clock_jumped", seconds=round(ahead), waits_seconds=BELIEVE_SECONDS)
        if steady - self._doubted_at < BELIEVE_SECONDS:
            return False
        self._believed, self._doubted_at = (now, steady), None
        return True

    def _safely(self, work: Callable[[], object], name: str = "") -> bool:
        """A job that fails is told of and tried again when it is next due; whether it was done."""
        try:
            work()
        except Exception as error:
            job = name or getattr(work, "__name__", "")
            _log.error("job_failed", job=job, error=f"{type(error).__name__}: {error}")
            return False
        return True
