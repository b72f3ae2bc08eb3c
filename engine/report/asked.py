"""What an ID means, and its explanation: an event, an award or transfer by SEQ:N, a contact, or one worth a look."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from guerdon.engine.ledger import tables
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.report.explain import explain_contact, explain_journal
from guerdon.engine.report.journal import JournalReader
from guerdon.engine.report.timeline import journals_of
from guerdon.engine.report.versions import program_numbered
from guerdon.engine.report.working_out import every_refusal
from guerdon.rules.program import Program

_PLACE = re.compile(r"(\d+):(\d+)\Z")
_A = tables.award.c
# Worth a look: several funders, a clip or several wins say more than a plain award.
_WORTH_A_LOOK = (
    select(_A.seq)
    .order_by(
        (_A.clipped > 0).desc(),
        ((_A.merchant_part > 0) & (_A.merchant_part < _A.amount)).desc(),
        _A.amount.desc(),
        _A.seq,
    )
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Answer:
    """An explanation as text, and as the object that ``--json`` prints."""

    text: str
    data: Any


def explained(ledger: Ledger, program: Program, what: str) -> Answer | None:
    """The explanation of an ID; None: nothing in the ledger has it. An empty ID takes an award worth a look."""
    if not what:
        found = ledger.store.rows(_WORTH_A_LOOK)
        return _events(ledger, program, [found[0][0]]) if found else None
    place = _PLACE.match(what)
    if place is not None and int(place[1]) <= ledger.last_seq:
        return _events(ledger, program, [int(place[1])])
    seqs = [row[0] for row in ledger.store.rows(select(tables.event.c.seq).where(tables.event.c.id == _base(what)))]
    if seqs:
        return _events(ledger, program, seqs)
    if ledger.names.find("contact", what):
        entries = journals_of(ledger, program, what)
        text = explain_contact(what, entries)
        return Answer(text, {"contact": what, "events": [entry.as_json() for entry in entries]})
    return None


def _base(what: str) -> str:
    """The event that an id names; ``p1/sign_up/everyday`` was decided with ``p1``."""
    return re.sub(r"/(register|sign_up/[^/]+|tier_reached|referral|draw)\Z", "", what)


def _events(ledger: Ledger, program: Program, seqs: list[int]) -> Answer | None:
    texts, data = [], []
    for event in ledger.events(seqs):
        version = program_numbered(ledger, event.version) if event.version else program
        journal = JournalReader(ledger, version).read(event, every_refusal(ledger, event))
        texts.append(explain_journal(journal, version))
        data.append(journal.as_json())
    if not data:
        return None
    return Answer("\n\n".join(texts), data[0] if len(data) == 1 else data)
