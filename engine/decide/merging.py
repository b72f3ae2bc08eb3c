"""Merging two contacts, and giving money from one to another (spec 5, 7b): lot by lot, expiries kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guerdon.engine.codes import EventType, Reason, Role, Status, TransferKind
from guerdon.engine.decide.addressing import number_of, pool_number
from guerdon.engine.decide.booking import COMMERCE, DEBT, OPEN, PAYABLE_OUT, PAYOUT, PENDING, book, of_contact
from guerdon.engine.decide.forfeits import lots_of
from guerdon.engine.decide.history import note_merge, tiers_of
from guerdon.engine.decide.lifecycle import end_memberships
from guerdon.engine.decide.lot_records import keep_lot
from guerdon.engine.decide.lots import due_of, free_if_empty, insert_pending, insert_usable, new_lot, unlink
from guerdon.engine.decide.merged_units import Counted, keep_began
from guerdon.engine.decide.merging_counters import add_counters
from guerdon.engine.decide.opening import (
    Opening,
    catch_up,
    is_known,
    is_taken,
    make_room,
    open_event,
    posted,
    refused,
    status_of,
)
from guerdon.engine.decide.specials import catch_up_all
from guerdon.engine.decide.statuses import RECEIVES_IN
from guerdon.engine.decide.step import clock_of
from guerdon.engine.events.event import Event
from guerdon.engine.rows import LOT

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

MERGE, TRANSFER = int(TransferKind.MERGE), int(TransferKind.TRANSFER)
HELD = int(Role.HELD)
# Kinds of record that go with the money of their contact.
FOLLOWING = ("hold", "payout", "token", "redeemed", "coupon", "card", "lot")


def _receiver(decider: Decider, o: Opening, name: str) -> int | None:
    """Row of the other contact; None: there is no such contact, and the event is refused."""
    number = number_of(decider, name)
    c = decider.row(number) if number else -1
    if c < 0 or status_of(decider, c) is Status.NEW or decider.desk.s_contact[c].erased:
        refused(decider, o, Reason.UNKNOWN_CONTACT)
        return None
    return c


def _both(decider: Decider, o: Opening, event: Event, name: str) -> int | None:
    """Row of the receiving contact, both known, in states that allow it, and caught up; else the event is refused."""
    if not is_known(decider, o):
        return None
    other = _receiver(decider, o, name)
    if other is None or not is_taken(decider, o, event.type):
        return None
    if status_of(decider, other) not in RECEIVES_IN or other == o.c:
        refused(decider, o, Reason.INVALID_TRANSITION)
        return None
    make_room(decider, other, o.c)
    if not catch_up(decider, o):
        return None
    catch_up_all(decider, o.seq, other, max(o.time, int(clock_of(decider.desk, other))))
    decider.desk.w_head[0].now = o.now
    return other


# ---- merge


def merging(decider: Decider, i: int, event: Event) -> None:
    """``merge``: all that the source has becomes the target's; the source keeps its history."""
    o = open_event(decider, i)
    into = _both(decider, o, event, event.fields.get("into", ""))
    if into is None:
        return
    target = int(decider.desk.s_contact[into].number)
    _move_lots(decider, o, into)
    _move_balances(decider, o, into)
    add_counters(decider, o.c, into)
    _add_units(decider, o.c, into)
    for kind in FOLLOWING:
        for record in decider.records.of_contact(kind, o.number):
            decider.records.put(kind, record.id, _renumbered(record.fields, target), target, record.due_at)
    end_memberships(decider, o)
    note_merge(decider, o.number, target, o.seq, _counted(decider, o))
    decider.desk.s_contact[o.c].status = int(Status.MERGED)
    posted(decider, o, into)


def _counted(decider: Decider, o: Opening) -> Counted:
    k = decider.desk.s_contact[o.c]
    began = keep_began(decider, o.c, tiers_of(decider, o.number))
    return Counted(o.now, int(k.window_from), int(k.tier_from), began)


def _renumbered(fields: object, target: int) -> dict[str, object]:
    assert isinstance(fields, dict)
    return {**fields, "contact": target} if "contact" in fields else dict(fields)


def _move_lots(decider: Decider, o: Opening, into: int) -> None:
    d = decider.desk
    target = int(d.s_contact[into].number)
    for row in lots_of(decider, o.c):
        lot = d.s_lot[row]
        role = PENDING if lot.pending == 1 else COMMERCE + int(lot.pool)
        seq, n = int(lot.seq), int(lot.n)
        accounts = of_contact(o.number, role), of_contact(target, role)
        book(d, o.seq, MERGE, *accounts, int(lot.remaining), o.now, seq, n, int(lot.offer))
        unlink(d, o.c, row)
        if lot.stored == 1:  # the ledger's row of it is the source's
            closed = d.o_closed[d.o_head[0].closed]
            d.o_head[0].closed += 1
            closed.contact, closed.seq, closed.n = o.number, seq, n
        lot.contact, lot.stored, lot.dirty = target, 0, 1
        _insert(decider, into, row)


