"""The content of a chunk of the log as bytes, from which its events can be decided again.

Many events are columns (Arrow IPC, zstd), few are JSON lines (zstd). What names or reaches a person lies apart in both:
the columns ``contact``, ``contact_kind`` and ``sealed``, the key ``sealed`` of a line. A ``Seal`` shuts it under the
key of its contact, personal attributes with it; a contact's id is no more than a name of ours and stays open.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import asdict, fields
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from guerdon.engine.codes import EventType, Reason
from guerdon.engine.events.admission import Admission, Aside
from guerdon.engine.events.content import canonical
from guerdon.engine.events.event import Event, Line, Parked, Refused
from guerdon.engine.events.fields import is_personal
from guerdon.engine.events.frames import EVENT_COLUMNS, LINE_COLUMNS, Frames, column
from guerdon.engine.events.listed import EventList
from guerdon.engine.events.sealed_columns import opened_columns, shut_columns, shut_parts
from guerdon.engine.events.sealing import SHUT, Keys, Seal, left_of, month_of, opened, shut

LINES, COLUMNS = 1, 2  # stored with each body
FEW = 256
_LEVEL = 1
_DERIVED = {"events": ("line_first",), "lines": (), "products": ()}
_NARROW = (pl.Int8, pl.Int16, pl.Int32)
_OPEN = tuple(each.name for each in fields(Event) if each.name not in ("contact", "contact_kind", "lines"))
_OF_LINE = tuple(each.name for each in fields(Line))
_DEFAULTS: tuple[Any, ...] = (None, "", 0, False, {})


def encode(admission: Admission, seal: Seal | None = None) -> tuple[int, bytes]:
    """Format and bytes of what was admitted, asides included. The same events and keys give the same bytes."""
    asides = [_aside(aside, seal) for aside in admission.asides]
    if len(admission) > FEW:
        return COLUMNS, _columns(shut_columns(admission.frames, seal), asides)
    personal = admission.told.personal | (seal.personal if seal is not None else frozenset())
    lines = [_line(event, personal, seal, row) for row, event in enumerate(admission.told.to_events())]
    return LINES, _compressed("\n".join([*lines, *map(canonical, asides)]).encode())


def decode(form: int, body: bytes, keys: Keys | None = None) -> Admission:
    """What ``encode`` was given, marks aside. Raises ``ValueError`` for a body of another format.

    Without ``keys``, and where a key was destroyed, of what is personal comes what is left of it (``sealing``).
    """
    if form == LINES:
        rows = [json.loads(line) for line in _expanded(body).decode().split("\n") if line]
        for row in rows:
            row["sealed"] = opened(keys, row.get("sealed", {}))
        told = [row for row in rows if "event" in row]
        personal = {name for row in told for name in row.get("sealed", {}).get("attributes", {})}
        events = EventList([_event(row) for row in told], frozenset(personal))
        return Admission(events, [_put_aside(row) for row in rows if "event" not in row])
    if form == COLUMNS:
        frames, asides = _frames(body)
        for row in asides:
            row["sealed"] = opened(keys, row["sealed"])
        return Admission(opened_columns(frames, keys), [_put_aside(row) for row in asides])
    raise ValueError(f"body format {form} is not known; this is a ledger of a later version")


def parts_of(form: int, body: bytes, owner: int) -> Iterator[dict[str, Any]]:
    """The parts of a body that are shut under the key of an owner, as they are stored; asides have none of a contact's.

    A body of purchases in bulk that tell nothing personal costs no more than a look at its head.
    """
    parts: Iterable[dict[str, Any]] = ()
    if form == LINES:
        rows = (json.loads(line) for line in _expanded(body).decode().split("\n") if f'"owner":{owner}' in line)
        parts = (row.get("sealed", {}) for row in rows)
    elif not _tells_nothing_personal(body):
        parts = shut_parts(_frames(body)[0])
    yield from (part for part in parts if SHUT in part and part["owner"] == owner)


def _aside(aside: Aside, seal: Seal | None) -> dict[str, Any]:
    """A refused or parked event; what it told may name a person, so all of that is sealed, under its month's key."""
    kind = "refused" if isinstance(aside.told, Refused) else "parked"
    parts = asdict(aside.told)
    for name in ("type", "reason"):
        if parts.get(name) is not None:
            parts[name] = int(parts[name])
    if "content" in parts:
        parts["content"] = parts["content"].hex()
    sealed: dict[str, Any] = {name: parts.pop(name) for name in ("raw", "contact", "detail") if name in parts}
    if seal is not None:
        left = {name: None if name == "contact" else "" for name in sealed}
        sealed = shut(seal.keys, month_of(aside.told.received_at), sealed, left)
    return {kind: parts, "sealed": sealed, "before": aside.before}


