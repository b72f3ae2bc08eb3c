"""A list of events as columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from guerdon.engine.events.content import canonical
from guerdon.engine.events.event import Event
from guerdon.engine.events.fields import is_personal
from guerdon.engine.events.frames import ATTRIBUTE, DOOR, EVENT_COLUMNS, LIKE_EVENT, PRODUCT_COLUMNS, Frames, columns


def frames_from_events(events: Sequence[Event], personal: frozenset[str] = frozenset()) -> Frames:
    """Columns of normalised events, in their order."""
    told: dict[str, list[Any]] = {name: [getattr(event, name) for event in events] for name in LIKE_EVENT}
    told["type"] = [int(event.type) for event in events]
    told["contact_kind"] = [None if event.contact_kind == "id" else event.contact_kind for event in events]
    told["series"] = [event.series or None for event in events]
    told["content_a"] = [int.from_bytes(event.content[:8], "little") for event in events]
    told["content_b"] = [int.from_bytes(event.content[8:], "little") for event in events]
    counts = np.array([len(event.lines) for event in events], dtype=np.int32)
    told["line_count"] = counts.tolist()
    told["line_first"] = (np.cumsum(counts, dtype=np.int64) - counts).tolist()
    told["rest"] = [open_part(event) for event in events]
    told["sealed"] = [_sealed_part(event) for event in events]
    frame = pl.DataFrame(told, schema=EVENT_COLUMNS)
    for name in sorted({name for event in events for name in event.attributes}):
        values = [event.attributes.get(name) for event in events]
        frame = frame.with_columns(pl.Series(ATTRIBUTE + name, values, dtype=dtype_of(values)))
    return Frames(frame, *_lines(events), personal)


def open_part(event: Event) -> str | None:
    """What has no column and names nobody, as JSON; None if there is nothing."""
    rest: dict[str, Any] = {name: value for name in DOOR if (value := getattr(event, name)) is not None}
    if event.verified:
        rest["verified"] = True
    fields = {name: value for name, value in event.fields.items() if not is_personal(event.type, name)}
    if fields:
        rest["fields"] = fields
    return canonical(rest) if rest else None


def _sealed_part(event: Event) -> str | None:
    """The fields that name or reach a person beside ``contact``, as JSON; None if there is nothing."""
    fields = {name: value for name, value in event.fields.items() if is_personal(event.type, name)}
    return canonical({"fields": fields}) if fields else None


def _lines(events: Sequence[Event]) -> tuple[pl.DataFrame, pl.DataFrame]:
    lines = [line for event in events for line in event.lines]
    names = sorted({name for line in lines for name in line.attributes})
    rows: dict[tuple[Any, ...], int] = {}
    places = []
    for line in lines:
        key = (line.sku, line.type, line.family, line.brand, line.category)
        if names:
            key += tuple(line.attributes.get(name) for name in names)  # type: ignore[assignment]
        places.append(rows.setdefault(key, len(rows)))
    table: dict[str, Any] = {
        "number": np.array([line.number for line in lines], dtype=np.int32),
        "product": np.array(places, dtype=np.int32),
    }
    for name in ("quantity", "net", "tax", "total"):
        table[name] = np.array([getattr(line, name) for line in lines], dtype=np.int64)
    distinct = list(zip(*rows, strict=True)) if rows else [()] * (len(PRODUCT_COLUMNS) + len(names))
    products = pl.DataFrame(
        [pl.Series(name, values, dtype=pl.String) for name, values in zip(PRODUCT_COLUMNS, distinct, strict=False)]
        + [pl.Series(n, v, dtype=dtype_of(v)) for n, v in zip(names, distinct[len(PRODUCT_COLUMNS) :], strict=True)]
    )
    return columns(table), products


def dtype_of(values: Sequence[Any]) -> Any:
    """The type of a column of an attribute's values: that of the first one told."""
    first = next((value for value in values if value is not None), None)
    if isinstance(first, bool):
        return pl.Boolean
    return pl.Int64 if isinstance(first, int) else pl.String
