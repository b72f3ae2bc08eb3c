"""Rows of CSV and Parquet files, lazily, in the order of their time and in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from guerdon.engine.events.mapping import Column
from guerdon.engine.events.units import FeedInvalid, instants

SLICE_ROWS = 1 << 17  # larger ones are slower: their memory comes fresh from the system each time
SORTED_ROWS = 8_000_000  # rows of a file out of order that are sorted in memory at once
TIME = "__time"
_CSV_BLOCK = 1 << 22


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row of a CSV file that has not the columns of its head; ``number`` from 1, the head left out, if known."""

    text: str
    detail: str


@dataclass(slots=True)
class Table:
    """One file. ``columns``: those that the mapping names; rows come with ``TIME``, their µs UTC (null: unreadable)."""

    path: Path
    columns: Sequence[str]
    time: Column
    separator: str = ","
    slice_rows: int = SLICE_ROWS
    broken: list[BrokenRow] = field(default_factory=list)  # met while the last slices were read

    def slices(self) -> Iterator[pl.DataFrame]:
        """All rows by time, those of the same time as they stand in the file; a slice ends where a time ends."""
        rows, ordered = self._surveyed()
        if ordered:
            yield from _cut(self._timed(self._read()), self.slice_rows)
        elif rows <= SORTED_ROWS:
            whole = list(self._timed(self._read()))
            if whole:
                yield from _cut(iter([_by_time(pl.concat(whole))]), self.slice_rows)
        else:
            yield from self._by_parts(rows)

    def take_broken(self) -> list[BrokenRow]:
        """The broken rows met since the last call."""
        broken, self.broken = self.broken, []
        return broken

    def _surveyed(self) -> tuple[int, bool]:
        """How many rows there are, and whether they are in order of time: one pass over the time column."""
        rows, last, ordered = 0, None, True
        for times in self._times():
            rows += len(times)
            if len(times) and ordered:
                ordered = bool(times.is_sorted()) and (last is None or last <= times[0])
                last = times[-1]
        return rows, ordered

    def _times(self) -> Iterator[pl.Series]:
        for frame in self._read([self.time.name]):
            raw = frame[self.time.name]
            # Whether local times are in order does not depend on their zone: ``Zone.utcs`` keeps order.
            known = raw.dtype.is_temporal() and self.time.zone is not None
            yield (raw.to_physical() if known else instants(raw, self.time)).drop_nulls()
        self.broken = []

    def _by_parts(self, rows: int) -> Iterator[pl.DataFrame]:
        """A file too large to sort: read again for each part of its time, which is sorted alone."""
        read = self._timed(self._read([self.time.name]))
        sample = np.concatenate([frame[ORDER].drop_nulls().gather_every(64).to_numpy() for frame in read])
        parts = -(-rows // SORTED_ROWS)
        bounds = np.unique(np.quantile(sample, np.linspace(0, 1, parts + 1)[1:-1], method="nearest"))
        edges = [None, *bounds.tolist(), None]
        for number, (low, high) in enumerate(pairwise(edges)):
            held = []
            for frame in self._timed(self._read()):
                part = frame.filter(_between(low, high))
                if part.height:
                    held.append(part)
            if number:
                self.broken = []
            if held:
                yield from _cut(iter([_by_time(pl.concat(held))]), self.slice_rows)

    def _timed(self, frames: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        last: Any = None
        for frame in frames:
            times = instants(frame[self.time.name], self.time).alias(TIME)
            # A row whose time can't be read keeps its neighbours' place until it is parked.
            order = _filled(times, last).alias(ORDER)
            last = order[-1] if len(order) else last
            yield frame.hstack([times, order])

    def _read(self, only: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        columns = list(dict.fromkeys(self.columns if only is None else only))
        if self.path.suffix.lower() == ".parquet":
            return self._parquet(columns)
        return self._csv(columns)

    def _parquet(self, columns: list[str]) -> Iterator[pl.DataFrame]:
        lazy = pl.scan_parquet(self.path)
        self._check(columns, lazy.collect_schema().names())
        return iter(lazy.select(columns).collect_batches(maintain_order=True, chunk_size=self.slice_rows))

    def _csv(self, columns: list[str]) -> Iterator[pl.DataFrame]:
        import pyarrow as pa
        import pyarrow.csv as csv

        def note(row: Any) -> str:
            detail = f"the row has {row.actual_columns} fields, the head {row.expected_columns}"
            self.broken.append(BrokenRow(row.text, detail))
            return "skip"

        with self.path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            import csv as plain

            names = next(plain.reader(file, delimiter=self.separator), [])
        self._check(columns, names)
        try:
            reader = csv.open_csv(
                self.path,
                csv.ReadOptions(use_threads=False, block_size=_CSV_BLOCK, column_names=names, skip_rows=1),
                csv.ParseOptions(delimiter=self.separator, newlines_in_values=True, invalid_row_handler=note),
                csv.ConvertOptions(
                    check_utf8=False,
                    include_columns=columns,
                    column_types=dict.fromkeys(names, pa.binary()),
                    strings_can_be_null=False,
                ),
            )
            for batch in reader:
                yield self._decoded(pl.DataFrame(pl.from_arrow(batch)))
        except pa.ArrowInvalid as error:
            if "Empty CSV" not in str(error):
                self.broken.append(BrokenRow("", f"the file can't be read on from here: {error}"))

    def _decoded(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Bytes as text; a row with bytes that are no UTF-8 is broken."""
        try:
            text = frame.select(pl.all().cast(pl.String))
        except pl.exceptions.ComputeError:
            text = frame.select(pl.all().map_elements(_utf8, return_dtype=pl.String))
            bad = text.select(pl.any_horizontal(pl.all().is_null())).to_series()
            for row in frame.filter(bad).iter_rows():
                cells = [cell.decode("utf-8", "replace") for cell in row]
                self.broken.append(BrokenRow(self.separator.join(cells), "the row is not UTF-8"))
            text = text.filter(~bad)
        return text.with_columns(pl.when(pl.all() != "").then(pl.all()))

    def _check(self, wanted: Sequence[str], found: Sequence[str]) -> None:
        lacking = [name for name in wanted if name not in found]
        if lacking:
            raise FeedInvalid(
                f"{self.path.name} has no column {', '.join(map(repr, lacking))}; it has {', '.join(found[:20])}"
            )


ORDER = "__order"


def _filled(times: pl.Series, before: Any = None) -> pl.Series:
    if times.null_count() == 0:
        return times
    filled = times.fill_null(strategy="forward")
    return filled.fill_null(before) if before is not None else filled.fill_null(strategy="backward")


def _utf8(cell: bytes) -> str | None:
    try:
        return cell.decode()
    except UnicodeDecodeError:
        return None


def _between(low: int | None, high: int | None) -> pl.Expr:
    time = pl.col(ORDER)
    held = time >= low if low is not None else pl.lit(True)
    held = held & (time < high) if high is not None else held
    # Without any time in sight a row stands first.
    return held | time.is_null() if low is None else held.fill_null(False)


def _by_time(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.sort(ORDER, maintain_order=True, nulls_last=False)


def _cut(frames: Iterator[pl.DataFrame], rows: int) -> Iterator[pl.DataFrame]:
    """The same rows in slices of about ``rows``, each cut where a time ends."""
    held: list[pl.DataFrame] = []
    for frame in frames:
        for start in range(0, frame.height, rows):
            piece = frame.slice(start, rows)
            times = piece[ORDER]
            end = int(times.search_sorted(times[-1], side="left")) if times[-1] is not None else 0
            if end == 0:
                held.append(piece)
                continue
            held.append(piece.head(end))
            yield pl.concat(held, rechunk=True)
            held = [piece.slice(end)]
    if held:
        yield pl.concat(held, rechunk=True)
