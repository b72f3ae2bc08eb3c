"""What changes a card's state or holder: PINs, locks, losses, cash-out, a new card for an old one, registration."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from guerdon.engine.codes import EventType, Reason, TransferKind
from guerdon.engine.decide.instruments.acting import Act, begun, merchant_number, paid_to, post, posted, refused
from guerdon.engine.decide.instruments.card import (
    Card,
    card_for,
    catch_up_card,
    expire_promo,
    is_taken,
    is_verified,
    keep_card,
    kind_of,
    note_verified,
    read_card,
)
from guerdon.engine.decide.instruments.transitions import CARD, CARD_RECEIVES, CardState
from guerdon.engine.decide.joining import enter, may_enter
from guerdon.engine.decide.opening import open_event, win
from guerdon.engine.decide.opening import refused as refused_contact
from guerdon.engine.events.event import Event

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider


def changing(decider: Decider, i: int, event: Event) -> None:
    """``card_locked``, ``_unlocked``, ``_suspended``, ``_resumed``, ``_lost``: the state alone."""
    act = begun(decider, i, event)
    card = card_for(act) if act is not None else None
    if act is None or card is None:
        return
    _lead(card, event.type)
    if event.type is EventType.CARD_UNLOCKED:
        card.failures = 0
    keep_card(decider, card)
    posted(act)


def _lead(card: Card, kind: EventType) -> None:
    leads_to = CARD[kind].leads_to
    card.status = card.status if leads_to is None else CardState(leads_to)


def failing(decider: Decider, i: int, event: Event) -> None:
    """``card_pin_failed``: one more wrong PIN; the one after ``lock_after`` of them locks the card."""
    act = begun(decider, i, event)
    card = card_for(act) if act is not None else None
    if act is None or card is None:
        return
    card.failures += 1
    if card.failures > kind_of(decider, card).lock_after:
        card.status = CardState.LOCKED
    keep_card(decider, card)
    posted(act)


# ---- the balance leaves the card


def emptying(decider: Decider, i: int, event: Event) -> None:
    """``card_emptied``: a small rest of paid money is paid out, promo money expires, the card is done with."""
    act = begun(decider, i, event)
    card = card_for(act) if act is not None else None
    if act is None or card is None:
        return
    if card.holds:
        refused(act, Reason.INVALID_TRANSITION)
    elif is_verified(act, card):
        most = kind_of(decider, card).cash_out_minor
        if card.paid > most:
            refused(act, Reason.LIMIT_REACHED, card.paid, most)
            return
        to = paid_to(merchant_number(decider, event.merchant))
        post(act, TransferKind.CARD_CASH_OUT, card.paid_account, to, card.paid)
        card.paid = 0
        for promo in card.in_order():
            expire_promo(act, card, promo, act.at)
        note_verified(act, card)
        _lead(card, event.type)
        keep_card(decider, card)
        posted(act)


def transferring(decider: Decider, i: int, event: Event) -> None:
    """``card_transferred``: pocket by pocket to another card of the kind; this one is lost, its history goes along."""
    act = begun(decider, i, event)
    if act is None:
        return
    card = read_card(decider, event.fields.get("card", ""))
    to = read_card(decider, event.fields.get("to", ""))
    if card is None or to is None:
        refused(act, Reason.UNKNOWN_INSTRUMENT)
        return
    catch_up_card(act, card, act.at)
    if to.name != card.name:
        catch_up_card(act, to, act.at)
    if not is_taken(act, card, event.type):
        return
    may_receive = to.status in CARD_RECEIVES.taken_in and to.name != card.name and to.kind == card.kind
    ceiling = kind_of(decider, to).balance_max_minor
    if card.holds or not may_receive:
        refused(act, Reason.INVALID_TRANSITION)
    elif ceiling is not None and card.balance + to.balance > ceiling:
        refused(act, Reason.LIMIT_REACHED, card.balance + to.balance, ceiling)
    else:
        _move_all(act, card, to)
        _lead(card, event.type)
        to.status = CardState(str(CARD_RECEIVES.leads_to))
        card.moved_to = to.name
        keep_card(decider, card)
        keep_card(decider, to)
        posted(act)


def _move_all(act: Act, card: Card, to: Card) -> None:
    post(act, TransferKind.CARD_TRANSFER, card.paid_account, to.paid_account, card.paid)
    post(act, TransferKind.CARD_TRANSFER, card.promo_account, to.promo_account, card.promo)
    to.paid, card.paid = to.paid + card.paid, 0
    to.promos, card.promos = [*to.promos, *card.promos], []
    to.contact, card.contact = card.contact or to.contact, 0


# ---- registration


def registering(decider: Decider, i: int, event: Event) -> None:
    """``card_registered``: the card is a contact's; one who is unknown is registered by it."""
    o = open_event(decider, i)
    act = Act(decider, event, o.seq, event.time)
    card = read_card(decider, event.fields.get("card", ""))
    if card is None:
        refused(act, Reason.UNKNOWN_INSTRUMENT)
        return
    told = replace(event, fields={})  # the card's name is no identifier of the contact
    if not may_enter(decider, o, told):
        return
    catch_up_card(act, card, act.at)
    if not is_taken(act, card, event.type):
        return
    if card.contact not in (0, o.number) and not event.verified:
        refused_contact(decider, o, Reason.NOT_VERIFIED)
        return
    note_verified(act, card)
    card.contact = o.number
    keep_card(decider, card)
    enter(decider, o, told)
    win(decider, o)


HANDLERS = {
    EventType.CARD_EMPTIED: emptying,
    EventType.CARD_TRANSFERRED: transferring,
    EventType.CARD_REGISTERED: registering,
    EventType.CARD_PIN_FAILED: failing,
    EventType.CARD_LOCKED: changing,
    EventType.CARD_UNLOCKED: changing,
    EventType.CARD_SUSPENDED: changing,
    EventType.CARD_RESUMED: changing,
    EventType.CARD_LOST: changing,
}
