"""What the clock owes: the business's midnights since the last one that was done, and what is due within the day."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import bindparam, func, select

from guerdon.engine.decide.drawing import DRAWN
from guerdon.engine.events.times import Zone, zone
from guerdon.engine.ledger.delivery_tables import lease
from guerdon.engine.ledger.ledger import Ledger
from guerdon.rules.program import Draw, Program

MIDNIGHT = "job:midnight:"
_DAY = 86_400_000_000
_EPOCH = date(1970, 1, 1)
_LAST = select(func.max(lease.c.name)).where(lease.c.name.like(bindparam("prefix")), lease.c.done == 1)


class Slots:
    """The slots of one business on one ledger."""

    def __init__(self, program: Program, ledger: Ledger) -> None:
        self.program, self.ledger = program, ledger
        self.zone: Zone = zone(program.business.time_zone)

    def today(self, now: int) -> date:
        """The business's local date."""
        return _EPOCH + timedelta(days=self.zone.local(now) // _DAY)

    def midnight(self, day: date) -> int:
        """The instant at which a local day begins, µs UTC; where the clocks skip midnight, the first that exists."""
        return self.zone.utc((day - _EPOCH).days * _DAY)

    def owed(self, now: int, since: date | None = None) -> list[date]:
        """The days whose midnight is owed, in order: after the last one done, or from ``since``, or today alone."""
        today = self.today(now)
        (last,) = self.ledger.store.rows(_LAST, prefix=f"{MIDNIGHT}%")[0]
        first = date.fromisoformat(last.removeprefix(MIDNIGHT)) + timedelta(days=1) if last else since or today
        return [first + timedelta(days=n) for n in range((today - first).days + 1)]

    def draws(self, at: int) -> list[str]:
        """The offers whose lottery is due at an instant and not drawn yet, by their date, then in their order."""
        due = [
            (self.midnight(offer.award.at), place, offer.id)
            for place, offer in enumerate(self.program.offers)
            if isinstance(offer.award, Draw) and self.midnight(offer.award.at) <= at
        ]
        return [offer for _, _, offer in sorted(due) if self.ledger.records.one(DRAWN, offer) is None]

    def is_anything_due(self, now: int) -> bool:
        """Whether a tick at this instant would do something."""
        return len(self.ledger.due_contacts(now)) > 0 or len(self.ledger.records.due(now)) > 0
