"""A gift card: its pockets, holds and state as one record, and what falls due for it.

Paid money is one figure; promo money lies in lots, each named by the transfer of its bonus, with its own expiry and
funder. What is held is not moved: it lessens what is free.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from guerdon.engine.codes import KIND_SHIFT, OWNER_SHIFT, EventType, OwnerKind, Reason, Role, TransferKind
from guerdon.engine.decide import booking
from guerdon.engine.decide.instruments.acting import Act, paid_to, post, refused
from guerdon.engine.decide.instruments.kinds import CardKind, card_kind
from guerdon.engine.decide.instruments.transitions import CARD, CardState
from guerdon.engine.rows import FOREVER

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

CARD_RECORD = "card"  # kind of record, its id the card's name
_CARD = int(OwnerKind.CARD) << KIND_SHIFT


@dataclass(slots=True)
class Promo:
    """Promo money of one bonus. ``funder``: number of the merchant that gave it, 0 the business."""

    seq: int
    n: int
    left: int
    expires_at: int
    funder: int

    @property
    def due_at(self) -> int:
        return FOREVER if self.expires_at == FOREVER else self.expires_at + 1


@dataclass(slots=True)
class Hold:
    """Money set aside by the event ``seq``, up to its last instant."""

    seq: int
    amount: int
    until: int

    @property
    def due_at(self) -> int:
        return FOREVER if self.until == FOREVER else self.until + 1


@dataclass(slots=True)
class Card:
    """``number``: in the ledger; ``version``: of the rules that it was issued under; ``contact``: number, 0 nobody.

    ``failures``: wrong PINs since the last right one. ``moved_to``: the card that its balance went to, '' none.
    """

    name: str
    number: int
    kind: str
    version: int
    status: CardState
    paid: int = 0
    contact: int = 0
    failures: int = 0
    moved_to: str = ""
    promos: list[Promo] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)

    @property
    def promo(self) -> int:
        return sum(promo.left for promo in self.promos)

    @property
    def balance(self) -> int:
        return self.paid + self.promo

    @property
    def free(self) -> int:
        return self.balance - sum(hold.amount for hold in self.holds)

    @property
    def paid_account(self) -> int:
        return _CARD | self.number << OWNER_SHIFT | int(Role.CARD_PAID)

    @property
    def promo_account(self) -> int:
        return _CARD | self.number << OWNER_SHIFT | int(Role.CARD_PROMO)

    def in_order(self) -> list[Promo]:
        """Promo money, the earliest expiry first."""
        return sorted(self.promos, key=lambda promo: (promo.expires_at, promo.seq, promo.n))

    def promo_named(self, seq: int, n: int) -> Promo | None:
        """The promo money of a bonus; None: nothing of it is left here."""
        return next((promo for promo in self.promos if (promo.seq, promo.n) == (seq, n)), None)


# ---- the record


def read_card(decider: Decider, name: str) -> Card | None:
    """The card of that name; None: there is none."""
    record = decider.records.get(CARD_RECORD, name)
    if record is None:
        return None
    f = record.fields
    return Card(
        name,
        int(f["number"]),
        f["kind"],
        int(f["version"]),
        CardState(f["status"]),
        int(f["paid"]),
        int(f["contact"]),
        int(f["failures"]),
        f["moved_to"],
        [Promo(*promo) for promo in f["promos"]],
        [Hold(*hold) for hold in f["holds"]],
    )


def keep_card(decider: Decider, card: Card) -> None:
    """Write the card down; promo money that is used up is forgotten."""
    card.promos = [promo for promo in card.promos if promo.left]
    dues = [promo.due_at for promo in card.promos] + [hold.due_at for hold in card.holds]
    fields = {
        "number": card.number,
        "kind": card.kind,
        "version": card.version,
        "status": str(card.status),
        "paid": card.paid,
        "contact": card.contact,
        "failures": card.failures,
        "moved_to": card.moved_to,
        "promos": [[p.seq, p.n, p.left, p.expires_at, p.funder] for p in card.promos],
        "holds": [[h.seq, h.amount, h.until] for h in card.holds],
    }
    decider.records.put(CARD_RECORD, card.name, fields, card.contact, min(dues, default=FOREVER))


def kind_of(decider: Decider, card: Card) -> CardKind:
    """What the rule files say of the card."""
    return card_kind(decider, card.kind, card.version)


# ---- opening


def known_card(act: Act, name: str) -> Card | None:
    """The card of that name, caught up to the event; None: there is none, and the event is refused."""
    card = read_card(act.decider, name)
    if card is None:
        refused(act, Reason.UNKNOWN_INSTRUMENT)
        return None
    catch_up_card(act, card, act.at)
    return card


def card_for(act: Act) -> Card | None:
    """The card that the event names, caught up, in a state that takes the event; else the event is refused."""
    card = known_card(act, act.event.fields.get("card", ""))
    if card is None or not is_taken(act, card, act.event.type):
        return None
    return card


def is_taken(act: Act, card: Card, kind: EventType) -> bool:
    """Whether the table of states takes the event; else it is refused."""
    return card.status in CARD[kind].taken_in or refused(act, Reason.INVALID_TRANSITION)


def is_verified(act: Act, card: Card) -> bool:
    """Whether the PIN was checked at the door, where the kind has one; else the event is refused."""
    needs = kind_of(act.decider, card).pin
    return not needs or act.event.verified or refused(act, Reason.NOT_VERIFIED)


def note_verified(act: Act, card: Card) -> None:
    """A posted event with the right PIN: wrong ones before it no longer count."""
    if act.event.verified:
        card.failures = 0


# ---- what falls due


def catch_up_card(act: Act, card: Card, until: int) -> None:
    """Holds lapse and promo money expires, all that is due at or before ``until``, each at its own time."""
    before = len(card.holds)
    card.holds = [hold for hold in card.holds if hold.due_at > until]
    due = [promo for promo in card.promos if promo.due_at <= until]
    for promo in sorted(due, key=lambda promo: (promo.due_at, promo.seq, promo.n)):
        expire_promo(act, card, promo, promo.due_at)
    if due or len(card.holds) < before:
        keep_card(act.decider, card)


def expire_promo(act: Act, card: Card, promo: Promo, at: int) -> None:
    """What is left of a bonus is the funding merchant's again, or breakage of the business."""
    to = paid_to(promo.funder) if promo.funder else booking.BREAKAGE
    post(act, TransferKind.CARD_EXPIRY, card.promo_account, to, promo.left, at=at)
    promo.left = 0
