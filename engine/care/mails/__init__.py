"""Mails: what the log and alerts give occasion to write, the box they wait in, and the post that takes them.

    log, alerts → composed mails → box (queued) → SMTP → sent → delivered | blocked

The log itself is the outbox: a mail is made of a committed event by a pass with a mark, so that no mail is lost and a
mail that fails undoes nothing.
"""

from __future__ import annotations

from guerdon.engine.care.mails.box import Mail, MailError, mails, mails_of, report, resend
from guerdon.engine.care.mails.composing import collect, notify
from guerdon.engine.care.mails.sending import Post, send_due

__all__ = ["Mail", "MailError", "Post", "collect", "mails", "mails_of", "notify", "report", "resend", "send_due"]
