"""Handing mails to an SMTP server: accepted is sent, refused for good is blocked, anything else is tried again."""

from __future__ import annotations

import smtplib
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Protocol
from urllib.parse import unquote, urlsplit

from sqlalchemy import Executable

from guerdon.engine.care.alerts.book import NOTIFIED, RAISED, change_state
from guerdon.engine.care.alerts.book import one as one_alert
from guerdon.engine.care.mails.box import BLOCKED, BOUNCE, GAVE_UP, SENT, Mail, block, blocked, changed, due
from guerdon.engine.ledger.ledger import Ledger

WAITS_MINUTES = (1, 5, 30, 120, 360, 1440)  # before the next attempt; after the last one it is given up
TIMEOUT_SECONDS = 20
ONCE = ("verification", "recovery")  # these hold a code: their text goes once they are sent
_MINUTE = 60_000_000


class Refused(Exception):
    """The address takes no mail, for good."""


class Unreachable(Exception):
    """The server can't be reached or is not ready; later it may be."""


class Sender(Protocol):
    """Takes mails. ``Post`` is one."""

    def send(self, mail: Mail) -> None:
        """Hand one mail over. ``Refused``, ``Unreachable``: it was not taken."""


@dataclass(slots=True)
class Post:
    """An SMTP server, ``smtp://[user:password@]host[:port]``, ``smtps://`` for TLS from the start.

    With ``smtp://`` a server that offers STARTTLS gets it before any password. ``sender``: the address it comes from.
    """

    url: str
    sender: str
    _server: smtplib.SMTP | None = None

    def send(self, mail: Mail) -> None:
        """Hand one mail over, on a connection that stays open."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self.sender, mail.address, mail.subject
        message["Message-ID"] = f"<{mail.id.replace('/', '.').replace('#', '-')}@{self.sender.rpartition('@')[2]}>"
        message.set_content(mail.text)
        try:
            self._connected().send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            raise (Refused if 500 <= code < 600 else Unreachable)(_words(code, text)) from None
        except smtplib.SMTPResponseException as error:
            raise Unreachable(_words(error.smtp_code, error.smtp_error)) from None
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise Unreachable(str(error) or type(error).__name__) from None

    def close(self) -> None:
        """Ends the connection."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def _connected(self) -> smtplib.SMTP:
        if self._server is not None:
            return self._server
        parts = urlsplit(self.url)
        kind = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
        server = kind(parts.hostname or "localhost", parts.port or 0, timeout=TIMEOUT_SECONDS)
        server.ehlo()
        if parts.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls()
            server.ehlo()
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        self._server = server
        return server


def send_due(ledger: Ledger, post: Sender, now: int) -> dict[str, int]:
    """Send what is due; how many were ``sent``, ``blocked``, and are to be tried ``later``.

    What became of each is written before the next is sent: after a crash at most one mail is sent twice.
    """
    counts = {"sent": 0, "blocked": 0, "later": 0}
    while found := due(ledger, now):
        for mail in found:
            counts[_send(ledger, post, mail, now)] += 1
    return counts


def _send(ledger: Ledger, post: Sender, mail: Mail, now: int) -> str:
    reason = blocked(ledger, mail.address)
    if reason:
        ledger.change(changed(mail.id, state=BLOCKED, reason=reason))
        return "blocked"
    try:
        post.send(mail)
    except Refused as error:
        gone = changed(mail.id, state=BLOCKED, reason=f"{BOUNCE}: {error}")
        ledger.change(gone, *block(ledger, mail.address, BOUNCE, now))
        return "blocked"
    except Unreachable as error:
        return _later(ledger, mail, str(error), now)
    statements: list[Executable] = [changed(mail.id, state=SENT, sent_at=now, attempts=mail.attempts + 1, reason="")]
    if mail.kind in ONCE:
        statements.append(changed(mail.id, text=""))
    ledger.change(*statements)
    if mail.alert and one_alert(ledger, mail.alert).state == RAISED:
        change_state(ledger, mail.alert, NOTIFIED, "mail", now)
    return "sent"


def _later(ledger: Ledger, mail: Mail, why: str, now: int) -> str:
    attempts = mail.attempts + 1
    if attempts > len(WAITS_MINUTES):
        ledger.change(changed(mail.id, state=BLOCKED, reason=f"{GAVE_UP}: {why}", attempts=attempts))
        return "blocked"
    wait = WAITS_MINUTES[attempts - 1] * _MINUTE
    ledger.change(changed(mail.id, reason=why, attempts=attempts, due_at=now + wait))
    return "later"


def _words(code: int, text: bytes | str | Sequence[int]) -> str:
    return f"{code} {text.decode(errors='replace') if isinstance(text, bytes) else text}"
