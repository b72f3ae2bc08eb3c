"""One told event to one normalised event: every test of spec 3 and 4 that needs no state, in their precedence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from guerdon.engine.codes import EventType, Reason
from guerdon.engine.events.amounts import BadAmount, money, quantity, scaled
from guerdon.engine.events.code_names import HOLDER, CodeNames
from guerdon.engine.events.content import event_content, place_text, raw_content
from guerdon.engine.events.event import Event, Parked, Refused
from guerdon.engine.events.fields import (
    BOUGHT,
    BY_THE_DOOR,
    COMMON,
    IDENTIFIERS,
    PERMITTED_BY_DEFAULT,
    SHAPES,
    TYPES,
    Kind,
    Shape,
)
from guerdon.engine.events.place import Place, Places, UnknownPlace
from guerdon.engine.events.purchase import Basket, nearest
from guerdon.engine.events.reading import (
    Refusal,
    Unreadable,
    attribute,
    compared,
    field,
    mapping,
    optional,
    read_time,
    sequence,
    text,
)
from guerdon.engine.events.times import DAY, zone
from guerdon.rules.program import Program

DEFAULT_SOURCE = "default"
_MONEY = {Kind.MONEY, Kind.MONEY_SIGNED}
_UNITS = {Kind.UNITS, Kind.UNITS_SIGNED}
_SIGNED = {Kind.MONEY_SIGNED, Kind.UNITS_SIGNED}
_MAX_RAW = 1 << 20


@dataclass(frozen=True, slots=True)
class Door:
    """Who hands an event in. ``permits_all``: the operator, who may tell every type, and is its ``actor``.

    ``local_times`` and ``names_actor`` are for case files: times without an offset are local, and actor, approver and
    role stand in the event. ``from_now``: an event more than a day after its receipt is refused. ``keeps_codes``, for
    case files too: what they call a card, certificate or coupon is its name; all else that is told is named.
    """

    permits_all: bool = False
    actor: str | None = None
    approver: str | None = None
    local_times: bool = False
    names_actor: bool = False
    from_now: bool = True
    keeps_codes: bool = False


OPERATOR = Door(permits_all=True)
CASE = Door(permits_all=True, local_times=True, names_actor=True, from_now=False, keeps_codes=True)


class Normaliser:
    """Makes events of what was told, for one programme and one door.

    ``codes``: of the ledger that the events go to; None: of no ledger that is kept, and codes stay as they are told.

    >>> Normaliser(program, CASE).normalise({"id": "p1", "type": "purchase", ...}, 0)  # doctest: +SKIP
    """

    def __init__(self, program: Program, door: Door = OPERATOR, codes: CodeNames | None = None) -> None:
        business = program.business
        self.door = door
        self.codes = codes
        self.places = Places(program)
        self.zone = zone(business.time_zone) if door.local_times else None
        self.sources = {source.id: source for source in business.sources}
        self.event_attributes = {each.name: each for each in business.attributes_event}
        self.contact_attributes = {each.name: each for each in business.attributes_contact} | self.event_attributes
        self.basket = Basket(business, {each.name: each for each in business.attributes_line})
        self.digits = business.digits
        self.unit_digits = business.unit.digits
        self.allowed = {kind: self._allowed(shape) for kind, shape in SHAPES.items()}

    def normalise(self, record: Any, received_at: int, raw: str | None = None) -> Event | Refused | Parked:
        """The event that ``record`` (a JSON object with ``Decimal`` for numbers with a point) tells."""
        told: Mapping[str, Any] = record if isinstance(record, Mapping) else {}
        kind: EventType | None = None
        time = received_at
        source, name = DEFAULT_SOURCE, None
        try:
            told = self.named(mapping(record, "an event"))
            record, raw = told, raw if told is record else None  # what is kept of it holds no code either
            source = text(told.get("source", DEFAULT_SOURCE), "source")
            name = text(told.get("id"), "id")
            if not name or not source:
                raise Unreadable("id is empty" if source else "source is empty")
            word = text(told.get("type"), "type")
            time = read_time(told.get("time"), "time", self.zone)
            kind = TYPES.get(word)
            self._permit(source, word, kind, told)
            assert kind is not None
            return self._event(told, source, name, kind, time, received_at)
        except Unreadable as problem:
            return Parked(str(problem), raw if raw is not None else _raw(record), received_at, time, source, name)
        except (Refusal, BadAmount) as problem:
            reason = problem.reason if isinstance(problem, Refusal) else Reason.BAD_AMOUNT
            assert name is not None
            shown = raw if raw is not None else _raw(record)
            contact = told.get("contact") if isinstance(told.get("contact"), str) else None
            return Refused(
                reason, str(problem), source, name, kind, time, received_at, raw_content(record), shown, contact
            )

    def named(self, told: Mapping[str, Any]) -> Mapping[str, Any]:
        """What was told with names in the place of codes; who tells it is trusted with names too."""
        named = self.codes is not None and not self.door.keeps_codes
        return self.codes.record(told, takes_names=True) if named and self.codes is not None else told

    def _permit(self, source: str, word: str, kind: EventType | None, told: Mapping[str, Any]) -> None:
        entry = None if self.door.permits_all else self.sources.get(source)
        if not self.door.permits_all:
            allowed = {TYPES.get(each) for each in entry.types} if entry is not None else PERMITTED_BY_DEFAULT
            if kind not in allowed:
                raise Refusal(Reason.NOT_PERMITTED, f"source {source!r} may not tell {word!r}")
        if kind is None:
            raise Refusal(Reason.UNKNOWN_TYPE, nearest(word, TYPES).replace("declared", "a type"))
        if not SHAPES[kind].told:
            raise Refusal(Reason.NOT_PERMITTED, f"{word!r} is told by nobody; it follows from other events")
        if entry is not None and entry.merchants:
            try:
                merchant = self._place(told).merchant
            except Refusal:
                merchant = None
            if merchant not in entry.merchants:
                raise Refusal(Reason.NOT_PERMITTED, f"source {source!r} may not speak for merchant {merchant!r}")

    def _event(
        self, told: Mapping[str, Any], source: str, name: str, kind: EventType, time: int, received_at: int
    ) -> Event:
        shape = SHAPES[kind]
        self._undeclared(told, kind, shape)
        event = Event(source, name, kind, time, received_at)
        self._words(event, told)
        event.fields = self._fields(told, shape)
        event.verified = bool(event.fields.pop("verified", False))
        if self.codes is not None and "email" in event.fields and "certificate" in event.fields:
            event.fields[HOLDER] = self.codes.holder(event.fields["email"])
        declared = self.contact_attributes if shape.of_contact else self.event_attributes
        for key, value in mapping(told.get("attributes") or {}, "attributes").items():
            if value is not None:
                event.attributes[key] = attribute(declared[key], value)
        if shape.bought:
            self._bought(event, told, kind)
        if self.door.from_now and time > received_at + DAY:
            raise Refusal(Reason.IN_FUTURE, "time is more than 24 hours in the future")
        place = self._place(told)
        event.merchant, event.venue, event.tap = place
        if shape.at_merchant and place.merchant is None:
            raise Refusal(Reason.UNKNOWN_MERCHANT, "no merchant is named")
        event.content = event_content(event, place_text(*(optional(told, key) for key in ("merchant", "venue", "tap"))))
        return event

    def _allowed(self, shape: Shape) -> frozenset[str]:
        fields = COMMON | shape.fields.keys() | (BOUGHT if shape.bought else frozenset())
        return fields | BY_THE_DOOR if self.door.names_actor else fields

    def _undeclared(self, told: Mapping[str, Any], kind: EventType, shape: Shape) -> None:
        allowed = self.allowed[kind]
        if not told.keys() <= allowed:
            for name, value in told.items():  # null says nothing
                if name not in allowed and value is not None:
                    by_door = f"{name!r} is set by who hands the event in, never by the event"
                    detail = by_door if name in BY_THE_DOOR else nearest(str(name), allowed)
                    raise Refusal(Reason.UNDECLARED_FIELD, detail)
        declared = self.contact_attributes if shape.of_contact else self.event_attributes
        for name in mapping(told.get("attributes") or {}, "attributes"):
            if name not in declared:
                raise Refusal(Reason.UNDECLARED_FIELD, f"attributes: {nearest(str(name), declared)}")
        if shape.bought and not (kind is EventType.RETURN and told.get("of") is not None):
            self.basket.undeclared(told)

    def _words(self, event: Event, told: Mapping[str, Any]) -> None:
        """Contact, channel, reference, and who hands it in."""
        contact = told.get("contact")
        if isinstance(contact, Mapping):
            if len(contact) != 1 or (kind := next(iter(contact))) not in IDENTIFIERS:
                raise Unreadable(f"contact must be an id or one of {', '.join(IDENTIFIERS)}")
            event.contact, event.contact_kind = text(contact[kind], kind).strip(), kind
            if kind == "email":
                event.contact = event.contact.lower()
        elif contact is not None:
            event.contact = text(contact, "contact")
        event.contact = event.contact or None
        event.channel = optional(told, "channel", 64)
        reference, series = optional(told, "reference"), optional(told, "series")
        if reference is not None:
            event.reference, event.reference_told = compared(reference) or None, reference
        event.series = compared(series) if series is not None else ""
        event.actor, event.approver = self.door.actor, self.door.approver
        if self.door.names_actor:
            event.actor, event.approver, event.role = (optional(told, each) for each in ("actor", "approver", "role"))

    def _fields(self, told: Mapping[str, Any], shape: Shape) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for name, kind in shape.fields.items():
            value = told.get(name)
            if value is None:
                if name in shape.needs:
                    raise BadAmount(f"{name} is missing")
            elif kind in _MONEY or kind in _UNITS or kind is Kind.COUNT:
                fields[name] = self._amount(kind, value, name)
            else:
                fields[name] = field(kind, value, name, self.zone)
        for name in ("reason", "note"):
            if told.get(name) is not None:
                fields[name] = text(told[name], name, 4096)
        return fields

    def _amount(self, kind: Kind, value: object, name: str) -> int:
        if kind is Kind.COUNT:
            amount = scaled(value, 0, name)
            if amount > 10**6:
                raise BadAmount(f"{name} is beyond 10^6")
        else:
            amount = money(value, self.digits if kind in _MONEY else self.unit_digits, name)
        if amount == 0 or (amount < 0 and kind not in _SIGNED):
            raise BadAmount(f"{name} must {'not be' if kind in _SIGNED else 'be above'} zero")
        return amount

    def _bought(self, event: Event, told: Mapping[str, Any], kind: EventType) -> None:
        if kind is EventType.RETURN and "of" in event.fields:
            event.fields.update(self._returned(told))
            return
        if kind is EventType.REDEEM and told.get("lines") is None and told.get("total") is None:
            return
        bought = self.basket.read(told, event.fields.get("amount"))
        event.currency = optional(told, "currency")
        event.lines, event.total, event.net, event.tax, event.quantity, event.spend_kind, event.spend_amount = bought

    def _returned(self, told: Mapping[str, Any]) -> dict[str, Any]:
        """``lines`` of a return that names its purchase: which line, and how much of it."""
        lines = []
        for each in sequence(told.get("lines") or [], "lines"):
            line = mapping(each, "a line")
            if not {"line"} < line.keys() <= {"line", "quantity", "total"}:
                raise Refusal(Reason.UNDECLARED_FIELD, "a returned line has line, and quantity or total")
            parts = {"line": scaled(line["line"], 0, "line")}
            if line.get("quantity") is not None:
                parts["quantity"] = quantity(line["quantity"])
            if line.get("total") is not None:
                parts["total"] = money(line["total"], self.digits, "total")
            if min(parts.values()) <= 0:
                raise BadAmount("what is returned must be above zero")
            lines.append(parts)
        return {"lines": lines} if lines else {}

    def _place(self, told: Mapping[str, Any]) -> Place:
        names = [optional(told, name) or None for name in ("merchant", "venue", "tap")]
        if names == [None, None, None]:
            return Place(None, None, None)
        try:
            return self.places.resolve(*names)
        except UnknownPlace as problem:
            raise Refusal(Reason.UNKNOWN_MERCHANT, str(problem)) from None


def _raw(record: Any) -> str:
    return json.dumps(record, ensure_ascii=False, default=str)[:_MAX_RAW]
