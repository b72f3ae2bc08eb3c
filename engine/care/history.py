"""The whole timeline of a contact: its events, those of contacts merged into it, and the mails that they caused.

Who is served and who serves see the same list; only notes and the names of agents are kept from the one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from guerdon.engine.care.bodies import Bodies
from guerdon.engine.care.mails.box import Mail, mails_of
from guerdon.engine.codes import EventType
from guerdon.engine.decide.history import MERGED_RECORD
from guerdon.engine.events.event import Event
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.report.timeline import Entry, timeline_of
from guerdon.engine.report.wallet import contact_number
from guerdon.rules.program import Program

# What an agent does, with a reason for the contact and a note that is not.
_SAID = frozenset(
    kind.name.lower()
    for kind in EventType
    if kind.name.startswith(("CARD_", "COUPON_", "REWARD_"))
    or kind
    in (
        EventType.ADJUST, EventType.TRANSFER, EventType.MERGE, EventType.ENROL, EventType.UNENROL, EventType.CLOSE,
        EventType.HOLD_ACCOUNT, EventType.REACTIVATE, EventType.BLOCK_SPEND, EventType.UNBLOCK_SPEND,
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that happened. ``of``: the contact whose event it was, if it was merged into this one; '' its own.

    ``mail``: what it caused, as (kind, state, reason); ``said``: its reason. ``note`` and ``actor`` are for agents.
    """

    entry: Entry
    of: str
    said: str
    mail: tuple[tuple[str, str, str], ...]
    note: str
    actor: str

    def as_json(self, *, for_agent: bool) -> dict[str, Any]:
        """One entry; what is an agent's alone is left out unless ``for_agent``."""
        whole = {**self.entry.as_json(), "of": self.of or None, "said": self.said or None}
        whole["mails"] = [{"kind": kind, "state": state, "reason": reason} for kind, state, reason in self.mail]
        if for_agent:
            whole |= {"note": self.note or None, "actor": self.actor or None}
        return whole


def history(ledger: Ledger, program: Program, contact: str) -> list[Happened]:
    """The history of a contact in the order of the log. UnknownContact: there is none of that id."""
    number = contact_number(ledger, contact)
    bodies = Bodies(ledger)
    found: dict[int, Happened] = {}
    for source in _merged_from(ledger, number):
        name = ledger.names.id("contact", source)
        if not name:
            continue  # erased: its history is nobody's
        mails: dict[int, list[Mail]] = {}
        for mail in mails_of(ledger, source):
            mails.setdefault(mail.seq, []).append(mail)
        for seq, entry in zip(
            ledger.events_of_contact(source).tolist(), timeline_of(ledger, program, name), strict=True
        ):
            told = bodies.told(seq) if entry.type in _SAID else None
            says = told.fields if isinstance(told, Event) else {}
            found.setdefault(
                seq,
                Happened(
                    entry,
                    "" if source == number else name,
                    str(says.get("reason", "")),
                    tuple((mail.kind, mail.state, mail.reason) for mail in mails.get(seq, ())),
                    str(says.get("note", "")),
                    (told.actor or "") if isinstance(told, Event) else "",
                ),
            )
    return [found[seq] for seq in sorted(found)]


def _merged_from(ledger: Ledger, contact: int) -> list[int]:
    """Numbers of the contact itself and of those merged into it, however far; its own first."""
    found = [contact]
    for number in found:
        sources = [int(record.id.partition("@")[0]) for record in ledger.records.of_contact(MERGED_RECORD, number)]
        found += [source for source in sources if source not in found]
    return found
