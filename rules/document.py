"""YAML text → plain data that knows its places, in one walk over the parser's events.

Scalars stay text: amounts, dates and numbers are read from it later, never through a float. Only ``true`` and
``false`` become booleans. What makes YAML surprising (duplicate keys, anchors, tags, several documents) is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from guerdon.rules.problems import Problem

Path = tuple[str | int, ...]
Spot = tuple[int, int]  # line and column from 1

MAX_BYTES = 1 << 20
MAX_DEPTH = 32
_NOTHING = ("", "~", "null", "Null", "NULL")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class _Places:
    """Where a value begins, and of a mapping or list where its children are."""

    spot: Spot
    keys: dict[str, Spot] = field(default_factory=dict)
    children: dict[str | int, _Places] = field(default_factory=dict)


@dataclass(slots=True)
class Document:
    """One rule file. ``data`` is None if it can't be read at all; ``dropped``: paths of values left out of it."""

    file: str
    text: str
    data: Any = None
    problems: list[Problem] = field(default_factory=list)
    dropped: set[Path] = field(default_factory=set)
    _root: _Places = field(default_factory=lambda: _Places((1, 1)))

    def spot(self, path: Path) -> Spot:
        """Where the key of ``path`` stands; of an item of a list, where the item begins."""
        places, spot = self._root, self._root.spot
        for step in path:
            child = places.children.get(step)
            spot = places.keys.get(step, spot) if isinstance(step, str) else (child.spot if child else spot)
            if child is None:
                break
            places = child
        return spot

    def problem(self, code: str, path: Path, message: str, hint: str = "", *, severity: str = "error") -> Problem:
        """A problem at the key of ``path``."""
        return self.problem_at(code, self.spot(path), message, hint, severity=severity)

    def problem_at(self, code: str, spot: Spot, message: str, hint: str = "", *, severity: str = "error") -> Problem:
        """A problem at a line and column."""
        lines = self.text.split("\n")
        source_line = _SURROGATE.sub("\ufffd", lines[spot[0] - 1].rstrip("\r")) if spot[0] <= len(lines) else ""
        return Problem(self.file, *spot, code, message, hint, source_line, severity)


class _Unreadable(Exception):
    """The rest of the file can't be read; the problem is already noted."""


