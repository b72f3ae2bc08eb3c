"""Purchases and other events that an offer asks for, made up: when, where, by whom, of what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from guerdon.engine.report.terms_meeting import row_meeting, told
from guerdon.rules.condition import Condition, FieldType, Value
from guerdon.rules.program import Offer, Program
from guerdon.rules.words import FIELDS

_FIRST_DAY = date(2026, 3, 2)  # a Monday, far from any change of the clocks
_MORNING = 10 * 60 + 30
_LOOKED_AHEAD_DAYS = 800
_A_DAY = timedelta(days=1)
_ATTRIBUTE_TYPES = {
    "string": FieldType.TEXT,
    "integer": FieldType.INTEGER,
    "decimal": FieldType.DECIMAL,
    "boolean": FieldType.BOOLEAN,
    "date": FieldType.DATE,
}
YOU = "you"


@dataclass(frozen=True, slots=True)
class Basket:
    """What one made-up purchase holds: its total in minor units and, in thousandths, the pieces of each line."""

    total: int
    quantity: int = 1000


class Histories:
    """Made-up histories for one offer."""

    def __init__(self, offer: Offer, program: Program) -> None:
        self.offer, self.program = offer, program
        self.digits = program.business.digits

    # ---- when

    def moments(self, count: int, apart: str = "day") -> list[datetime]:
        """The first ``count`` local times, in windows that follow each other, at which the offer counts."""
        found: list[datetime] = []
        for moment in self._open():
            if not found or _window(moment.date(), apart) != _window(found[-1].date(), apart):
                found.append(moment)
            if len(found) == count:
                break
        return found

    def _open(self) -> Iterator[datetime]:
        start, end = self.offer.available_from, self.offer.available_until
        day = start or (min(_FIRST_DAY, end - timedelta(days=60)) if end is not None else _FIRST_DAY)
        for _ in range(_LOOKED_AHEAD_DAYS):
            if end is not None and day >= end:
                return
            minute = self._minute(day.weekday())
            if minute is not None:
                yield datetime(day.year, day.month, day.day) + timedelta(minutes=minute)
            day += _A_DAY

    def _minute(self, weekday: int) -> int | None:
        """A minute of a weekday at which the offer counts."""
        if not self.offer.times:
            return _MORNING
        for span in self.offer.times:
            if weekday in span.weekdays:
                inside = span.from_minute <= _MORNING < span.until_minute
                return _MORNING if inside else span.from_minute + min(30, (span.until_minute - span.from_minute) // 2)
        return None

    # ---- who

    def before(self, moment: datetime) -> list[dict[str, Any]]:
        """What makes the contact one that the offer is for."""
        offer, business = self.offer, self.program.business
        wanted = dict(row_meeting(offer.contact))
        segment = next((each for each in self.program.segments if each.id in offer.segments), None)
        if segment is not None:
            wanted |= row_meeting(segment.contacts)
        declared = {each.name: _ATTRIBUTE_TYPES[each.type] for each in business.attributes_contact}
        told_fields = {
            name: told(value, declared[name], self.digits) for name, value in wanted.items() if name in declared
        }
        if "birth_date" in declared and "birth_date" not in told_fields:
            told_fields["birth_date"] = f"1990-{moment.month:02}-{min(moment.day, 28):02}"
        joined = self._event("register", moment - timedelta(hours=30))
        if told_fields:
            joined["attributes"] = told_fields
        if "email_domain" in wanted:
            joined["email"] = f"{YOU}@{wanted['email_domain']}"
        events = [joined] if told_fields or "email_domain" in wanted else []
        if offer.unlocked_by:
            events.append(self._event("code_entered", moment - timedelta(hours=28), code=offer.unlocked_by[0]))
        return events + self._climb(moment)

    def _climb(self, moment: datetime) -> list[dict[str, Any]]:
        """A purchase that reaches the first of the offer's tiers."""
        tiers = self.program.tiers
        needs = [tier.needs_minor for tier in tiers.ladder if tier.id in self.offer.tiers] if tiers else []
        if not needs or not min(needs):
            return []
        return [self._event("purchase", moment - timedelta(hours=26), total=self._money(min(needs)))]

    @property
    def contact(self) -> str:
        """The id of the made-up contact: a listed one where the offer is for listed ones."""
        for segment in self.program.segments:
            if segment.id in self.offer.segments and segment.members:
                return segment.members[0]
        wanted = row_meeting(self.offer.contact).get("id")
        return YOU if wanted is None else str(wanted)

    # ---- what

    def purchase(self, moment: datetime, basket: Basket) -> dict[str, Any]:
        """One purchase that the offer counts."""
        offer = self.offer
        wanted = row_meeting(offer.event)
        event = self._event("purchase", moment)
        if "total" in wanted and int(wanted["total"]) > basket.total:
            basket = Basket(int(wanted["total"]), basket.quantity)
        conditions: list[Condition | None] = list(offer.needs.matchers) if offer.needs is not None else []
        if offer.lines is not None or not conditions:
            conditions.append(offer.lines)
        event["lines"] = [self._line(condition, basket, len(conditions)) for condition in conditions]
        attributes = {each.name: _ATTRIBUTE_TYPES[each.type] for each in self.program.business.attributes_event}
        given = {
            name: told(value, attributes[name], self.digits) for name, value in wanted.items() if name in attributes
        }
        if given:
            event["attributes"] = given
        channel = offer.channels[0] if offer.channels else wanted.get("channel")
        return event | self._place() | ({} if channel is None else {"channel": channel})

    def _line(self, condition: Condition | None, basket: Basket, parts: int) -> dict[str, Any]:
        """A line that meets a condition, with its part of the basket's total."""
        wanted: dict[str, Value] = row_meeting(condition)
        quantity = int(wanted.pop("quantity", basket.quantity))
        total = int(wanted.pop("total", max(1, -(-basket.total // parts))))
        if "unit_price" in wanted:
            total = int(wanted.pop("unit_price")) * quantity // 1000
        attributes = {each.name: _ATTRIBUTE_TYPES[each.type] for each in self.program.business.attributes_line}
        line = {"sku": "ARTICLE", "quantity": told(quantity, FieldType.QUANTITY, 0), "total": self._money(total)}
        for name, value in wanted.items():
            line[name] = told(value, attributes.get(name) or FIELDS["line"][name], self.digits)
        return line

    def _place(self) -> dict[str, str]:
        """Where the offer counts: a merchant with terms, a venue, or the business itself."""
        offer = self.offer
        if offer.venues:
            return {"venue": offer.venues[0]}
        if offer.merchants:
            return {"merchant": offer.merchants[0]}
        return {}

    def happening(self, kind: str, moment: datetime, **fields: Any) -> dict[str, Any]:
        """Another event that the offer waits for."""
        wanted = row_meeting(self.offer.event)
        for name in ("classification", "amount"):
            if name in wanted and name not in fields:
                fields[name] = told(wanted[name], FIELDS["event"][name], self.digits)
        return self._event(kind, moment, **fields)

    def _event(self, kind: str, moment: datetime, **fields: Any) -> dict[str, Any]:
        return {"type": kind, "contact": self.contact, "time": _text(moment), **fields}

    def _money(self, minor: int) -> str:
        return f"{Decimal(minor).scaleb(-self.digits):f}"


def _text(moment: datetime) -> str:
    return moment.isoformat(" ", "seconds")


def _window(day: date, name: str) -> tuple[int, ...]:
    """The calendar window of a day, as something to compare."""
    match name:
        case "week":
            return day.isocalendar()[:2]
        case "month":
            return day.year, day.month
        case "quarter":
            return day.year, (day.month - 1) // 3
        case "year":
            return (day.year,)
    return day.year, day.month, day.day