def _put_aside(row: dict[str, Any]) -> Aside:
    told = (row.get("refused") or row["parked"]) | row["sealed"]
    if "refused" not in row:
        return Aside(row["before"], Parked(**told))
    told["reason"] = Reason(told["reason"])
    told["type"] = None if told["type"] is None else EventType(told["type"])
    told["content"] = bytes.fromhex(told["content"])
    return Aside(row["before"], Refused(**told))


# ---- few: a JSON object a line


def _line(event: Event, personal: frozenset[str], seal: Seal | None, row: int) -> str:
    open_part = {name: value for name in _OPEN if (value := getattr(event, name)) not in _DEFAULTS}
    open_part["type"] = int(event.type)
    open_part["content"] = event.content.hex()
    of_lines = seal.of_lines if seal is not None else frozenset()
    if event.lines:
        open_part["lines"] = [_short(line, of_lines) for line in event.lines]
    sealed: dict[str, Any] = {}
    if event.contact is not None:
        sealed = {"contact": event.contact, "contact_kind": event.contact_kind}
    borne = {str(n): told for n, line in enumerate(event.lines) if (told := _chosen(line.attributes, of_lines))}
    if borne:
        sealed["lines"] = borne
    for part, told, closed in (
        ("fields", event.fields, {name for name in event.fields if is_personal(event.type, name)}),
        ("attributes", event.attributes, personal & event.attributes.keys()),
    ):
        if closed:
            sealed[part] = {name: told[name] for name in closed}
            open_part[part] = {name: value for name, value in told.items() if name not in closed}
    if seal is not None:
        sealed = _shut(seal.keys, seal.owner(row, event.type, event.received_at), sealed)
    return canonical({"event": open_part, "sealed": sealed} if sealed else {"event": open_part})


def _shut(keys: Keys, owner: int, sealed: dict[str, Any]) -> dict[str, Any]:
    """A sealed part, shut if there is more in it than the contact's id."""
    if set(sealed) <= {"contact", "contact_kind"} and sealed.get("contact_kind", "id") == "id":
        return sealed
    by_id = {name: sealed[name] for name in ("contact", "contact_kind") if sealed.get("contact_kind") == "id"}
    return shut(keys, owner, sealed, by_id | left_of(keys, {n: v for n, v in sealed.items() if n not in by_id}))


def _short(line: Line, without: frozenset[str]) -> dict[str, Any]:
    short = {name: value for name in _OF_LINE if (value := getattr(line, name)) not in (None, {})}
    if without and line.attributes.keys() & without:
        short["attributes"] = _chosen(line.attributes, line.attributes.keys() - without)
    return short


def _chosen(told: Mapping[str, Any], names: AbstractSet[str]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name in names}


def _event(row: dict[str, Any]) -> Event:
    told, sealed = dict(row["event"]), row.get("sealed", {})
    for part in ("fields", "attributes"):
        told[part] = told.get(part, {}) | sealed.get(part, {})
    for name in ("contact", "contact_kind"):
        if name in sealed:
            told[name] = sealed[name]
    told["type"] = EventType(told["type"])
    told["content"] = bytes.fromhex(told["content"])
    lines = told.get("lines", ())
    for place, borne in sealed.get("lines", {}).items():
        lines[int(place)]["attributes"] = lines[int(place)].get("attributes", {}) | borne
    told["lines"] = tuple(Line(**line) for line in lines)
    return Event(**{"time": 0, "received_at": 0, **told})


# ---- many: three tables, one after the other


def _columns(frames: Frames, asides: list[dict[str, Any]]) -> bytes:
    """Products that no line bears are left out, columns of one value are a constant, what follows is dropped."""
    used, product = np.unique(frames.lines["product"].to_numpy(), return_inverse=True)
    lines = frames.lines.with_columns(product=column(product.astype(np.int32)))
    events = frames.events.drop("seq") if len(frames) and _follows(frames.events["seq"]) else frames.events
    tables = {"events": events, "lines": lines, "products": frames.products[used.astype(np.uint32)]}
    heads, streams = {}, []
    for name, table in tables.items():
        heads[name], stream = _table(table.drop(_DERIVED[name]))
        streams.append(stream)
    first = int(frames.events["seq"][0]) if "seq" not in events.columns else None
    head = canonical({"tables": heads, "first_seq": first, "personal": sorted(frames.personal)}).encode()
    parts = [head, *streams, *([_compressed(canonical(asides).encode())] if asides else [])]
    return b"".join(struct.pack("<Q", len(part)) + part for part in parts)


