"""From records to events at this door: who is signed in may tell these types, of these merchants, of this contact."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

from guerdon.engine.api.keys import Principal
from guerdon.engine.api.roles import RESERVED_FIELDS
from guerdon.engine.codes import EventType, Reason
from guerdon.engine.events.code_names import PROVEN_BY_CODE, SPENT_BY_CODE, CodeNames, NamedRecord, mistyped
from guerdon.engine.events.content import raw_content
from guerdon.engine.events.event import Event, Parked, Refused
from guerdon.engine.events.fields import TYPES
from guerdon.engine.events.normalise import DEFAULT_SOURCE, Door, Normaliser
from guerdon.engine.events.reading import Unreadable
from guerdon.engine.ledger.ledger import Ledger
from guerdon.rules.program import Program

Item = Event | Refused | Parked
_MAX_RAW = 1 << 20


@dataclass(frozen=True, slots=True)
class Told:
    """One event as this door hands it on. ``record``: as it was told, names for codes, for whoever points into it."""

    item: Item
    record: Mapping[str, Any]


class FrontDoor:
    """Makes events of records, for one programme. Keeps what it has compiled for each caller.

    ``codes`` is given to it with the ledger, before anything is told.
    """

    codes: CodeNames

    def __init__(self, program: Program) -> None:
        self.program = program
        self._normalisers: dict[tuple[str, bool, str], Normaliser] = {}

    def told(
        self,
        principal: Principal,
        records: Sequence[Any],
        received_at: int,
        *,
        ledger: Ledger | None,
        approver: str = "",
        with_pin: bool = False,
    ) -> list[Told]:
        """An item for each record. ``ledger`` is asked whose the events are that a caller bound to merchants names.

        ``with_pin``: they came with a PIN, which goes with a code only.
        """
        return [self._one(principal, record, received_at, ledger, approver, with_pin) for record in records]

    def _one(
        self, principal: Principal, record: Any, received_at: int, ledger: Ledger | None, approver: str, with_pin: bool
    ) -> Told:
        if isinstance(record, Unreadable):
            return Told(Parked(str(record), "", received_at, received_at), {})
        slip = mistyped(record) if isinstance(record, Mapping) else ""
        if isinstance(record, Mapping):
            record = _completed(principal, record)
            codes = self.codes if ledger is None else ledger.codes
            record = codes.record(record, takes_names=not with_pin and takes_names(principal, record))
        raw = json.dumps(record, default=str)[:_MAX_RAW]
        item = self._normaliser(principal, approver).normalise(record, received_at, raw)
        shown = record if isinstance(record, Mapping) else {}
        if isinstance(item, Event):
            why = self._why_not(principal, item, shown, ledger)
            if why or slip:
                reason = Reason.NOT_PERMITTED if why else Reason.CODE_UNKNOWN
                item = Refused(
                    reason, why or f"{slip}: a sign of the code is wrong",
                    item.source, item.id, item.type, item.time, received_at, raw_content(record), raw,
                    item.contact if item.contact_kind == "id" else None,
                )  # fmt: skip
            else:
                item.role = None if principal.role.types is None else principal.role.name
        return Told(item, shown)

    def _normaliser(self, principal: Principal, approver: str) -> Normaliser:
        key = (principal.name, principal.role.types is None, approver)
        found = self._normalisers.get(key)
        if found is None:
            if len(self._normalisers) > 1_000:
                self._normalisers.clear()
            door = Door(permits_all=principal.role.types is not None, actor=key[0], approver=approver or None)
            found = self._normalisers[key] = Normaliser(self.program, door, self.codes)
        return found

    def _why_not(self, principal: Principal, event: Event, record: Mapping[str, Any], ledger: Ledger | None) -> str:
        """Why who is signed in may not tell an event, in words; '' if it may."""
        role = principal.role
        if role.types is not None and event.type not in role.types:
            return f"type: {event.type.name.lower()!r} is not for the role {role.name!r}"
        for name, roles in RESERVED_FIELDS.items():
            if record.get(name) is not None and role.name not in roles:
                return f"{name}: not for the role {role.name!r}"
        if principal.sources and event.source not in principal.sources:
            return f"source: this key speaks for {', '.join(principal.sources)}"
        if principal.contact and (event.contact != principal.contact or event.contact_kind != "id"):
            return "contact: this key speaks for another contact"
        return self._out_of_scope(principal, event, ledger) if principal.merchants else ""

    def _out_of_scope(self, principal: Principal, event: Event, ledger: Ledger | None) -> str:
        if event.merchant not in principal.merchants:
            return "merchant: this key speaks for other merchants"
        named = [str(event.fields[name]) for name in ("of", "corrects", "estimate") if name in event.fields]
        for name in named:
            if ledger is None or not _is_of(ledger, event, name, principal.merchants):
                return "of: it names no event of this key's merchants"
        return ""


def takes_names(principal: Principal, record: Mapping[str, Any]) -> bool:
    """Whether an event may name its card, certificate or coupon instead of telling the code.

    Where the code is the proof nobody may; staff may wherever else, a system where nothing is spent, a member nowhere.
    """
    kind, role = str(record.get("type")), principal.role
    if role.own or kind in PROVEN_BY_CODE or record.get("code") is not None:
        return False
    return kind not in SPENT_BY_CODE if role.types is None or role.scoped else True


def _completed(principal: Principal, record: Mapping[str, Any]) -> Mapping[str, Any]:
    """The record with what goes without saying: the key's only source, its own contact, its only merchant."""
    found = copy(record) if isinstance(record, NamedRecord) else dict(record)
    if "pin" in found:  # a PIN is told to a card's own routes; here it makes a field too many, and is not kept
        found["pin"] = None
    if principal.sources and found.get("source") is None:
        found["source"] = principal.sources[0]
    if principal.contact and found.get("contact") is None:
        found["contact"] = principal.contact
    said = any(found.get(name) for name in ("merchant", "venue", "tap"))
    if len(principal.merchants) == 1 and not said and TYPES.get(str(found.get("type"))) not in _AT_NO_MERCHANT:
        found["merchant"] = next(iter(principal.merchants))
    return found


_AT_NO_MERCHANT = frozenset({EventType.TICK, EventType.DRAW, EventType.STATEMENT_CLOSED, None})


def _is_of(ledger: Ledger, event: Event, name: str, merchants: frozenset[str]) -> bool:
    """Whether the event or purchase that ``name`` names is known and of one of these merchants."""
    names = ledger.names
    source = names.find("source", event.source or DEFAULT_SOURCE)
    seqs = {ledger.event_by_key(source, name)} if source else set()
    seqs |= {ledger.event_by_key(number, name) for number in range(1, len(names.ids("source")))}
    for merchant in merchants:
        number = names.find("merchant", merchant)
        if number:
            seqs.add(ledger.event_by_reference(number, event.series, name.strip().upper()))
    found = ledger.events(sorted(seqs - {0}))
    return bool(found) and all(names.id("merchant", each.merchant) in merchants for each in found)
