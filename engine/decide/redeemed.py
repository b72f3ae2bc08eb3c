"""Which redeem events matched a purchase, so that its lines pay once and its cancel finds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

REDEEMED = "redeemed"  # kind of record, its id the seq of the purchase


def redeemed_by(decider: Decider, seq: int) -> list[int]:
    """Places in the log of the redeem events that matched the purchase at a place, and still stand."""
    record = decider.records.get(REDEEMED, str(seq))
    return list(record.fields["by"]) if record is not None else []


def note_redeemed(decider: Decider, seq: int, by: int, contact: int) -> None:
    """A redeem event (its seq) has matched the purchase at a place."""
    decider.records.put(REDEEMED, str(seq), {"by": [*redeemed_by(decider, seq), by]}, contact)


def forget_redeemed(decider: Decider, seq: int, by: int, contact: int) -> None:
    """What a redeem event matched of the purchase is free again."""
    left = [each for each in redeemed_by(decider, seq) if each != by]
    decider.records.put(REDEEMED, str(seq), {"by": left} if left else {}, contact)
