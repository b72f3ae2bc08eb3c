"""What a card pays: spends, and holds captured or voided. Each pocket and each lot is a transfer of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guerdon.engine.codes import EventType, Reason, TransferKind
from guerdon.engine.decide.holds import last_instant
from guerdon.engine.decide.instruments import card_entries
from guerdon.engine.decide.instruments.acting import OK, Act, begun, merchant_number, paid_to, post, posted, refused
from guerdon.engine.decide.instruments.card import (
    Card,
    Hold,
    Promo,
    card_for,
    is_taken,
    is_verified,
    keep_card,
    kind_of,
    known_card,
    note_verified,
)
from guerdon.engine.decide.instruments.card_entries import Part
from guerdon.engine.decide.instruments.loading import invoice_used, use_invoice
from guerdon.engine.events.event import Event
from guerdon.engine.rows import Record

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

PAID = None


def spending(decider: Decider, i: int, event: Event) -> None:
    """``card_spent``: the whole amount, or with ``partial`` what is free."""
    act = begun(decider, i, event)
    card = card_for(act) if act is not None else None
    if act is None or card is None or not is_verified(act, card):
        return
    kind = kind_of(decider, card)
    why = invoice_used(act, card, kind, "spend")
    if why != OK:
        refused(act, *why)
        return
    amount = int(event.fields["amount"])
    if event.fields.get("partial"):
        amount = min(amount, card.free)
    if amount <= 0 or amount > card.free:
        refused(act, Reason.INSUFFICIENT_FUNDS, int(event.fields["amount"]), card.free)
        return
    use_invoice(act, card, kind, "spend")
    note_verified(act, card)
    pay(act, card, amount, merchant_number(decider, event.merchant))
    posted(act)


def pay(act: Act, card: Card, amount: int, merchant: int) -> None:
    """Take an amount that is there from the pockets in the kind's order, promo money of the earliest expiry first."""
    promos: list[Promo | None] = list(card.in_order())
    pockets = [*promos, PAID] if kind_of(act.decider, card).promo_first else [PAID, *promos]
    parts, left = [], amount
    for promo in pockets:
        part = min(left, card.paid if promo is None else promo.left)
        if part == 0:
            continue
        account = card.paid_account if promo is None else card.promo_account
        n = post(act, TransferKind.CARD_SPEND, account, paid_to(merchant), part)
        if promo is None:
            card.paid -= part
            parts.append(Part(n, part, 0, (0, 0), 0, 0))
        else:
            promo.left -= part
            parts.append(Part(n, part, 0, (promo.seq, promo.n), promo.expires_at, promo.funder))
        left -= part
    keep_card(act.decider, card)
    rows = [part.row() for part in parts]
    spend = {"what": card_entries.SPEND, "amount": amount, "back": 0, "merchant": merchant, "parts": rows}
    card_entries.note(act, card.name, spend)


# ---- holds


def holding(decider: Decider, i: int, event: Event) -> None:
    """``card_held``: no money moves, what is free falls."""
    act = begun(decider, i, event)
    card = card_for(act) if act is not None else None
    if act is None or card is None or not is_verified(act, card):
        return
    amount = int(event.fields["amount"])
    if amount > card.free:
        refused(act, Reason.INSUFFICIENT_FUNDS, amount, card.free)
        return
    note_verified(act, card)
    card.holds.append(Hold(act.seq, amount, last_instant(decider, act.at, event.fields.get("hold_for"))))
    keep_card(decider, card)
    merchant = merchant_number(decider, event.merchant)
    card_entries.note(act, card.name, {"what": card_entries.HOLD, "amount": amount, "merchant": merchant})
    posted(act)


def capturing(decider: Decider, i: int, event: Event) -> None:
    """``card_captured``: held money is spent, all of it or ``amount``; the rest is free again."""
    act = begun(decider, i, event)
    found = _held(act) if act is not None else None
    if act is None or found is None:
        return
    card, hold, entry = found
    if not is_taken(act, card, EventType.CARD_CAPTURED):
        return
    amount = int(event.fields.get("amount", hold.amount))
    if amount > hold.amount:
        refused(act, Reason.LIMIT_REACHED, amount, hold.amount)
        return
    card.holds.remove(hold)
    pay(act, card, amount, int(entry.fields["merchant"]) or merchant_number(decider, event.merchant))
    posted(act)


def voiding(decider: Decider, i: int, event: Event) -> None:
    """``card_voided``: held money is free again, whatever has become of the card."""
    act = begun(decider, i, event)
    found = _held(act) if act is not None else None
    if act is not None and found is not None:
        card, hold, _ = found
        card.holds.remove(hold)
        keep_card(decider, card)
        posted(act)


def _held(act: Act) -> tuple[Card, Hold, Record] | None:
    """The card, the open hold on it that the event is of, and that hold's entry; None: the event is refused."""
    entry = card_entries.entry_named(act)
    if entry is None or entry.fields["what"] != card_entries.HOLD:
        refused(act, Reason.UNKNOWN_PURCHASE)
        return None
    card = known_card(act, entry.fields["card"])
    if card is None:
        return None
    seq = card_entries.seq_of(entry)
    hold = next((hold for hold in card.holds if hold.seq == seq), None)
    if hold is None:
        refused(act, Reason.INVALID_TRANSITION)
        return None
    return card, hold, entry


HANDLERS = {
    EventType.CARD_SPENT: spending,
    EventType.CARD_HELD: holding,
    EventType.CARD_CAPTURED: capturing,
    EventType.CARD_VOIDED: voiding,
}