def _follows(numbers: pl.Series) -> bool:
    values = numbers.to_numpy()
    return bool((np.diff(values) == 1).all())


def _table(table: pl.DataFrame) -> tuple[dict[str, Any], bytes]:
    constants: dict[str, Any] = {}
    kept = []
    for series in table.get_columns():
        if table.height and series.null_count() == table.height:
            constants[series.name] = None
        elif table.height and series.null_count() == 0 and (series == series[0]).all():
            constants[series.name] = series[0]
        elif table.height and series.dtype == pl.Int64 and series.null_count() == 0:
            kept.append(_narrowed(series))
        else:
            kept.append(series)
    sink = pa.BufferOutputStream()
    arrow = pl.DataFrame(kept).rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    options = pa.ipc.IpcWriteOptions(compression=pa.Codec("zstd", compression_level=_LEVEL))
    with pa.ipc.new_stream(sink, arrow.schema, options=options) as writer:
        writer.write_table(arrow)
    dtypes = [(series.name, str(series.dtype)) for series in table.get_columns()]
    return {"constants": constants, "columns": dtypes, "height": table.height}, sink.getvalue().to_pybytes()


def _narrowed(series: pl.Series) -> pl.Series:
    low, high = series.min(), series.max()
    assert isinstance(low, int) and isinstance(high, int)
    for dtype, bits in zip(_NARROW, (7, 15, 31), strict=True):
        if -(1 << bits) <= low and high < 1 << bits:
            return series.cast(dtype)
    return series


def _frames(body: bytes) -> tuple[Frames, list[dict[str, Any]]]:
    parts, at = [], 0
    while at < len(body):
        (size,) = struct.unpack_from("<Q", body, at)
        parts.append(body[at + 8 : at + 8 + size])
        at += 8 + size
    head = json.loads(parts[0])
    tables = {
        name: _opened(head["tables"][name], stream)
        for name, stream in zip(("events", "lines", "products"), parts[1:4], strict=True)
    }
    events, lines = tables["events"], tables["lines"]
    counts = events["line_count"].to_numpy().astype(np.int64)
    if head["first_seq"] is not None:
        events = events.with_columns(seq=pl.int_range(events.height, dtype=pl.Int64) + head["first_seq"])
    events = events.with_columns(line_first=column(np.cumsum(counts) - counts))
    attributes = [name for name in events.columns if name not in EVENT_COLUMNS]
    personal = frozenset(head["personal"])
    frames = Frames(
        events.select(*EVENT_COLUMNS, *attributes), lines.select(*LINE_COLUMNS), tables["products"], personal
    )
    return frames, json.loads(_expanded(parts[4])) if len(parts) > 4 else []


def _tells_nothing_personal(body: bytes) -> bool:
    (size,) = struct.unpack_from("<Q", body)
    constants = json.loads(body[8 : 8 + size])["tables"]["events"]["constants"]
    return "sealed" in constants and constants["sealed"] is None


def _opened(head: dict[str, Any], stream: bytes) -> pl.DataFrame:
    read = pl.from_arrow(pa.ipc.open_stream(stream).read_all())
    assert isinstance(read, pl.DataFrame)
    dtypes = {name: getattr(pl, dtype) for name, dtype in head["columns"]}
    constants = [pl.lit(value, dtypes[name]).alias(name) for name, value in head["constants"].items()]
    if not read.width:
        read = pl.DataFrame({"": pl.repeat(0, head["height"], eager=True)})
    return read.with_columns(constants).select(pl.col(name).cast(dtype) for name, dtype in dtypes.items())


def _compressed(raw: bytes) -> bytes:
    compressed: bytes = pa.Codec("zstd", compression_level=_LEVEL).compress(raw, asbytes=True)
    return struct.pack("<Q", len(raw)) + compressed


def _expanded(body: bytes) -> bytes:
    (size,) = struct.unpack_from("<Q", body)
    raw: bytes = pa.Codec("zstd").decompress(body[8:], decompressed_size=size, asbytes=True)
    return raw
