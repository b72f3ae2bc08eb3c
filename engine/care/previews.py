"""Preview and confirm: what an event would do, decided in full on a ledger that is only read, and then done or not.

A preview ends in a token that holds the event and how far the log of its contacts was. Confirming it feeds the event;
twice feeds it once. If anything happened to a contact in between, the preview is stale and nothing is fed.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Any

import numpy as np

from guerdon.engine.codes import EventType, Outcome, OwnerKind, Role, TransferKind, account_parts
from guerdon.engine.decide.instruments.exchanging import COUPON_RECORD
from guerdon.engine.events.admission import admit
from guerdon.engine.events.event import Event
from guerdon.engine.events.normalise import Door, Normaliser
from guerdon.engine.events.times import text as time_text
from guerdon.engine.ledger.chunk import Chunk
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.ledger.store import Store
from guerdon.engine.pipeline import Run
from guerdon.engine.report.naming import account_name, decimal_of, role_name
from guerdon.engine.rows import TRANSFER
from guerdon.rules.program import Program

SOURCE = "care"  # who tells events that were confirmed
CURRENCY_UNIT = 1  # rows.TRANSFER.unit, where the wallet holds points
_OTHERS = ("into", "to")  # fields that name a second contact
_RECENT = 32  # events of a contact that are looked at for the last posted one, at a time


class PreviewError(Exception):
    """What was asked for can't be previewed or confirmed. ``code`` is stable, ``hint`` says what helps."""

    def __init__(self, message: str, code: str, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.code, self.hint = message, code, hint


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
    wallets: dict[str, dict[str, tuple[Decimal, Decimal]]]
    moves: tuple[Move, ...]
    token: str

    def as_json(self) -> dict[str, Any]:
        """The object that ``preview --json`` prints."""
        wallets = {
            contact: {role: {"before": before, "after": after} for role, (before, after) in roles.items()}
            for contact, roles in self.wallets.items()
        }
        moves = [{name: getattr(move, name) for name in Move.__slots__} for move in self.moves]
        return {
            "type": self.type,
            "outcome": self.outcome,
            "reason": self.reason,
            "wallets": wallets,
            "moves": moves,
            "token": self.token,
        }


class Rehearsal(Ledger):
    """A ledger that is read as it is and never written: what would be posted is kept for whoever asks."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.kept: list[Chunk] = []

    def post(self, chunk: Chunk) -> None:
        """Keeps the chunk, posts nothing."""
        self.kept.append(chunk)


def preview(program: Program, url: str, record: Mapping[str, Any], door: Door, now: int) -> Preview:
    """What the event that ``record`` tells (fields of spec 3; ``type`` needed) would do at ``now`` (µs UTC).

    PreviewError: the event can't be read or is refused before any state is looked at.
    """
    told = {**record, "source": SOURCE, "time": record.get("time", time_text(now))}
    with Rehearsal.open(url, create=False, read_only=True) as ledger:
        assert isinstance(ledger, Rehearsal)
        numbers = _contacts(ledger, told)
        seen = {str(number): last_posted(ledger, number) for number in numbers}
        if told["type"] == "adjust" and numbers and seen[str(numbers[0])]:
            told["previewed_after"] = ledger.events([seen[str(numbers[0])]])[0].id
        told["id"] = _name(told)
        event = _readable(program, told, door, now)
        ended = Run.open(program, ledger).admit(admit([event])).outcomes[0]
        found = [chunk.transfers for chunk in ledger.kept]
        moved = np.concatenate(found) if found else np.zeros(0, TRANSFER)
        reason = ended.reason.name.lower() if ended.outcome in (Outcome.REFUSED, Outcome.IGNORED) else None
        return Preview(
            type=event.type.name.lower(),
            outcome=ended.outcome.name.lower(),
            reason=reason,
            wallets=_wallets(ledger, program, numbers, moved),
            moves=tuple(_move(ledger, program, row) for row in moved),
            token=_token(told, seen),
        )


def confirm(
    program: Program, ledger: Ledger, token: str, door: Door, now: int, run: Run | None = None
) -> tuple[str, Any]:
    """Feed the event of a token: its id and how it ended (``pipeline.Ended``). The ledger is open for writing.

    ``run``: the one that is at work on the ledger, if there is one.
    PreviewError: the token is none, or ``preview_stale``: something was posted for a contact since the preview.
    """
    told, seen = _read(token)
    source = ledger.names.find("source", SOURCE)
    known = bool(source) and ledger.event_by_key(source, told["id"]) > 0
    if not known and any(last_posted(ledger, int(number)) != seq for number, seq in seen.items()):
        hint = "look at the contact again and preview it anew"
        raise PreviewError("something happened to this contact since the preview", "preview_stale", hint)
    event = _readable(program, told, door, now)
    return event.id, (run or Run.open(program, ledger)).admit(admit([event])).outcomes[0]


def last_posted(ledger: Ledger, contact: int) -> int:
    """Seq of the last posted event that names or touches a contact (number), ticks left out; 0: none."""
    seqs = ledger.events_of_contact(contact)
    while len(seqs):
        for event in reversed(ledger.events(seqs[-_RECENT:])):
            if event.outcome == Outcome.POSTED and event.type != EventType.TICK:
                return event.seq
        seqs = seqs[:-_RECENT]
    return 0


def _contacts(ledger: Ledger, told: Mapping[str, Any]) -> list[int]:
    """Numbers of the contacts that an event names, itself, by a coupon or by an earlier event; strangers left out."""
    names = [told.get("contact"), *(told.get(name) for name in _OTHERS)]
    found = [ledger.names.find("contact", name) for name in names if isinstance(name, str)]
    coupon = ledger.records.one(COUPON_RECORD, str(told["coupon"])) if "coupon" in told else None
    found += [coupon.contact] if coupon is not None else []
    if "of" in told:
        sources = range(1, len(ledger.names.ids("source")))
        seqs = [ledger.event_by_key(source, str(told["of"])) for source in sources]
        found += [event.contact for event in ledger.events([seq for seq in seqs if seq])]
    return list(dict.fromkeys(number for number in found if number))


def _readable(program: Program, told: Mapping[str, Any], door: Door, now: int) -> Event:
    event = Normaliser(program, door).normalise(dict(told), now)
    if isinstance(event, Event):
        return event
    reason = getattr(event, "reason", None)
    raise PreviewError(event.detail, "unreadable" if reason is None else reason.name.lower(), "see guerdon schema")


# ---- what it would do


def _wallets(
    ledger: Ledger, program: Program, numbers: list[int], moved: np.ndarray
) -> dict[str, dict[str, tuple[Decimal, Decimal]]]:
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


def _move(ledger: Ledger, program: Program, row: Any) -> Move:
    digits = program.business.digits if row["unit"] == CURRENCY_UNIT else program.business.unit.digits
    debit, credit = (account_name(int(row[side]), ledger.names.id) for side in ("debit", "credit"))
    return Move(TransferKind(int(row["kind"])).name.lower(), debit, credit, decimal_of(int(row["amount"]), digits))


# ---- tokens


def _name(told: Mapping[str, Any]) -> str:
    """The event's id: of what it says, so that the same confirmation can't be fed twice."""
    said = json.dumps(told, sort_keys=True, ensure_ascii=False, default=str)
    return f"{told['type']}/{sha256(said.encode()).hexdigest()[:16]}"


def _token(told: Mapping[str, Any], seen: Mapping[str, int]) -> str:
    text = json.dumps({"told": told, "seen": seen}, ensure_ascii=False, default=str)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(token: str) -> tuple[dict[str, Any], dict[str, int]]:
    try:
        held = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        told, seen = dict(held["told"]), dict(held["seen"])
        named = _name({name: value for name, value in told.items() if name != "id"})
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise PreviewError("this is no token of a preview", "token_unknown", "copy all of it") from None
    if told.get("id") != named:
        raise PreviewError("this token was changed", "token_unknown", "copy all of it")
    return told, seen
