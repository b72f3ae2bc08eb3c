"""What can be done with a contact, card, certificate or coupon in its present state: the tables of states, read out.

The handlers test the same tables, so that a menu made of these lists offers exactly what the log takes.
"""

from __future__ import annotations

from guerdon.engine.codes import EventType, Status
from guerdon.engine.decide.instruments.transitions import CARD, CERTIFICATE, COUPON, taken
from guerdon.engine.decide.statuses import events_taken

_TABLES = {"card": CARD, "certificate": CERTIFICATE, "coupon": COUPON}
_BLOCKS = (EventType.BLOCK_SPEND, EventType.UNBLOCK_SPEND)


def actions(status: Status | str, *, spend_blocked: bool = False, erased: bool = False) -> list[str]:
    """The member events that are taken of a contact in a state, as types of events.

    A spend can be blocked in every state but that of a stranger, and unblocked where it is blocked. An erased contact
    is nobody any more.

    >>> actions("on_hold")
    ['reactivate', 'block_spend']
    >>> actions("enrolled", spend_blocked=True)[-2:]
    ['adjust', 'unblock_spend']
    >>> actions("merged", erased=True)
    []
    """
    state = status if isinstance(status, Status) else Status[status.upper()]
    if erased:
        return []
    found = [kind.name.lower() for kind in events_taken(state)]
    if state is not Status.NEW:
        found.append(_BLOCKS[spend_blocked].name.lower())
    return found


def instrument_actions(kind: str, state: str) -> list[str]:
    """The events that are taken of a ``card``, ``certificate`` or ``coupon`` in a state.

    >>> instrument_actions("certificate", "claimed")
    ['certificate_fulfilled']
    >>> instrument_actions("card", "lost")
    ['card_voided', 'card_cancelled']
    """
    return [event.name.lower() for event in taken(_TABLES[kind], state)]
