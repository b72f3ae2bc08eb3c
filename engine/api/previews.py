"""What a command would do: decided by a run of its own over a ledger that can't be written, then forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from guerdon.engine.api.answers import Answering, EventAnswer
from guerdon.engine.api.door import Told
from guerdon.engine.api.instants import money, rfc3339
from guerdon.engine.codes import EventType, Outcome, TransferKind
from guerdon.engine.events.admission import admit
from guerdon.engine.events.event import Event
from guerdon.engine.ledger.chunk import Chunk
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.pipeline import Admitted, Run
from guerdon.engine.report.naming import account_name
from guerdon.engine.rows import REFUSAL
from guerdon.rules.program import Program

ROWS = 16


class NothingPosted(Exception):
    """Ends a preview where a chunk would be posted."""


def previewed(ledger: Ledger, program: Program, told: Sequence[Told]) -> list[dict[str, Any]]:
    """What each event would give, in the order told. ``ledger`` is open for reading only, and nothing of it changes."""
    answering = Answering(program)
    found: list[dict[str, Any]] = []

    def see(admitted: Admitted, chunk: Chunk | None) -> dict[str, Any]:
        part = told[len(found) : len(found) + len(admitted.seqs)]
        found.extend(
            _shown(answer, chunk, answering, ledger, program)
            for answer in answering.events(part, admitted, chunk, ledger)
        )
        if chunk is not None:
            raise NothingPosted
        return {}

    run = Run.open(program, ledger, keep_refusals=True, rows=ROWS)
    run.beside = see
    with suppress(NothingPosted):
        run.admit(admit([each.item for each in told], sort=False))
    return found


def _shown(
    answer: EventAnswer, chunk: Chunk | None, answering: Answering, ledger: Ledger, program: Program
) -> dict[str, Any]:
    shown = {name: value for name, value in answer.shown.items() if name != "seq"}
    if chunk is None or answer.outcome is not Outcome.POSTED:
        return shown
    seq = int(answer.shown["seq"])
    moved = chunk.transfers[chunk.transfers["seq"] == seq]
    refused = chunk.refusals[chunk.refusals["seq"] == seq]
    digits = (program.business.unit.digits, program.business.digits)
    shown["changes"] = answering.changes(moved, ledger)
    shown["refusals"] = answering.refusals(refused.astype(REFUSAL, copy=False), ledger)
    shown["transfers"] = [
        {
            "kind": TransferKind(int(row["kind"])).name.lower(),
            "debit": account_name(int(row["debit"]), ledger.names.id),
            "credit": account_name(int(row["credit"]), ledger.names.id),
            "amount": money(row["amount"], digits[int(row["unit"])]),
            "effective_at": rfc3339(int(row["effective_at"])),
        }
        for row in moved
    ]
    return shown


def last_posted(ledger: Ledger, contact: str) -> str | None:
    """Id of the contact's last posted event, ticks left out: what ``previewed_after`` of an adjustment names."""
    number = ledger.names.find("contact", contact)
    if not number:
        return None
    seqs = ledger.events_of_contact(number)
    for start in range(len(seqs), 0, -50):
        for event in reversed(ledger.events(seqs[max(0, start - 50) : start])):
            if event.outcome == Outcome.POSTED and event.type != EventType.TICK:
                return event.id
    return None


def contact_of(told: Told) -> str | None:
    """The contact id that an event names."""
    item = told.item
    return item.contact if isinstance(item, Event) and item.contact_kind == "id" else None
