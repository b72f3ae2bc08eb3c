"""Which events give occasion for a mail, and what it says; alerts, likewise."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Executable, bindparam, or_, select

from guerdon.engine.care.alerts.book import NOTIFIED, RAISED, Alert, alerts
from guerdon.engine.care.bodies import Bodies
from guerdon.engine.care.mails.box import Mail, forgotten, mails, put, unblock
from guerdon.engine.care.mails.hooks import hook_of
from guerdon.engine.care.marks import mark_of, set_mark
from guerdon.engine.codes import EventType, Outcome
from guerdon.engine.decide.instruments.certificates import CERTIFICATE_RECORD
from guerdon.engine.decide.instruments.exchanging import COUPON_RECORD
from guerdon.engine.decide.profiles import IDENTIFIED
from guerdon.engine.events.code_names import last_four
from guerdon.engine.events.event import Event
from guerdon.engine.ledger import tables
from guerdon.engine.ledger.ledger import Ledger
from guerdon.rules.program import Program

PASS = "mails"
HEAD_OFFICE = ""  # among the addresses of merchants
_E = tables.event.c
_WATCHED = (
    EventType.REWARD_EXCHANGED,
    EventType.COUPON_CANCELLED,
    EventType.CERTIFICATE_CLAIMED,
    EventType.REGISTER,
    EventType.UPDATE,
    EventType.ERASE,
)
_POSTED = (
    select(_E.seq, _E.type, _E.contact, _E.received_at)
    .where(_E.seq > bindparam("after"), _E.outcome == int(Outcome.POSTED), or_(*(_E.type == int(t) for t in _WATCHED)))
    .order_by(_E.seq)
    .limit(bindparam("most"))
)
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Occasion:
    """A posted event that gives occasion for a mail."""

    ledger: Ledger
    program: Program
    event: Event
    contact: int
    seq: int
    now: int

    def mail(self, kind: str, address: str, subject: str, text: str) -> Mail:
        """A mail about it, named by it."""
        name = f"{self.seq}/{kind}"
        return Mail(name, self.seq, self.contact, kind, address, subject, text, made_at=self.now)

    def title(self, kind: str, id: str) -> str:
        """What the rule files call a reward or certificate."""
        says = (json.loads(entry) for of, entry in self.program.instruments if of == kind)
        return next((each.get("title") or id for each in says if each["id"] == id), id)

    @property
    def business(self) -> str:
        return self.program.business.name


def collect(ledger: Ledger, program: Program, now: int) -> int:
    """Make the mails for which the log gave occasion since the last pass; how many. The ledger is open for writing."""
    made = 0
    while True:
        after = mark_of(ledger, PASS)
        rows = ledger.store.rows(_POSTED, after=after, most=_AT_ONCE)
        statements: list[Executable] = []
        bodies = Bodies(ledger)
        for seq, kind, contact, _ in rows:
            told = bodies.told(int(seq))
            if EventType(kind) is EventType.ERASE:
                statements.append(forgotten(int(contact)))
            elif isinstance(told, Event):
                new, asked = _occasioned(Occasion(ledger, program, told, int(contact), int(seq), now))
                statements += asked
                made += new
        last = int(rows[-1][0]) if len(rows) == _AT_ONCE else ledger.last_seq
        ledger.change(*statements, *set_mark(PASS, last))
        if len(rows) < _AT_ONCE:
            return made


def _occasioned(occasion: Occasion) -> tuple[int, list[Executable]]:
    """How many mails the event gives occasion for, and the statements; an address that is told anew is unblocked."""
    compose = _MAILS.get(occasion.event.type)
    if compose is not None:
        new = compose(occasion)
        return (0, []) if new is None else (1, put(new))
    address = occasion.event.fields.get("email")
    return 0, [unblock(occasion.ledger, str(address))] if address else []


def address_of(ledger: Ledger, contact: int) -> str:
    """The contact's present e-mail address; '' if none is known."""
    profile = ledger.load_contacts(np.array([contact], np.int64)).profiles.get(contact, {})
    return str(profile.get(IDENTIFIED, {}).get("email", ""))


