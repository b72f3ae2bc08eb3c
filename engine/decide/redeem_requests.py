"""Redeeming on request (spec 4): a ``redeem`` event matches a purchase, or lines of its own, against usable lots.

A purchase's lines can be matched once: what its own journal and earlier requests redeemed, and what was returned, is
off their value. The requests of a purchase stand in a record of kind ``redeemed`` under its place in the log.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from guerdon.engine.codes import EventType, Outcome, Reason, Role, Status, TransferKind, account_parts
from guerdon.engine.decide import history, redeeming, spending
from guerdon.engine.decide.addressing import followed
from guerdon.engine.decide.amounts import in_money, in_units
from guerdon.engine.decide.arithmetic import CEIL
from guerdon.engine.decide.history import Told
from guerdon.engine.decide.kept import Kept
from guerdon.engine.decide.lots import NO_LOT
from guerdon.engine.decide.named import find_purchase
from guerdon.engine.decide.opening import Opening, ignored, posted, status_of
from guerdon.engine.decide.redeemed import note_redeemed, redeemed_by
from guerdon.engine.decide.requests import begun, caught_up, refuse_request
from guerdon.engine.decide.rule_versions import version_of
from guerdon.engine.decide.statuses import SHUT
from guerdon.engine.events.amounts import half_up
from guerdon.engine.events.event import Event
from guerdon.engine.rows import REQUEST_REDEEM

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider


@dataclass(slots=True)
class Value:
    """What is left of one line to be matched, minor units of the currency. ``pools``: who may pay it, bits by index."""

    line: int
    pools: int
    left: int


def redeem(decider: Decider, i: int, event: Event) -> None:
    """Move what the lines allow from lots to open money; none of it is ``ignored nothing_to_do``."""
    o = begun(decider, i, event)
    if o is None:
        return
    status = status_of(decider, o.c)
    why = Reason.REGISTRATION_REQUIRED if status is Status.PENDING else SHUT.get(status, Reason.NONE)
    bought = None
    if not why and "of" in event.fields:
        bought, why = _purchase(decider, o, event)
    if why:
        refuse_request(decider, o, REQUEST_REDEEM, why, 0, 0)
        return
    caught_up(decider, o)
    if not _match(decider, o, event, bought):
        ignored(decider, o, Reason.NOTHING_TO_DO)
        return
    if bought is not None:
        note_redeemed(decider, bought.seq, o.seq, o.number)
    spending.pay_out(decider.desk, o.i, o.c)
    posted(decider, o)


def _purchase(decider: Decider, o: Opening, event: Event) -> tuple[Kept | None, Reason]:
    """The contact's own purchase that the request names, or why it can't be matched."""
    told: Told | None = find_purchase(decider, event)
    if told is None or told.event.type is not EventType.PURCHASE or told.outcome is not Outcome.POSTED:
        return None, Reason.UNKNOWN_PURCHASE
    if followed(decider, told.event.contact_number) != o.number:
        return None, Reason.UNKNOWN_PURCHASE
    kept = Kept(decider, told)
    return kept, Reason.ALREADY_CANCELLED if kept.cancelled else Reason.NONE


def _match(decider: Decider, o: Opening, event: Event, bought: Kept | None) -> int:
    """Let the usable lots take from the lines, in their order; units moved."""
    values = _values(decider, event if bought is None else bought.event, bought)
    d = decider.desk
    lots, pools = [], 0
    row = int(d.s_contact[o.c].lot_head)
    while row != NO_LOT:
        pool = redeeming.may_pay(d, o.c, row, o.seq, redeeming.BOTH)
        if pool >= 0 and (bought is None or d.s_lot[row].seq != bought.seq):
            lots.append((row, int(pool)))
            pools |= 1 << int(pool)
        row = int(d.s_lot[row].next)
    buckets, moved = _buckets(values, pools), 0
    for row, pool in lots:
        value = sum(max(0, sum(v.left for v in lines)) for mask, lines in buckets if mask >> pool & 1)
        units = min(int(d.s_lot[row].remaining), int(in_units(d, value)))
        if units > 0:
            _take(buckets, pool, int(in_money(d, units, CEIL)))
            redeeming.move_to_open(d, o.seq, o.c, row, pool, units)
            moved += units
    return moved


def _values(decider: Decider, event: Event, bought: Kept | None) -> list[Value]:
    """The lines of an event with the pools that may pay them by the rules in force, less what is used up of them."""
    version = version_of(decider, int(decider.tables.arrays["r_head"]["version"][0]))
    batch = version.matcher.events([replace(event, lines=(line,)) for line in event.lines])
    values = []
    for row, line in zip(batch.events, event.lines, strict=True):
        first = int(row["bucket_first"])
        pools = int(batch.buckets["pools"][first]) if row["bucket_count"] else 0
        back = half_up(line.total * bought.returned[line.number]) if bought is not None else 0
        values.append(Value(line.number, pools, line.total - back))
    for seq in [bought.seq, *redeemed_by(decider, bought.seq)] if bought is not None else []:
        _use_up(decider, values, seq)
    return values


def _use_up(decider: Decider, values: list[Value], seq: int) -> None:
    """Take off the lines what an earlier event redeemed against them."""
    rows = history.transfers_of(decider, seq)
    rows = rows[rows["kind"] == int(TransferKind.REDEEM)]
    taken = []
    for row in rows:
        pool = redeeming.pool_index(decider.desk, account_parts(int(row["debit"]))[2] - int(Role.COMMERCE))
        taken.append((int(pool), int(in_money(decider.desk, int(row["amount"]), CEIL))))
    buckets = _buckets(values, sum(1 << pool for pool in {pool for pool, _ in taken if pool >= 0}))
    for pool, money in taken:
        if pool >= 0:
            _take(buckets, pool, money)


Bucket = tuple[int, list[Value]]


def _buckets(values: Iterable[Value], pools: int) -> list[Bucket]:
    """Lines by the set of pools that count, in the order (size of the set, smallest line)."""
    found: dict[int, list[Value]] = {}
    for value in values:
        if value.pools & pools:
            found.setdefault(value.pools & pools, []).append(value)
    return sorted(found.items(), key=lambda bucket: (bucket[0].bit_count(), bucket[1][0].line))


def _take(buckets: Iterable[Bucket], pool: int, money: int) -> None:
    """A lot of the pool takes money from the buckets it is in, inside a bucket line by line."""
    for mask, lines in buckets:
        for value in lines if mask >> pool & 1 else ():
            part = min(money, max(0, value.left))
            value.left -= part
            money -= part
