"""Personal parts of many events as columns, shut and opened; purchases in bulk have none and cost nothing.

While events are decided, a personal attribute is a column like any other: only what is stored has it in its part.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from guerdon.engine.events.content import canonical
from guerdon.engine.events.frames import ATTRIBUTE, Frames, column
from guerdon.engine.events.framing import dtype_of
from guerdon.engine.events.sealing import SHUT, Keys, Seal, left_of, opened, shut

_COLUMNS = ("contact", "contact_kind", "sealed")
_Parts = dict[int, dict[str, Any]]  # by row


def shut_columns(frames: Frames, seal: Seal | None) -> Frames:
    """The rows that tell more of a person than an id, shut, with what is left of them in the open."""
    if seal is None:
        return frames
    attributes = [name for name in sorted(frames.personal | seal.personal) if ATTRIBUTE + name in frames.events.columns]
    of_lines = [name for name in sorted(seal.of_lines) if name in frames.products.columns]
    parts = _parts(frames, attributes, of_lines)
    if not parts:
        return frames
    contact, kind, sealed = (frames.events[name].to_list() for name in _COLUMNS)
    types, times = frames.numbers("type"), frames.numbers("received_at")
    for row, part in parts.items():
        stored = shut(seal.keys, seal.owner(row, int(types[row]), int(times[row])), part, left_of(seal.keys, part))
        sealed[row] = canonical(stored)
        if kind[row] is not None:
            contact[row] = stored["left"]["contact"]
    events = _with_texts(frames.events, (contact, kind, sealed)).drop(ATTRIBUTE + name for name in attributes)
    return _without_of_lines(replace(frames, events=events), of_lines)


def opened_columns(frames: Frames, keys: Keys | None) -> Frames:
    """The same as they were told; without keys, what is left of them."""
    rows = _sealed_rows(frames)
    if not len(rows):
        return frames
    contact, kind, sealed = (frames.events[name].to_list() for name in _COLUMNS)
    attributes: dict[int, Mapping[str, Any]] = {}
    of_lines: dict[int, Mapping[str, Any]] = {}
    for row in rows.tolist():
        part = opened(keys, json.loads(sealed[row])) if sealed[row] else {}
        contact[row], kind[row] = part.pop("contact", contact[row]), part.pop("contact_kind", kind[row])
        attributes[row], of_lines[row] = part.pop("attributes", {}), part.pop("lines", {})
        sealed[row] = canonical(part) if part else None
    events = _with_attributes(_with_texts(frames.events, (contact, kind, sealed)), attributes)
    return _with_of_lines(replace(frames, events=events), of_lines)


def shut_parts(frames: Frames) -> Iterator[dict[str, Any]]:
    """The parts that are shut, as they are stored."""
    for text in frames.events["sealed"].drop_nulls():
        stored = json.loads(text)
        if SHUT in stored:
            yield stored


def _sealed_rows(frames: Frames) -> np.ndarray:
    events = frames.events
    if events["sealed"].null_count() == events.height == events["contact_kind"].null_count():
        return np.zeros(0, np.int64)
    told = events["sealed"].is_not_null() | events["contact_kind"].is_not_null()
    return told.arg_true().to_numpy().astype(np.int64)


def _parts(frames: Frames, attributes: Sequence[str], of_lines: Sequence[str]) -> _Parts:
    """What is personal, of the rows that have such."""
    events = frames.events
    parts: defaultdict[int, dict[str, Any]] = defaultdict(dict)
    for row in _sealed_rows(frames).tolist():
        told, kind = events["sealed"][row], events["contact_kind"][row]
        parts[row] = json.loads(told) if told else {}
        if kind is not None:
            parts[row] |= {"contact": events["contact"][row], "contact_kind": kind}
    for name in attributes:
        values = events[ATTRIBUTE + name]
        for row in values.is_not_null().arg_true().to_list():
            parts[row].setdefault("attributes", {})[name] = values[row]
    if of_lines:
        _parts_of_lines(frames, of_lines, parts)
    return dict(sorted(parts.items()))


def _parts_of_lines(frames: Frames, of_lines: Sequence[str], parts: _Parts) -> None:
    """Adds what lines bear, by their place among those of their event."""
    borne = frames.products.select(of_lines)
    bears = borne.select(pl.any_horizontal(pl.all().is_not_null())).to_series().to_numpy()
    product, first = frames.lines["product"].to_numpy(), frames.events["line_first"].to_numpy()
    for line in np.flatnonzero(bears[product]).tolist():
        row = int(np.searchsorted(first, line, side="right")) - 1
        told = borne.row(int(product[line]), named=True)
        lines = parts[row].setdefault("lines", {})
        lines[str(line - int(first[row]))] = {name: value for name, value in told.items() if value is not None}


def _without_of_lines(frames: Frames, of_lines: Sequence[str]) -> Frames:
    """Products without what only some lines bear; those that are the same then are one."""
    if not of_lines:
        return frames
    products = frames.products.drop(of_lines)
    first = products.with_row_index("place").select(pl.col("place").first().over(products.columns)).to_series()
    lines = frames.lines.with_columns(product=first.gather(frames.lines["product"]).cast(pl.Int32))
    return replace(frames, lines=lines, products=products, catalog=None, coded={}, memory=None)


def _with_of_lines(frames: Frames, told: Mapping[int, Mapping[str, Any]]) -> Frames:
    """Products of their own for the lines that bear something personal."""
    names = sorted({name for lines in told.values() for bears in lines.values() for name in bears})
    if not names:
        return frames
    product, first = frames.lines["product"].to_numpy().copy(), frames.events["line_first"].to_numpy()
    borne: dict[tuple[Any, ...], int] = {}  # (product, values) → its row behind the others
    for row, lines in told.items():
        for place, bears in lines.items():
            line = int(first[row]) + int(place)
            key = (int(product[line]), *(bears.get(name) for name in names))
            product[line] = frames.products.height + borne.setdefault(key, len(borne))
    more = frames.products[[key[0] for key in borne]]
    values = {name: [key[n] for key in borne] for n, name in enumerate(names, 1)}
    more = more.with_columns(pl.Series(name, told, dtype_of(told)) for name, told in values.items())
    return replace(
        frames,
        lines=frames.lines.with_columns(product=column(product.astype(np.int32))),
        products=pl.concat([frames.products, more], how="diagonal"),
    )


def _with_attributes(events: pl.DataFrame, told: Mapping[int, Mapping[str, Any]]) -> pl.DataFrame:
    """Columns of the attributes that the rows tell, beside those that are there."""
    for name in sorted({name for each in told.values() for name in each}):
        there = ATTRIBUTE + name in events.columns
        values: list[Any] = events[ATTRIBUTE + name].to_list() if there else [None] * events.height
        for row, each in told.items():
            if name in each:
                values[row] = each[name]
        events = events.with_columns(pl.Series(ATTRIBUTE + name, values, dtype_of(values)))
    return events


def _with_texts(events: pl.DataFrame, columns: Iterable[list[Any]]) -> pl.DataFrame:
    return events.with_columns(pl.Series(name, told, pl.String) for name, told in zip(_COLUMNS, columns, strict=True))
