"""Manual adjustments (spec 3, 5, 7b): by whom and how much, against a preview that must not be stale."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from guerdon.engine.codes import KIND_SHIFT, OWNER_SHIFT, EventType, Outcome, OwnerKind, Reason, Role, TransferKind
from guerdon.engine.decide.addressing import pool_number, pool_place
from guerdon.engine.decide.booking import BUSINESS, COMMERCE, OPEN, book, of_contact
from guerdon.engine.decide.calendar import DAY, WINDOWS, stepped, to_utc, window_of
from guerdon.engine.decide.forfeits import lots_of
from guerdon.engine.decide.history import event_at, event_by_reference, seqs_of_contact
from guerdon.engine.decide.lot_records import keep_lot
from guerdon.engine.decide.lots import due_of, free_if_empty, insert_usable, new_lot
from guerdon.engine.decide.offer_tables import step
from guerdon.engine.decide.opening import Opening, catch_up, is_known, is_taken, open_event, posted, refused
from guerdon.engine.events.event import Event
from guerdon.engine.rows import FOREVER
from guerdon.rules.program import Validity

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

ADJUST = int(TransferKind.ADJUST)
ADJUSTMENT = BUSINESS | int(Role.ADJUSTMENT)
AGENT = "agent"  # kind of record: what an actor adjusted in a window, absolute amounts
_IN_OPEN = (None, "", "open")


def adjusting(decider: Decider, i: int, event: Event) -> None:
    """``adjust``: up into open money or a lot of a pool, down from open money or the pool's lots in their order."""
    o = open_event(decider, i)
    if not is_known(decider, o):
        return
    pool = event.fields.get("pool")
    number = 0 if pool in _IN_OPEN else pool_number(decider, str(pool))
    if number == 0 and pool not in _IN_OPEN:
        refused(decider, o, Reason.UNKNOWN_INSTRUMENT)
        return
    if not is_taken(decider, o, EventType.ADJUST) or not catch_up(decider, o):
        return
    amount = int(event.fields["amount"])
    why = _why_not(decider, o, event, amount)
    if why is Reason.NONE and amount < 0 and _funds(decider, o, number) < -amount:
        why = Reason.INSUFFICIENT_FUNDS
    if why is not Reason.NONE:
        refused(decider, o, why)
        return
    _count_authority(decider, o, event, amount)
    if number == 0:
        _adjust_open(decider, o, amount)
    elif amount > 0:
        _add_lot(decider, o, number, amount)
    else:
        _take_from_lots(decider, o, number, -amount)
    posted(decider, o)


# ---- may this be done


def _why_not(decider: Decider, o: Opening, event: Event, amount: int) -> Reason:
    business = decider.program.business
    if event.fields.get("reason") not in business.adjust_reasons:
        return Reason.REASON_UNKNOWN
    if not _has_authority(decider, o, event, amount):
        return Reason.EXCEEDS_AUTHORITY
    previewed = event.fields.get("previewed_after")
    if previewed is not None and previewed != last_posted(decider, o):
        return Reason.PREVIEW_STALE
    if event.reference and event_by_reference(decider, event.merchant or "", event.series, event.reference) is not None:
        return Reason.REFERENCE_USED
    return Reason.NONE


def _has_authority(decider: Decider, o: Opening, event: Event, amount: int) -> bool:
    """Nobody adjusts their own wallet; above the agent's cap another person must approve."""
    if event.actor is not None and event.actor == decider.store.names.id("contact", o.number):
        return False
    cap = decider.program.business.agent_cap_minor
    if cap is None or _adjusted(decider, o, event) + abs(amount) <= cap:
        return True
    return event.approver is not None and event.approver != event.actor


def _agent_window(decider: Decider, o: Opening, event: Event) -> str:
    window = decider.program.business.agent_cap_window or "lifetime"
    day = int(decider.desk.b_event[o.i].local) // DAY
    return f"{event.actor or ''}|{window}|{window_of(day, WINDOWS[window], 0)}"


def _adjusted(decider: Decider, o: Opening, event: Event) -> int:
    record = decider.records.get(AGENT, _agent_window(decider, o, event))
    return int(record.fields["amount"]) if record is not None else 0


