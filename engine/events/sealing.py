"""What names or reaches a person, shut under a key of its owner; and what is left of it when the key is destroyed.

The log keeps both: the shut part, which only the key opens, and *what is left*, which tells nobody from another but
lets the log be decided again with the same end. Of an identifier that is a keyed hash of it (an address keeps its
domain), of a date of birth its day in a leap year, of a payment method its kind; all else personal leaves nothing.

Owners are numbers of contacts; 0 is nobody, whose key is the ledger's secret, by which identifiers are hashed. What
was refused or parked before anybody knew whose it was is shut under the key of its month, a number below 0.
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple, Protocol

import numpy as np

from guerdon.engine.codes import EventType
from guerdon.engine.events.content import canonical
from guerdon.engine.events.fields import IDENTIFIERS

SHUT = "shut"  # the key by which a part that is shut is known
KEY_BYTES = 64  # of AES-256-SIV: the same part under the same key is the same bytes, and no nonce can be used twice
NOBODY = 0
MONTH = 30 * 86_400_000_000
_EPOCH = date(1970, 1, 1)
_LEAP_YEAR = 1904


class Keys(Protocol):
    """The keys of owners. ``ledger.keyring.Keyring`` is one."""

    def key(self, owner: int) -> bytes | None:
        """The key of an owner; None: it was destroyed, or there never was one."""

    def give(self, owner: int) -> bytes:
        """The key of an owner, a new one if there is none."""


class Seal(NamedTuple):
    """Shuts what is personal. ``owners``: numbers of the events' contacts, in their order; 0: nobody's."""

    keys: Keys
    owners: np.ndarray
    personal: frozenset[str]  # attributes, beside those that the admission knows for such

    def owner(self, row: int, kind: int, received_at: int) -> int:
        """Under whose key a row's part is shut: its contact's, else its month's; a certificate is its holder's whom we
        don't know, and its claims must be decided alike for ever: that is the ledger's own.
        """
        if self.owners[row]:
            return int(self.owners[row])
        return NOBODY if EventType(kind).name.startswith("CERTIFICATE_") else month_of(received_at)


class Pseudonyms:
    """Keys that open nobody's part: where one contact was erased, all are told by what is left of them, so that who
    had an address before another is still told from the other.
    """

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def key(self, owner: int) -> bytes | None:
        """The key of nobody and of months; a contact's stays away."""
        return self._keys.key(owner) if owner <= NOBODY else None

    def give(self, owner: int) -> bytes:
        """Nothing is shut under it."""
        raise NotImplementedError


def month_of(received_at: int) -> int:
    """The owner of what came in a month (30 days) and is nobody's: below 0, falling.

    >>> month_of(0), month_of(31 * 86_400_000_000)
    (-1, -2)
    """
    return -1 - received_at // MONTH


def shut(keys: Keys, owner: int, part: Mapping[str, Any], left: Mapping[str, Any]) -> dict[str, Any]:
    """A personal part as it is stored: shut, with what is left of it."""
    sealed = _cipher(keys.give(owner)).encrypt(canonical(part).encode(), [str(owner).encode()])
    return {SHUT: base64.b64encode(sealed).decode(), "owner": owner, "left": left}


def opened(keys: Keys | None, stored: Mapping[str, Any]) -> dict[str, Any]:
    """A part as it was told; without its key, what is left of it. One that was never shut is as it is."""
    if SHUT not in stored:
        return dict(stored)
    owner = int(stored["owner"])
    key = keys.key(owner) if keys is not None else None
    if key is None:
        return dict(stored["left"])
    raw = _cipher(key).decrypt(base64.b64decode(stored[SHUT]), [str(owner).encode()])
    told: dict[str, Any] = json.loads(raw)
    return told


def left_of(keys: Keys, part: Mapping[str, Any]) -> dict[str, Any]:
    """What is left of the personal part of an event: ``contact`` and its kind, fields, attributes."""
    left: dict[str, Any] = {}
    if "contact" in part:
        kind = part["contact_kind"]
        left = {"contact": _hashed(keys, kind, part["contact"]), "contact_kind": kind}
    fields = {name: _field(keys, name, value) for name, value in part.get("fields", {}).items()}
    if fields:
        left["fields"] = fields
    born = part.get("attributes", {}).get("birth_date")
    if isinstance(born, int):
        day = _EPOCH + timedelta(days=born)
        left["attributes"] = {"birth_date": (date(_LEAP_YEAR, day.month, day.day) - _EPOCH).days}
    return left


def _field(keys: Keys, name: str, value: Any) -> Any:
    if name in IDENTIFIERS:
        return _hashed(keys, name, str(value))
    return {"kind": value.get("kind", ""), "reference": ""} if isinstance(value, Mapping) else ""


def _hashed(keys: Keys, kind: str, value: str) -> str:
    """An identifier as a keyed hash; the same one always the same, so that it is known again."""
    digest = hmac.new(keys.give(NOBODY), f"{kind}\x1f{value}".encode(), "sha256").hexdigest()[:32]
    return f"{digest}@{value.rpartition('@')[2]}" if kind == "email" else digest


def _cipher(key: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

    return AESSIV(key)