def _insert(decider: Decider, c: int, row: int) -> None:
    """Put a lot among those of a contact, and let the contact fall due by it."""
    d = decider.desk
    (insert_pending if d.s_lot[row].pending == 1 else insert_usable)(d, c, row)
    k = d.s_contact[c]
    k.due_at = min(int(k.due_at), int(due_of(d, row)))
    k.dirty = 1


def _move_balances(decider: Decider, o: Opening, into: int) -> None:
    d = decider.desk
    source, target = d.s_contact[o.c], d.s_contact[into]
    for name, role in (("open", OPEN), ("payable", PAYABLE_OUT), ("held", HELD), ("payout", PAYOUT)):
        amount = int(source[name])
        accounts = of_contact(o.number, role), of_contact(int(target.number), role)
        book(d, o.seq, MERGE, *accounts, amount, o.now, 0, 0, 0)
        target[name] += amount
        source[name] = 0
    accounts = of_contact(int(target.number), DEBT), of_contact(o.number, DEBT)
    book(d, o.seq, MERGE, *accounts, int(source.debt), o.now, 0, 0, 0)
    target.debt += source.debt
    source.debt = 0


def _add_units(decider: Decider, c: int, into: int) -> None:
    source, target = decider.desk.s_contact[c], decider.desk.s_contact[into]
    for name in ("climb", "keep", "lifetime"):
        target[name] += source[name]
        source[name] = 0


# ---- transfer


def transferring(decider: Decider, i: int, event: Event) -> None:
    """``transfer``: open money, or a pool's usable lots in their order; what is given of a lot is a new one."""
    o = open_event(decider, i)
    pool = event.fields.get("pool")
    number = pool_number(decider, pool) if pool is not None else 0
    if pool is not None and number == 0:
        refused(decider, o, Reason.UNKNOWN_INSTRUMENT)
        return
    taker = _both(decider, o, event, event.fields.get("to", ""))
    if taker is None:
        return
    d = decider.desk
    amount = int(event.fields["amount"])
    lots = [row for row in lots_of(decider, o.c) if d.s_lot[row].pool == number and d.s_lot[row].pending == 0]
    funds = sum(int(d.s_lot[row].remaining) for row in lots) if number else int(d.s_contact[o.c].open)
    if d.s_contact[o.c].spend_blocked:
        refused(decider, o, Reason.SPEND_BLOCKED)
    elif funds < amount:
        refused(decider, o, Reason.INSUFFICIENT_FUNDS)
    elif number == 0:
        _give_open(decider, o, taker, amount)
        posted(decider, o, taker)
    else:
        _give_lots(decider, o, taker, lots, amount)
        posted(decider, o, taker)


def _give_open(decider: Decider, o: Opening, taker: int, amount: int) -> None:
    d = decider.desk
    accounts = of_contact(o.number, OPEN), of_contact(int(d.s_contact[taker].number), OPEN)
    book(d, o.seq, TRANSFER, *accounts, amount, o.now, 0, 0, 0)
    d.s_contact[o.c].open -= amount
    d.s_contact[taker].open += amount


def _give_lots(decider: Decider, o: Opening, taker: int, lots: list[int], amount: int) -> None:
    decider.state.room_for_lots(len(lots) + 1)
    decider.lay()
    d = decider.desk
    target = int(d.s_contact[taker].number)
    for row in lots:
        lot = d.s_lot[row]
        part = min(amount, int(lot.remaining))
        if part == 0:
            break
        role = COMMERCE + int(lot.pool)
        seq, n = int(lot.seq), int(lot.n)
        accounts = of_contact(o.number, role), of_contact(target, role)
        named = book(d, o.seq, TRANSFER, *accounts, part, o.now, seq, n, int(lot.offer))
        given = new_lot(d)
        for name in LOT.names or ():
            if name not in ("next", "prev"):
                d.s_lot[given][name] = lot[name]
        new = d.s_lot[given]
        new.seq, new.n, new.contact, new.remaining, new.live = o.seq, named, target, part, part
        new.instant, new.stored, new.dirty = 0, 0, 1
        _insert(decider, taker, given)
        keep_lot(decider, given)
        lot.remaining -= part
        amount -= part
        free_if_empty(d, o.c, row)


HANDLERS = {EventType.MERGE: merging, EventType.TRANSFER: transferring}