def _exchanged(occasion: Occasion) -> Mail | None:
    fields = occasion.event.fields
    title = occasion.title("rewards", fields["reward"])
    text = f"Thank you. Your coupon for {title} ends in {last_four(fields['coupon'])}.\n\n{occasion.business}\n"
    return occasion.mail("coupon", address_of(occasion.ledger, occasion.contact), f"Your coupon: {title}", text)


def _cancelled(occasion: Occasion) -> Mail | None:
    coupon = str(occasion.event.fields["coupon"])
    record = occasion.ledger.records.one(COUPON_RECORD, coupon)
    if record is None:
        return None
    contact = int(record.fields["contact"])
    title = occasion.title("rewards", str(record.fields["reward"]))
    text = f"Your coupon for {title} was cancelled, and what it cost is yours again.\n\n{occasion.business}\n"
    told = occasion.mail("coupon_cancelled", address_of(occasion.ledger, contact), f"Cancelled: {title}", text)
    return Mail(**{name: getattr(told, name) for name in Mail.__slots__ if name != "contact"}, contact=contact)


def _claimed(occasion: Occasion) -> Mail | None:
    fields = occasion.event.fields
    record = occasion.ledger.records.one(CERTIFICATE_RECORD, str(fields["certificate"]))
    if record is None:
        return None
    title = occasion.title("certificates", str(record.fields["kind"]))
    last, terms = last_four(str(fields["certificate"])), record.fields["terms"]
    text = (
        f"Your certificate {last} for {title} is claimed under the terms {terms}.\n"
        f"You find it at {record.fields['url']} with this address.\n\n{occasion.business}\n"
    )
    return occasion.mail("certificate", str(fields["email"]), f"Claimed: {title}", text)


_MAILS: Mapping[EventType, Callable[[Occasion], Mail | None]] = {
    EventType.REWARD_EXCHANGED: _exchanged,
    EventType.COUPON_CANCELLED: _cancelled,
    EventType.CERTIFICATE_CLAIMED: _claimed,
}


# ---- alerts


def notify(ledger: Ledger, addresses: Mapping[str, Sequence[str]], now: int, subscribers: Sequence[str] = ()) -> int:
    """Queue a mail for each open alert and each address it is for, and a message to each subscriber; how many.

    ``addresses``: by merchant, those of the head office under ``HEAD_OFFICE``. A merchant is told only of what is
    about it alone; an alert that nobody can be told of stays ``raised``.
    """
    known = {each.id for each in mails(ledger)}
    statements: list[Executable] = []
    for found in alerts(ledger, RAISED, NOTIFIED):
        hooks = (hook_of(found, subscriber, now) for subscriber in subscribers)
        for new in (*_of_alert(found, addresses, now), *hooks):
            if new.id not in known:
                statements += put(new)
    if statements:
        ledger.change(*statements)
    return len(statements) // 2


def _of_alert(found: Alert, addresses: Mapping[str, Sequence[str]], now: int) -> Iterator[Mail]:
    says: Mapping[str, Any] = found.fields
    whom = found.merchant if says["notify"] == "merchant" else HEAD_OFFICE
    if says["notify"] == "merchant" and not whom:
        return
    where = f" at {says['scope']} {found.key}" if says["scope"] != "business" else ""
    text = (
        f"{found.rule}: {says['measure']} of {says['on']} in {says['window']}{where} is {says['measured']}, "
        f"{says['threshold']} is allowed.\nAction: {says['action']}. It is alert {found.id}.\n"
    )
    for number, address in enumerate(addresses.get(whom, ()), 1):
        name = f"alert/{found.id}/{number}"
        yield Mail(name, found.seq, 0, "alert", address, f"Alert: {found.rule}", text, made_at=now, alert=found.id)
