"""The handlers of requests for wallet money, by the type of their event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from guerdon.engine.codes import EventType
from guerdon.engine.decide.holds import capture, hold, void
from guerdon.engine.decide.payouts import payout, payout_ended
from guerdon.engine.decide.redeem_requests import redeem
from guerdon.engine.decide.tokens import token

HANDLERS: dict[EventType, Callable[[Any, int, Any], None]] = {
    EventType.REDEEM: redeem,
    EventType.PAYOUT: payout,
    EventType.PAYOUT_CONFIRMED: payout_ended,
    EventType.PAYOUT_FAILED: payout_ended,
    EventType.HOLD: hold,
    EventType.CAPTURE: capture,
    EventType.VOID: void,
    EventType.TOKEN: token,
}
# These may leave their contact out: it is that of what they are ``of``.
OF_ANOTHER = {EventType.PAYOUT_CONFIRMED, EventType.PAYOUT_FAILED, EventType.CAPTURE, EventType.VOID}
