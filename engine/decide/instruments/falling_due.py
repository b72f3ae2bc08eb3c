"""What a tick brings to cards and certificates: after the contacts, cards then certificates, each kind by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guerdon.engine.decide.instruments.acting import Act
from guerdon.engine.decide.instruments.card import CARD_RECORD, catch_up_card, read_card
from guerdon.engine.decide.instruments.certificates import (
    CERTIFICATE_RECORD,
    catch_up_certificate,
    read_certificate,
)
from guerdon.engine.events.event import Event

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

_KINDS = (CARD_RECORD, CERTIFICATE_RECORD)


def catch_up_instruments(decider: Decider, seq: int, event: Event, until: int) -> None:
    """Everything of cards and certificates that is due at or before ``until`` happens."""
    due = [record for record in decider.records.due(until) if record.kind in _KINDS]
    act = Act(decider, event, seq, until)
    for record in sorted(due, key=lambda record: (_KINDS.index(record.kind), record.id)):
        if record.kind == CARD_RECORD:
            card = read_card(decider, record.id)
            if card is not None:
                catch_up_card(act, card, until)
        else:
            certificate = read_certificate(decider, record.id)
            if certificate is not None:
                catch_up_certificate(act, record.id, certificate, until)
