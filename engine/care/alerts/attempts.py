"""What was tried: the events that rules of alerts watch, posted or refused, as the log holds them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import bindparam, or_, select

from guerdon.engine.codes import EventType, Outcome
from guerdon.engine.decide.instruments.card import CARD_RECORD
from guerdon.engine.decide.instruments.certificates import CERTIFICATE_RECORD
from guerdon.engine.events.admission import Admission
from guerdon.engine.events.body import decode
from guerdon.engine.events.event import Event, Refused
from guerdon.engine.events.fields import SHAPES, TYPES
from guerdon.engine.ledger import tables
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.ledger.reading import LoggedEvent, StoredChunk

_E = tables.event.c
_COUNTED = (Outcome.POSTED, Outcome.REFUSED)
_NAMED = ("card", "certificate", "coupon")
_PLACES = ("merchant", "venue", "tap", "channel", "source", "actor", "role")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One event that was posted or refused. ``values``: by scope; ``amount``: minor units, 0 without one.

    ``touched``: the card, or else the contact, that it names, as (kind, name); None: neither.
    """

    seq: int
    time: int
    type: str
    refused: bool
    amount: int
    values: Mapping[str, str]
    touched: tuple[str, str] | None


def attempts(ledger: Ledger, after: int, types: Iterable[str]) -> Iterator[Attempt]:
    """The attempts of those types after a place in the log, in its order."""
    watched = select(_E.seq).where(
        _E.seq.between(bindparam("first"), bindparam("last")),
        or_(*(_E.type == int(TYPES[name]) for name in sorted(types))),
    )
    for chunk in _chunks_after(ledger, after):
        seqs = ledger.store.few(watched, first=max(chunk.first_seq, after + 1), last=chunk.last_seq)[:, 0]
        logged = {
            event.seq: event
            for event in (ledger.events(seqs) if len(seqs) else ())
            if event.outcome in _COUNTED and not event.waited
        }
        if logged:
            yield from _of_chunk(ledger, decode(chunk.body_format, chunk.body, ledger.keyring), logged)


def _chunks_after(ledger: Ledger, after: int) -> Iterator[StoredChunk]:
    first = ledger.chunk_of(after + 1)
    if first is not None:
        yield first
        yield from ledger.chunks(first.number)


def _of_chunk(ledger: Ledger, admission: Admission, logged: Mapping[int, LoggedEvent]) -> Iterator[Attempt]:
    seqs = admission.told.numbers("seq")
    rows = np.flatnonzero(np.isin(seqs, np.fromiter(logged, np.int64)))
    told: dict[int, Event | Refused] = dict(
        zip(seqs[rows].tolist(), admission.told.take(rows).to_events(), strict=True)
    )
    told |= {aside.told.seq: aside.told for aside in admission.asides if isinstance(aside.told, Refused)}
    for seq, event in logged.items():
        if seq in told:
            yield _attempt(ledger, event, told[seq])


def _attempt(ledger: Ledger, logged: LoggedEvent, told: Event | Refused) -> Attempt:
    says = _says(told)
    if SHAPES[EventType(logged.type)].of_contact:
        says.pop("card", None)  # a member's own, which names the contact and holds no money
    values = {name: str(says[name]) for name in (*_PLACES, *_NAMED, "site") if says.get(name)}
    values["business"] = ""
    contact = ledger.names.id("contact", logged.contact) if logged.contact else says.get("contact")
    if contact:
        values["contact"] = str(contact)
    if says.get("email"):  # an address is no name for a key: it would outlive its owner's erasure
        values["email"] = ledger.codes.holder(str(says["email"]))
    values |= _of_instrument(ledger, says)
    touched = next(((kind, values[kind]) for kind in ("card", "certificate", "contact") if kind in values), None)
    amount = 0
    if isinstance(told, Event) and logged.outcome == Outcome.POSTED:
        amount = abs(int(told.fields.get("amount", told.total) or 0))
    refused = logged.outcome == Outcome.REFUSED
    return Attempt(logged.seq, logged.time, TYPES_BY_NUMBER[logged.type], refused, amount, values, touched)


def _says(told: Event | Refused) -> dict[str, Any]:
    """What an event said, by the names of spec 3; of one that was refused before it was read, what can be made out."""
    if isinstance(told, Event):
        own = {name: getattr(told, name) for name in _PLACES}
        return {**own, **told.fields}
    try:
        says = json.loads(told.raw)
    except ValueError:
        says = {}
    return {**(says if isinstance(says, dict) else {}), "source": told.source}


def _of_instrument(ledger: Ledger, says: Mapping[str, Any]) -> dict[str, str]:
    """Kind of the card or certificate, and the distributor of a certificate, from its record."""
    for kind in (CARD_RECORD, CERTIFICATE_RECORD):
        record = ledger.records.one(kind, str(says[kind])) if says.get(kind) else None
        if record is None:
            continue
        found = {"kind": str(record.fields["kind"])}
        if record.fields.get("distributor"):
            found["distributor"] = ledger.names.id("merchant", int(record.fields["distributor"]))
        return found
    return {}


TYPES_BY_NUMBER = {int(kind): name for name, kind in TYPES.items()}
