"""Where a contact stands: tier with what is missing to the next and to keep it, and whom they brought."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from guerdon.engine.decide.referrals import REFERRALS
from guerdon.engine.events.times import zone
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.report.naming import decimal_of, local_text
from guerdon.engine.report.wallet import contact_number
from guerdon.engine.rows import FOREVER
from guerdon.rules.program import Program


@dataclass(frozen=True, slots=True)
class Period:
    """A contact's tier from, until; ``until`` None: still."""

    tier: str
    starts: str
    ends: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Money of purchases counts for tiers: ``climb`` towards the next one, ``keep`` towards keeping the present one.

    ``to_next`` and ``to_keep``: what is missing, None where there is nothing to reach; ``window_ends``: the instant by
    which. Without tiers all of it is None. ``referred``: came by somebody else; ``brought``: how many they brought.
    """

    contact: str
    tier: str | None
    climb: Decimal | None
    keep: Decimal | None
    lifetime: Decimal | None
    next_tier: str | None
    to_next: Decimal | None
    to_keep: Decimal | None
    window_ends: str | None
    history: tuple[Period, ...]
    referred: bool
    brought: int

    def as_json(self) -> dict[str, Any]:
        """The object that ``standing --json`` prints."""
        whole = {name: getattr(self, name) for name in self.__slots__}
        whole["history"] = [{name: getattr(each, name) for name in Period.__slots__} for each in self.history]
        return whole


def standing(ledger: Ledger, program: Program, contact: str, instant: Callable[[int], str] | None = None) -> Standing:
    """Where a contact stands by id. UnknownContact: none. ``instant``: µs UTC as text, if not in local time."""
    number = contact_number(ledger, contact)
    state = ledger.load_contacts(np.array([number], np.int64))
    row = state.contacts[0] if len(state.contacts) else None
    brought = sum(int(record.fields["count"]) for record in ledger.records.of_contact(REFERRALS, number))
    referred = bool(row["referred"]) if row is not None else False
    place = int(row["tier"]) if row is not None else -1
    if program.tiers is None or row is None or place < 0:
        return Standing(contact, None, None, None, None, None, None, None, None, (), referred, brought)
    ladder, digits = program.tiers.ladder, program.business.digits
    local = zone(program.business.time_zone).local
    said = instant or (lambda time: local_text(local(time)))
    above = ladder[place + 1] if place + 1 < len(ladder) else None
    missing = None if above is None else max(0, above.needs_minor - int(row["climb"]))
    to_keep = max(0, ladder[place].needs_minor - int(row["keep"])) if place else None
    ends = int(row["tier_until"])
    return Standing(
        contact=contact,
        tier=ladder[place].id,
        climb=decimal_of(int(row["climb"]), digits),
        keep=decimal_of(int(row["keep"]), digits),
        lifetime=decimal_of(int(row["lifetime"]), digits),
        next_tier=None if above is None else above.id,
        to_next=None if missing is None else decimal_of(missing, digits),
        to_keep=None if to_keep is None else decimal_of(to_keep, digits),
        window_ends=None if ends == FOREVER else said(ends),
        history=_periods(ledger, state.tiers, said),
        referred=referred,
        brought=brought,
    )


def _periods(ledger: Ledger, rows: np.ndarray, said: Callable[[int], str]) -> tuple[Period, ...]:
    """The tier history, TIER_PERIOD in the order in which it came; a tier lasts until the next begins."""
    starts = [said(int(row["starts_at"])) for row in rows]
    tiers = [ledger.names.id("tier", int(row["tier"])) for row in rows]
    return tuple(map(Period, tiers, starts, [*starts[1:], None]))
