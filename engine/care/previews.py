"""Preview and confirm: what an event would do, decided in full on a ledger that is only read, and then done or not.

A preview ends in a token that holds the event and how far whatever it names had come. Confirming it feeds the event;
twice feeds it once. If anything happened to a contact, card, certificate or coupon in between, the preview is stale
and nothing is fed. The command line and the HTTP door both stand on ``rehearsed``, ``seen_of`` and ``still_holds``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Any

import numpy as np

from guerdon.engine.care.preview_tokens import Held, PreviewError, opened, sealed, unknown
from guerdon.engine.codes import EventType, Outcome, OwnerKind, Role, TransferKind, account_parts
from guerdon.engine.decide.instruments.exchanging import COUPON_RECORD
from guerdon.engine.events.admission import admit
from guerdon.engine.events.event import Event
from guerdon.engine.events.normalise import Door, Normaliser
from guerdon.engine.events.times import text as time_text
from guerdon.engine.ledger.chunk import Chunk
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.ledger.reading import LoggedEvent
from guerdon.engine.pipeline import Admitted, Run
from guerdon.engine.report.naming import account_name, decimal_of, role_name
from guerdon.engine.rows import TRANSFER
from guerdon.rules.program import Program

SOURCE = "care"  # who tells events that were confirmed at the command line
CURRENCY_UNIT = 1  # rows.TRANSFER.unit, where the wallet holds points
STALE, EXPIRED = "preview_stale", "preview_expired"
_OTHERS = ("into", "to")  # fields that name a second contact
_INSTRUMENTS = ("card", "certificate", "coupon")
_RECENT = 32  # events of a contact that are looked at for the last posted one, at a time
_ROWS = 16

Wallets = dict[str, dict[str, tuple[Decimal, Decimal]]]


@dataclass(frozen=True, slots=True)
class Move:
    """One transfer that the event would make."""

    kind: str
    debit: str
    credit: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Preview:
    """What an event would do. ``wallets``: of each contact by role, before and after; only what is not 0 both times.

    ``token``: what ``confirm`` takes; it is given also where the event would be refused, so that a second person can be
    asked with it.
    """

    type: str
    outcome: str
    reason: str | None
    wallets: Wallets
    moves: tuple[Move, ...]
    token: str

    def as_json(self) -> dict[str, Any]:
        """The object that ``preview --json`` prints."""
        moves = [{name: getattr(move, name) for name in Move.__slots__} for move in self.moves]
        return {
            "type": self.type,
            "outcome": self.outcome,
            "reason": self.reason,
            "wallets": wallets_json(self.wallets),
            "moves": moves,
            "token": self.token,
        }


# ---- at the command line


def preview(program: Program, url: str, record: Mapping[str, Any], door: Door, now: int) -> Preview:
    """What the event that ``record`` tells (fields of spec 3; ``type`` needed) would do at ``now`` (µs UTC).

    PreviewError: the event can't be read or is refused before any state is looked at.
    """
    told = {**record, "source": SOURCE}
    made: dict[str, Any] = {} if "time" in told else {"time": time_text(now)}
    with Ledger.open(url, create=False, read_only=True) as ledger:
        told = dict(Normaliser(program, door, ledger.codes).named(told))  # no code shall stand in a token
        event = _readable(ledger, program, {**made, **told, "id": "preview"}, door, now)
        made |= previewed_after(ledger, event)
        made["id"] = _name({**made, **told})
        event = _readable(ledger, program, {**made, **told}, door, now)
        seen = seen_of(ledger, event)  # before the rehearsal, which gives strangers a number
        admitted, chunk = rehearsed(ledger, program, event)
        ended = admitted.outcomes[0]
        moved = chunk.transfers if chunk is not None else np.zeros(0, TRANSFER)
        return Preview(
            type=event.type.name.lower(),
            outcome=ended.outcome.name.lower(),
            reason=ended.reason.name.lower() if ended.outcome in (Outcome.REFUSED, Outcome.IGNORED) else None,
            wallets=wallets(ledger, program, contacts_of(ledger, event), moved),
            moves=tuple(_move(ledger, program, row) for row in moved),
            token=sealed(Held(told, made, seen, "", now), ledger.keyring.secret()),
        )


def confirm(
    program: Program, ledger: Ledger, token: str, door: Door, now: int, run: Run | None = None
) -> tuple[str, Any]:
    """Feed the event of a token: its id and how it ended (``pipeline.Ended``). The ledger is open for writing.

    ``run``: the one that is at work on the ledger, if there is one.
    PreviewError: the token is none, ``preview_expired``, or ``preview_stale``: something was posted since the preview.
    """
    held = opened(token, ledger.keyring.secret())
    if held.by:
        raise unknown("this preview was made over HTTP, and is confirmed there")
    event = _readable(ledger, program, held.record, door, now)
    still_holds(ledger, event, held, now)
    return event.id, (run or Run.open(program, ledger)).admit(admit([event])).outcomes[0]


def _name(told: Mapping[str, Any]) -> str:
    """The event's id: of what it says, so that the same confirmation can't be fed twice."""
    said = json.dumps(told, sort_keys=True, ensure_ascii=False, default=str)
    return f"{told['type']}/{sha256(said.encode()).hexdigest()[:16]}"


def _readable(ledger: Ledger, program: Program, told: Mapping[str, Any], door: Door, now: int) -> Event:
    event = Normaliser(program, door, ledger.codes).normalise(dict(told), now)
    if isinstance(event, Event):
        return event
    reason = getattr(event, "reason", None)
    raise PreviewError(event.detail, "unreadable" if reason is None else reason.name.lower(), "see guerdon schema")


# ---- what it would do


class _NothingPosted(Exception):
    """Ends a rehearsal where a chunk would be posted."""


def rehearsed(ledger: Ledger, program: Program, event: Event) -> tuple[Admitted, Chunk | None]:
    """How an event would end, and what would be posted of it; None: nothing. The ledger is open for reading only."""
    found: list[tuple[Admitted, Chunk | None]] = []

    def see(admitted: Admitted, chunk: Chunk | None) -> dict[str, Any]:
        found.append((admitted, chunk))
        raise _NothingPosted

    run = Run.open(program, ledger, keep_refusals=True, rows=_ROWS)
    run.beside = see
    with suppress(_NothingPosted):
        run.admit(admit([event]))
    return found[0]


def wallets(ledger: Ledger, program: Program, numbers: list[int], moved: np.ndarray) -> Wallets:
    """Each contact's balances by role, before and after what was moved (TRANSFER)."""
    digits = program.business.unit.digits
    found = {}
    for number in numbers:
        before = {role: minor for (role, unit), minor in ledger.balances(number).items() if unit == 0}
        after = dict(before)
        for row in moved:
            for side, sign in (("debit", -1), ("credit", 1)):
                kind, owner, role = account_parts(int(row[side]))
                if kind == OwnerKind.CONTACT and owner == number and row["unit"] == 0:
                    after[role] = after.get(role, 0) + sign * int(row["amount"])
        roles = sorted({*before, *after})
        found[ledger.names.id("contact", number)] = {
            role_name(role, ledger.names.id): (
                decimal_of(before.get(role, 0), digits),
                decimal_of(after.get(role, 0), digits),
            )
            for role in roles
            if before.get(role) or after.get(role) or role == Role.OPEN
        }
    return found


