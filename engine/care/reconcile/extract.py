"""A till's extract as columns: CSV, Parquet or JSON lines, read in slices, so that its size doesn't matter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

KINDS = ("purchase", "return", "card_load", "card_spend")
NEEDED = ("reference", "amount")
FIELDS = (*NEEDED, "merchant", "series", "kind", "day", "time")
SLICE_ROWS = 250_000
# What both sides are brought to: the key, the local day, minor units of the business's currency.
COLUMNS = {
    "line": pl.Int64,  # of the extract, from 1, a heading not counted; of the ledger, the event's seq
    "kind": pl.String,
    "merchant": pl.String,
    "series": pl.String,
    "reference": pl.String,
    "day": pl.Date,
    "amount": pl.Int64,
    "event": pl.String,
}
_READERS = {".csv": "csv", ".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl"}


class ExtractInvalid(Exception):
    """The extract can't be read as one. ``code`` is stable, ``place`` the file, ``hint`` says what helps."""

    def __init__(self, message: str, place: str, hint: str) -> None:
        super().__init__(message)
        self.message, self.place, self.hint = message, place, hint
        self.code = "extract-invalid"


@dataclass(frozen=True, slots=True)
class Extract:
    """A file and what its columns are called. ``names``: field → column, for those that are called otherwise.

    ``merchant``: whose till it is, where no column says so; '' is the business itself.
    """

    file: Path
    names: Mapping[str, str] = field(default_factory=dict)
    merchant: str = ""

    def slices(self, time_zone: str, digits: int, rows: int = SLICE_ROWS) -> Iterator[pl.DataFrame]:
        """Its lines in their order, with COLUMNS; what can't be read of a line is null. ExtractInvalid: no extract."""
        lazy = self._lazy()
        there = lazy.collect_schema()
        columns = self._columns(there)
        line = 1
        try:
            for part in lazy.select(**{name: pl.col(column) for name, column in columns.items()}).collect_batches(
                maintain_order=True, chunk_size=rows
            ):
                yield self._read(part, line, time_zone, digits)
                line += part.height
        except pl.exceptions.PolarsError as error:
            raise ExtractInvalid(str(error).splitlines()[0], str(self.file), "is every line of it whole?") from error

    def _lazy(self) -> pl.LazyFrame:
        kind = _READERS.get(self.file.suffix.lower())
        if kind is None:
            raise ExtractInvalid("no such kind of file is read", str(self.file), f"one of {', '.join(_READERS)}")
        try:
            if kind == "csv":
                lazy = pl.scan_csv(self.file, infer_schema=False, encoding="utf8")
            else:
                lazy = pl.scan_parquet(self.file) if kind == "parquet" else self._json_lines()
            lazy.collect_schema()
        except (pl.exceptions.PolarsError, OSError) as error:
            raise ExtractInvalid(str(error).splitlines()[0], str(self.file), "is it whole?") from error
        return lazy

    def _json_lines(self) -> pl.LazyFrame:
        """Every field as text, so that an amount is never a float."""
        first = pl.scan_ndjson(self.file, infer_schema_length=1000).collect_schema()
        return pl.scan_ndjson(self.file, schema=dict.fromkeys(first.names(), pl.String))

    def _columns(self, there: pl.Schema) -> dict[str, str]:
        unknown = sorted(set(self.names) - set(FIELDS))
        if unknown:
            raise ExtractInvalid(f"there is no field '{unknown[0]}'", str(self.file), f"one of {', '.join(FIELDS)}")
        named = {name: self.names.get(name, name) for name in FIELDS}
        found = {name: column for name, column in named.items() if column in there}
        missing = [named[name] for name in (*NEEDED, *self.names) if name not in found]
        if "day" not in found and "time" not in found:
            missing.append("day")
        if missing:
            hint = f"it has {', '.join(there.names())}; --column FIELD=NAME says how one is called"
            raise ExtractInvalid(f"there is no column '{missing[0]}'", str(self.file), hint)
        return found

    def _read(self, part: pl.DataFrame, line: int, time_zone: str, digits: int) -> pl.DataFrame:
        columns = set(part.columns)
        day = day_of(part, "day" if "day" in columns else "time", time_zone)
        return part.select(
            line=pl.int_range(pl.len(), dtype=pl.Int64) + line,
            kind=pl.col("kind").cast(pl.String).str.strip_chars() if "kind" in columns else pl.lit(KINDS[0]),
            merchant=pl.col("merchant").cast(pl.String).str.strip_chars().fill_null("")
            if "merchant" in columns
            else pl.lit(self.merchant),
            series=compared(pl.col("series")).fill_null("") if "series" in columns else pl.lit(""),
            reference=compared(pl.col("reference")),
            day=day,
            amount=minor(pl.col("amount"), digits),
            event=pl.lit("", pl.String),
        ).select(pl.col(name).cast(dtype) for name, dtype in COLUMNS.items())


def compared(column: pl.Expr) -> pl.Expr:
    """A reference or series in the form in which the log compares it; an empty one is null."""
    text = column.cast(pl.String).str.normalize("NFKC").str.strip_chars().str.to_uppercase()
    return pl.when(text != "").then(text)


def minor(column: pl.Expr, digits: int) -> pl.Expr:
    """Decimal text as minor units, exactly; null where it is no amount of so many digits."""
    text = column.cast(pl.String).str.strip_chars()
    # a number of a Parquet file may bear zeros, or end in .0, that the currency doesn't have
    text = pl.when(text.str.contains(r"\.")).then(text.str.replace(r"0+$", "").str.replace(r"\.$", "")).otherwise(text)
    shape = rf"^-?\d{{1,13}}(\.\d{{1,{digits}}})?$" if digits else r"^-?\d{1,13}$"
    whole = text.str.extract(r"^(-?\d+)", 1)
    part = text.str.extract(r"\.(\d+)$", 1).fill_null("").str.pad_end(digits, "0") if digits else pl.lit("")
    return pl.when(text.str.contains(shape)).then((whole + part).cast(pl.Int64, strict=False))


def day_of(part: pl.DataFrame, name: str, time_zone: str) -> pl.Expr:
    """The local day of a column of days or instants; without an offset a time is local. Null where it is none."""
    column, dtype = pl.col(name), part.schema[name]
    if dtype == pl.Date:
        return column
    if isinstance(dtype, pl.Datetime):
        return (column.dt.convert_time_zone(time_zone) if dtype.time_zone else column).dt.date()
    text = column.cast(pl.String).str.strip_chars()
    offset = text.str.contains(r"(Z|[+-]\d\d:?\d\d)$") & text.str.contains(":")
    instant = text.str.to_datetime("%+", strict=False, time_zone="UTC").dt.convert_time_zone(time_zone).dt.date()
    return pl.when(offset).then(instant).otherwise(text.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False))