def read_document(file: str, raw: bytes | str) -> Document:
    """Read one YAML file; whatever is wrong with it as YAML is in ``problems`` of the result."""
    size = len(raw if isinstance(raw, bytes) else raw.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        document = Document(file, "")
        hint = "split it into several files; each may add to the same list"
        document.problems.append(document.problem_at("yaml-forbidden", (1, 1), "the file is larger than 1 MiB", hint))
        return document
    document = Document(file, _decoded(raw))
    walk = _Walk(document)
    try:
        document.data = walk.whole()
    except _Unreadable:
        pass
    except yaml.YAMLError as error:
        document.problems.append(_syntax_problem(document, error))
    return document


def _decoded(raw: bytes | str) -> str:
    """The text; bytes that are no UTF-8 become surrogates, which are refused at their place."""
    text = raw if isinstance(raw, str) else raw.decode("utf-8", "surrogateescape")
    return text.removeprefix("\ufeff")


def _syntax_problem(document: Document, error: yaml.YAMLError) -> Problem:
    if isinstance(error, yaml.reader.ReaderError):
        return _bad_character(document, error.position)
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    spot = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    message = str(getattr(error, "problem", None) or getattr(error, "context", None) or error)
    return document.problem_at("yaml-syntax", spot, f"this is no YAML: {message}", _syntax_hint(message))


def _bad_character(document: Document, position: int) -> Problem:
    before = document.text[:position]
    spot = (before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1)
    message = "a character that YAML does not allow"
    return document.problem_at("yaml-syntax", spot, message, "save the file as UTF-8 text")


def _syntax_hint(message: str) -> str:
    if "mapping values are not allowed" in message:
        return "put a text that holds ': ' in quotes, and check the indentation"
    if "cannot start any token" in message or "tab" in message:
        return "put a text that begins with % @ or ` in quotes; indent with spaces, not tabs"
    if "did not find expected" in message:
        return "check the indentation, and that every [ { and quote is closed"
    return "check indentation, brackets and quotes around this place"


class _Walk:
    """Builds the plain data of one file from the parser's events."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.events: Iterator[Any] = iter(())

    def whole(self) -> Any:
        """The file's data: a mapping, even of an empty file."""
        if surrogate := _SURROGATE.search(self.document.text):
            self.document.problems.append(_bad_character(self.document, surrogate.start()))
            raise _Unreadable
        self.events = iter(yaml.parse(self.document.text, Loader=_LOADER))
        data: Any = {}
        documents = 0
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self.forbid(event, "a file holds one YAML document", "remove the line ---, or split the file")
                    raise _Unreadable
                data = self.value(next(self.events), (), self.document._root, 0)
        if data is None or data == "":
            data = {}
        if not isinstance(data, dict):
            hint = "begin with a key such as offers:"
            self.note("wrong-type", self.document._root.spot, "a rule file is a mapping of keys", hint)
            raise _Unreadable
        return data

    def value(self, event: Any, path: Path, places: _Places, depth: int) -> Any:
        """The value that begins with ``event``; None stands for no value (noted where it is used)."""
        places.spot = _spot(event)
        if isinstance(event, yaml.AliasEvent):
            self.forbid(event, f"aliases (*{event.anchor}) are not allowed", "write the value out")
            return None
        if event.anchor is not None:
            self.forbid(event, f"anchors (&{event.anchor}) are not allowed", "write the value where it is needed")
        if event.tag is not None:
            self.forbid(event, f"tags ({event.tag}) are not allowed", "remove the tag; put a text in quotes if need be")
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event)
        if depth >= MAX_DEPTH:
            self.forbid(event, f"nested deeper than {MAX_DEPTH} levels", "flatten it")
            raise _Unreadable
        if isinstance(event, yaml.MappingStartEvent):
            return self.mapping(path, places, depth)
        return self.sequence(path, places, depth)

    def mapping(self, path: Path, places: _Places, depth: int) -> dict[str, Any]:
        data: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                self.forbid(event, "a key is a plain text", "write key: value")
                raise _Unreadable
            key, spot = event.value, _spot(event)
            if event.anchor is not None or event.tag is not None:
                self.forbid(event, "anchors and tags are not allowed", "write the key alone")
            child = _Places(spot)
            value = self.value(next(self.events), (*path, key), child, depth + 1)
            if key in places.keys:
                first = places.keys[key][0]
                hint = f"it is already given in line {first}"
                self.note("duplicate-key", spot, f"'{key}' stands twice in this mapping", hint)
                continue
            places.keys[key], places.children[key] = spot, child
            if value is None:
                self.missing(child.spot, spot, (*path, key), f"'{key}' has no value")
            else:
                data[key] = value
        return data

    def sequence(self, path: Path, places: _Places, depth: int) -> list[Any]:
        data: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            child = _Places(_spot(event))
            value = self.value(event, (*path, len(data)), child, depth + 1)
            if value is None:
                self.missing(child.spot, child.spot, (*path, len(data)), "this item has no value")
            else:
                places.children[len(data)] = child
                data.append(value)
        return data

    def missing(self, value_spot: Spot, spot: Spot, path: Path, message: str) -> None:
        self.document.dropped.add(path)
        if not any((problem.line, problem.column) == value_spot for problem in self.document.problems):
            self.note("wrong-type", spot, message, "give it one, or remove it")

    def forbid(self, event: Any, message: str, hint: str) -> None:
        self.note("yaml-forbidden", _spot(event), message, hint)

    def note(self, code: str, spot: Spot, message: str, hint: str) -> None:
        self.document.problems.append(self.document.problem_at(code, spot, message, hint))


def _spot(event: Any) -> Spot:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1)


def _scalar(event: Any) -> str | bool | None:
    value: str = event.value
    if event.style is None or event.style == "":  # plain, not quoted
        if value in ("true", "false"):
            return value == "true"
        if value in _NOTHING:
            return None
    return value