def wallets_json(found: Wallets) -> dict[str, dict[str, dict[str, Decimal]]]:
    """Wallets as they are printed."""
    return {
        contact: {role: {"before": before, "after": after} for role, (before, after) in roles.items()}
        for contact, roles in found.items()
    }


def _move(ledger: Ledger, program: Program, row: Any) -> Move:
    digits = program.business.digits if row["unit"] == CURRENCY_UNIT else program.business.unit.digits
    debit, credit = (account_name(int(row[side]), ledger.names.id) for side in ("debit", "credit"))
    return Move(TransferKind(int(row["kind"])).name.lower(), debit, credit, decimal_of(int(row["amount"]), digits))


# ---- whether it still would


def still_holds(ledger: Ledger, event: Event, held: Held, now: int) -> None:
    """Nothing happened since the preview, or its event is in the log already and is a repeat. Else a PreviewError."""
    source = ledger.names.find("source", event.source)
    if source and ledger.event_by_key(source, event.id):
        return
    if now >= held.expires_at:
        raise PreviewError("this preview is too old", EXPIRED, "preview it anew")
    if seen_of(ledger, event) != held.seen:
        hint = "look again and preview it anew"
        raise PreviewError("something happened to what it is about since the preview", STALE, hint)


def seen_of(ledger: Ledger, event: Event) -> dict[str, int | str]:
    """How far everything has come that an event names: last posted seq of contacts, the state of instruments."""
    found: dict[str, int | str] = {}
    for number in contacts_of(ledger, event):
        last = last_posted(ledger, number)
        found[str(number)] = last.seq if last is not None else 0
    named = [(kind, event.fields[kind]) for kind in _INSTRUMENTS if kind in event.fields]
    if "card" in event.fields and "to" in event.fields:
        named.append(("card", event.fields["to"]))
    for kind, name in named:
        record = ledger.records.one(kind, str(name))
        said = "" if record is None else json.dumps([record.contact, record.due_at, record.fields], sort_keys=True)
        found[f"{kind}:{name}"] = sha256(said.encode()).hexdigest()[:16]
    return found


def previewed_after(ledger: Ledger, event: Event) -> dict[str, str]:
    """The field by which an adjustment tests for itself that nothing was posted in between, unless it says so."""
    numbers = contacts_of(ledger, event)
    last = last_posted(ledger, numbers[0]) if event.type is EventType.ADJUST and numbers else None
    told = last is None or "previewed_after" in event.fields
    return {} if told or last is None else {"previewed_after": last.id}


def last_posted(ledger: Ledger, contact: int) -> LoggedEvent | None:
    """The last posted event that names or touches a contact (number), ticks left out; None: there is none."""
    seqs = ledger.events_of_contact(contact)
    while len(seqs):
        for event in reversed(ledger.events(seqs[-_RECENT:])):
            if event.outcome == Outcome.POSTED and event.type != EventType.TICK:
                return event
        seqs = seqs[:-_RECENT]
    return None


def contacts_of(ledger: Ledger, event: Event) -> list[int]:
    """Numbers of the contacts that an event names, itself, by a coupon or by an earlier event; strangers left out."""
    found = [_named(ledger, event)]
    found += [ledger.names.find("contact", str(event.fields[name])) for name in _OTHERS if name in event.fields]
    coupon = ledger.records.one(COUPON_RECORD, str(event.fields["coupon"])) if "coupon" in event.fields else None
    found += [coupon.contact] if coupon is not None else []
    if "of" in event.fields:
        sources = range(1, len(ledger.names.ids("source")))
        seqs = [ledger.event_by_key(source, str(event.fields["of"])) for source in sources]
        found += [logged.contact for logged in ledger.events([seq for seq in seqs if seq])]
    return list(dict.fromkeys(number for number in found if number))


def _named(ledger: Ledger, event: Event) -> int:
    if event.contact is None:
        return 0
    if event.contact_kind == "id":
        return ledger.names.find("contact", event.contact)
    return ledger.contact_by_identifier(event.contact_kind, event.contact)
