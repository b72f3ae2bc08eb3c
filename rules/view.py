"""The plain data of a programme's files as checks look at it: whatever is wrong with a value, the rest is there.

Checks work on this and not on the model, so that one wrong value hides no other problem.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from guerdon.rules.currencies import DIGITS
from guerdon.rules.document import Document, Path
from guerdon.rules.figures import Digits
from guerdon.rules.model.complaints import owner
from guerdon.rules.problems import Problem


class Found(NamedTuple):
    """A value and its place."""

    document: Document
    path: Path
    value: Any

    def problem(self, code: str, message: str, hint: str = "", *, below: Path = (), severity: str = "error") -> Problem:
        """A problem at this place, or at a path below it."""
        return self.document.problem(code, (*self.path, *below), message, hint, severity=severity)

    def later(self, *below: str) -> Path:
        """Of several keys the one that stands last in the file."""
        return max(((key,) for key in below), key=lambda path: self.document.spot((*self.path, *path)))

    @property
    def owner(self) -> str:
        """What this is, in the author's words."""
        return owner(self.document, self.path)

    def text(self, key: str, default: str = "") -> str:
        """The text under ``key``; empty if something else stands there, ``default`` if nothing does."""
        given = self.value.get(key, default) if isinstance(self.value, dict) else None
        return given if isinstance(given, str) else ""

    @property
    def id(self) -> str:
        """Its id; empty if it has none that is a text."""
        return self.text("id")


@dataclass(frozen=True)
class View:
    """The rule files of a programme, ``bank.yaml`` and ``events.yaml`` left out."""

    documents: tuple[Document, ...]
    bank: Document | None = None

    def walk(self, pattern: str) -> Iterator[Found]:
        """Every value at ``offers.*.at.venues.*``; a star stands for the items of a list or the values of a mapping."""
        steps = pattern.split(".")
        for document in self.documents:
            for path, value in _walk(document.data, steps, ()):
                yield Found(document, path, value)

    def mappings(self, pattern: str) -> Iterator[Found]:
        """As ``walk``, but only mappings."""
        return (found for found in self.walk(pattern) if isinstance(found.value, dict))

    @cached_property
    def offers(self) -> tuple[Found, ...]:
        return tuple(self.mappings("offers.*"))

    @cached_property
    def business(self) -> dict[str, Any]:
        """The first ``business``; empty if there is none."""
        return next((found.value for found in self.mappings("business")), {})

    @cached_property
    def digits(self) -> Digits:
        """Digits of the currency and of the wallet's unit; as many as there may be where the business does not say."""
        currency = DIGITS.get(str(self.business.get("currency")), 9)
        unit = next((found.value for found in self.mappings("business.wallet.unit")), None)
        if unit is None:
            return Digits(currency, currency)
        given = str(unit.get("digits", "0"))
        return Digits(currency, int(given) if given in "0123456789" and given else 9)


def _walk(value: Any, steps: list[str], path: Path) -> Iterator[tuple[Path, Any]]:
    if not steps:
        yield path, value
        return
    step, rest = steps[0], steps[1:]
    if step == "*":
        items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, inner in items:
            yield from _walk(inner, rest, (*path, key))
    elif isinstance(value, dict) and step in value:
        yield from _walk(value[step], rest, (*path, step))
