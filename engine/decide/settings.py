"""What a contact sets for its own wallet: pools switched on, spends blocked, limits lower than the business's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guerdon.engine.codes import EventType, Reason
from guerdon.engine.decide.addressing import pool_number, pool_place
from guerdon.engine.decide.opening import Opening, catch_up, is_known, open_event, posted, refused
from guerdon.engine.decide.own_limits import set_limit
from guerdon.engine.decide.profiles import POOLS, profile_of
from guerdon.engine.events.event import Event

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

_WINDOWS = ("day", "week", "month", "quarter", "year", "lifetime")


def _opened(decider: Decider, i: int) -> Opening | None:
    """The event of a known contact, in whatever state, caught up."""
    o = open_event(decider, i)
    return o if is_known(decider, o) and catch_up(decider, o) else None


def switching_pool(decider: Decider, i: int, event: Event) -> None:
    """``pool_activated`` and ``pool_deactivated``."""
    o = _opened(decider, i)
    if o is None:
        return
    place = pool_place(decider, pool_number(decider, event.fields.get("pool", "")))
    if place < 0:
        refused(decider, o, Reason.UNKNOWN_INSTRUMENT)
        return
    pool, pools = event.fields["pool"], set(profile_of(decider, o.number).get(POOLS, ()))
    pools = pools | {pool} if event.type is EventType.POOL_ACTIVATED else pools - {pool}
    decider.state.set_profile(o.number, {POOLS: sorted(pools) or None})
    decider.desk.s_contact[o.c].pools_active = decider.state.pool_bits(pools)
    posted(decider, o)


def blocking(decider: Decider, i: int, event: Event) -> None:
    """``block_spend`` and ``unblock_spend``."""
    o = _opened(decider, i)
    if o is not None:
        decider.desk.s_contact[o.c].spend_blocked = int(event.type is EventType.BLOCK_SPEND)
        posted(decider, o)


def limiting(decider: Decider, i: int, event: Event) -> None:
    """``limit_set``: a limit of one's own beside those of the business, which it can only lower."""
    o = _opened(decider, i)
    if o is None:
        return
    on, each = event.fields.get("on"), event.fields.get("each")
    limit: dict[str, Any] = {name: int(event.fields[name]) for name in ("amount", "times") if name in event.fields}
    if on not in ("spend", "payout") or each not in _WINDOWS:
        refused(decider, o, Reason.UNDECLARED_FIELD)
    elif not limit:
        refused(decider, o, Reason.BAD_AMOUNT)
    elif _is_higher(decider, on, each, limit):
        refused(decider, o, Reason.EXCEEDS_AUTHORITY)
    else:
        set_limit(decider, o.c, (on, each), limit, o.now)
        posted(decider, o)


def _is_higher(decider: Decider, on: str, each: str, limit: dict[str, Any]) -> bool:
    """Whether it is above a limit of the business for the same window."""
    for own in decider.program.business.limits:
        if (own.on, own.window) == (on, each):
            bounds = {"amount": own.amount_minor, "times": own.times}
            if any(bounds[name] is not None and value > bounds[name] for name, value in limit.items()):
                return True
    return False


HANDLERS = {
    EventType.POOL_ACTIVATED: switching_pool,
    EventType.POOL_DEACTIVATED: switching_pool,
    EventType.BLOCK_SPEND: blocking,
    EventType.UNBLOCK_SPEND: blocking,
    EventType.LIMIT_SET: limiting,
}
