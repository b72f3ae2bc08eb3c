"""Alerts as signed webhooks to subscribers: they wait and are tried again in the same box as mails."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from guerdon.engine.care.alerts.book import Alert
from guerdon.engine.care.mails.box import WEBHOOK, Mail
from guerdon.engine.care.mails.sending import Sender, Unreachable
from guerdon.engine.events.times import text
from guerdon.engine.stream.subscribers import Subscriber
from guerdon.engine.stream.webhooks import Refused, Webhook

_SECOND = 1_000_000


class Hooks:
    """Takes webhooks itself and hands mails on. Raises SubscriberUnready: a subscriber has no secret."""

    def __init__(self, post: Sender, subscribers: Sequence[Subscriber], now: int) -> None:
        self._post, self._now = post, now
        self._hooks: Mapping[str, Webhook] = {each.id: Webhook(each) for each in subscribers if not each.is_topic}

    @property
    def ids(self) -> list[str]:
        """The subscribers that are told."""
        return list(self._hooks)

    def send(self, mail: Mail) -> None:
        """Hand one over; ``Unreachable``: it was not taken, and is tried again."""
        if mail.kind != WEBHOOK:
            self._post.send(mail)
            return
        hook = self._hooks.get(mail.address)
        if hook is None:
            raise Unreachable(f"there is no subscriber '{mail.address}' any more")
        try:
            hook.send(mail.id, "", mail.text.encode(), self._now // _SECOND)
        except Refused as error:
            raise Unreachable(str(error)) from None


def hook_of(found: Alert, subscriber: str, now: int) -> Mail:
    """An alert as a message to a subscriber."""
    told = {
        "kind": "alert",
        "id": found.id,
        "rule": found.rule,
        "key": found.key,
        "seq": found.seq,
        "raised_at": text(found.raised_at),
        "state": found.state,
        **{
            name: found.fields[name] for name in ("on", "measure", "measured", "threshold", "window", "scope", "action")
        },
    }
    name = f"hook/{found.id}/{subscriber}"
    body = json.dumps(told, ensure_ascii=False, sort_keys=True)
    return Mail(name, found.seq, 0, WEBHOOK, subscriber, f"Alert: {found.rule}", body, made_at=now, alert=found.id)
