"""What statements are drawn from: one ledger, the programme in force in it, its zone, and what was closed so far."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

from guerdon.engine.events.amounts import half_up
from guerdon.engine.events.times import DAY, Zone, zone
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.periods import Period
from guerdon.engine.report.naming import decimal_of
from guerdon.engine.report.versions import program_numbered
from guerdon.engine.rows import Record
from guerdon.engine.settling import CLOSING, DRAFT, STATEMENT, Closing, Span, closed_spans, closings_in, statement_id
from guerdon.rules.program import Program

WALLET_UNIT, CURRENCY_UNIT = 0, 1  # units of transfers; the wallet's is the currency unless wallets hold points


class SettleError(Exception):
    """Settling can't go on, and nothing was changed. ``code`` is stable, ``place`` says where, ``hint`` what helps."""

    def __init__(self, message: str, *, code: str, place: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message, self.code, self.place, self.hint = message, code, place, hint


@dataclass(frozen=True, slots=True)
class Due:
    """One statement to be drawn up: the place of its period among those of its merchant."""

    merchant: str
    span: Span
    spans: tuple[Span, ...]
    place: int

    @property
    def id(self) -> str:
        """The statement's name."""
        return statement_id(self.merchant, self.span.period)


class Source:
    """A ledger as the finance side reads it. Amounts of points become money by what they are worth.

    ``known_to``: what was closed, and the steps of statements, are read up to this place in the log; None: to its end.
    """

    def __init__(self, ledger: Ledger, program: Program, known_to: int | None = None) -> None:
        self.ledger, self.program = ledger, program
        self.known_to = ledger.last_seq if known_to is None else known_to
        self._programs: dict[int, Program] = {}
        business = program.business
        self.business = business
        self.zone: Zone = zone(business.time_zone)
        self.digits = business.digits
        self.worth = Fraction(business.unit.worth.num, business.unit.worth.den)

    @cached_property
    def closings(self) -> list[Closing]:
        """In the order of the log."""
        found = closings_in((record.id, record.fields) for record in self.ledger.records.of_kind(CLOSING))
        return [closing for closing in found if closing.seq <= self.known_to]

    @cached_property
    def records(self) -> dict[str, Record]:
        """The records of statements by name; one over nothing that took no step has none."""
        return {record.id: record for record in self.ledger.records.of_kind(STATEMENT)}

    def spans(self, merchant: str) -> tuple[Span, ...]:
        """The closed periods of a merchant."""
        return tuple(closed_spans(self.closings, merchant))

    def program_at(self, seq: int) -> Program:
        """The programme that counted at a place in the log."""
        number = max((entry for entry in self._in_force if entry[0] <= seq), default=(0, 0))[1]
        if number not in self._programs:
            self._programs[number] = program_numbered(self.ledger, number) if number else self.program
        return self._programs[number]

    @cached_property
    def _in_force(self) -> list[tuple[int, int]]:
        return self.ledger.in_force()

    def merchants(self, closing: Closing) -> list[str]:
        """The merchants that have statements by a closing: those of its programme, and any that has a record."""
        known = {merchant.id for merchant in self.program_at(closing.seq).merchants}
        return sorted(known | {name.rpartition("/")[0] for name in self.records})

    def is_closed(self, wanted: Period) -> bool:
        """Whether everything before the end of a period is closed."""
        return bool(self.closings) and wanted.end_day <= self.closings[-1].until

    def due(self, wanted: Period) -> list[Due]:
        """The statements whose period ends within a period, by merchant and time."""
        found = []
        for merchant in self.merchants(self.closed_by(wanted)):
            spans = self.spans(merchant)
            for place, span in enumerate(spans):
                if wanted.first_day < span.until <= wanted.end_day:
                    found.append(Due(merchant, span, spans, place))
        return found

    def closed_by(self, wanted: Period) -> Closing:
        """The closing that closed a period."""
        return next(closing for closing in self.closings if wanted.end_day <= closing.until)

    def state(self, id: str) -> str:
        """How far a closed statement has come."""
        steps = self.steps(id)
        return str(steps[-1]["to"]) if steps else DRAFT

    def steps(self, id: str) -> list[dict[str, Any]]:
        """What happened to a statement since it was a draft: {to, seq, time, actor?, approver?}."""
        record = self.records.get(id)
        steps = record.fields.get("steps", ()) if record else ()
        return [step for step in steps if step["seq"] <= self.known_to]

    def starts_at(self, day: int) -> int:
        """The instant at which a day begins: local midnight."""
        return self.zone.utc(day * DAY)

    def money(self, units: int, minor: int = 0) -> int:
        """Minor units of the currency: of a running total of the wallet's units, and of the currency itself."""
        return (units if self.worth == 1 else half_up(units * self.worth)) + minor

    def amount(self, minor: int) -> Decimal:
        """Minor units of the currency as an exact decimal."""
        return decimal_of(minor, self.digits)
