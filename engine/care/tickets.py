"""Support tickets: a question of who proves a claim by its code and address, due one business day on, and its answer.

    open → waiting (for its holder) | answered → closed

A ticket is of a certificate, by its name. It can be answered more than once; closed it stays.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import and_, bindparam, func, insert, or_, select, update

from guerdon.engine.care.certificates import holds
from guerdon.engine.events.times import zone
from guerdon.engine.ledger.care_tables import ticket
from guerdon.engine.ledger.ledger import Ledger
from guerdon.rules.program import Program

OPEN, WAITING, ANSWERED, CLOSED = "open", "waiting", "answered", "closed"
SUBJECT_MAX, ANSWER_MAX = 1_000, 4_000  # characters
_DAY = 86_400_000_000
_EPOCH = date(1970, 1, 1)
_FRIDAY = 4
_T = ticket.c
_ONE = select(ticket).where(_T.id == bindparam("id"))
_OF = select(ticket).where(_T.certificate == bindparam("certificate")).order_by(_T.opened_at, _T.id)
_COUNT = select(func.count()).select_from(ticket).where(_T.certificate == bindparam("certificate"))
_EVERY = (
    select(ticket)
    .where(or_(_T.due_at > bindparam("due"), and_(_T.due_at == bindparam("due"), _T.id > bindparam("after"))))
    .order_by(_T.due_at, _T.id)
    .limit(bindparam("most"))
)
_OPEN = _EVERY.where(_T.state != CLOSED)


class TicketError(Exception):
    """A ticket that there is not, or that is closed. ``code`` is stable, ``hint`` says what helps."""

    def __init__(self, message: str, code: str, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.code, self.hint = message, code, hint


class Ticket(NamedTuple):
    """A row of the table. Instants in µs UTC; ``by``: who brought it into its state; ``answer``: the last one."""

    id: str
    certificate: str
    subject: str
    state: str
    opened_at: int
    due_at: int
    by: str
    changed_at: int
    answer: str


def open_ticket(ledger: Ledger, program: Program, name: str, email: str, subject: str, now: int) -> Ticket:
    """A new one about the certificate of that name. NotVerified: no claim with this address."""
    holds(ledger, name, email)
    number = int(ledger.store.rows(_COUNT, certificate=name)[0][0]) + 1
    opened = Ticket(f"{name}/{number}", name, subject, OPEN, now, one_business_day_on(program, now), "", now, "")
    ledger.change(insert(ticket).values(**opened._asdict()))
    return opened


def tickets_of(ledger: Ledger, name: str) -> list[Ticket]:
    """The tickets of a certificate, the first first."""
    return [Ticket(*row) for row in ledger.store.rows(_OF, certificate=name)]


def tickets_due(
    ledger: Ledger, *, every: bool = False, after: tuple[int, str] = (-1, ""), most: int = 100
) -> list[Ticket]:
    """Tickets, those that are due first first. ``every``: closed ones too.

    ``after``: due_at and id of the last one of the page before.
    """
    due, id = after
    return [Ticket(*row) for row in ledger.store.rows(_EVERY if every else _OPEN, due=due, after=id, most=most)]


def ticket_of(ledger: Ledger, id: str) -> Ticket:
    """The ticket of that id. TicketError: there is none."""
    found = ledger.store.rows(_ONE, id=id)
    if not found:
        raise TicketError(f"there is no ticket '{id}'", "unknown-ticket", "guerdon tickets lists them")
    return Ticket(*found[0])


def change_ticket(ledger: Ledger, id: str, state: str, by: str, now: int, answer: str = "") -> Ticket:
    """Bring a ticket into a state, with what its holder is told. TicketError: there is none, or it is closed."""
    found = ticket_of(ledger, id)
    if found.state == CLOSED:
        raise TicketError(f"ticket '{id}' is closed", "invalid_transition", "its holder can open another one")
    changed = found._replace(state=state, by=by, changed_at=now, answer=answer or found.answer)
    ledger.change(update(ticket).where(_T.id == id).values(**changed._asdict()))
    return changed


def one_business_day_on(program: Program, at: int) -> int:
    """The same local time on the next day from Monday to Friday."""
    local = zone(program.business.time_zone)
    day, time = divmod(local.local(at), _DAY)
    then = _EPOCH + timedelta(days=day + 1)
    while then.weekday() > _FRIDAY:
        then += timedelta(days=1)
    return local.utc((then - _EPOCH).days * _DAY + time)
