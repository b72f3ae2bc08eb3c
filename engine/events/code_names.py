"""Codes of cards, certificates and coupons, and the names by which the log knows them: a keyed hash and the last four.

Whoever knows a code can spend what it stands for. So no door lets one into the log: it puts the name in its place, and
what is stored, shown and handed on is the name. The key is the ledger's secret, so that a name tells nothing without
it; whoever has a name has no code: where the code is the proof, a name is hashed like any other text, and is no good.

Codes that rule files list (unique promotion codes, codes for signing up) are compared with the hashes that the
programme holds; its own hash can't depend on a ledger, so these are plain (``rules.source.code_hash``).
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any, Final

from guerdon.engine.codes import EventType
from guerdon.engine.events.code_making import as_made, is_mistyped
from guerdon.engine.events.fields import SHAPES, TYPES
from guerdon.engine.events.reading import MAX_TEXT
from guerdon.rules.source import code_hash, is_code_hash

HOLDER: Final = "holder"  # a field beside the address of a claim: what is kept of it
_SIGNS: Final = "0123456789abcdefghjkmnpqrstvwxyz"  # what nobody mistakes for another
_LENGTH: Final = 26  # signs of 5 bits
_NAME: Final = re.compile(rf"[{_SIGNS}]{{{_LENGTH}}}\.[0-9A-Z_]{{0,4}}", re.ASCII)
_SHOWN: Final = 8  # a code must have so many signs to show its last four
_NOT_SHOWN: Final = re.compile(r"[^0-9A-Z]", re.ASCII)

_ONE: Final = ("card", "certificate", "coupon")
_LISTED: Final = ("number", "code")
_SECRET: Final = frozenset({*_ONE, *_LISTED, "cards", "pin"})
_ALSO: Final = {"card_transferred": "to", "certificate_replaced": "by"}  # a second one, by a field of many meanings
_OF_ROWS: Final = frozenset({"card_captured", "card_voided", "card_cancelled"})  # ``of`` may name a row of a batch
# Here the code is the proof that it may be done, whoever tells it; elsewhere who tells it is trusted, or not.
PROVEN_BY_CODE: Final = frozenset({"certificate_reserved", "certificate_claimed", "code_entered"})
SPENT_BY_CODE: Final = frozenset({"card_spent", "card_held", "card_emptied", "card_registered", "coupon_used"})

Known = Callable[[str], bool]


class NamedRecord(dict[str, Any]):
    """A record in which names stand for codes: it is as its event will be."""


def is_name(text: str) -> bool:
    """Whether a text has the form of a name.

    >>> is_name("8f3kq0v7w2m9c4x6t1znhj5pda.1234"), is_name("6006 4912 3456 1234")
    (True, False)
    """
    return _NAME.fullmatch(text) is not None


def last_four(name: str) -> str:
    """The last signs of the code that a name stands for; '' if it was too short to show any. In cases, of the name.

    >>> last_four("8f3kq0v7w2m9c4x6t1znhj5pda.1234"), last_four("ti-0001")
    ('1234', '0001')
    """
    return name.rpartition(".")[2] if is_name(name) else name[-4:]


def plain_code(told: str) -> str:
    """A code in the form in which it is hashed: however people type it, it is the same.

    >>> plain_code(" k7f3-w２x9 ")
    'K7F3W2X9'
    """
    signs = unicodedata.normalize("NFKC", told).upper()
    return as_made("".join(sign for sign in signs if not sign.isspace() and unicodedata.category(sign) != "Pd"))


def mistyped(told: Mapping[str, Any]) -> str:
    """The field of a record whose code can't be one: its check signs don't fit; '' if there is none."""
    for field in (*_ONE, *_LISTED):
        value = told.get(field)
        if isinstance(value, str) and len(value) <= MAX_TEXT and is_mistyped(plain_code(value)):
            return field
    return ""


def is_of_row(record: Mapping[str, Any]) -> bool:
    """Whether a record may name a row of a batch (``b1/CODE``): what it means depends on the cards that are known."""
    return _kind(record) in _OF_ROWS and "/" in str(record.get("of"))


class CodeNames:
    """Names of codes under one secret. The same code has the same name for ever, and in every process.

    ``known``: whether there is a card of a name; without it, no ``of`` is taken for a row of a batch.
    """

    def __init__(self, secret: bytes, known: Known | None = None) -> None:
        self._key = hmac.digest(secret, b"codes", "sha256")
        self._known = known
        self._rows: set[str] = set()  # cards of batches told here, which the ledger may not know yet

    def name(self, code: str) -> str:
        """The name of a code; '' of one that has no signs. What has the form of a name is a code like any other."""
        plain = plain_code(code)
        shown = _NOT_SHOWN.sub("_", plain[-4:]) if len(plain) >= _SHOWN else ""
        return f"{self._hash('code', plain)}.{shown}" if plain else ""

    def named(self, told: str) -> str:
        """The name that was told, or else that of the code that was told: for whoever is trusted with names."""
        return told if is_name(told) else self.name(told)

    def holder(self, address: str) -> str:
        """What is kept of the address of a claim: enough to know it again, not to guess it or write to it."""
        return self._hash("holder", address.strip().lower())

    def fingerprint(self, said: bytes) -> bytes:
        """What stands for a request that may hold codes, to know it again: nobody finds them from it."""
        return hmac.digest(self._key, b"request\x1f" + said, "sha256")

    def record(self, told: Mapping[str, Any], *, takes_names: bool) -> Mapping[str, Any]:
        """What was told with names in the place of codes, and without a PIN; itself if it holds none.

        ``takes_names``: who tells it is trusted with names, and with hashes of listed codes.
        """
        kind = _kind(told)
        if isinstance(told, NamedRecord) or not (_SECRET & told.keys() or kind in _ALSO or kind in _OF_ROWS):
            return told
        name, listed = (self.named, _listed) if takes_names else (self.name, code_hash)
        is_member = SHAPES[TYPES.get(kind, EventType.TICK)].of_contact  # whose ``card`` identifies, and buys nothing
        made = NamedRecord(told)
        for field in (*_ONE, _ALSO.get(kind, "")):
            if field in told and not (field == "card" and is_member):
                made[field] = _changed(told[field], name)
        for field in _LISTED:
            if field in told and not (field == "code" and kind == "code_entered"):  # that one is an entry's id
                made[field] = _changed(told[field], listed)
        if isinstance(told.get("cards"), list):
            made["cards"] = [_changed(each, name) for each in told["cards"]]
            self._remember(made["cards"])
        if told.get("pin") is not None:
            made["pin"] = ""
        if is_of_row(told):
            made["of"] = self._row(str(told["of"]))
        return made

    def _row(self, of: str) -> str:
        """``b1/CODE`` by the name of the code, if there is such a card: an event's id may hold a slash too."""
        at = of.find("/")
        while at > 0:
            name = self.named(of[at + 1 :])
            if name in self._rows or (self._known is not None and self._known(name)):
                return of[: at + 1] + name
            at = of.find("/", at + 1)
        return of

    def _remember(self, names: list[Any]) -> None:
        if len(self._rows) > 1 << 20:
            self._rows.clear()
        self._rows.update(name for name in names if isinstance(name, str))

    def _hash(self, of: str, text: str) -> str:
        digest = hmac.digest(self._key, f"{of}\x1f{text}".encode(), "sha256")
        number = int.from_bytes(digest[:17], "big") >> 6
        return "".join(_SIGNS[number >> 5 * place & 31] for place in range(_LENGTH))


def _kind(record: Mapping[str, Any]) -> str:
    kind = record.get("type")
    return kind if isinstance(kind, str) else ""


def _changed(value: Any, name: Callable[[str], str]) -> Any:
    """A told value by its name; what is no text of a code stays, and is not read by anybody."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return name(value) if isinstance(value, str) and 0 < len(value) <= MAX_TEXT else value


def _listed(code: str) -> str:
    return code if is_code_hash(code) else code_hash(code)
