"""``subscribers.yaml`` of a programme: who is told of outcomes and wallet changes, and how.

subscribers:
  - {id: shop, webhook: "https://shop.example/hooks", secret_from: SHOP_SECRET}
  - {id: lake, topic: "nats://localhost:4222/outcomes", kinds: [outcome]}
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from guerdon.rules.document import Document, read_document
from guerdon.rules.problems import Problem, did_you_mean

FILE = "subscribers.yaml"
KINDS = ("outcome", "wallet")
ATTEMPTS = 12
_FIELDS = frozenset({"id", "webhook", "topic", "kinds", "secret_from", "private", "attempts", "timeout_seconds"})
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}\Z")
_SCHEMES = {"webhook": ("https", "http"), "topic": ("nats", "kafka")}


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One subscriber. ``secret_from`` names the environment variables that hold its secrets, the one in use first.

    ``private``: its address may be a private one. ``attempts``: after so many a message is given up.
    """

    id: str
    url: str
    is_topic: bool
    kinds: frozenset[str]
    secret_from: tuple[str, ...] = ()
    private: bool = False
    attempts: int = ATTEMPTS
    timeout_seconds: int = 10


def read_subscribers(folder: Path) -> tuple[list[Subscriber], list[Problem]]:
    """The subscribers of a programme, and every mistake of the file; none where there is no file."""
    path = folder / FILE
    if not path.is_file():
        return [], []
    return parse_subscribers(path.read_text("utf-8", "surrogateescape"))


def parse_subscribers(text: str) -> tuple[list[Subscriber], list[Problem]]:
    """The subscribers that a text tells, and its mistakes."""
    document = read_document(FILE, text)
    reader = _Reader(document)
    found = reader.subscribers() if document.data is not None else []
    return found, [*document.problems, *reader.problems]


class _Reader:
    """Reads one document; ``problems`` gathers what is wrong."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[Problem] = []

    def note(self, code: str, place: tuple[str | int, ...], message: str, hint: str) -> None:
        self.problems.append(self.document.problem(code, place, message, hint))

    def subscribers(self) -> list[Subscriber]:
        data = self.document.data or {}
        for name in data:
            if name != "subscribers":
                self.note("unknown-field", (name,), f"'{name}' is not known", "this file holds subscribers:")
        told = data.get("subscribers", [])
        if not isinstance(told, list):
            self.note("wrong-type", ("subscribers",), "this must be a list", "begin each subscriber with '- id:'")
            return []
        found: list[Subscriber] = []
        for number, each in enumerate(told):
            place: tuple[str | int, ...] = ("subscribers", number)
            if not isinstance(each, dict):
                self.note("wrong-type", place, "a subscriber is a mapping", "as in {id: shop, webhook: …}")
            elif (subscriber := self.subscriber(each, place)) is not None:
                if subscriber.id in {other.id for other in found}:
                    self.note("duplicate-id", (*place, "id"), f"'{subscriber.id}' is told twice", "give it another id")
                found.append(subscriber)
        return found

    def subscriber(self, told: dict[str, Any], place: tuple[str | int, ...]) -> Subscriber | None:
        before = len(self.problems)
        for name in told:
            if name not in _FIELDS:
                self.note(
                    "unknown-field", (*place, name), f"'{name}' is not known", did_you_mean(name, _FIELDS, what="keys")
                )
        id = told.get("id")
        if not isinstance(id, str) or not _ID.match(id):
            self.note("bad-id" if id else "missing-field", place, "a subscriber needs an id", "as in id: shop")
        ways = [way for way in _SCHEMES if way in told]
        if len(ways) != 1:
            self.note(
                "exactly-one", place, "one of webhook and topic is needed", "webhook: https://… or topic: nats://…"
            )
            return None
        kinds = self.texts(told, "kinds", place) or list(KINDS)
        for kind in kinds:
            if kind not in KINDS:
                self.note("unknown-reference", (*place, "kinds"), f"there is no kind '{kind}'", " or ".join(KINDS))
        url = self.url(told[ways[0]], ways[0], place)
        secrets = self.texts(told, "secret_from", place)
        if ways == ["webhook"] and not secrets:
            self.note("missing-field", place, "a webhook is signed", "secret_from: NAME_OF_AN_ENVIRONMENT_VARIABLE")
        numbers = {
            name: self.number(told, name, usual, most, place)
            for name, usual, most in (("attempts", ATTEMPTS, 100), ("timeout_seconds", 10, 60))
        }
        private = told.get("private", False)
        if not isinstance(private, bool):
            self.note(
                "wrong-type", (*place, "private"), "this must be true or false", "true lets it be a private address"
            )
        if len(self.problems) > before:
            return None
        return Subscriber(str(id), url, ways == ["topic"], frozenset(kinds), tuple(secrets), bool(private), **numbers)

    def url(self, told: Any, way: str, place: tuple[str | int, ...]) -> str:
        parts = urlsplit(told) if isinstance(told, str) else urlsplit("")
        if parts.scheme not in _SCHEMES[way] or not parts.hostname or (way == "topic" and not parts.path.strip("/")):
            self.note(
                "wrong-type", (*place, way), f"this is no address of a {way}", f"as in {_SCHEMES[way][0]}://host/name"
            )
        return str(told)

    def texts(self, told: dict[str, Any], name: str, place: tuple[str | int, ...]) -> list[str]:
        value = told.get(name, [])
        listed = value if isinstance(value, list) else [value]
        if not all(isinstance(each, str) for each in listed):
            self.note("wrong-type", (*place, name), "this must be text, or a list of texts", "as in [first, second]")
            return []
        return listed

    def number(self, told: dict[str, Any], name: str, usual: int, most: int, place: tuple[str | int, ...]) -> int:
        value = str(told.get(name, usual))
        if not value.isdigit() or not 1 <= int(value) <= most:
            self.note("wrong-type", (*place, name), f"this must be a number from 1 to {most}", f"{usual} unless told")
            return usual
        return int(value)
