"""Rows of a table to events one by one, through the door of JSON: what columns can't do, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from guerdon.engine.events.catalog import Catalog
from guerdon.engine.events.content import canonical
from guerdon.engine.events.event import Event, Parked, Refused
from guerdon.engine.events.mapping import Column, Feed
from guerdon.engine.events.normalise import Normaliser
from guerdon.engine.events.tables import ORDER, TIME
from guerdon.engine.events.units import shown, told

Rows = Sequence[Mapping[str, Any]]


class Records:
    """Makes the record that the rows of one event tell, and normalises it."""

    def __init__(self, feed: Feed, normaliser: Normaliser, catalog: Catalog) -> None:
        self.feed = feed
        self.normaliser = normaliser
        self.catalog = catalog

    def events(self, rows: pl.DataFrame, received_at: int) -> Iterator[Event | Refused | Parked]:
        """The events of whole groups of rows, in their order."""
        column = self.feed.fields["id"].name
        group: list[Mapping[str, Any]] = []
        for row in rows.iter_rows(named=True):
            if group and (self.feed.grain != "line" or row[column] != group[0][column]):
                yield self.event(group, received_at)
                group = []
            group.append(row)
        if group:
            yield self.event(group, received_at)

    def event(self, rows: Rows, received_at: int) -> Event | Refused | Parked:
        """The event that the rows tell together."""
        record: dict[str, Any] = {}
        for name, source in self.feed.fields.items():
            value = self._value(rows[0], source)
            if name == "time":
                value = shown(rows[0][TIME], value)
            if value is not None:
                record[name] = value
            if source.name and any(row[source.name] != rows[0][source.name] for row in rows[1:]):
                detail = f"the rows of one event disagree about {name}"
                return Parked(detail, _raw(rows), received_at, rows[0][ORDER], None, _text(record.get("id")))
        attributes = {name: self._value(rows[0], source) for name, source in self.feed.attributes.items()}
        if attributes:
            record["attributes"] = {name: value for name, value in attributes.items() if value is not None}
        if self.feed.grain == "line" or self.feed.lines:
            record["lines"] = [self._line(row) for row in rows]
        event = self.normaliser.normalise(record, received_at)
        if isinstance(event, Parked):
            event.time = rows[0][ORDER] if rows[0][ORDER] is not None else event.time
        if isinstance(event, Event) and self.feed.join is not None:
            for line, row in zip(event.lines, rows, strict=True):
                self._join(line, row)
        return event

    def _line(self, row: Mapping[str, Any]) -> dict[str, Any]:
        line = {name: self._value(row, source) for name, source in self.feed.lines.items()}
        return {name: value for name, value in line.items() if value is not None}

    def _join(self, line: Any, row: Mapping[str, Any]) -> None:
        assert self.feed.join is not None
        key = row[self.feed.join.on]
        for name, value in self.catalog.product(None if key is None else str(key)).items():
            if value is None:
                continue
            if name in self.catalog.attributes:
                line.attributes.setdefault(name, value)
            elif getattr(line, name) is None:
                setattr(line, name, value)

    def _value(self, row: Mapping[str, Any], source: Column) -> Any:
        if not source.name:
            return source.value
        value = told(row[source.name], source)
        return None if value == "" else value


def _raw(rows: Rows) -> str:
    return "\n".join(
        canonical({name: value for name, value in row.items() if name not in (ORDER, TIME)}) for row in rows
    )


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
