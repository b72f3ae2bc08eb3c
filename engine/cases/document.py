"""A case file's values with their lines, on top of the reader of rule files: scalars stay the text that was written."""

from __future__ import annotations

from typing import Any, TypeAlias

from guerdon.rules.document import Document, Path


class Text(str):
    """A scalar as written. ``flag``: it was an unquoted ``true`` or ``false``."""

    line: int
    flag: bool

    @classmethod
    def of(cls, value: str, line: int, flag: bool = False) -> Text:
        text = cls(value)
        text.line, text.flag = line, flag
        return text


class Map(dict[str, "Value"]):
    """A mapping; ``lines`` says where each key stands."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}


class Seq(list["Value"]):
    """A list with its place."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line


Value: TypeAlias = Text | Map | Seq


def placed(document: Document, data: Any, path: Path = ()) -> Value:
    """``data``, found in the document at ``path``, with the line of each value."""
    line = document.spot(path)[0]
    if isinstance(data, dict):
        mapping = Map(line)
        for key, child in data.items():
            mapping[key] = placed(document, child, (*path, key))
            mapping.lines[key] = document.spot((*path, key))[0]
        return mapping
    if isinstance(data, list):
        items = Seq(line)
        items.extend(placed(document, child, (*path, place)) for place, child in enumerate(data))
        return items
    if isinstance(data, bool):
        return Text.of("true" if data else "false", line, flag=True)
    return Text.of(str(data), line)


def plain(value: Value) -> Any:
    """The value as an event's JSON would carry it: text as written, ``true`` and ``false`` as what they mean."""
    if isinstance(value, Map):
        return {key: plain(child) for key, child in value.items()}
    if isinstance(value, Seq):
        return [plain(child) for child in value]
    return value == "true" if value.flag else str(value)
