"""The handlers of all events on instruments, and which of them need no contact."""

from __future__ import annotations

from guerdon.engine.codes import EventType
from guerdon.engine.decide.instruments import (
    card_spending,
    card_states,
    card_undoing,
    certificates,
    coupons,
    exchanging,
    loading,
)

HANDLERS = {
    **loading.HANDLERS,
    **card_spending.HANDLERS,
    **card_undoing.HANDLERS,
    **card_states.HANDLERS,
    **certificates.HANDLERS,
    **exchanging.HANDLERS,
    **coupons.HANDLERS,
}
NO_CONTACT = frozenset(HANDLERS) - {EventType.CARD_REGISTERED, EventType.REWARD_EXCHANGED}
