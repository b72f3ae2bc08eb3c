"""Rewards of the catalogue exchanged for wallet money, and the coupons that this gives (spec 7b)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from guerdon.engine.codes import EventType, Reason, Status, TransferKind
from guerdon.engine.decide import booking
from guerdon.engine.decide.calendar import DAY, WINDOWS, to_local, to_utc, window_of
from guerdon.engine.decide.instruments.acting import begun
from guerdon.engine.decide.instruments.acting import posted as act_posted
from guerdon.engine.decide.instruments.acting import refused as act_refused
from guerdon.engine.decide.instruments.kinds import Reward, kinds_of
from guerdon.engine.decide.instruments.transitions import COUPON, CouponState
from guerdon.engine.decide.late import tier_at
from guerdon.engine.decide.lots import NO_LOT, free_if_empty
from guerdon.engine.decide.opening import (
    Opening,
    catch_up,
    is_known,
    is_open,
    open_event,
    posted,
    refused,
    status_of,
)
from guerdon.engine.events.event import Event
from guerdon.engine.rows import REQUEST_EXCHANGE

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

COUPON_RECORD = "coupon"  # kind of record, its id the coupon's name
REWARD_RECORD = "reward"  # kind of record: how many went out and came back or in of a reward
_EXCHANGE = int(TransferKind.EXCHANGE)
_OPEN_MONEY = (("open", booking.OPEN), ("payable", booking.PAYABLE_OUT))


class Stock(NamedTuple):
    """``out``: exchanged and not cancelled; ``added``: by restocking, beside what the rule files say."""

    out: int
    added: int


# ---- stock


def stock_of(decider: Decider, reward: str) -> Stock:
    """How many of a reward went out and were added so far."""
    record = decider.records.get(REWARD_RECORD, reward)
    return Stock(0, 0) if record is None else Stock(int(record.fields["out"]), int(record.fields["added"]))


def move_stock(decider: Decider, reward: str, out: int = 0, added: int = 0) -> None:
    """Count what goes out (below 0: comes back) and what is added."""
    stock = stock_of(decider, reward)
    decider.records.put(REWARD_RECORD, reward, {"out": stock.out + out, "added": stock.added + added})


def restocking(decider: Decider, i: int, event: Event) -> None:
    """``reward_restocked``."""
    act = begun(decider, i, event)
    if act is None:
        return
    reward = event.fields.get("reward", "")
    if reward not in kinds_of(decider).rewards:
        act_refused(act, Reason.UNKNOWN_INSTRUMENT)
    else:
        move_stock(decider, reward, added=int(event.fields["quantity"]))
        act_posted(act)


# ---- an exchange


def exchanging(decider: Decider, i: int, event: Event) -> None:
    """``reward_exchanged``: the price leaves the wallet, a coupon of a new name is the contact's."""
    o = open_event(decider, i)
    if not is_known(decider, o):
        return
    reward = kinds_of(decider).rewards.get(event.fields.get("reward", ""))
    coupon = event.fields.get("coupon", "")
    if reward is None or not coupon:
        refused(decider, o, Reason.UNKNOWN_INSTRUMENT)
        return
    if not is_open(decider, o) or not catch_up(decider, o):
        return
    move = COUPON[event.type]
    if state_of(decider, coupon) not in move.taken_in:
        refused(decider, o, Reason.INVALID_TRANSITION)
        return
    price = price_of(decider, o, reward)
    why = _why_not(decider, o, event, reward, price)
    if why is not Reason.NONE:
        if why is Reason.INSUFFICIENT_FUNDS:
            booking.refuse_request(decider.desk, o.seq, REQUEST_EXCHANGE, why, price, _funds(decider, o))
        refused(decider, o, why)
        return
    _pay(decider, o, price)
    move_stock(decider, reward.id, out=1)
    fields = {
        "reward": reward.id,
        "status": str(move.leads_to),
        "contact": o.number,
        "at": o.time,
        "seq": o.seq,
        "version": int(decider.tables.arrays["r_head"]["version"][0]),
        "terms": reward.terms or "",
    }
    decider.records.put(COUPON_RECORD, coupon, fields, o.number)
    posted(decider, o)


def state_of(decider: Decider, coupon: str) -> CouponState:
    """The state of a coupon; one that nobody knows is available."""
    record = decider.records.get(COUPON_RECORD, coupon)
    return CouponState.AVAILABLE if record is None else CouponState(record.fields["status"])


