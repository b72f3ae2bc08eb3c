"""``events.yaml``: which column of a CSV or Parquet file is which field of an event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from guerdon.engine.events.fields import BOUGHT, COMMON, SHAPES, TYPES
from guerdon.engine.events.purchase import PRODUCT
from guerdon.rules.document import Document, read_document
from guerdon.rules.problems import Problem, did_you_mean

FILE = "events.yaml"
_LINE = frozenset({*PRODUCT, "quantity", "net", "tax", "total"})
_FEED = frozenset({"feed", "grain", "files", "type", "source", "lines", "join", "attributes", "separator"})
_EVENT = (COMMON | BOUGHT | {name for shape in SHAPES.values() for name in shape.fields}) - {
    "lines",
    "type",
    "attributes",
}
_CONSTANT = frozenset({"type", "source"})  # a plain text is the value itself, not a column
_MAX_DECIMALS = 9


@dataclass(frozen=True, slots=True)
class Column:
    """Where a field comes from: a column, or one value for all. ``decimals``: of a float. ``zone``: of a local time."""

    name: str = ""
    value: str | None = None
    decimals: int | None = None
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class Join:
    """A table whose rows say more about a line: ``fields`` line field → its column, found by ``on``."""

    table: str
    on: str  # column of the feed
    key: str  # column of the table
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class Feed:
    """One mapping. ``fields`` and ``lines`` go from field to column; attributes of the event are in ``attributes``."""

    id: str
    grain: str  # line: a row is a line, rows of one event share its id; event
    files: tuple[str, ...]
    fields: dict[str, Column]
    attributes: dict[str, Column]
    lines: dict[str, Column]
    join: Join | None
    separator: str = ","


@dataclass(slots=True)
class Feeds:
    """The mappings of a programme by their id, and what is wrong with them."""

    feeds: dict[str, Feed] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_feeds(folder: Path, line_attributes: frozenset[str], event_attributes: frozenset[str]) -> Feeds:
    """The mappings in the programme's ``events.yaml``; none if there is no such file."""
    path = folder / FILE
    if not path.is_file():
        return Feeds()
    return parse_feeds(path.read_text("utf-8", "surrogateescape"), line_attributes, event_attributes)


def parse_feeds(text: str, line_attributes: frozenset[str], event_attributes: frozenset[str]) -> Feeds:
    """The mappings that the text of an ``events.yaml`` holds, every problem gathered."""
    document = read_document(FILE, _named(text))
    reader = _Reader(document, line_attributes, event_attributes)
    return Feeds(reader.feeds(), [*document.problems, *reader.problems])


