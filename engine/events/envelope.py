"""JSON text to a record: plain events and CloudEvents 1.0 envelopes. Numbers keep their text."""

from __future__ import annotations

import base64
import binascii
import json
from decimal import Decimal
from typing import Any

from guerdon.engine.events.reading import Unreadable

MAX_BYTES = 1 << 20
_ENVELOPE = ("id", "source", "type", "time")


def read_json(raw: str | bytes) -> Any:
    """The record that one event's JSON text holds. Raises ``Unreadable``.

    Numbers with a point or an exponent come as ``Decimal``, so that no amount passes a float.

    >>> read_json('{"id": "p1", "total": 5.10}')
    {'id': 'p1', 'total': Decimal('5.10')}
    """
    if len(raw) > MAX_BYTES:
        raise Unreadable(f"the event is larger than {MAX_BYTES:,} bytes")
    record = strict_json(raw)
    return opened(record) if isinstance(record, dict) and "specversion" in record else record


def strict_json(raw: str | bytes) -> Any:
    """A JSON value of any size: no name twice in an object, no NaN, no number as a float. Raises ``Unreadable``."""
    try:
        value = json.loads(raw, parse_float=Decimal, parse_constant=_no_number, object_pairs_hook=_unique)
        if (b"\\ud" if isinstance(raw, bytes) else "\\ud") in raw.lower():  # type: ignore[operator]
            json.dumps(value, ensure_ascii=False, default=str).encode()
    except RecursionError:
        raise Unreadable("it is nested too deep") from None
    except UnicodeEncodeError:
        raise Unreadable("it holds half a character") from None
    except ValueError as error:  # JSON and UTF-8 errors are ValueErrors
        raise Unreadable(f"not JSON: {error}") from None
    return value


def opened(envelope: dict[str, Any]) -> dict[str, Any]:
    """The record inside a structured CloudEvents envelope; what ``data`` does not say, the envelope says."""
    if str(envelope["specversion"]).split(".")[0] != "1":
        raise Unreadable(f"CloudEvents {envelope['specversion']} is not known; 1.0 is")
    data = envelope.get("data")
    if data is None and envelope.get("data_base64") is not None:
        try:
            data = read_json(base64.b64decode(str(envelope["data_base64"]), validate=True))
        except binascii.Error:
            raise Unreadable("data_base64 is not base64") from None
    if isinstance(data, str):
        data = read_json(data)
    if not isinstance(data, dict):
        raise Unreadable("the envelope's data must be a JSON object")
    return {name: envelope[name] for name in _ENVELOPE if envelope.get(name) is not None} | data


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} stands there twice")
    return record


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not a number")
