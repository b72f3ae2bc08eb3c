"""Coupons at work: used once, or cancelled, which puts the same lots and open money back (spec 7b)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guerdon.engine.codes import EventType, Reason, Role, TransferKind, account_parts
from guerdon.engine.decide import booking
from guerdon.engine.decide.addressing import followed
from guerdon.engine.decide.back import Back
from guerdon.engine.decide.calendar import stepped
from guerdon.engine.decide.due import expire
from guerdon.engine.decide.giving_back import fill_lot, lot_facts
from guerdon.engine.decide.instruments.acting import begun
from guerdon.engine.decide.instruments.acting import refused as act_refused
from guerdon.engine.decide.instruments.exchanging import COUPON_RECORD, move_stock
from guerdon.engine.decide.instruments.kinds import kinds_then
from guerdon.engine.decide.instruments.transitions import COUPON
from guerdon.engine.decide.lot_records import lot_row
from guerdon.engine.decide.offer_tables import step
from guerdon.engine.decide.opening import Opening, posted, refused
from guerdon.engine.decide.requests import caught_up, of_wallet
from guerdon.engine.events.event import Event
from guerdon.engine.events.present import NOWHERE
from guerdon.engine.rows import Record

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

_EXCHANGE, _BACK = int(TransferKind.EXCHANGE), TransferKind.EXCHANGE_REVERSAL
_FIELD = {int(Role.OPEN): "open", int(Role.OPEN_PAYABLE): "payable"}
Lot = tuple[int, int]


def using(decider: Decider, i: int, event: Event) -> None:
    """``coupon_used``: no money moves."""
    found = _assigned(decider, i, event)
    if found is not None:
        o, record = found
        _lead(decider, record, event.type)
        posted(decider, o)


def cancelling(decider: Decider, i: int, event: Event) -> None:
    """``coupon_cancelled``: after the kind's time only with a second person."""
    found = _assigned(decider, i, event)
    if found is None:
        return
    o, record = found
    if _is_late(decider, o, record) and event.approver in (None, event.actor):
        refused(decider, o, Reason.EXCEEDS_AUTHORITY)
        return
    _pay_back(decider, o, int(record.fields["seq"]))
    move_stock(decider, record.fields["reward"], out=-1)
    _lead(decider, record, event.type)
    posted(decider, o)


def _assigned(decider: Decider, i: int, event: Event) -> tuple[Opening, Record] | None:
    """The event opened on the wallet of the coupon's holder, and the coupon, in a state that takes the event."""
    act = begun(decider, i, event)
    if act is None:
        return None
    record = decider.records.get(COUPON_RECORD, event.fields.get("coupon", ""))
    holder = followed(decider, int(record.fields["contact"])) if record is not None else 0
    told = event.contact_number
    if record is None or (told and followed(decider, told) != holder):
        act_refused(act, Reason.UNKNOWN_INSTRUMENT)
        return None
    o = of_wallet(decider, i, event, holder)
    if o is None:
        return None
    caught_up(decider, o)
    if record.fields["status"] not in COUPON[event.type].taken_in:
        refused(decider, o, Reason.INVALID_TRANSITION)
        return None
    return o, record


def _lead(decider: Decider, record: Record, kind: EventType) -> None:
    fields = {**record.fields, "status": str(COUPON[kind].leads_to)}
    decider.records.put(COUPON_RECORD, record.id, fields, record.contact)


def _is_late(decider: Decider, o: Opening, record: Record) -> bool:
    """Whether the time in which anybody may cancel is over, by the rules of the exchange."""
    f = record.fields
    within = kinds_then(decider, int(f["version"])).rewards[f["reward"]].cancel_within
    return within is not None and o.time > int(stepped(decider.desk, int(f["at"]), *step(within)))


def _pay_back(decider: Decider, o: Opening, exchange: int) -> None:
    """Each amount to where it was taken; a lot past its expiry expires at once, unless its scheme restores it."""
    back = Back(decider, o.seq, o.c, o.now)
    lots: list[Lot] = []
    for row in back.journal(exchange):
        if row["kind"] != _EXCHANGE:
            continue
        role = account_parts(int(row["debit"]))[2]
        name, amount = (int(row["seq"]), int(row["n"])), int(row["amount"])
        if row["lot_seq"] == 0:
            back.post(_BACK, booking.SPENT, back.account(role), amount, reverses=name)
            setattr(back.contact, _FIELD[role], int(getattr(back.contact, _FIELD[role])) + amount)
            continue
        lot = int(row["lot_seq"]), int(row["lot_n"])
        facts = lot_facts(back, lot)
        offer = int(row["offer"])
        back.post(_BACK, booking.SPENT, back.account(role), amount, lot=lot, offer=offer, reverses=name)
        fill_lot(back, facts, amount)
        lots.append(lot)
    for lot in lots:
        place = lot_row(decider, o.c, lot)
        if place != NOWHERE and decider.desk.s_lot[place].expires_at < o.now:
            expire(decider.desk, o.seq, o.c, place, o.now)


HANDLERS = {EventType.COUPON_USED: using, EventType.COUPON_CANCELLED: cancelling}
