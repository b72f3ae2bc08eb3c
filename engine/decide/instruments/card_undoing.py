"""Cancelling what was done with a card, in full or in part: a spend, a capture or a load (spec 7b)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guerdon.engine.codes import EventType, Reason, TransferKind
from guerdon.engine.decide import booking
from guerdon.engine.decide.arithmetic import HALF_UP, muldiv
from guerdon.engine.decide.instruments import card_entries
from guerdon.engine.decide.instruments.acting import (
    BANK,
    NO_TRANSFER,
    Act,
    begun,
    paid_by,
    paid_to,
    post,
    posted,
    refused,
)
from guerdon.engine.decide.instruments.card import (
    Card,
    Promo,
    expire_promo,
    is_taken,
    keep_card,
    known_card,
    read_card,
)
from guerdon.engine.decide.instruments.card_entries import Part
from guerdon.engine.decide.instruments.loading import commission
from guerdon.engine.events.event import Event
from guerdon.engine.rows import Record

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider


def cancelling(decider: Decider, i: int, event: Event) -> None:
    """``card_cancelled``: on the card that has the balance now, if it was moved since."""
    act = begun(decider, i, event)
    if act is None:
        return
    entry = card_entries.entry_named(act)
    if entry is None or entry.fields["what"] == card_entries.HOLD:
        refused(act, Reason.UNKNOWN_PURCHASE)
        return
    card = known_card(act, _holder(decider, entry.fields["card"]))
    if card is None or not is_taken(act, card, EventType.CARD_CANCELLED):
        return
    left = int(entry.fields["amount"]) - int(entry.fields["back"])
    amount = int(event.fields.get("amount", left))
    if left == 0:
        refused(act, Reason.ALREADY_CANCELLED)
    elif amount > left:
        refused(act, Reason.RETURNS_TOO_MUCH, amount, left)
    elif entry.fields["what"] == card_entries.SPEND:
        _spend_back(act, card, entry, amount)
        posted(act)
    elif _load_back(act, card, entry, amount):
        posted(act)
    else:
        refused(act, Reason.INSUFFICIENT_FUNDS, amount, min(card.paid, card.free))


def _holder(decider: Decider, name: str) -> str:
    """The card that has the balance of a card now."""
    card = read_card(decider, name)
    while card is not None and card.moved_to:
        name = card.moved_to
        card = read_card(decider, name)
    return name


# ---- spends


def _spend_back(act: Act, card: Card, entry: Record, amount: int) -> None:
    """Each part back to its pocket, what was taken last first; promo money past its expiry expires at once."""
    seq, payer = card_entries.seq_of(entry), paid_to(int(entry.fields["merchant"]))
    parts, left = [Part.of(row) for row in entry.fields["parts"]], amount
    for place in reversed(range(len(parts))):
        part = parts[place]
        back = min(left, part.amount - part.back)
        if back == 0:
            continue
        is_paid = part.lot == NO_TRANSFER
        account = card.paid_account if is_paid else card.promo_account
        post(act, TransferKind.CARD_SPEND_REVERSAL, payer, account, back, reverses=(seq, part.n))
        if is_paid:
            card.paid += back
        else:
            _promo_back(act, card, part, back)
        parts[place] = part._replace(back=part.back + back)
        left -= back
    keep_card(act.decider, card)
    rows = [part.row() for part in parts]
    card_entries.change(act.decider, entry, back=int(entry.fields["back"]) + amount, parts=rows)


def _promo_back(act: Act, card: Card, part: Part, amount: int) -> None:
    promo = card.promo_named(*part.lot)
    if promo is None:
        promo = Promo(*part.lot, 0, part.expires_at, part.funder)
        card.promos.append(promo)
    promo.left += amount
    if promo.expires_at < act.at:
        expire_promo(act, card, promo, act.at)


# ---- loads


def _load_back(act: Act, card: Card, entry: Record, amount: int) -> bool:
    """Paid money back to the seller, the bonus in proportion, the commission too; False: the money is not there."""
    f, seq = entry.fields, card_entries.seq_of(entry)
    back, load = int(f["back"]) + amount, int(f["amount"])
    bonus = int(muldiv(int(f["bonus"]), back, load, HALF_UP)) - int(f.get("bonus_back", 0))
    if min(card.paid, card.free) < amount or min(card.promo, card.free - amount) < bonus:
        return False
    seller = int(f["merchant"])
    name = (seq, int(f["n"]))
    post(act, TransferKind.CARD_LOAD_REVERSAL, card.paid_account, paid_by(seller, BANK), amount, reverses=name)
    card.paid -= amount
    _bonus_back(act, card, (seq, int(f.get("bonus_n", 0))), bonus)
    if "commission" in f:
        owed = commission(f["commission"], load - back + amount, load) - commission(f["commission"], load - back, load)
        name = (seq, int(f["commission_n"]))
        kind = TransferKind.CARD_COMMISSION_REVERSAL
        post(act, kind, paid_to(seller), booking.REWARDS_COST, owed, reverses=name)
    keep_card(act.decider, card)
    changes: dict[str, Any] = {"back": back}
    if f["bonus"]:
        changes["bonus_back"] = int(f["bonus_back"]) + bonus
    card_entries.change(act.decider, entry, **changes)
    return True


def _bonus_back(act: Act, card: Card, own: tuple[int, int], amount: int) -> None:
    """From the load's own bonus first, then from what expires first; each to who gave it."""
    for promo in sorted(card.in_order(), key=lambda promo: (promo.seq, promo.n) != own):
        part = min(amount, promo.left)
        is_own = (promo.seq, promo.n) == own
        to = paid_by(promo.funder, booking.REWARDS_COST)
        name = own if is_own else NO_TRANSFER
        post(act, TransferKind.CARD_BONUS_REVERSAL, card.promo_account, to, part, reverses=name)
        promo.left -= part
        amount -= part


HANDLERS = {EventType.CARD_CANCELLED: cancelling}
