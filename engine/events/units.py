"""Typed columns of files to what the engine holds: whole numbers, instants, text. What can't be read is null."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from guerdon.engine.events.frames import column
from guerdon.engine.events.kernel import compiled, text_lanes_of, whole_numbers
from guerdon.engine.events.mapping import Column
from guerdon.engine.events.times import BadTime, Zone, instant, text, zone

CLOSENESS = 1e-3  # of the last decimal: how far a float may be from what it stands for
_MOST_DIGITS = 15
_FIT = (pl.Int8, pl.Int16, pl.Int32, pl.Int64)
_OFFSET_FORMATS = ("%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f%#z")
_LOCAL_FORMATS = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M")
_DATE_FORMATS = ("%Y-%m-%d", "%Y%m%d")


class FeedInvalid(Exception):
    """The mapping does not fit the file; the message says where and what to do."""


def whole(values: pl.Series, digits: int, source: Column) -> tuple[np.ndarray, np.ndarray | None]:
    """A column × 10^digits as int64, and which rows can't be held so (None: none). Missing values are bad."""
    if values.dtype.is_float():
        return _floats(values, digits, source)
    if values.dtype.is_integer():
        limit = 10 ** (18 - digits)
        if values.null_count() == 0 and values.dtype in _FIT and len(values):
            numbers = values.to_numpy().astype(np.int64, copy=False)
            if numbers.min() >= -limit and numbers.max() <= limit:
                return numbers * 10**digits, None
        found = values.cast(pl.Int64, strict=False)
        found = found.set(~found.is_between(-limit, limit).fill_null(True), None) * 10**digits
    else:
        found = _texts(values.cast(pl.String), digits)
    if found.null_count() == 0:
        return found.to_numpy(), None
    return found.fill_null(0).to_numpy(), found.is_null().to_numpy()


def instants(values: pl.Series, source: Column) -> pl.Series:
    """µs UTC, null where it is no instant. Raises ``FeedInvalid`` for local times without a zone."""
    where = zone(source.zone) if source.zone else None
    if values.dtype == pl.Date:
        values = values.cast(pl.Datetime("us"))
    if isinstance(values.dtype, pl.Datetime):
        micros = values.dt.cast_time_unit("us").to_physical()
        return micros if values.dtype.time_zone is not None else _from_local(micros, where, source)
    if values.dtype != pl.String:
        raise FeedInvalid(f"column {source.name!r} holds {values.dtype}, which is no time")
    found = pl.Series("time", [None], dtype=pl.Int64).new_from_index(0, len(values))
    for form in _OFFSET_FORMATS:
        found = _filled(found, values, lambda rest, form=form: _parsed(rest, form))
    if where is not None:
        for form in (*_LOCAL_FORMATS, *_DATE_FORMATS):
            found = _filled(found, values, lambda rest, form=form: _from_local(_parsed(rest, form), where, source))
    return _filled(found, values, lambda rest: pl.Series([_one(each, where) for each in rest], dtype=pl.Int64))


def told(value: Any, source: Column) -> Any:
    """One cell as a record would hold it: text for what has digits, so that nothing passes a float."""
    if isinstance(value, float):
        if source.decimals is None:
            raise FeedInvalid(
                f"column {source.name!r} holds floats; say how many decimals: {{column: {source.name}, decimals: 2}}"
            )
        scaled = value * 10**source.decimals
        nearest = round(scaled) if abs(scaled) < 9e15 else 0
        close = abs(scaled - nearest) <= CLOSENESS
        return str(Decimal(nearest).scaleb(-source.decimals)) if close else repr(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, (bool, list, dict)) else str(value)


def texts(values: pl.Series) -> pl.Series:
    """A column as text, empty text as null."""
    found = values.cast(pl.String)
    return found.set(found == "", None) if values.dtype == pl.String and (found == "").any() else found


