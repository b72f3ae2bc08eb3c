"""How an event on a card or certificate is opened, booked and closed; their money is in the currency."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from guerdon.engine.codes import Outcome, Reason, Role, TransferKind
from guerdon.engine.decide import booking
from guerdon.engine.decide.addressing import is_stranger
from guerdon.engine.decide.back import make_room
from guerdon.engine.events.event import Event
from guerdon.engine.rows import FOREVER, REQUEST_CARD

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

CURRENCY_UNIT = 1  # of a transfer, where the wallet holds points
NO_TRANSFER = (0, 0)


class Act(NamedTuple):
    """An event that has begun; its instruments have no clock, so that all it does happens at its own time."""

    decider: Decider
    event: Event
    seq: int
    at: int  # µs UTC


def begun(decider: Decider, i: int, event: Event) -> Act | None:
    """The event, unless it names a contact that nobody knows."""
    seq = int(decider.desk.b_event[i].seq)
    make_room(decider)
    booking.begin(decider.desk, seq, event.time)
    decider.desk.w_head[0].queued = 0
    act = Act(decider, event, seq, event.time)
    c = int(decider.desk.b_event[i].contact)
    if event.contact is not None and (c < 0 or is_stranger(decider, c, event.type)):
        refused(act, Reason.UNKNOWN_CONTACT)
        return None
    return act


class Why(NamedTuple):
    """Why an event is refused, with the figures that decided it: what was needed and what was there."""

    reason: Reason
    needed_minor: int = 0
    had_minor: int = 0


OK = Why(Reason.NONE)


def refused(act: Act, reason: Reason, needed_minor: int = 0, had_minor: int = 0) -> bool:
    """The event is refused. Always False, so that a test can end with it."""
    make_room(act.decider)
    d = act.decider.desk
    if needed_minor or had_minor:
        booking.refuse_request(d, act.seq, REQUEST_CARD, reason, needed_minor, had_minor)
    booking.outcome(d, act.seq, Outcome.REFUSED, reason)
    return False


def posted(act: Act) -> None:
    """The event is posted."""
    make_room(act.decider)
    booking.outcome(act.decider.desk, act.seq, Outcome.POSTED, Reason.NONE)


def post(
    act: Act,
    kind: TransferKind,
    debit: int,
    credit: int,
    amount: int,
    *,
    at: int = FOREVER,
    reverses: tuple[int, int] = NO_TRANSFER,
) -> int:
    """Book one transfer, at the event's time unless ``at`` says another; gives its ``n``, 0 for an amount of 0."""
    if amount == 0:
        return 0
    decider = act.decider
    make_room(decider)
    d = decider.desk
    n = booking.book(d, act.seq, int(kind), debit, credit, amount, act.at if at == FOREVER else at, 0, 0, 0)
    row = d.o_transfer[d.o_head[0].transfers - 1]
    row.unit = CURRENCY_UNIT if decider.program.business.unit.points else 0
    row.reverses_seq, row.reverses_n = reverses
    return n


def numbered(decider: Decider, kind: str, name: str) -> tuple[int, int]:
    """The number that a new card or certificate gets, and that of the rules that it is issued under."""
    return int(decider.store.names.number(kind, name)), int(decider.tables.arrays["r_head"]["version"][0])


def merchant_number(decider: Decider, merchant: str | None) -> int:
    """Number of a merchant, 0 for the business itself."""
    return int(decider.store.names.number("merchant", merchant)) if merchant is not None else 0


def paid_to(merchant: int) -> int:
    """The account of whoever is paid: a merchant's payable, or what was spent at the business itself."""
    return booking.of_merchant(merchant, booking.PAYABLE) if merchant else booking.SPENT


def paid_by(merchant: int, otherwise: int) -> int:
    """The account of whoever owes: a merchant's receivable, or an account of the business."""
    return booking.of_merchant(merchant, booking.RECEIVABLE) if merchant else otherwise


BANK = booking.BUSINESS | int(Role.BANK)