def price_of(decider: Decider, o: Opening, reward: Reward) -> int:
    """What the contact pays, by its tier at the event's time; units of the wallet."""
    tiers = decider.program.tiers
    if tiers is None or not reward.prices:
        return reward.price
    tier = tier_at(decider, o.c, o.time) if o.late else int(decider.desk.s_contact[o.c].tier)
    return reward.prices.get(tiers.ladder[tier].id, reward.price) if tier >= 0 else reward.price


def _why_not(decider: Decider, o: Opening, event: Event, reward: Reward, price: int) -> Reason:
    """NONE, or why the contact does not get it, in the order of the tests."""
    k = decider.desk.s_contact[o.c]
    if k.spend_blocked:
        return Reason.SPEND_BLOCKED
    if status_of(decider, o.c) is Status.PENDING:
        return Reason.REGISTRATION_REQUIRED
    if not _is_available(decider, reward, o.time):
        return Reason.NOT_AVAILABLE
    stock = stock_of(decider, reward.id)
    if reward.stock is not None and reward.stock + stock.added - stock.out <= 0:
        return Reason.OUT_OF_STOCK
    if reward.terms is not None and event.fields.get("terms") != reward.terms:
        return Reason.TERMS_NOT_ACCEPTED
    if reward.times is not None and _times(decider, o, reward) >= reward.times:
        return Reason.LIMIT_REACHED
    if _funds(decider, o) < price:
        return Reason.INSUFFICIENT_FUNDS
    return Reason.NONE


def _is_available(decider: Decider, reward: Reward, at: int) -> bool:
    """From the first local day on, until before the last."""
    first, last = (_midnight(decider, day) for day in (reward.available_from, reward.available_until))
    return (first is None or at >= first) and (last is None or at < last)


def _midnight(decider: Decider, day: str | None) -> int | None:
    if day is None:
        return None
    return int(to_utc(decider.desk, (date.fromisoformat(day) - date(1970, 1, 1)).days * DAY))


def _times(decider: Decider, o: Opening, reward: Reward) -> int:
    """How often the contact has exchanged for the reward in the window, what was cancelled left out."""
    kind, desk = WINDOWS[reward.each], decider.desk

    def window(at: int) -> int:
        return int(window_of(int(to_local(desk, at)) // DAY, kind, 0))

    return sum(
        record.fields["reward"] == reward.id
        and record.fields["status"] != CouponState.CANCELLED
        and window(int(record.fields["at"])) == window(o.time)
        for record in decider.records.of_contact(COUPON_RECORD, o.number)
    )


def _usable(decider: Decider, o: Opening) -> list[int]:
    """Rows of the contact's usable lots of all pools, in their order."""
    d, rows = decider.desk, []
    row = int(d.s_contact[o.c].lot_head)
    while row != NO_LOT:
        rows.append(row)
        row = int(d.s_lot[row].next)
    return rows


def _funds(decider: Decider, o: Opening) -> int:
    d = decider.desk
    k = d.s_contact[o.c]
    return int(k.open + k.payable) + sum(int(d.s_lot[row].remaining) for row in _usable(decider, o))


def _pay(decider: Decider, o: Opening, price: int) -> None:
    """Lots first, then open money, what may be paid out last; the funds are there."""
    d, left = decider.desk, price
    k = d.s_contact[o.c]
    for row in _usable(decider, o):
        lot = d.s_lot[row]
        part = min(left, int(lot.remaining))
        if part == 0:
            break
        account = booking.of_contact(o.number, booking.COMMERCE + int(lot.pool))
        lot_id = int(lot.seq), int(lot.n)
        booking.book(d, o.seq, _EXCHANGE, account, booking.SPENT, part, o.now, *lot_id, int(lot.offer))
        lot.remaining -= part
        free_if_empty(d, o.c, row)
        left -= part
    for name, role in _OPEN_MONEY:
        part = min(left, int(getattr(k, name)))
        account = booking.of_contact(o.number, role)
        booking.book(d, o.seq, _EXCHANGE, account, booking.SPENT, part, o.now, 0, 0, 0)
        setattr(k, name, int(getattr(k, name)) - part)
        left -= part


HANDLERS = {EventType.REWARD_EXCHANGED: exchanging, EventType.REWARD_RESTOCKED: restocking}
