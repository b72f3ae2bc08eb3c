"""One event as the engine knows it: normalised, integers only; and the two ways in which one fails to become that."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from guerdon.engine.codes import EventType, Reason
from guerdon.engine.rows import SPEND_NONE

Value = str | int | bool
NO_CONTENT = bytes(16)


@dataclass(slots=True)
class Line:
    """One line of a purchase. Amounts in minor units of the business's currency, quantity in thousandths."""

    number: int  # from 1
    sku: str | None = None
    type: str | None = None
    family: str | None = None
    brand: str | None = None
    category: str | None = None
    quantity: int = 1000
    net: int = 0
    tax: int = 0
    total: int = 0
    attributes: dict[str, Value] = field(default_factory=dict)


@dataclass(slots=True)
class Event:
    """One fact of the log.

    ``merchant``, ``venue`` and ``tap`` are looked up from each other; the business's own venues have no merchant.
    ``total``, ``net`` and ``tax`` are sums of the lines in minor units of the business's currency, ``quantity`` in
    thousandths. ``attributes`` are those that the business declares, held as ``rules.condition`` says.
    ``fields`` has what only some types carry, under the names of spec 3: text as text, ``amount`` in minor units (of
    the wallet's unit where ``events.fields`` says so), instants in µs UTC, counts as themselves, durations as text.
    """

    source: str
    id: str
    type: EventType
    time: int  # µs UTC
    received_at: int  # µs UTC
    contact: str | None = None
    contact_kind: str = "id"  # id, or the kind of identifier: card, email, phone, document, wallet_code
    contact_number: int = 0  # 0: none (yet)
    merchant: str | None = None
    venue: str | None = None
    tap: str | None = None
    channel: str | None = None
    reference: str | None = None  # compared form: NFKC, trimmed, upper case
    series: str = ""
    reference_told: str | None = None
    currency: str | None = None  # as told; None: the business's
    total: int = 0
    net: int = 0
    tax: int = 0
    quantity: int = 0
    lines: tuple[Line, ...] = ()
    spend_kind: int = SPEND_NONE
    spend_amount: int = 0
    attributes: dict[str, Value] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    content: bytes = NO_CONTENT  # hash of what was told, whatever its layout
    actor: str | None = None
    approver: str | None = None
    role: str | None = None
    verified: bool = False
    seq: int = 0  # place in the log; 0: not admitted


@dataclass(slots=True)
class Refused:
    """A readable event that is refused before any state is looked at. It is kept, and its id is taken."""

    reason: Reason
    detail: str
    source: str
    id: str
    type: EventType | None
    time: int
    received_at: int
    content: bytes
    raw: str  # as told, for whoever looks it up
    contact: str | None = None
    seq: int = 0


@dataclass(slots=True)
class Parked:
    """What could not be read; ``raw`` is kept as it came. ``time``: where it stands in the log."""

    detail: str
    raw: str
    received_at: int
    time: int
    source: str | None = None
    id: str | None = None
    seq: int = 0