def lanes(values: pl.Series | Sequence[str | None]) -> np.ndarray:
    """uint64[n, 2]: ``content.text_lanes`` of a column; zeros where it is null."""
    series = pl.Series(values, dtype=pl.String) if not isinstance(values, pl.Series) else values
    out = np.zeros((len(series), 2), dtype=np.uint64)
    if series.null_count() == len(series):
        return out
    array = series.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    _, offsets, data = array.buffers()
    rows = np.frombuffer(offsets, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
    held = np.frombuffer(data, dtype=np.uint8) if data is not None else np.zeros(0, dtype=np.uint8)
    compiled(text_lanes_of)(rows, held, out)
    if series.null_count():
        out[series.is_null().to_numpy()] = 0
    return out


def shown(time: int | None, raw: Any) -> Any:
    """The time of a record: as RFC 3339 where it could be read, else as it was."""
    return text(time) if time is not None else raw


def _floats(values: pl.Series, digits: int, source: Column) -> tuple[np.ndarray, np.ndarray | None]:
    if source.decimals is None:
        raise FeedInvalid(
            f"column {source.name!r} holds floats; say how many decimals: {{column: {source.name}, decimals: 2}}"
        )
    whole_column = values.dtype == pl.Float64 and values.null_count() == 0
    numbers = (values if whole_column else values.cast(pl.Float64).fill_null(float("nan"))).to_numpy()
    out = np.empty(len(numbers), dtype=np.int64)
    bad = np.zeros(len(numbers), dtype=bool)
    some = compiled(whole_numbers)(numbers, float(10**source.decimals), CLOSENESS, out, bad)
    more = source.decimals - digits
    if more > 0:
        bad |= out % 10**more != 0
        some = bool(bad.any())
        out //= 10**more
    elif more < 0:
        out *= 10**-more
    return out, bad if some else None


def _texts(values: pl.Series, digits: int) -> pl.Series:
    """Plain decimal text; null where it is none, is too long, or has more decimals than ``digits``."""
    frame = pl.DataFrame({"text": values}).select(
        pl.col("text").str.extract(r"^([+-]?)[0-9]", 1).alias("sign"),
        pl.col("text").str.extract(rf"^[+-]?([0-9]{{1,{_MOST_DIGITS}}})(?:\.[0-9]+)?$", 1).alias("whole"),
        pl.col("text").str.extract(r"\.([0-9]+)$", 1).fill_null("").str.strip_chars_end("0").alias("part"),
    )
    number = (pl.col("whole") + pl.col("part").str.pad_end(digits, "0")).cast(pl.Int64, strict=False)
    fits = pl.col("part").str.len_bytes() <= digits
    signed = pl.when(pl.col("sign") == "-").then(-number).otherwise(number)
    return frame.select(pl.when(fits).then(signed)).to_series()


def _parsed(values: pl.Series, form: str) -> pl.Series:
    parsed = values.str.to_datetime(form, strict=False, time_unit="us", exact=True)
    return parsed.to_physical()


def _from_local(micros: pl.Series, where: Zone | None, source: Column) -> pl.Series:
    if where is None:
        raise FeedInvalid(
            f"column {source.name!r} has no offset; say its zone: {{column: {source.name}, zone: Europe/Nicosia}}"
        )
    if micros.null_count():
        moved = where.utcs(micros.fill_null(0).to_numpy())
        return column(moved).set(micros.is_null(), None)
    return column(where.utcs(micros.to_numpy()))


def _filled(found: pl.Series, values: pl.Series, read: Any) -> pl.Series:
    """``found`` with what ``read`` makes of the texts that are still unread."""
    unread = found.is_null() & values.is_not_null()
    if not unread.any():
        return found
    if unread.all():
        fresh: pl.Series = read(values)
        return fresh
    rows = unread.arg_true()
    return found.scatter(rows, read(values.filter(unread)))


def _one(value: str, where: Zone | None) -> int | None:
    try:
        return instant(value, where)
    except BadTime:
        return None
