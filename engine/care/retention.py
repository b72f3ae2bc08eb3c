"""What is kept for a while: what refused and parked events said, and where mails of nobody's account went (spec 7)."""

from __future__ import annotations

from guerdon.engine.care.mails.box import forgotten_of_nobody
from guerdon.engine.events.sealing import MONTH, month_of
from guerdon.engine.ledger.keyring import months_destroyed
from guerdon.engine.ledger.ledger import Ledger

DAY = 86_400_000_000
PARKED_FOR_DAYS = 30


def retire(ledger: Ledger, now: int, parked_for_days: int = PARKED_FOR_DAYS) -> int:
    """Destroy the keys of months that ended so many days ago; how many. The ledger is open for writing.

    The events stay in the log with their outcome and reason; only what they said can't be read any more. So do mails
    about a certificate, which has no contact whose erasure would empty them: address and text go as soon.
    """
    last = month_of(now - parked_for_days * DAY - MONTH)
    with ledger.store.overwriting(True):
        ledger.change(*forgotten_of_nobody(now - parked_for_days * DAY))
        if last > month_of(0):
            return 0
        counts = ledger.change(months_destroyed(last))
    ledger.keyring.forget()
    return counts[0]
