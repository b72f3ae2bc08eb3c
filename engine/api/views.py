"""What is read of a ledger for the API: contacts, wallets, histories, events. Shapes are those of ``models``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sqlalchemy import bindparam, select

from guerdon.engine.api.instants import money, rfc3339, until
from guerdon.engine.api.keys import Principal
from guerdon.engine.api.paging import Page, cursor
from guerdon.engine.api.problems import Problem, not_found
from guerdon.engine.api.roles import Right
from guerdon.engine.care.actions import actions
from guerdon.engine.care.history import happened, places
from guerdon.engine.decide.profiles import EMAIL_OFF
from guerdon.engine.events.times import zone
from guerdon.engine.ledger import tables
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.ledger.reading import LoggedEvent
from guerdon.engine.report.explain import explain_journal
from guerdon.engine.report.journal import JournalReader
from guerdon.engine.report.progress import progress_of
from guerdon.engine.report.versions import program_numbered
from guerdon.engine.report.wallet import Wallet, wallet_of
from guerdon.engine.report.working_out import every_refusal
from guerdon.rules.program import Program

_E = tables.event.c
_AT_MERCHANTS = (
    select(tables.contact_event.c.seq, _E.merchant)
    .join(tables.event, tables.event.c.seq == tables.contact_event.c.seq)
    .where(tables.contact_event.c.contact == bindparam("contact"))
    .order_by(tables.contact_event.c.seq)
)


class UtcJournals(JournalReader):
    """Journals with every instant in RFC 3339."""

    def instant(self, time: int) -> str:
        """µs UTC as text."""
        return rfc3339(time)


def number_of(ledger: Ledger, principal: Principal, contact: str) -> int:
    """The number of a contact that the caller may see. Problem 404: there is none, or it is out of scope."""
    number = ledger.names.find("contact", contact)
    if not number or (principal.contact and principal.contact != contact):
        raise not_found("contact")
    if principal.merchants and not len(seqs_of(ledger, principal, number)) and not _owned(ledger, principal, number):
        raise not_found("contact")
    return number


def may_see(ledger: Ledger, principal: Principal, number: int) -> bool:
    """Whether a contact (number) is within the caller's scope."""
    try:
        number_of(ledger, principal, ledger.names.id("contact", number))
    except Problem:
        return False
    return True


def seqs_of(ledger: Ledger, principal: Principal, number: int) -> np.ndarray:
    """The places of the contact's events that the caller may see, ascending."""
    if not principal.merchants:
        return ledger.events_of_contact(number)
    mine = [ledger.names.find("merchant", merchant) for merchant in principal.merchants]
    found = ledger.store.few(_AT_MERCHANTS, contact=number)
    seqs: np.ndarray = found[np.isin(found[:, 1], [each for each in mine if each]), 0].copy()
    return seqs


def _owned(ledger: Ledger, principal: Principal, number: int) -> bool:
    state = ledger.load_contacts(np.array([number], np.int64)).contacts
    return len(state) > 0 and ledger.names.id("merchant", int(state[0]["owner"])) in principal.merchants


def contact(ledger: Ledger, program: Program, principal: Principal, id: str) -> dict[str, Any]:
    """Who a contact is to the programme."""
    number = number_of(ledger, principal, id)
    state = ledger.load_contacts(np.array([number], np.int64))
    found = wallet_of(ledger, program, id)
    row = state.contacts[0] if len(state.contacts) else None
    registered = int(row["registered_at"]) if row is not None else 0
    return {
        "contact": id,
        "status": found.status,
        "tier": found.tier,
        "member_of": list(found.member_of),
        "spend_blocked": found.spend_blocked,
        "emails": EMAIL_OFF not in state.profiles.get(number, {}),
        "owner": (ledger.names.id("merchant", int(row["owner"])) or None) if row is not None else None,
        "registered_at": rfc3339(registered) if registered > 0 else None,
        "actions": actions(
            found.status, spend_blocked=found.spend_blocked, erased=bool(row["erased"]) if row is not None else False
        ),
    }


def wallet(ledger: Ledger, program: Program, principal: Principal, id: str) -> dict[str, Any]:
    """Balances by pool, and the open lots in the order in which they are consumed."""
    number = number_of(ledger, principal, id)
    found: Wallet = wallet_of(ledger, program, id)
    digits = program.business.unit.digits
    lots = ledger.open_lots(number)
    return {
        "contact": id,
        "unit": program.business.unit.code,
        "balances": {name: f"{amount:f}" for name, amount in found.balances.items()},
        "pools": {name: f"{amount:f}" for name, amount in found.pools.items()},
        "lots": [
            {
                "award": f"{lot['seq']}:{lot['n']}",
                "offer": ledger.names.id("offer", int(lot["offer"])) or None,
                "pool": ledger.names.id("pool", int(lot["pool"])),
                "amount": money(lot["remaining"], digits),
                "pending": bool(lot["pending"]),
                "usable_at": rfc3339(int(lot["usable_at"])),
                "expires_at": until(int(lot["expires_at"])),
            }
            for lot in lots[np.argsort(lots, order=("expires_at", "earned_at", "seq", "n"))]
        ],
    }


