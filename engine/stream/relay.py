"""The relay: delivers the outbox to each subscriber at least once, and what is about one contact in order.

A message that is not taken holds back those of its contact; others go on. It is tried again after longer and longer
pauses, and given up after ``attempts``: it stays in ``delivery`` as dead, and the next of its contact gets its turn.
Where nothing is taken at all, the relay waits instead of setting everything aside.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from sqlalchemy import and_, bindparam, delete, insert, or_, select, update

from guerdon.engine.ledger.delivery_tables import delivery, outbox, subscriber
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.stream.leases import Leases, a_holder
from guerdon.engine.stream.subscribers import Subscriber
from guerdon.engine.stream.webhooks import Refused, Webhook

BATCH_MESSAGES = 200
_FAILURES_IN_A_ROW = 5
_ROUND_SECONDS = 15  # well within the lease of one who delivers
_FIRST_PAUSE_SECONDS, _LAST_PAUSE_SECONDS = 5, 3_600
_O, _D, _S = outbox.c, delivery.c, subscriber.c
_REACHED = select(_S.seq, _S.n).where(_S.id == bindparam("id"))
_NEXT = (
    select(_O.seq, _O.n, _O.contact, _O.kind, _O.payload)
    .where(or_(_O.seq > bindparam("seq"), and_(_O.seq == bindparam("seq"), _O.n > bindparam("n"))))
    .order_by(_O.seq, _O.n)
    .limit(BATCH_MESSAGES)
)
_WAITING = (
    select(_D.seq, _D.n, _D.contact, _D.attempts, _D.due_at, _D.payload)
    .where(_D.subscriber == bindparam("id"), _D.dead == 0)
    .order_by(_D.seq, _D.n)
)


class Sender(Protocol):
    """A way to a subscriber."""

    def send(self, id: str, contact: str, body: bytes, timestamp: int) -> None:
        """Sends one message; raises Refused."""

    def close(self) -> None:
        """Lets go."""


class _Due(NamedTuple):
    seq: int
    n: int
    contact: int
    attempts: int
    due_at: int
    payload: str


def sender_of(told: Subscriber) -> Sender:
    """The way to a subscriber. Raises SubscriberUnready."""
    if not told.is_topic:
        return Webhook(told)
    from guerdon.engine.stream.topics import KafkaTopic, NatsTopic

    return NatsTopic(told) if told.url.startswith("nats:") else KafkaTopic(told)


class Relay:
    """Delivers to the subscribers of one ledger; several processes may try, one at a time delivers to each."""

    def __init__(
        self,
        ledger: Ledger,
        subscribers: Sequence[Subscriber],
        senders: Callable[[Subscriber], Sender] = sender_of,
        clock: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        self.ledger, self.clock = ledger, clock
        self._ways = [(told, senders(told)) for told in subscribers]
        self._leases = Leases(ledger, a_holder(), clock=clock)

    def deliver(self) -> int:
        """One round: what is due again, then what is new. How many messages were taken."""
        taken = 0
        for told, way in self._ways:
            name = f"relay:{told.id}"
            epoch = self._leases.take(name)
            if epoch:
                try:
                    taken += self._again(told, way) + self._new(told, way)
                finally:
                    self._leases.release(name, epoch)
        self._prune()
        return taken

    def close(self) -> None:
        """Lets go of all subscribers."""
        for _, way in self._ways:
            way.close()

    def _again(self, told: Subscriber, way: Sender) -> int:
        """What was not taken before and is due by now: of each contact the first, then what waits behind it."""
        held: set[int] = set()
        taken, until = 0, time.monotonic() + _ROUND_SECONDS
        for due in (_Due(*row) for row in self.ledger.store.rows(_WAITING, id=told.id)):
            if time.monotonic() > until:
                break
            if due.contact in held:
                continue
            if due.due_at > self.clock():
                held.add(due.contact)
                continue
            row = and_(_D.subscriber == told.id, _D.seq == due.seq, _D.n == due.n)
            error = self._send(way, due.seq, due.n, due.contact, due.payload)
            if error is None:
                self.ledger.change(delete(delivery).where(row))
                taken += 1
                continue
            attempts = due.attempts + 1
            dead = attempts >= told.attempts
            values = {"attempts": attempts, "due_at": self._after(attempts), "dead": int(dead), "error": error}
            self.ledger.change(update(delivery).where(row).values(**values))
            if not dead:
                held.add(due.contact)
        return taken

    def _new(self, told: Subscriber, way: Sender) -> int:
        """What nobody has tried yet."""
        found = self.ledger.store.rows(_REACHED, id=told.id)
        if not found:
            self.ledger.change(insert(subscriber).values(id=told.id, seq=0, n=0))
        reached = found[0] if found else (0, 0)
        held = {int(row[2]) for row in self.ledger.store.rows(_WAITING, id=told.id)}
        taken, failures, until = 0, 0, time.monotonic() + _ROUND_SECONDS
        changes: list[Any] = []
        for seq, n, contact, kind, payload in self.ledger.store.rows(_NEXT, seq=reached[0], n=reached[1]):
            if failures >= _FAILURES_IN_A_ROW or time.monotonic() > until:
                break
            reached = (seq, n)
            if kind not in told.kinds:
                continue
            waits = contact in held and contact != 0
            error = None if waits else self._send(way, seq, n, contact, payload)
            if not waits and error is None:
                taken, failures = taken + 1, 0
                continue
            failures += 0 if waits else 1
            held.add(contact)
            row = {
                "attempts": int(not waits),
                "due_at": 0 if waits else self._after(1),
                "dead": 0,
                "error": error or "",
            }
            key = {"subscriber": told.id, "seq": seq, "n": n, "contact": contact, "payload": payload}
            changes.append(insert(delivery).values(**key, **row))
        changes.append(update(subscriber).where(_S.id == told.id).values(seq=reached[0], n=reached[1]))
        self.ledger.change(*changes)
        return taken

    def _send(self, way: Sender, seq: int, n: int, contact: int, payload: str) -> str | None:
        """None if it was taken, else why not."""
        try:
            way.send(f"{seq}.{n}", str(contact), payload.encode(), self.clock() // 1_000_000)
        except Refused as error:
            return str(error)[:500]
        return None

    def _after(self, attempts: int) -> int:
        """When a message is due again that was tried so often: 5 s, 10 s, … an hour."""
        pause = min(_FIRST_PAUSE_SECONDS << (attempts - 1), _LAST_PAUSE_SECONDS)
        return self.clock() + pause * 1_000_000

    def _prune(self) -> None:
        """What everybody has passed goes."""
        reached = [found[0][0] for told, _ in self._ways if (found := self.ledger.store.rows(_REACHED, id=told.id))]
        if reached and len(reached) == len(self._ways) and min(reached) > 0:
            self.ledger.change(delete(outbox).where(_O.seq < min(reached)))
