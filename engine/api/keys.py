"""API keys: ``gk_<id>_<secret>``. The secret has 256 bits, so that its plain SHA-256 may be stored."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Final

from guerdon.engine.api.roles import ROLES, Right, Role
from guerdon.engine.ledger.access import NEVER, ApiKey

_ALPHABET: Final = "abcdefghijkmnpqrstuvwxyz23456789"  # none that look alike
_KEY: Final = re.compile(r"gk_([a-z2-9]{12})_([A-Za-z0-9_-]{43})\Z")
_NOBODY: Final = bytes(32)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling. Empty ``merchants`` or ``sources``: any; ``contact``: the only one it may speak of."""

    key_id: str
    name: str
    role: Role
    merchants: frozenset[str] = frozenset()
    sources: tuple[str, ...] = ()
    contact: str = ""

    def may(self, right: Right) -> bool:
        """Whether its role has a right."""
        return right is Right.NONE or right in self.role.rights

    def sees(self, merchant: str | None) -> bool:
        """Whether what belongs to a merchant (None: the business) is within its scope."""
        return not self.merchants or merchant in self.merchants


def new_key() -> tuple[str, str, bytes]:
    """A key's id, the whole key, which is shown once and kept nowhere, and what is stored of it."""
    id = "".join(secrets.choice(_ALPHABET) for _ in range(12))
    secret = secrets.token_urlsafe(32)
    return id, f"gk_{id}_{secret}", hash_of(secret)


def hash_of(secret: str) -> bytes:
    """What is stored of a secret."""
    return hashlib.sha256(secret.encode()).digest()


def parts_of(key: str) -> tuple[str, str] | None:
    """Id and secret of a key; None: it has not the form of one."""
    match = _KEY.match(key)
    return (match[1], match[2]) if match else None


def fits(key: ApiKey | None, secret: str, now: int) -> bool:
    """Whether a secret is that of a stored key in force at ``now`` (µs UTC). Takes as long for a key unknown."""
    same = hmac.compare_digest(key.secret_hash if key is not None else _NOBODY, hash_of(secret))
    if key is None or not same or key.role not in ROLES:
        return False
    return key.revoked_at == NEVER and (key.expires_at == NEVER or now < key.expires_at)


def principal_of(key: ApiKey) -> Principal:
    """Who calls with a key."""
    return Principal(key.id, key.name, ROLES[key.role], frozenset(key.merchants), key.sources, key.contact)
