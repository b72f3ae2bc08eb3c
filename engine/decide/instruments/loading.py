"""Cards that come into the world and are loaded: limits, bonus, invoice numbers, the seller's commission, batches."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from guerdon.engine.codes import EventType, Reason, TransferKind
from guerdon.engine.decide import booking
from guerdon.engine.decide.arithmetic import HALF_UP, muldiv
from guerdon.engine.decide.calendar import stepped
from guerdon.engine.decide.funding import NO_TERMS, terms_at
from guerdon.engine.decide.instruments import card_entries
from guerdon.engine.decide.instruments.acting import (
    BANK,
    OK,
    Act,
    Why,
    begun,
    merchant_number,
    numbered,
    paid_by,
    paid_to,
    post,
    posted,
    refused,
)
from guerdon.engine.decide.instruments.card import (
    CARD_RECORD,
    Card,
    Promo,
    card_for,
    catch_up_card,
    keep_card,
    kind_of,
    read_card,
)
from guerdon.engine.decide.instruments.controls import count_controlled, why_controlled
from guerdon.engine.decide.instruments.kinds import CardKind, kinds_of
from guerdon.engine.decide.instruments.transitions import CARD, CardState
from guerdon.engine.decide.offer_tables import step
from guerdon.engine.events.event import Event
from guerdon.engine.rows import FOREVER
from guerdon.rules.program import Share

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

INVOICE = "card_invoice"  # kind of record: an invoice number that was used for a load or spend of a card
BATCH = "card_batch"  # kind of record: a batch and the outcome of each of its rows


def issuing(decider: Decider, i: int, event: Event) -> None:
    """``card_issued``: a new name, printed, nothing on it."""
    act = begun(decider, i, event)
    if act is None:
        return
    name, kind = event.fields.get("card", ""), event.fields.get("kind", "")
    if not name or kind not in kinds_of(decider).cards:
        refused(act, Reason.UNKNOWN_INSTRUMENT)
    elif decider.records.get(CARD_RECORD, name) is not None:
        refused(act, Reason.INVALID_TRANSITION)
    else:
        number, version = numbered(decider, "card", name)
        keep_card(decider, Card(name, number, kind, version, CardState.PRINTED))
        posted(act)


def loading(decider: Decider, i: int, event: Event) -> None:
    """``card_activated`` and ``card_reloaded``."""
    act = begun(decider, i, event)
    card = card_for(act) if act is not None else None
    if act is None or card is None:
        return
    why = load(act, card, event.type, int(event.fields["amount"]))
    if why != OK:
        refused(act, *why)
    else:
        posted(act)


def load(act: Act, card: Card, how: EventType, amount: int, row: bool = False) -> Why:
    """Load a card that the table of states has been asked about; OK, or why nothing moved."""
    kind, merchant = kind_of(act.decider, card), merchant_number(act.decider, act.event.merchant)
    if how is EventType.CARD_RELOADED and not kind.reload:
        return Why(Reason.INVALID_TRANSITION)
    why = invoice_used(act, card, kind, "load")
    if why != OK:
        return why
    give = kind.bonus.give_minor if kind.bonus is not None and amount >= kind.bonus.load_minor else 0
    why = _beyond_limits(kind, card, amount, give)
    if why != OK:
        return why
    controlled = why_controlled(act, amount)
    if controlled is not Reason.NONE:
        return Why(controlled)
    use_invoice(act, card, kind, "load")
    count_controlled(act, amount)
    leads_to = CARD[how].leads_to
    card.status = card.status if leads_to is None else CardState(leads_to)
    n = post(act, TransferKind.CARD_LOAD, paid_by(merchant, BANK), card.paid_account, amount)
    card.paid += amount
    fields: dict[str, Any] = {"what": card_entries.LOAD, "amount": amount, "back": 0, "merchant": merchant, "n": n}
    fields |= _give_bonus(act, card, kind, give) | _owe_commission(act, amount)
    keep_card(act.decider, card)
    card_entries.note(act, card.name, fields, row)
    return OK


def _beyond_limits(kind: CardKind, card: Card, amount: int, give: int) -> Why:
    """OK, or which bound of the kind the load does not keep: of one load, or of the balance with its bonus."""
    most, ceiling = kind.load_max_minor, kind.balance_max_minor
    if amount < kind.load_min_minor:
        return Why(Reason.LIMIT_REACHED, kind.load_min_minor, amount)
    if most is not None and amount > most:
        return Why(Reason.LIMIT_REACHED, amount, most)
    if ceiling is not None and card.balance + amount + give > ceiling:
        return Why(Reason.LIMIT_REACHED, card.balance + amount + give, ceiling)
    return OK


def _give_bonus(act: Act, card: Card, kind: CardKind, give: int) -> dict[str, int]:
    """Promo money, once for the load however large, which lives on its own."""
    if give == 0 or kind.bonus is None:
        return {"bonus": 0}
    decider = act.decider
    funder = merchant_number(decider, kind.bonus.funder)
    account = paid_by(funder, booking.REWARDS_COST)
    n = post(act, TransferKind.CARD_BONUS, account, card.promo_account, give)
    valid = kind.promo_valid
    expires_at = FOREVER if valid is None else int(stepped(decider.desk, act.at, *step(valid)))
    card.promos.append(Promo(act.seq, n, give, expires_at, funder))
    return {"bonus": give, "bonus_back": 0, "bonus_n": n, "funder": funder}


# ---- the seller's commission


def _owe_commission(act: Act, amount: int) -> dict[str, Any]:
    """What the seller is owed for the sale, by its terms in force."""
    share = _commission_of(act)
    if share is None:
        return {}
    rate = [share.rate.num, share.rate.den] if share.rate is not None else [int(share.amount_minor or 0), 0]
    seller = merchant_number(act.decider, act.event.merchant)
    owed = commission(rate, amount, amount)
    n = post(act, TransferKind.CARD_COMMISSION, booking.REWARDS_COST, paid_to(seller), owed)
    return {"commission": rate, "commission_n": n}


def _commission_of(act: Act) -> Share | None:
    decider, merchant = act.decider, act.event.merchant
    index = decider.tables.merchant_index.get(merchant or "", -1)
    row = terms_at(decider.desk, index, act.at) if index >= 0 else NO_TERMS
    if row == NO_TERMS:
        return None
    own = [terms for terms in decider.program.terms if terms.merchant == merchant]
    return own[row - int(decider.desk.r_merchant[index].terms_first)].commission


def commission(rate: list[int], left: int, load: int) -> int:
    """The commission on what is left of a load: a rate, or (denominator 0) an amount for the whole load."""
    num, den = rate
    return int(muldiv(left, num, den, HALF_UP) if den else muldiv(num, left, load, HALF_UP))


# ---- invoice numbers


def invoice_used(act: Act, card: Card, kind: CardKind, use: str) -> Why:
    """OK, or why the invoice number does not do; ``use``: load or spend, which are apart."""
    if not kind.invoice:
        return OK
    if not act.event.reference:
        return Why(Reason.REFERENCE_REQUIRED)
    known = act.decider.records.get(INVOICE, _invoice(act, card, use))
    return OK if known is None else Why(Reason.REFERENCE_USED)


def use_invoice(act: Act, card: Card, kind: CardKind, use: str) -> None:
    """The invoice number is used up for this card."""
    if kind.invoice:
        act.decider.records.put(INVOICE, _invoice(act, card, use), {"seq": act.seq})


def _invoice(act: Act, card: Card, use: str) -> str:
    """One name for what must be used once; hashed, as its parts may hold any text."""
    event = act.event
    parts = [use, card.name, event.merchant or "", event.series, event.reference]
    return sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


# ---- batches


def batch_loading(decider: Decider, i: int, event: Event) -> None:
    """``card_batch_activated``: each row for itself, once the control total and a second person agree."""
    act = begun(decider, i, event)
    if act is None:
        return
    batch, names = event.fields.get("batch", ""), event.fields.get("cards", [])
    kind, amount = event.fields.get("kind", ""), int(event.fields["amount"])
    if not batch or kind not in kinds_of(decider).cards:
        refused(act, Reason.UNKNOWN_INSTRUMENT)
    elif decider.records.get(BATCH, batch) is not None:
        refused(act, Reason.REFERENCE_USED)
    elif int(event.fields["total"]) != amount * len(names):
        refused(act, Reason.AMOUNTS_DISAGREE)
    elif event.approver is None or event.approver == event.actor:
        refused(act, Reason.EXCEEDS_AUTHORITY)
    else:
        rows = [[name, _load_row(act, name, kind, amount).name.lower()] for name in names]
        decider.records.put(BATCH, batch, {"seq": act.seq, "kind": kind, "rows": rows})
        posted(act)


def _load_row(act: Act, name: str, kind: str, amount: int) -> Reason:
    """Activate one card of a batch; NONE, or why nothing moved."""
    card = read_card(act.decider, name)
    if card is None or card.kind != kind:
        return Reason.UNKNOWN_INSTRUMENT
    catch_up_card(act, card, act.at)
    if card.status not in CARD[EventType.CARD_ACTIVATED].taken_in:
        return Reason.INVALID_TRANSITION
    return load(act, card, EventType.CARD_ACTIVATED, amount, row=True).reason


HANDLERS = {
    EventType.CARD_ISSUED: issuing,
    EventType.CARD_ACTIVATED: loading,
    EventType.CARD_RELOADED: loading,
    EventType.CARD_BATCH_ACTIVATED: batch_loading,
}
