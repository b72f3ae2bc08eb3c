"""What names or reaches a person, shut under a key of its owner; and what is left of it when the key is destroyed.

The log keeps both: the shut part, which only the key opens, and *what is left*, which tells nobody from another but
lets the log be decided again with the same end. Of an identifier that is a keyed hash of it (an address keeps its
domain), of a payment method its kind. What is left of an attribute depends on what the programmes test: it is worked
out at the moment of erasing (``engine.erasing``) and lies beside the log, known by the ``mark`` of its part.

Owners are numbers of contacts; 0 is nobody, whose key is the ledger's secret, by which identifiers are hashed. What
was refused or parked before anybody knew whose it was is shut under the key of its month, a number below 0.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np

from guerdon.engine.codes import EventType
from guerdon.engine.events.content import canonical
from guerdon.engine.events.fields import IDENTIFIERS

SHUT = "shut"  # the key by which a part that is shut is known
KEY_BYTES = 64  # of AES-256-SIV: the same part under the same key is the same bytes, and no nonce can be used twice
NOBODY = 0
MONTH = 30 * 86_400_000_000
OF_THE_PROGRAMMES = ("attributes", "lines")  # of a part: what means nothing but to the programmes' tests


class Keys(Protocol):
    """The keys of owners. ``ledger.keyring.Keyring`` is one."""

    def key(self, owner: int) -> bytes | None:
        """The key of an owner; None: it was destroyed, or there never was one."""

    def give(self, owner: int) -> bytes:
        """The key of an owner, a new one if there is none."""

    def left(self, owner: int, mark: str) -> Mapping[str, Any]:
        """What was left of a part beside the log when the key of its owner was destroyed."""

    @property
    def names_nobody(self) -> bool:
        """Whether contacts are told by what is left of their identifiers, also where there is a key."""


class Seal(NamedTuple):
    """Shuts what is personal. ``owners``: numbers of the events' contacts, in their order; 0: nobody's."""

    keys: Keys
    owners: np.ndarray
    personal: frozenset[str]  # attributes, beside those that the admission knows for such
    of_lines: frozenset[str] = frozenset()  # attributes of lines

    def owner(self, row: int, kind: int, received_at: int) -> int:
        """Under whose key a row's part is shut: its contact's, else its month's; a certificate is its holder's whom we
        don't know, and its claims must be decided alike for ever: that is the ledger's own.
        """
        if self.owners[row]:
            return int(self.owners[row])
        return NOBODY if EventType(kind).name.startswith("CERTIFICATE_") else month_of(received_at)


class Pseudonyms:
    """Keys that tell all contacts by what is left of their identifiers, as is done where one was erased: so who had an
    address before another is still told from the other.
    """

    names_nobody = True

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def key(self, owner: int) -> bytes | None:
        """The key of an owner."""
        return self._keys.key(owner)

    def give(self, owner: int) -> bytes:
        """Nothing is shut under it."""
        raise NotImplementedError

    def left(self, owner: int, mark: str) -> Mapping[str, Any]:
        """What was left of a part."""
        return self._keys.left(owner, mark)


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
    if keys is None:
        return dict(stored["left"])
    owner = int(stored["owner"])
    key = keys.key(owner)
    if key is None:
        return {**stored["left"], **keys.left(owner, mark_of(stored))}
    told = unsealed(key, stored)
    if keys.names_nobody and owner > NOBODY:
        return {**stored["left"], **{name: told[name] for name in OF_THE_PROGRAMMES if name in told}}
    return told


def unsealed(key: bytes, stored: Mapping[str, Any]) -> dict[str, Any]:
    """What was shut under a key, as it was told."""
    told: dict[str, Any] = json.loads(
        _cipher(key).decrypt(base64.b64decode(stored[SHUT]), [str(int(stored["owner"])).encode()])
    )
    return told


def mark_of(stored: Mapping[str, Any]) -> str:
    """By which a part that is shut is known beside the log: 32 hex digits."""
    return hashlib.sha256(stored[SHUT].encode()).hexdigest()[:32]


def left_of(keys: Keys, part: Mapping[str, Any]) -> dict[str, Any]:
    """What is left in the log of the personal part of an event: ``contact`` and its kind, fields."""
    left: dict[str, Any] = {}
    if "contact" in part:
        kind = part["contact_kind"]
        left = {"contact": _hashed(keys, kind, part["contact"]), "contact_kind": kind}
    fields = {name: _field(keys, name, value) for name, value in part.get("fields", {}).items()}
    if fields:
        left["fields"] = fields
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
