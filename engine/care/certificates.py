"""Certificates for those who gave them away, and for those who hold one: reports, lookup, support tickets.

A distributor sees its own certificates and no others, by the query itself, and can only look. A holder proves a claim
by its code and the address of the claim; only who has proved it can open a ticket.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from guerdon.engine.decide.instruments.certificates import CERTIFICATE_RECORD, kept_email
from guerdon.engine.decide.instruments.transitions import CertificateState
from guerdon.engine.events.times import zone
from guerdon.engine.ledger import tables
from guerdon.engine.ledger.care_tables import ticket
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.report.naming import decimal_of, local_text
from guerdon.engine.rows import Record
from guerdon.rules.program import Program

PAGE = 50
OPEN, WAITING, ANSWERED, CLOSED = "open", "waiting", "answered", "closed"
_DAY = 86_400_000_000
_EPOCH = date(1970, 1, 1)
_FRIDAY = 4
_R = tables.record.c
_AFTER = (
    select(_R.kind, _R.id, _R.contact, _R.due_at, _R.fields)
    .where(_R.kind == CERTIFICATE_RECORD, _R.id > bindparam("after"))
    .order_by(_R.id)
    .limit(bindparam("most"))
)
_TICKETS = select(ticket).where(ticket.c.certificate == bindparam("certificate")).order_by(ticket.c.id)


class NotVerified(Exception):
    """Neither code nor address is told to be right: the answer is the same for both."""

    code = "not_verified"

    def __init__(self) -> None:
        super().__init__("no claim with this code and this address")
        self.message, self.hint = str(self), "both are as they were at the claim"


@dataclass(frozen=True, slots=True)
class Given:
    """One certificate as its distributor sees it: the last four of its name, no address."""

    last_four: str
    kind: str
    state: str
    value: Decimal
    site: str
    url: str
    terms: str
    expires: str | None

    def as_json(self) -> dict[str, Any]:
        """One row of the report."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a report; ``after`` is where the next one begins, '' after the last."""

    rows: tuple[Given, ...]
    after: str


def report(
    ledger: Ledger, program: Program, distributor: str, *, email: str = "", code: str = "", state: str = "",
    after: str = "", most: int = PAGE, instant: Callable[[int], str] | None = None,
) -> Page:  # fmt: skip
    """The certificates of one distributor, by name; ``state``: those in it, ``email``: claimed or reserved with it.

    ``instant``: µs UTC as text, if not as local time.
    Rows that come meanwhile neither move nor repeat others: a page begins after the last name of the one before.
    """
    number = ledger.names.find("merchant", distributor)
    wanted = kept_email(email) if email else ""
    local = zone(program.business.time_zone).local
    said = instant or (lambda time: local_text(local(time)))
    rows: list[Given] = []
    for record in _records(ledger, after) if number else ():
        fields = record.fields
        mine = int(fields["distributor"]) == number
        if not mine or (wanted and fields["email"] != wanted) or (state and fields["status"] != state):
            continue
        if code and record.id != code:
            continue
        if len(rows) == most:
            return Page(tuple(rows), after)
        rows.append(_given(program, record, said))
        after = record.id
    return Page(tuple(rows), "")


def holds(ledger: Ledger, code: str, email: str) -> Record:
    """The claimed certificate of that name and address. NotVerified: there is none, whatever the reason."""
    record = ledger.records.one(CERTIFICATE_RECORD, code)
    claimed = (CertificateState.CLAIMED, CertificateState.FULFILLED)
    if record is None or record.fields["status"] not in claimed or record.fields["email"] != kept_email(email):
        raise NotVerified
    return record


def open_ticket(ledger: Ledger, program: Program, code: str, email: str, subject: str, now: int) -> dict[str, Any]:
    """A support ticket of a verified holder, to be answered within one business day. NotVerified: not proved."""
    holds(ledger, code, email)
    id = f"{code}/{len(tickets(ledger, code)) + 1}"
    due = one_business_day_on(program, now)
    row = {
        "id": id, "certificate": code, "subject": subject, "state": OPEN, "opened_at": now, "due_at": due, "by": "",
        "changed_at": now,
    }  # fmt: skip
    ledger.change(insert(ticket).values(**row))
    return row


def tickets(ledger: Ledger, code: str) -> list[dict[str, Any]]:
    """The tickets of a certificate, the first first."""
    names = [column.name for column in ticket.columns]
    return [dict(zip(names, row, strict=True)) for row in ledger.store.rows(_TICKETS, certificate=code)]


def answer_ticket(ledger: Ledger, id: str, state: str, by: str, now: int) -> bool:
    """Bring a ticket into a state: waiting (for its holder), answered, closed; whether there is such an open one."""
    mine = update(ticket).where(ticket.c.id == id, ticket.c.state != CLOSED)
    return ledger.change(mine.values(state=state, by=by, changed_at=now)) == [1]


def one_business_day_on(program: Program, at: int) -> int:
    """The same local time on the next day from Monday to Friday."""
    local = zone(program.business.time_zone)
    day, time = divmod(local.local(at), _DAY)
    then = _EPOCH + timedelta(days=day + 1)
    while then.weekday() > _FRIDAY:
        then += timedelta(days=1)
    return local.utc((then - _EPOCH).days * _DAY + time)


def _records(ledger: Ledger, after: str) -> Iterator[Record]:
    while found := ledger.store.rows(_AFTER, after=after, most=500):
        for kind, id, contact, due_at, fields in found:
            yield Record(kind, id, contact, due_at, json.loads(fields))
        after = found[-1][1]


def _given(program: Program, record: Record, said: Callable[[int], str]) -> Given:
    fields = record.fields
    says = (json.loads(text) for of, text in program.instruments if of == "certificates")
    kind: dict[str, Any] = next((entry for entry in says if entry["id"] == fields["kind"]), {})
    expires = int(fields["expires_at"])
    return Given(
        last_four=record.id[-4:],
        kind=fields["kind"],
        state=fields["status"],
        value=Decimal(kind.get("value", decimal_of(int(fields["worth"]), program.business.digits))),
        site=str(kind.get("site", "")),
        url=fields["url"],
        terms=fields["terms"],
        expires=said(expires) if expires < 1 << 60 else None,
    )