def _named(text: str) -> str:
    """A feed may be named by ``feed:``, or by a first ``id:`` before the one that names a column."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return text
    places = []
    for key, value in getattr(root, "value", None) or []:
        if getattr(key, "value", None) == "feeds" and isinstance(value, yaml.SequenceNode):
            for item in value.value:
                keys = [each for each, _ in getattr(item, "value", []) if getattr(each, "value", None) == "id"]
                if len(keys) > 1:
                    places.append(keys[0].start_mark.index)
    for place in reversed(places):
        text = text[:place] + "feed" + text[place + len("id") :]
    return text


class _Reader:
    """Reads one document; ``problems`` gathers what is wrong."""

    def __init__(self, document: Document, line_attributes: frozenset[str], event_attributes: frozenset[str]) -> None:
        self.document = document
        self.line_fields = _LINE | line_attributes
        self.event_attributes = event_attributes
        self.problems: list[Problem] = []

    def feeds(self) -> dict[str, Feed]:
        data = self.document.data or {}
        for name in data:
            if name != "feeds":
                self.note("unknown-field", (name,), f"'{name}' is not known", "events.yaml holds feeds:")
        feeds: dict[str, Feed] = {}
        for number, told in enumerate(self.listed(data.get("feeds", []), ("feeds",))):
            feed = self.feed(told, ("feeds", number))
            if feed is not None and feed.id in feeds:
                self.note("duplicate-id", ("feeds", number), f"feed '{feed.id}' stands twice", "name it otherwise")
            elif feed is not None:
                feeds[feed.id] = feed
        return feeds

    def feed(self, told: Any, path: tuple[str | int, ...]) -> Feed | None:
        if not isinstance(told, dict):
            self.note("wrong-type", path, "a feed is a mapping", "write feed: NAME and its columns")
            return None
        for name in told:
            if name not in _FEED | _EVENT:
                self.note("unknown-field", (*path, name), f"'{name}' is not known", self.nearest(name, _FEED | _EVENT))
        for name in ("feed", "id", "time", "type"):
            if name not in told:
                self.note("missing-field", path, f"'{name}' is missing", f"add {name}:")
        grain = told.get("grain", "event")
        if grain not in ("line", "event"):
            self.note("wrong-type", (*path, "grain"), f"grain '{grain}' is not known", "write line or event")
        fields = {name: self.column(told[name], (*path, name)) for name in told if name in _EVENT or name in _CONSTANT}
        if fields.get("type") is not None and fields["type"].value is not None and fields["type"].value not in TYPES:
            hint = self.nearest(str(fields["type"].value), frozenset(TYPES))
            self.note("unknown-reference", (*path, "type"), f"'{fields['type'].value}' is not a type of event", hint)
        lines = self.columns(told.get("lines", {}), (*path, "lines"), self.line_fields)
        if grain == "line" and not {"total", "net"} & lines.keys():
            self.note(
                "missing-field",
                (*path, "lines") if "lines" in told else path,
                "no column says a line's total",
                "add total: to lines:",
            )
        files = told.get("files", [])
        return Feed(
            str(told.get("feed")),
            str(grain),
            tuple(str(each) for each in ([files] if isinstance(files, str) else files)),
            fields,
            self.columns(told.get("attributes", {}), (*path, "attributes"), self.event_attributes),
            lines,
            self.join(told["join"], (*path, "join")) if "join" in told else None,
            str(told.get("separator", ",")),
        )

    def columns(self, told: Any, path: tuple[str | int, ...], known: frozenset[str]) -> dict[str, Column]:
        if not isinstance(told, dict):
            self.note("wrong-type", path, "a mapping of fields to columns is wanted here", "write field: column")
            return {}
        for name in told:
            if name not in known:
                self.note("unknown-field", (*path, name), f"'{name}' is not known", self.nearest(name, known))
        return {name: self.column(each, (*path, name)) for name, each in told.items() if name in known}

    def column(self, told: Any, path: tuple[str | int, ...]) -> Column:
        if isinstance(told, str):
            return Column(value=told) if path[-1] in _CONSTANT else Column(told)
        if not isinstance(told, dict) or len({"column", "value"} & told.keys()) != 1:
            self.note("exactly-one", path, "a column is wanted here", "write {column: NAME} or {value: TEXT}")
            return Column()
        for name in told.keys() - {"column", "value", "decimals", "zone"}:
            self.note("unknown-field", (*path, name), f"'{name}' is not known", "column, value, decimals, zone")
        zone, decimals = told.get("zone"), told.get("decimals")
        if zone is not None and not _is(ZoneInfo, zone):
            self.note(
                "unknown-reference", (*path, "zone"), f"'{zone}' is no time zone", "write one like Europe/Nicosia"
            )
            zone = None
        if decimals is not None and not (str(decimals).isdigit() and int(decimals) <= _MAX_DECIMALS):
            self.note("wrong-type", (*path, "decimals"), f"decimals is 0 to {_MAX_DECIMALS}", "write decimals: 2")
            decimals = None
        value = told.get("value")
        return Column(
            str(told.get("column", "")),
            None if value is None else _text(value),
            None if decimals is None else int(decimals),
            zone,
        )

    def join(self, told: Any, path: tuple[str | int, ...]) -> Join | None:
        if not isinstance(told, dict) or not {"table", "on", "fields"} <= told.keys():
            self.note("missing-field", path, "a join has table, on and fields", "add what is missing")
            return None
        for name in told.keys() - {"table", "on", "key", "fields"}:
            self.note("unknown-field", (*path, name), f"'{name}' is not known", "table, on, key, fields")
        fields = self.columns(told["fields"], (*path, "fields"), self.line_fields)
        on = str(told["on"])
        return Join(
            str(told["table"]), on, str(told.get("key", on)), {name: each.name for name, each in fields.items()}
        )

    def listed(self, told: Any, path: tuple[str | int, ...]) -> list[Any]:
        if not isinstance(told, list):
            self.note("wrong-type", path, "a list is wanted here", "begin each feed with - feed: NAME")
            return []
        return told

    def nearest(self, name: str, known: frozenset[str]) -> str:
        return did_you_mean(name, known, what="fields")

    def note(self, code: str, path: tuple[str | int, ...], message: str, hint: str) -> None:
        self.problems.append(self.document.problem(code, path, message, hint))


def _text(value: object) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _is(kind: Callable[[str], object], value: object) -> bool:
    try:
        kind(str(value))
    except (ValueError, KeyError, OSError):
        return False
    return True
