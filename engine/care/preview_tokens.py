"""The token of a preview: the event that was looked at, what was seen then, who looked and when; sealed.

Whoever holds it can read it and can't change it: the seal is an HMAC under the ledger's secret. Cards, certificates
and coupons stand in it by their names, never by their codes.
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

GOOD_FOR_US = 3_600 * 10**6  # an event bears the time of its preview, and shall not be much older than its posting


class PreviewError(Exception):
    """What was asked for can't be previewed or confirmed. ``code`` is stable, ``hint`` says what helps."""

    def __init__(self, message: str, code: str, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.code, self.hint = message, code, hint


@dataclass(frozen=True, slots=True)
class Held:
    """What a token holds.

    ``told``: the event's fields as they were told, its type among them; ``made``: those that went without saying (id,
    time). ``seen``: how far whatever the event names had come (``previews.seen_of``). ``by``: the key that looked, ''
    at the command line; ``at``: when, µs UTC.
    """

    told: Mapping[str, Any]
    made: Mapping[str, Any]
    seen: Mapping[str, int | str]
    by: str
    at: int

    @property
    def record(self) -> dict[str, Any]:
        """The whole event, as it is told."""
        return {**self.made, **self.told}

    @property
    def expires_at(self) -> int:
        """µs UTC; from then on it confirms nothing."""
        return self.at + GOOD_FOR_US


def sealed(held: Held, secret: bytes) -> str:
    """The token."""
    text = _text(asdict(held))
    whole = {**json.loads(text), "seal": _seal(text, secret)}
    return base64.urlsafe_b64encode(_text(whole).encode()).decode().rstrip("=")


def opened(token: str, secret: bytes) -> Held:
    """What a token holds. PreviewError ``token_unknown``: it is none, or was changed."""
    try:
        whole = dict(json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))))
        seal = str(whole.pop("seal"))
        held = Held(**whole)
        same = hmac.compare_digest(seal.encode(), _seal(_text(whole), secret).encode())
    except (ValueError, KeyError, TypeError, RecursionError):
        raise unknown("this is no token of a preview") from None
    if not same:
        raise unknown("this token was changed")
    return held


def unknown(message: str) -> PreviewError:
    """A token that can't be taken."""
    return PreviewError(message, "token_unknown", "copy all of it")


def _seal(text: str, secret: bytes) -> str:
    key = hmac.digest(secret, b"previews", "sha256")  # for nothing else that is hashed under it
    return hmac.digest(key, text.encode(), "sha256").hex()


def _text(value: Mapping[str, Any]) -> str:
    """JSON in one form, which keeps the text of numbers."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