def timeline(ledger: Ledger, program: Program, principal: Principal, id: str, page: Page) -> dict[str, Any]:
    """The contact's history with what was merged into it and its mails, newest first, a page of it."""
    number = number_of(ledger, principal, id)
    of = _seen(ledger, principal, places(ledger, number))
    seqs = [seq for seq in reversed(of) if not page.after or seq < page.after]
    here = seqs[: page.limit]
    for_agent = Right.READ_MAIL in principal.role.rights and not principal.role.own
    found = happened(ledger, UtcJournals(ledger, program), number, {seq: of[seq] for seq in here})
    entries = [
        {"seq": seq, "note": None, "actor": None, **_plain(each.as_json(for_agent=for_agent))}
        for seq, each in zip(here, found, strict=True)
    ]
    return {"contact": id, "entries": entries, "next": cursor(here[-1]) if len(seqs) > len(here) else None}


def _seen(ledger: Ledger, principal: Principal, of: dict[int, int]) -> dict[int, int]:
    """What of a history (seq → whose) happened at the caller's merchants."""
    if not principal.merchants:
        return of
    mine = {seq for number in set(of.values()) for seq in seqs_of(ledger, principal, number).tolist()}
    return {seq: whose for seq, whose in of.items() if seq in mine}


def progress(ledger: Ledger, program: Program, principal: Principal, id: str, now: int) -> dict[str, Any]:
    """How far the contact is with the goals of offers, in the windows that hold ``now``."""
    number = number_of(ledger, principal, id)
    counters = ledger.load_contacts(np.array([number], np.int64)).counters
    rows = [*_dicts(counters), *_dicts(ledger.past_counters(number))]
    local = zone(program.business.time_zone).local(now)
    found = progress_of(program, rows, _once(ledger.names.id), local, 0)
    goals = [
        {"offer": each.offer, "goal": each.goal, "at": f"{each.at:f}", "target": f"{each.target:f}"} for each in found
    ]
    return {"contact": id, "goals": goals}


def _dicts(records: np.ndarray) -> list[dict[str, Any]]:
    names = records.dtype.names or ()
    return [dict(zip(names, row, strict=True)) for row in records.tolist()]


def _once(name_of: Callable[[str, int], str]) -> Callable[[str, int], str]:
    known: dict[tuple[str, int], str] = {}

    def look_up(kind: str, number: int) -> str:
        if (kind, number) not in known:
            known[kind, number] = name_of(kind, number)
        return known[kind, number]

    return look_up


def event(ledger: Ledger, program: Program, principal: Principal, source: str, id: str) -> dict[str, Any]:
    """One event and its journal."""
    return _journal(ledger, program, _found(ledger, principal, source, id))


def explanation(ledger: Ledger, program: Program, principal: Principal, source: str, id: str) -> dict[str, Any]:
    """Why an event gave what it gave: its journal with every refusal, and the same in words."""
    logged = _found(ledger, principal, source, id)
    version = program_numbered(ledger, logged.version) if logged.version else program
    journal = UtcJournals(ledger, version).read(logged, every_refusal(ledger, logged))
    return {**_plain(journal.as_json()), "text": explain_journal(journal, version)}


def _found(ledger: Ledger, principal: Principal, source: str, id: str) -> LoggedEvent:
    number = ledger.names.find("source", source)
    seq = ledger.event_by_key(number, id) if number else 0
    events = ledger.events([seq]) if seq else []
    if not events or not principal.sees(ledger.names.id("merchant", events[0].merchant)):
        raise not_found("event")
    return events[0]


def _journal(ledger: Ledger, program: Program, logged: LoggedEvent) -> dict[str, Any]:
    version = program_numbered(ledger, logged.version) if logged.version else program
    journal = UtcJournals(ledger, version).read(logged)
    return {**_plain(journal.as_json()), "received_at": rfc3339(logged.received_at)}


def _plain(journal: dict[str, Any]) -> dict[str, Any]:
    """A journal with amounts as decimal text."""
    found: dict[str, Any] = {}
    for name, value in journal.items():
        if isinstance(value, list):
            found[name] = [_plain(item) for item in value]
        elif isinstance(value, dict):
            found[name] = _plain(value)
        else:
            found[name] = value if isinstance(value, (str, int, bool, type(None))) else f"{value:f}"
    return found
