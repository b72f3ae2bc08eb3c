"""The hash of what an event says, by which a repeat is told from a conflict: the same for any layout of the same fact.

Two lanes of 64 bits. Text enters as its bytes modulo a prime, numbers by odd multipliers; each line is mixed before it
is added, so that what stands on which line counts. Plain Python here, the same arithmetic over columns in
``events.kernel``. Stored in ledgers: never change it. It guards against mistakes, not against a forger, who can only
contradict events of their own source; tampering with the log is what the chain of SHA-256 is for.
"""

from __future__ import annotations

import json
from functools import lru_cache
from operator import mul
from typing import Any

from guerdon.engine.events.event import Event, Line

MASK = (1 << 64) - 1
PRIMES = (2**55 - 55, 2**54 - 33)
# Odd multipliers from the fractional digits of square roots of primes, one a place and lane.
LINE_FACTORS = (
    (
        0x6A09E667F3BCC909,
        0xBB67AE8584CAA73B,
        0x3C6EF372FE94F82B,
        0xA54FF53A5F1D36F1,
        0x510E527FADE682D1,
        0x9B05688C2B3E6C1F,
    ),
    (
        0x1F83D9ABFB41BD6B,
        0x5BE0CD19137E2179,
        0xCBBB9D5DC1059ED9,
        0x629A292A367CD507,
        0x9159015A3070DD17,
        0x152FECD8F70E5939,
    ),
)
HEAD_FACTORS = (
    (
        0x67332667FFC00B31,
        0x8EB44A8768581511,
        0xDB0C2E0D64F98FA7,
        0x47B5481DBEFA4FA5,
        0xAE5F9156E7B6D99B,
        0xCF6C85D39D1A1E15,
        0x2F73477D6A4563CB,
        0x6D1826CAFD82E1ED,
        0x8B43D4570A51B937,
        0xE360B596DC380C3F,
        0x1C456002CE13E9F9,
        0x6F19633143A0AF0F,
        0xD94EBEB1AC313ED5,
    ),
    (
        0x0CC4A6112629C2A1,
        0x261DC1F2F4DF58C5,
        0x5815A7BE6A0F7AF5,
        0x70B7ED67D0B1A9DD,
        0xA11513CAF1BEAB93,
        0xC44F14F9EB2A8DF1,
        0xE84A6C4AEB7B0A7B,
        0x3B1AF7F2F3CEBDA9,
        0x5D73D4C9E0EF2C4B,
        0x7E9AD7A2C8F4A31D,
        0x9FF2A6F0D1D73B5F,
        0xB1C8E6A7F5D20E87,
        0xD3E8F9B2A7C4510D,
    ),
)
_MIX = (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53)

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)

Lanes = tuple[int, int]


@lru_cache(maxsize=65_536)
def text_lanes(text: str | None) -> Lanes:
    """A text as two numbers; none is (0, 0), and no text is.

    >>> text_lanes(None), text_lanes("") == text_lanes(None)
    ((0, 0), False)
    """
    if text is None:
        return 0, 0
    number = int.from_bytes(text.encode() + b"\x01", "little")
    return number % PRIMES[0], number % PRIMES[1]


def mix(word: int) -> int:
    """Spreads every bit of a 64-bit word over all of it."""
    word ^= word >> 33
    word = word * _MIX[0] & MASK
    word ^= word >> 33
    word = word * _MIX[1] & MASK
    return word ^ (word >> 33)


def product_text(line: Line) -> str | None:
    """What a line says of its product, as one text; none if it says nothing."""
    names = (line.sku, line.type, line.family, line.brand, line.category)
    if not line.attributes:
        return None if names == (None,) * 5 else product_key(names, "")
    return product_key(names, canonical(line.attributes))


def product_key(names: tuple[str | None, ...], attributes: str) -> str:
    """The canonical text of a product: its five names and the canonical text of its attributes."""
    return "\x1f".join("\x00" if name is None else name for name in names) + "\x1e" + attributes


def canonical(value: Any) -> str:
    """JSON with sorted keys and no white space."""
    return _CANONICAL.encode(value)


def place_text(merchant: str | None, venue: str | None, tap: str | None) -> str | None:
    """The place as told, before anything is looked up."""
    if merchant is None and venue is None and tap is None:
        return None
    return "\x1f".join("" if name is None else name for name in (merchant, venue, tap))


def rest_text(event: Event) -> str | None:
    """Everything of an event that has no column of its own, as one text; none if there is nothing."""
    rest = {"attributes": event.attributes, "fields": event.fields}
    told: dict[str, Any] = {name: value for name, value in rest.items() if value}
    if event.contact_kind != "id":
        told["contact_kind"] = event.contact_kind
    if event.verified:
        told["verified"] = True
    return canonical(told) if told else None


def event_content(event: Event, place: str | None) -> bytes:
    """The hash of a normalised event; ``place`` as it was told. Id, source, receiver and actor are no part of it."""
    words = (event.contact, place, event.channel, event.reference)
    lanes = [text_lanes(text) for text in (*words, event.series or None, event.currency, rest_text(event))]
    numbers = (int(event.type), event.time, event.total, event.net, event.spend_kind, event.spend_amount)
    products = [text_lanes(product_text(line)) for line in event.lines]
    result = b""
    for lane in (0, 1):
        factors = LINE_FACTORS[lane]
        word = sum(map(mul, (*numbers, *(each[lane] for each in lanes)), HEAD_FACTORS[lane]))
        for line, product in zip(event.lines, products, strict=True):
            figures = (line.number, line.quantity, line.net, line.tax, line.total, product[lane])
            word += mix(sum(map(mul, figures, factors)) & MASK)
        result += mix(word & MASK).to_bytes(8, "little")
    return result


def raw_content(record: Any) -> bytes:
    """The hash of an event that could not be normalised: of its own JSON, keys sorted."""
    lanes = text_lanes("raw\x1f" + canonical(record))
    return b"".join(mix(lane + 1).to_bytes(8, "little") for lane in lanes)
