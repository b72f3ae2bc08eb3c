"""Mails and their states: queued → sent → delivered, or blocked with a reason."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Executable, bindparam, delete, insert, select, update

from guerdon.engine.ledger.care_tables import mail, mail_block
from guerdon.engine.ledger.ledger import Ledger

QUEUED, SENT, DELIVERED, BLOCKED = "queued", "sent", "delivered", "blocked"
BOUNCE, COMPLAINT, UNSUBSCRIBE, GAVE_UP, NO_ADDRESS, ERASED = (
    "bounce", "complaint", "unsubscribe", "gave_up", "no_address", "erased",
)  # fmt: skip
WEBHOOK = "webhook"  # kind of what goes to a subscriber
AGAIN_A_DAY = 3  # re-sends of one mail
_DAY = 86_400_000_000
_COLUMNS = [column.name for column in mail.columns]
_ALL = select(mail).order_by(mail.c.made_at, mail.c.id)
_ONE = select(mail).where(mail.c.id == bindparam("id"))
_OF_CONTACT = select(mail).where(mail.c.contact == bindparam("contact")).order_by(mail.c.seq, mail.c.id)
_DUE = (
    select(mail)
    .where(mail.c.state == QUEUED, mail.c.due_at <= bindparam("now"))
    .order_by(mail.c.due_at, mail.c.made_at, mail.c.id)
    .limit(bindparam("most"))
)
_BLOCKED = select(mail_block.c.reason).where(mail_block.c.address == bindparam("address"))


class MailError(Exception):
    """A mail that there is not, or with which that can't be done. ``code`` is stable."""

    def __init__(self, message: str, code: str, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.code, self.hint = message, code, hint


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail. ``seq``: the event that gave occasion; ``contact``: number, 0 none; times µs UTC, 0 never.

    ``alert``: the alert that it tells of; ``by``: who had it sent again. ``id`` is its Message-ID too: whoever gets it
    twice knows it for one.
    """

    id: str
    seq: int
    contact: int
    kind: str
    address: str
    subject: str
    text: str
    state: str = QUEUED
    reason: str = ""
    attempts: int = 0
    due_at: int = 0
    made_at: int = 0
    sent_at: int = 0
    alert: str = ""
    by: str = ""

    def as_json(self) -> dict[str, Any]:
        """One mail of ``mails --json``; its text is left out, it may hold a code."""
        return {name: getattr(self, name) for name in self.__slots__ if name != "text"}


def mails(ledger: Ledger, *states: str) -> list[Mail]:
    """The mails in these states, or all, the oldest first."""
    found = [Mail(*row) for row in ledger.store.rows(_ALL)]
    return [each for each in found if not states or each.state in states]


def mails_of(ledger: Ledger, contact: int) -> list[Mail]:
    """The mails to a contact (number), in the order of the events that gave occasion."""
    return [Mail(*row) for row in ledger.store.rows(_OF_CONTACT, contact=contact)]


def due(ledger: Ledger, now: int, most: int = 100) -> list[Mail]:
    """Mails to be sent now."""
    return [Mail(*row) for row in ledger.store.rows(_DUE, now=now, most=most)]


def one(ledger: Ledger, id: str) -> Mail:
    """The mail of that id. MailError: there is none."""
    found = ledger.store.rows(_ONE, id=id)
    if not found:
        raise MailError(f"there is no mail '{id}'", "unknown-mail", "guerdon mails lists them")
    return Mail(*found[0])


def put(new: Mail) -> list[Executable]:
    """The statements that queue a mail; one without an address is blocked from the start."""
    reason = new.reason or ("" if new.address else NO_ADDRESS)
    row = replace(new, state=BLOCKED if reason else new.state, reason=reason, due_at=new.due_at or new.made_at)
    values = {name: getattr(row, name) for name in _COLUMNS}
    return [delete(mail).where(mail.c.id == new.id), insert(mail).values(**values)]


def changed(id: str, **values: Any) -> Executable:
    """The statement that changes a mail."""
    return update(mail).where(mail.c.id == id).values(**values)


# ---- what became of a mail


def report(ledger: Ledger, id: str, state: str, reason: str = "", now: int = 0) -> Mail:
    """What the post tells later: ``delivered``, or ``blocked`` by a bounce, complaint or unsubscribing.

    A blocked address gets no further mail until it is told anew (``unblock``); an unsubscribed one not even then.
    """
    found = one(ledger, id)
    if state not in (DELIVERED, BLOCKED) or found.state not in (SENT, DELIVERED):
        raise MailError(f"mail '{id}' is {found.state}", "invalid_transition", "a sent one is delivered or blocked")
    statements = [changed(id, state=state, reason=reason if state == BLOCKED else "")]
    if state == BLOCKED:
        statements += block(ledger, found.address, reason or BOUNCE, now)
    ledger.change(*statements)
    return one(ledger, id)


def resend(ledger: Ledger, id: str, now: int, address: str | None = None, by: str = "") -> Mail:
    """Send a mail once more, to the contact's present address if ``address`` tells it; the text stays as it was.

    ``by``: who asked for it; it is kept with the new mail.

    MailError: its text is gone, or it was sent again too often today.
    """
    found = one(ledger, id)
    first = id.partition("#")[0]
    family = [each for each in mails(ledger) if each.id.partition("#")[0] == first]
    if found.reason == ERASED or not found.text:
        raise MailError(f"the text of mail '{id}' is gone", "text-gone", "its contact was erased, or it held a code")
    if sum(each.made_at > now - _DAY for each in family if each.id != first) >= AGAIN_A_DAY:
        raise MailError(f"mail '{id}' was sent again {AGAIN_A_DAY} times today", "limit_reached", "try tomorrow")
    again = replace(
        found, id=f"{first}#{len(family) + 1}", state=QUEUED, reason="", attempts=0, due_at=now, made_at=now, sent_at=0,
        address=address if address is not None else found.address, by=by,
    )  # fmt: skip
    ledger.change(*put(again))
    return one(ledger, again.id)


# ---- addresses


def blocked(ledger: Ledger, address: str) -> str:
    """Why an address takes no mail; '' if it does."""
    found = ledger.store.rows(_BLOCKED, address=ledger.codes.holder(address))
    return str(found[0][0]) if found else ""


def block(ledger: Ledger, address: str, reason: str, now: int) -> list[Executable]:
    """The statements that block an address, which is kept as a keyed hash."""
    kept = ledger.codes.holder(address)
    gone = delete(mail_block).where(mail_block.c.address == kept)
    return [gone, insert(mail_block).values(address=kept, reason=reason, since=now)]


def unblock(ledger: Ledger, address: str) -> Executable:
    """The statement by which an address that was told anew takes mail again, unless its owner unsubscribed."""
    kept = ledger.codes.holder(address)
    return delete(mail_block).where(mail_block.c.address == kept, mail_block.c.reason != UNSUBSCRIBE)


def forgotten(contact: int) -> Executable:
    """The statement by which an erased contact's mails lose address and text, and are not sent."""
    mine = update(mail).where(mail.c.contact == contact)
    return mine.values(address="", subject="", text="", state=BLOCKED, reason=ERASED)


def forgotten_of_nobody(before: int) -> list[Executable]:
    """The statements by which mails of no contact made before a time lose address and text: of claims, of codes."""
    theirs = (mail.c.contact == 0, mail.c.alert == "", mail.c.made_at < before, mail.c.address != "")
    unsent = update(mail).where(*theirs, mail.c.state == QUEUED).values(state=BLOCKED)
    return [unsent, update(mail).where(*theirs).values(address="", text="", reason=ERASED)]
