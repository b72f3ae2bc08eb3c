"""What can be set on the HTTP door, with defaults that suit one machine."""

from __future__ import annotations

from dataclasses import dataclass, field

MAX_EVENTS = 1_000  # in one request


@dataclass(frozen=True, slots=True)
class Settings:
    """Limits of the service. Rates as ``limits`` reads them: ``600/minute``."""

    ledger: str  # its URL
    body_bytes: int = 8 << 20
    body_seconds: int = 20  # for a body to arrive
    answer_seconds: int = 30  # for an answer to be given
    rate: str = "2000/second"  # requests of one key
    failures: str = "30/minute"  # requests of one address that name no key in force
    waiting_events: int = 20_000  # told and not yet posted; above it the door says so
    readers: int = 4
    answer_days: int = 30  # how long the answer to an Idempotency-Key is kept
    pin_pepper: str = field(default="", repr=False)  # keys the hashes of PINs; '' takes none
    key_seconds: int = 2  # how long a key that was looked up is believed
