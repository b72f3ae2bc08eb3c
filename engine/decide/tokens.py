"""Tokens (spec 3): a contact's own word for one spend. A purchase names it by ``token``; it is good once.

A token is a record of kind ``token``, named by its event's place in the log. One without an amount is for as much as
possible and fits every request; a purchase that makes no request of its own asks for what its token says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guerdon.engine.codes import Outcome, Reason
from guerdon.engine.decide import booking
from guerdon.engine.decide.earlier import record_named
from guerdon.engine.decide.opening import posted, status_of
from guerdon.engine.decide.requests import begun, caught_up
from guerdon.engine.decide.statuses import SHUT
from guerdon.engine.events.event import Event
from guerdon.engine.rows import FOREVER, SPEND_AMOUNT, SPEND_MAX, SPEND_NONE, TOKEN_BAD, TOKEN_GOOD, Record

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

TOKEN = "token"  # kind of record
_INTENTS = ("spend", "approve", "reject")


def token(decider: Decider, i: int, event: Event) -> None:
    """Keep the contact's word. A rejection named by ``of`` or by itself is a token that fits nothing."""
    o = begun(decider, i, event)
    if o is None:
        return
    why = SHUT.get(status_of(decider, o.c), Reason.NONE)
    if event.fields.get("intent", "spend") not in _INTENTS:
        why = Reason.UNDECLARED_FIELD
    if why:
        booking.outcome(decider.desk, o.seq, Outcome.REFUSED, why)
        return
    caught_up(decider, o)
    fields = {
        "state": "rejected" if event.fields.get("intent") == "reject" else "good",
        "amount": int(event.fields.get("amount", 0)),  # of the currency; 0: as much as possible
        "expires": int(event.fields.get("expires", FOREVER)),
    }
    decider.records.put(TOKEN, str(o.seq), fields, o.number)
    posted(decider, o)


def presented(decider: Decider, i: int, event: Event, now: int) -> Record | None:
    """Judge the token that a purchase names and put it on the desk; the token, if its spend may use it."""
    if "token" not in event.fields:
        return None
    record = record_named(decider, TOKEN, event, str(event.fields["token"]))
    e = decider.desk.b_event[i]
    amount = int(record.fields["amount"]) if record is not None else 0
    if e.spend_kind == SPEND_NONE:
        e.spend_kind = SPEND_AMOUNT if amount else SPEND_MAX
        e.spend_amount = amount
    number = int(decider.desk.s_contact[e.contact].number)
    fits = record is not None and record.fields["state"] == "good" and record.contact == number
    fits = fits and record is not None and now <= record.fields["expires"]
    if fits and amount:
        asked = e.spend_amount if e.spend_kind == SPEND_AMOUNT else e.total
        fits = bool(asked == amount)
    e.token = TOKEN_GOOD if fits else TOKEN_BAD
    return record if fits else None


def used(decider: Decider, record: Record) -> None:
    """The token has paid: it will not pay again."""
    decider.records.put(TOKEN, record.id, {**record.fields, "state": "used"}, record.contact)
