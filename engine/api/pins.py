"""PINs of gift cards: kept as slow hashes keyed with a pepper that is not in the database, compared in constant time.

Whoever has the database alone can't try PINs; whoever has both must pay for each try. One process tries one PIN of a
card at a time, so that each try knows what became of those before it.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final
from weakref import WeakValueDictionary

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import Executable, bindparam, delete, insert, select

from guerdon.engine.api.problems import Problem
from guerdon.engine.ledger.access import Rows
from guerdon.engine.ledger.access_tables import card_pin

PEPPER_BYTES: Final = 16  # at least
_FORM: Final = re.compile(r"[0-9]{4,12}", re.ASCII)
_AT_ONCE: Final = 4  # hashes; each takes 19 MiB
_HASH = select(card_pin.c.hash).where(card_pin.c.card == bindparam("card"))


class Pins:
    """What one service knows of PINs. ``pepper``: '' takes none. ValueError: it is too short."""

    def __init__(self, pepper: str) -> None:
        self._pepper = pepper.encode()
        if self._pepper and len(self._pepper) < PEPPER_BYTES:
            raise ValueError(f"a pepper of PINs has at least {PEPPER_BYTES} bytes")
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        self._at_once = asyncio.Semaphore(_AT_ONCE)
        self._trying: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def taken(self, pin: Any) -> str:
        """A PIN as it was told. Problem 409: this service has no pepper; 422: it hasn't the form of a PIN."""
        if not self._pepper:
            raise Problem(409, "pins_not_set_up", "the service was started without GUERDON_PIN_PEPPER")
        if not isinstance(pin, str) or not _FORM.fullmatch(pin):
            detail = "a PIN is text of 4 to 12 digits"
            raise Problem(422, "bad_pin", detail, errors=[{"pointer": "/pin", "code": "bad_pin", "detail": detail}])
        return pin

    def trying(self, card: str) -> asyncio.Lock:
        """The lock under which a PIN of a card is compared and what follows is posted."""
        return self._trying.setdefault(card, asyncio.Lock())

    async def hashed(self, card: str, pin: str) -> str:
        """What is stored of a PIN; takes tens of ms of a core."""
        async with self._at_once:
            return await asyncio.to_thread(self._hasher.hash, self._keyed(card, pin))

    async def fits(self, card: str, pin: str, stored: str | None) -> bool:
        """Whether it is the PIN of a card. Takes as long for a card that has none."""
        async with self._at_once:
            return await asyncio.to_thread(self._fits, self._keyed(card, pin), stored)

    def request(self, said: bytes, card: str, pin: str) -> bytes:
        """What stands for a request in its fingerprint: the PIN can't be found from it without the pepper."""
        return said + b"\n" + self._keyed(card, pin).encode()

    def _fits(self, keyed: str, stored: str | None) -> bool:
        try:
            self._hasher.verify(stored or self._nobody, keyed)
        except VerifyMismatchError:
            return False
        return stored is not None

    @cached_property
    def _nobody(self) -> str:
        return self._hasher.hash("")

    def _keyed(self, card: str, pin: str) -> str:
        return hmac.new(self._pepper, f"{card}\0{pin}".encode(), hashlib.sha256).hexdigest()


def find_pin(rows: Rows, card: str) -> str | None:
    """The hash of a card's PIN; None: it has none."""
    found = rows(_HASH, card=card)
    return str(found[0][0]) if found else None


def put_pin(card: str, hashed: str, at: int) -> Sequence[Executable]:
    """The statements that give a card its PIN, whether it had one or not."""
    gone = delete(card_pin).where(card_pin.c.card == card)
    return gone, insert(card_pin).values(card=card, hash=hashed, set_at=at)
