"""What care does over and over: alerts over the log, the mails, and forgetting what was kept for a while.

Whatever reads the log with a mark, or feeds events, has the turn meanwhile; mails are sent without it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from guerdon.engine.care.alerts import act, scan
from guerdon.engine.care.mails import Mail, Post, collect, notify, send_due
from guerdon.engine.care.mails.hooks import Hooks
from guerdon.engine.care.mails.sending import Sender
from guerdon.engine.care.retention import PARKED_FOR_DAYS, retire
from guerdon.engine.stream.passes import Pass
from guerdon.engine.stream.subscribers import Subscriber
from guerdon.engine.stream.turns import Turns
from guerdon.rules.program import Program

MINUTE_SECONDS, DAY_SECONDS = 60, 86_400
ROUND_SECONDS = 15  # for sending; what is left then goes with the next pass


@dataclass(frozen=True, slots=True)
class Care:
    """``smtp``: '' sends nothing. ``addresses``: whom alerts go to, by merchant, '' for head office.

    ``hooks``: subscribers that are told alerts too. ``parked_for_days``: how long after its month what refused and
    parked events said can be read; 0: for ever.
    """

    smtp: str = ""
    sender: str = ""
    addresses: Mapping[str, Sequence[str]] = field(default_factory=dict)
    hooks: Sequence[Subscriber] = ()
    parked_for_days: int = PARKED_FOR_DAYS


def passes_of(program: Program, turns: Turns, care: Care) -> list[Pass]:
    """The passes over one ledger."""
    found = [
        Pass("alerts", MINUTE_SECONDS, _alerts(program, turns)),
        Pass("mails", MINUTE_SECONDS, _mails(program, turns, care)),
    ]
    if care.parked_for_days:  # a month is over once a month; it is looked for every day
        found.append(Pass("retention", DAY_SECONDS, _retention(turns, care.parked_for_days)))
    return found


def _alerts(program: Program, turns: Turns) -> Callable[[int], str]:
    def work(now: int) -> str:
        with turns.turn() as run:
            raised = scan(run.ledger, program)
            fed = act(run.ledger, program, now, run)
        return f"{len(raised)} raised, {len(fed)} events fed"

    return work


def _mails(program: Program, turns: Turns, care: Care) -> Callable[[int], str]:
    def work(now: int) -> str:
        post = Post(care.smtp, care.sender)
        hooks = Hooks(post, care.hooks, now)
        with turns.turn() as run:
            made = collect(run.ledger, program, now) + notify(run.ledger, care.addresses, now, hooks.ids)
        if not care.smtp:
            return f"{made} made, none sent without a server"
        round = _Round(hooks)
        try:
            send_due(turns.ledger, round, now)
        except _Over:
            pass
        finally:
            post.close()
        return f"{made} made, {round.taken} sent"

    return work


def _retention(turns: Turns, parked_for_days: int) -> Callable[[int], str]:
    def work(now: int) -> str:
        with turns.turn() as run:
            return f"the keys of {retire(run.ledger, now, parked_for_days)} months were destroyed"

    return work


class _Over(Exception):
    """The round is over; nothing was done about the mail that was next."""


class _Round:
    """Hands mails on for a while: a slow server must not keep the process from stopping."""

    def __init__(self, sender: Sender) -> None:
        self._sender, self._until = sender, time.monotonic() + ROUND_SECONDS
        self.taken = 0

    def send(self, mail: Mail) -> None:
        if time.monotonic() > self._until:
            raise _Over
        self._sender.send(mail)
        self.taken += 1
