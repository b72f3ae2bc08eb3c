"""Personal parts of many events as columns, shut and opened; purchases in bulk have none and cost nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from guerdon.engine.events.content import canonical
from guerdon.engine.events.frames import Frames
from guerdon.engine.events.sealing import Keys, Seal, left_of, opened, shut

_COLUMNS = ("contact", "contact_kind", "sealed")


def shut_columns(frames: Frames, seal: Seal | None) -> Frames:
    """The rows that tell more of a person than an id, shut, with what is left of them in the open."""
    rows = _personal_rows(frames)
    if seal is None or not len(rows):
        return frames
    contact, kind, sealed = (frames.events[name].to_list() for name in _COLUMNS)
    types, times = frames.numbers("type"), frames.numbers("received_at")
    for row in rows.tolist():
        owner = seal.owner(row, int(types[row]), int(times[row]))
        part = json.loads(sealed[row]) if sealed[row] else {}
        if kind[row] is not None:
            part |= {"contact": contact[row], "contact_kind": kind[row]}
        stored = shut(seal.keys, owner, part, left_of(seal.keys, part))
        sealed[row] = canonical(stored)
        if kind[row] is not None:
            contact[row] = stored["left"]["contact"]
    return replace(frames, events=_with_texts(frames.events, (contact, kind, sealed)))


def opened_columns(frames: Frames, keys: Keys | None) -> Frames:
    """The same as they were told; without keys, what is left of them."""
    rows = _personal_rows(frames)
    if not len(rows):
        return frames
    contact, kind, sealed = (frames.events[name].to_list() for name in _COLUMNS)
    for row in rows.tolist():
        part = opened(keys, json.loads(sealed[row])) if sealed[row] else {}
        contact[row], kind[row] = part.pop("contact", contact[row]), part.pop("contact_kind", kind[row])
        sealed[row] = canonical(part) if part else None
    return replace(frames, events=_with_texts(frames.events, (contact, kind, sealed)))


def _personal_rows(frames: Frames) -> np.ndarray:
    events = frames.events
    if events["sealed"].null_count() == events.height == events["contact_kind"].null_count():
        return np.zeros(0, np.int64)
    told = events["sealed"].is_not_null() | events["contact_kind"].is_not_null()
    return told.arg_true().to_numpy().astype(np.int64)


def _with_texts(events: pl.DataFrame, columns: Sequence[list[Any]]) -> pl.DataFrame:
    return events.with_columns(pl.Series(name, told, pl.String) for name, told in zip(_COLUMNS, columns, strict=True))
