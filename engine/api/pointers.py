"""Where in an event a refusal points: a JSON pointer made of what the refusal says and of what was told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from guerdon.engine.codes import Reason
from guerdon.engine.events.fields import BOUGHT, BY_THE_DOOR, COMMON, SHAPES

_FIELDS: Final = frozenset().union(COMMON, BOUGHT, BY_THE_DOOR, *(shape.fields for shape in SHAPES.values()))
_LINE: Final = re.compile(r"line (\d+):? *")
_WORDS: Final = re.compile(r"[A-Za-z_][A-Za-z_.0-9-]*")
_MEANT: Final[Mapping[Reason, tuple[str, ...]]] = {
    Reason.NOT_PERMITTED: ("type",),
    Reason.ID_CONFLICT: ("id",),
    Reason.UNKNOWN_TYPE: ("type",),
    Reason.BAD_AMOUNT: ("amount", "total", "lines"),
    Reason.AMOUNTS_DISAGREE: ("total", "lines"),
    Reason.RATE_MISSING: ("rate",),
    Reason.IN_FUTURE: ("time",),
    Reason.UNKNOWN_MERCHANT: ("merchant", "venue", "tap"),
    Reason.UNKNOWN_CONTACT: ("contact", "into", "to"),
    Reason.REFERENCE_USED: ("reference",),
    Reason.REFERENCE_REQUIRED: ("reference",),
    Reason.TOO_LATE: ("time",),
    Reason.UNKNOWN_PURCHASE: ("of",),
    Reason.ALREADY_CANCELLED: ("of",),
    Reason.RETURNS_TOO_MUCH: ("amount", "lines", "of"),
    Reason.CODE_USED: ("code", "certificate"),
    Reason.CODE_UNKNOWN: ("code", "certificate"),
    Reason.DOMAIN_NOT_ALLOWED: ("email",),
    Reason.REASON_UNKNOWN: ("reason",),
    Reason.PREVIEW_STALE: ("previewed_after",),
    Reason.UNKNOWN_INSTRUMENT: ("card", "certificate", "coupon", "reward", "pool", "of"),
    Reason.TERMS_NOT_ACCEPTED: ("terms",),
    Reason.NOT_VERIFIED: ("verified",),
    Reason.TOKEN_MISMATCH: ("token",),
    Reason.INSUFFICIENT_FUNDS: ("amount",),
    Reason.LIMIT_REACHED: ("amount",),
    Reason.EXCEEDS_AUTHORITY: ("amount",),
}


def pointer_of(reason: Reason, detail: str, record: Mapping[str, Any]) -> str:
    """The pointer within the event; '' for the whole of it.

    >>> pointer_of(Reason.BAD_AMOUNT, "line 2: total '1.005' has more than 2 decimals", {})
    '/lines/1/total'
    >>> pointer_of(Reason.UNKNOWN_CONTACT, "", {"contact": "zoe"})
    '/contact'
    """
    line = _LINE.match(detail)
    prefix = f"/lines/{int(line[1]) - 1}" if line else ""
    rest = detail[line.end() :] if line else detail
    if rest.startswith("attribute"):
        words = _WORDS.findall(rest)
        return f"{prefix}/attributes/{_escaped(words[1])}" if len(words) > 1 else f"{prefix}/attributes"
    if reason is Reason.UNDECLARED_FIELD:
        quoted = re.search(r"'([^']*)'", rest)
        return f"{prefix}/{_escaped(quoted[1])}" if quoted else prefix
    first = _WORDS.match(rest)
    if first and (prefix or first[0].split(".")[0] in _FIELDS) and first[0] != "line":
        return f"{prefix}/{first[0].replace('.', '/')}"
    if prefix:
        return prefix
    meant = _MEANT.get(reason, ())
    return next((f"/{name}" for name in meant if record.get(name) is not None), f"/{meant[0]}" if meant else "")


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
