"""Reading single values of an event: text, instants, flags, attributes. Each raises what spec 3 calls its failure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Any

from guerdon.engine.codes import Reason
from guerdon.engine.events import amounts
from guerdon.engine.events.event import Value
from guerdon.engine.events.fields import Kind
from guerdon.engine.events.times import BadTime, Zone, instant, is_duration
from guerdon.rules.program import Attribute

MAX_TEXT = 128
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_PERIOD = re.compile(r"\d{4}(-(0[1-9]|1[0-2])|-?[Qq][1-4]|-W\d\d|-\d\d-\d\d)?\Z", re.ASCII)
_DECIMAL_DIGITS = 6
_BOOLEANS = {"true": True, "false": False}


class Unreadable(Exception):
    """Not an event; it is parked with its raw text."""


class Refusal(Exception):
    """An event that is refused before any state is looked at."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def text(value: object, name: str, limit: int = MAX_TEXT) -> str:
    """Text as told; a whole number, which feeds hold many ids as, is its digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise Unreadable(f"{name} must be text")
    if len(value) > limit:
        raise Unreadable(f"{name} is longer than {limit} characters")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Unreadable(f"{name} holds half a character") from None
    elif "\x00" in value:
        raise Unreadable(f"{name} holds a zero byte")
    return value


def optional(record: Mapping[str, Any], name: str, limit: int = MAX_TEXT) -> str | None:
    """The text of a field, or None if it is absent or null."""
    value = record.get(name)
    return None if value is None else text(value, name, limit)


def compared(told: str) -> str:
    """A reference or series in the form in which it is compared.

    >>> compared(" inv-７")
    'INV-7'
    """
    return unicodedata.normalize("NFKC", told).strip().upper()


def boolean(value: object, name: str) -> bool:
    """A flag; feeds without types tell it as text."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _BOOLEANS:
        return _BOOLEANS[value.lower()]
    raise Unreadable(f"{name} must be true or false")


def mapping(value: object, name: str) -> Mapping[str, Any]:
    """A JSON object."""
    if not isinstance(value, Mapping):
        raise Unreadable(f"{name} must be a mapping")
    return value


def sequence(value: object, name: str) -> list[Any]:
    """A JSON array."""
    if not isinstance(value, list):
        raise Unreadable(f"{name} must be a list")
    return value


def attribute(declared: Attribute, value: object) -> Value:
    """The value of a declared attribute in the form that conditions compare (``rules.condition``)."""
    name = f"attribute {declared.name}"
    match declared.type:
        case "string":
            return text(value, name, 4096)
        case "boolean":
            return boolean(value, name)
        case "date":
            return _day(value, name)
        case "integer":
            return within_int64(amounts.scaled(value, 0, name), name)
    return within_int64(amounts.scaled(value, _DECIMAL_DIGITS, name), name)


def within_int64(number: int, name: str) -> int:
    """``number``, if it fits the columns it will lie in."""
    if not -(2**63) <= number < 2**63:
        raise amounts.BadAmount(f"{name} is out of range")
    return number


def _day(value: object, name: str) -> int:
    try:
        return date.fromisoformat(str(value)).toordinal() - _EPOCH_DAY
    except ValueError:
        raise Unreadable(f"{name} must be a date like 2026-03-06") from None


def field(kind: Kind, value: object, name: str, zone: Zone | None) -> Any:
    """A field that is no amount, in its held form."""
    match kind:
        case Kind.TEXT:
            return text(value, name)
        case Kind.EMAIL:
            return text(value, name, 320).strip().lower()
        case Kind.BOOLEAN:
            return boolean(value, name)
        case Kind.TIME:
            return read_time(value, name, zone)
        case Kind.DURATION:
            if not is_duration(value):
                raise Unreadable(f"{name} must be a duration like 15min")
            return str(value)
        case Kind.PERIOD:
            period = text(value, name)
            if _PERIOD.match(period) is None:
                raise Unreadable(f"{name} must be a period like 2026-03")
            return period
        case Kind.TEXTS:
            return [text(each, name) for each in sequence(value, name)]
    method = mapping(value, name)
    return {part: text(method[part], f"{name}.{part}") for part in sorted(method)}


def read_time(value: object, name: str, zone: Zone | None) -> int:
    """An instant in µs UTC."""
    try:
        return instant(value, zone)
    except BadTime as problem:
        raise Unreadable(str(problem).replace("time", name, 1)) from None
