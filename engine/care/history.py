"""The whole timeline of a contact: its events, those of contacts merged into it, and the mails that they caused.

Who is served and who serves see the same list; only notes and the names of agents are kept from the one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from guerdon.engine.care.bodies import Bodies
from guerdon.engine.care.mails.box import Mail, mails_of
from guerdon.engine.codes import EventType
from guerdon.engine.decide.history import MERGED_RECORD
from guerdon.engine.events.event import Event
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.ledger.reading import LoggedEvent
from guerdon.engine.report.journal import JournalReader
from guerdon.engine.report.timeline import Entry, entry_of
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
    return happened(ledger, JournalReader(ledger, program), number, places(ledger, number))


def places(ledger: Ledger, contact: int) -> dict[int, int]:
    """Where the history of a contact (number) lies in the log: seq → whose event it was, ascending.

    What was merged in is part of it, but for what was erased since: that is nobody's history.
    """
    found: dict[int, int] = {}
    for source in _merged_from(ledger, contact):
        if source == contact or ledger.names.id("contact", source):
            for seq in ledger.events_of_contact(source).tolist():
                found.setdefault(seq, source)
    return dict(sorted(found.items()))


def happened(ledger: Ledger, reader: JournalReader, contact: int, of: Mapping[int, int]) -> list[Happened]:
    """A part of a contact's history (``places``), in its order."""
    bodies = Bodies(ledger)
    names = {number: ledger.names.id("contact", number) for number in set(of.values())}
    mails: dict[int, list[Mail]] = {}
    for number in names:
        for mail in mails_of(ledger, number):
            mails.setdefault(mail.seq, []).append(mail)
    events = {event.seq: event for event in ledger.events(sorted(of))}
    return [
        _happened(reader, events[seq], names[whose], whose == contact, mails.get(seq, ()), bodies)
        for seq, whose in of.items()
    ]


def _happened(
    reader: JournalReader, event: LoggedEvent, name: str, own: bool, mails: Sequence[Mail], bodies: Bodies
) -> Happened:
    entry = entry_of(reader.read(event), name)
    told = bodies.told(event.seq) if entry.type in _SAID else None
    says = told.fields if isinstance(told, Event) else {}
    return Happened(
        entry=entry,
        of="" if own else name,
        said=str(says.get("reason", "")),
        mail=tuple((mail.kind, mail.state, mail.reason) for mail in mails),
        note=str(says.get("note", "")),
        actor=(told.actor or "") if isinstance(told, Event) else "",
    )


def _merged_from(ledger: Ledger, contact: int) -> list[int]:
    """Numbers of the contact itself and of those merged into it, however far; its own first."""
    found = [contact]
    for number in found:
        sources = [int(record.id.partition("@")[0]) for record in ledger.records.of_contact(MERGED_RECORD, number)]
        found += [source for source in sources if source not in found]
    return found