def _count_authority(decider: Decider, o: Opening, event: Event, amount: int) -> None:
    if decider.program.business.agent_cap_minor is not None:
        used = _adjusted(decider, o, event) + abs(amount)
        decider.records.put(AGENT, _agent_window(decider, o, event), {"amount": used})


def last_posted(decider: Decider, o: Opening) -> str | None:
    """Id of the last posted event that names or touches the contact, ticks left out."""
    fresh = decider.outputs.arrays["o_transfer"][: int(decider.outputs.head["transfers"][0])]
    account = int(OwnerKind.CONTACT) << KIND_SHIFT | o.number << OWNER_SHIFT
    mine = [fresh[side] >> OWNER_SHIFT == account >> OWNER_SHIFT for side in ("debit", "credit")]
    touching = np.concatenate([seqs_of_contact(decider, o.number), fresh["seq"][mine[0] | mine[1]]])
    for seq in np.unique(touching[touching < o.seq])[::-1].tolist():
        told = event_at(decider, seq)
        if told is not None and told.outcome is Outcome.POSTED and told.event.type is not EventType.TICK:
            return told.event.id
    return None


# ---- money


def _funds(decider: Decider, o: Opening, pool: int) -> int:
    d = decider.desk
    if pool == 0:
        return int(d.s_contact[o.c].open)
    return sum(int(d.s_lot[row].remaining) for row in _usable(decider, o, pool))


def _usable(decider: Decider, o: Opening, pool: int) -> list[int]:
    d = decider.desk
    return [row for row in lots_of(decider, o.c) if d.s_lot[row].pool == pool and d.s_lot[row].pending == 0]


def _adjust_open(decider: Decider, o: Opening, amount: int) -> None:
    d = decider.desk
    mine = of_contact(o.number, OPEN)
    accounts = (ADJUSTMENT, mine) if amount > 0 else (mine, ADJUSTMENT)
    book(d, o.seq, ADJUST, *accounts, abs(amount), o.now, 0, 0, 0)
    d.s_contact[o.c].open += amount


def _add_lot(decider: Decider, o: Opening, pool: int, amount: int) -> None:
    """A lot with the pool's validity, named by its transfer; no offer gave it and no merchant bears it."""
    place = pool_place(decider, pool)
    expires_at = valid_to(decider, decider.program.pools[place].valid, o.now)
    decider.state.room_for_lots(1)
    decider.lay()
    d = decider.desk
    n = int(d.w_head[0].n) + 1
    book(d, o.seq, ADJUST, ADJUSTMENT, of_contact(o.number, COMMERCE + pool), amount, o.now, o.seq, n, 0)
    row = new_lot(d)
    lot = d.s_lot[row]
    for name, value in {
        "seq": o.seq, "n": n, "pool": pool, "contact": o.number, "remaining": amount, "live": amount,
        "earned_at": o.now, "usable_at": o.now, "expires_at": expires_at, "offer": 0,
        "version": int(d.r_head[0].version), "funder": 0, "part_num": 0, "part_den": 0, "prepaid": 0,
        "expiry_business": 0, "instant": 0, "pending": 0, "stored": 0, "dirty": 1,
    }.items():  # fmt: skip
        lot[name] = value
    insert_usable(d, o.c, row)
    k = d.s_contact[o.c]
    k.due_at = min(int(k.due_at), int(due_of(d, row)))
    keep_lot(decider, row)


def _take_from_lots(decider: Decider, o: Opening, pool: int, amount: int) -> None:
    d = decider.desk
    for row in _usable(decider, o, pool):
        lot = d.s_lot[row]
        part = min(amount, int(lot.remaining))
        if part == 0:
            return
        source = of_contact(o.number, COMMERCE + pool)
        book(d, o.seq, ADJUST, source, ADJUSTMENT, part, o.now, int(lot.seq), int(lot.n), int(lot.offer))
        lot.remaining -= part
        amount -= part
        free_if_empty(d, o.c, row)


def valid_to(decider: Decider, valid: Validity, at: int) -> int:
    """The last instant of what is given at an instant with this validity."""
    if valid.duration is not None:
        return int(stepped(decider.desk, at, *step(valid.duration)))
    if valid.until is not None:
        return int(to_utc(decider.desk, (valid.until - date(1970, 1, 1)).days * DAY)) - 1
    return FOREVER


HANDLERS = {EventType.ADJUST: adjusting}
