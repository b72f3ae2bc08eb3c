"""Finding a contact by whatever the person on the phone has: an id, an address, a number, a receipt, a card."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import islice
from typing import Any

import numpy as np
from sqlalchemy import bindparam, select

from guerdon.engine.care.actions import actions
from guerdon.engine.codes import Status
from guerdon.engine.decide.history import MERGED_RECORD
from guerdon.engine.events.fields import IDENTIFIERS
from guerdon.engine.events.reading import compared
from guerdon.engine.ledger import tables
from guerdon.engine.ledger.ledger import Ledger
from guerdon.rules.program import Program

LOOKED_AT = 10_000
WAYS = ("id", *IDENTIFIERS, "reference", "event", "coupon")
_K = tables.business_key.c
_HOLDERS = select(_K.seq).where(_K.reference == bindparam("reference")).order_by(_K.seq)
_CARDS = ("card", "coupon")


@dataclass(frozen=True, slots=True)
class Match:
    """One contact that was found. ``by``: in which way; ``what``: that which led to it (an event's id, a coupon).

    ``merged_into``: the contact that holds the wallet of a merged one. ``actions``: what its state allows.
    """

    contact: str
    by: str
    what: str
    status: str
    tier: str | None
    spend_blocked: bool
    merged_into: str | None
    actions: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """One match of ``search --json``."""
        return {name: getattr(self, name) for name in self.__slots__}


def search(
    ledger: Ledger, program: Program, text: str, by: str | None = None, most: int = 50,
    *, skip: int = 0, sees: Callable[[int], bool] | None = None,
) -> list[Match]:  # fmt: skip
    """The contacts that a text finds, each once, by the first of ``WAYS`` that finds it; ``by``: in this way only.

    An id may hold ``*`` for anything. Addresses and numbers are compared as the log keeps them: addresses in lower
    case, references after NFKC, trimmed, in upper case. ``skip``: so many were on the pages before. ``sees``: whether a
    contact (number) is the caller's to see; then no more than ``LOOKED_AT`` are looked at.
    """
    ways = WAYS if by is None else (by,)
    candidates = ((number, way, what) for way in ways for number, what in _numbers(ledger, way, text.strip()))
    found: dict[int, tuple[str, str]] = {}
    for number, way, what in candidates if sees is None else islice(candidates, LOOKED_AT):
        if number not in found and (sees is None or sees(number)):
            found[number] = (way, what)
        if len(found) >= skip + most:
            break
    return _matches(ledger, program, dict(islice(found.items(), skip, None)))


def _numbers(ledger: Ledger, way: str, text: str) -> Iterator[tuple[int, str]]:
    if "\0" in text:  # PostgreSQL holds no such text, and doesn't take it in a question
        return
    if way == "id":
        yield from _by_id(ledger, text)
    elif way == "reference":
        for (seq,) in ledger.store.rows(_HOLDERS, reference=compared(text)):
            yield from _of_event(ledger, int(seq))
    elif way == "event":
        sources = range(1, len(ledger.names.ids("source")))
        for seq in filter(None, (ledger.event_by_key(source, text) for source in sources)):
            yield from _of_event(ledger, seq)
    else:
        if way in IDENTIFIERS:
            number = ledger.contact_by_identifier(way, text.lower() if way == "email" else text)
            if number:
                yield number, text
        for name in (ledger.codes.named(text), text) if way in _CARDS else ():
            record = ledger.records.one(way, name)
            if record is not None and record.contact:
                yield record.contact, name


def _by_id(ledger: Ledger, text: str) -> Iterator[tuple[int, str]]:
    if "*" in text:
        ids = ledger.names.ids("contact")
        yield from ((number, id) for number, id in enumerate(ids) if id and fnmatchcase(id, text))
    elif number := ledger.names.find("contact", text):
        yield number, text


def _of_event(ledger: Ledger, seq: int) -> Iterator[tuple[int, str]]:
    for event in ledger.events([seq]):
        if event.contact:
            yield event.contact, event.id


def _matches(ledger: Ledger, program: Program, found: dict[int, tuple[str, str]]) -> list[Match]:
    rows = {int(row["number"]): row for row in ledger.load_contacts(np.array(sorted(found), np.int64)).contacts}
    ladder = program.tiers.ladder if program.tiers else ()
    matches = []
    for number, (way, what) in found.items():
        row = rows.get(number)
        status = Status(int(row["status"])) if row is not None else Status.NEW
        blocked, erased = (bool(row[name]) if row is not None else False for name in ("spend_blocked", "erased"))
        place = int(row["tier"]) if row is not None else -1
        matches.append(
            Match(
                contact=ledger.names.id("contact", number) or f"#{number}",
                by=way,
                what=what,
                status=status.name.lower(),
                tier=ladder[place].id if 0 <= place < len(ladder) else None,
                spend_blocked=blocked,
                merged_into=_merged_into(ledger, number) if status is Status.MERGED else None,
                actions=tuple(actions(status, spend_blocked=blocked, erased=erased)),
            )
        )
    return matches


def _merged_into(ledger: Ledger, number: int) -> str | None:
    record = ledger.records.one(MERGED_RECORD, str(number))
    return None if record is None else ledger.names.id("contact", int(record.fields["into"]))
