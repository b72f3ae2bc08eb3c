"""Signing a package's manifest: Ed25519, so that a partner knows who made it and that nothing was changed."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guerdon.engine.settle.source import SettleError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_MAKE = "openssl genpkey -algorithm ed25519 -out settle.key"


def read_private_key(path: Path) -> Ed25519PrivateKey:
    """A private key in PEM without a password. SettleError: it is none."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key: Any = None
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise SettleError(str(error), code="bad-key", place=str(path), hint=f"{_MAKE} makes one") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise SettleError("this is no Ed25519 key", code="bad-key", place=str(path), hint=f"{_MAKE} makes one")
    return key


def read_public_key(path: Path) -> Ed25519PublicKey:
    """A public key in PEM, or that of a private one. SettleError: it is none."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    key: Any = None
    try:
        told = path.read_bytes()
        key = read_private_key(path).public_key() if b"PRIVATE" in told else load_pem_public_key(told)
    except (OSError, ValueError) as error:
        raise SettleError(str(error), code="bad-key", place=str(path), hint="a PEM file of a public key") from None
    if not isinstance(key, Ed25519PublicKey):
        raise SettleError("this is no Ed25519 key", code="bad-key", place=str(path), hint="a PEM file of a public key")
    return key


def signature_of(manifest: bytes, key: Ed25519PrivateKey) -> bytes:
    """The file that stands beside a manifest. The same bytes and key give the same signature."""
    told = {
        "algorithm": "Ed25519",
        "public_key": base64.b64encode(key.public_key().public_bytes_raw()).decode(),
        "signature": base64.b64encode(key.sign(manifest)).decode(),
    }
    return (json.dumps(told, indent=2) + "\n").encode()


def signature_fault(manifest: bytes, signature: bytes, trusted: Ed25519PublicKey | None) -> str:
    """What is wrong with a signature; '': nothing. ``trusted``: whose it must be; None: the key that it names."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        told = json.loads(signature)
        named = base64.b64decode(told["public_key"])
        key = trusted or Ed25519PublicKey.from_public_bytes(named)
        if key.public_bytes_raw() != named:
            return "it is signed with another key than the one that is trusted"
        key.verify(base64.b64decode(told["signature"]), manifest)
    except InvalidSignature:
        return "the signature is not that of this manifest"
    except (ValueError, KeyError, TypeError):
        return "the signature can't be read"
    return ""
