"""Products of a feed: each distinct one once, with what a joined table says of it. Grows as lines come."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from guerdon.engine.events.coding import Numbered
from guerdon.engine.events.frames import PRODUCT_COLUMNS
from guerdon.engine.events.mapping import Feed
from guerdon.engine.events.units import FeedInvalid, lanes, texts
from guerdon.rules.program import Attribute

_DTYPES = {"string": pl.String, "boolean": pl.Boolean}


class Catalog:
    """The products frame of a feed: row numbers stay, rows are only added. ``lanes`` of what lines tell of each."""

    def __init__(self, feed: Feed, attributes: Mapping[str, Attribute], folder: Path) -> None:
        self.attributes = attributes
        self.told = [name for name in feed.lines if name in PRODUCT_COLUMNS or name in attributes]
        self.join = feed.join
        self.key = feed.lines["sku"].name if feed.join is None and "sku" in feed.lines else None
        dtypes = dict.fromkeys(PRODUCT_COLUMNS, pl.String) | {
            name: _DTYPES.get(each.type, pl.Int64) for name, each in attributes.items()
        }
        named = set(self.told) | set(feed.join.fields if feed.join else ())
        self.dtypes: dict[str, Any] = {n: d for n, d in dtypes.items() if n in PRODUCT_COLUMNS or n in named}
        self.frame = pl.DataFrame(schema=self.dtypes)
        self.lanes = np.zeros((0, 2), dtype=np.uint64)
        self.joined: dict[Any, dict[str, Any]] = {}
        self._rows: dict[Any, int] = {}
        self._numbered = Numbered()
        if feed.join is not None:
            self._load(feed, folder)

    @property
    def simple(self) -> bool:
        """Whether a line tells no more of its product than its sku, which is also what a table is joined by."""
        return self.told in ([], ["sku"])

    def rows(self, keys: pl.Series) -> np.ndarray:
        """int32 rows of the products frame for a column of skus; those not met before are added."""
        if keys.dtype.is_integer() and keys.null_count() == 0:
            numbers = keys.cast(pl.Int64, strict=False)
            if numbers.null_count() == 0:
                return self._rows_of(numbers.to_numpy())
        names = keys.cast(pl.String)
        distinct = names.unique(maintain_order=True)
        self._add([name for name in distinct if name not in self._rows])
        table = pl.DataFrame(
            {"key": distinct, "row": [self._rows[name] for name in distinct]}, schema_overrides={"row": pl.Int32}
        )
        joined = pl.DataFrame({"key": names}).join(table, on="key", how="left", nulls_equal=True, maintain_order="left")
        return joined["row"].to_numpy()

    def _rows_of(self, numbers: np.ndarray) -> np.ndarray:
        rows, lacking = self._numbered.find(numbers)
        if lacking:
            fresh = np.unique(numbers[rows < 0])
            names = [str(number) for number in fresh.tolist()]
            self._add([name for name in names if name not in self._rows])
            self._numbered.put(fresh, np.array([self._rows[name] for name in names]))
            rows, _ = self._numbered.find(numbers)
        return rows

    def _add(self, skus: list[str | None]) -> None:
        if not skus:
            return
        told = [self.joined.get(sku, {}) | {"sku": sku} for sku in skus]
        columns = {name: [each.get(name) for each in told] for name in self.dtypes}
        self._append(skus, pl.DataFrame(columns, schema=self.dtypes))

    def _append(self, skus: list[str | None], frame: pl.DataFrame) -> None:
        first = self.frame.height
        self.frame = pl.concat([self.frame, frame])
        self._rows.update({sku: first + place for place, sku in enumerate(skus)})
        keys = pl.Series(skus, dtype=pl.String) + "\x1f\x00" * 4 + "\x1e"
        self.lanes = np.concatenate([self.lanes, lanes(keys)])

    def _load(self, feed: Feed, folder: Path) -> None:
        """The joined table, whole: its rows become the first products where the feed joins by its sku."""
        assert feed.join is not None
        table = _read(folder / feed.join.table, feed.join)
        keys = texts(table[feed.join.key])
        table = table.filter(keys.is_not_null()).with_columns(keys.drop_nulls().alias(feed.join.key))
        table = table.unique(feed.join.key, keep="first", maintain_order=True)
        fields = {name: self._converted(table[source], name) for name, source in feed.join.fields.items()}
        joined = pl.DataFrame(fields)
        skus: list[str | None] = table[feed.join.key].to_list()
        if self.simple and "sku" in feed.lines and feed.lines["sku"].name == feed.join.on:
            lacking = [pl.lit(None, dtype).alias(n) for n, dtype in self.dtypes.items() if n not in joined.columns]
            whole = joined.with_columns(lacking).with_columns(sku=pl.Series(skus, dtype=pl.String))
            self._append(skus, whole.select(pl.col(name).cast(dtype) for name, dtype in self.dtypes.items()))
            numbers = table[feed.join.key]
            if numbers.dtype.is_integer():
                self._numbered.put(numbers.cast(pl.Int64).to_numpy(), np.arange(len(numbers)))
        else:
            self.joined = dict(zip(skus, joined.iter_rows(named=True), strict=True))

    def product(self, sku: str | None) -> dict[str, Any]:
        """What the joined table says of a product, by the key of the join."""
        if self.join is None or sku is None:
            return {}
        row = self._rows.get(sku)
        if row is None or self.joined:
            return self.joined.get(sku, {})
        return {name: value for name, value in self.frame.row(row, named=True).items() if name in self.join.fields}

    def _converted(self, values: pl.Series, name: str) -> pl.Series:
        """A joined column in the form in which conditions compare it."""
        declared = self.attributes.get(name)
        if declared is None or declared.type == "string":
            return texts(values)
        if declared.type == "boolean":
            return values if values.dtype == pl.Boolean else texts(values).str.to_lowercase() == "true"
        if declared.type == "date":
            days = values if values.dtype == pl.Date else texts(values).str.to_date("%Y-%m-%d", strict=False)
            return days.to_physical().cast(pl.Int64)
        digits = 0 if declared.type == "integer" else 6
        return (
            values.cast(pl.Decimal(38, digits), strict=False).cast(pl.Decimal(38, digits)).to_physical().cast(pl.Int64)
        )


def _read(path: Path, join: Any) -> pl.DataFrame:
    if not path.is_file():
        raise FeedInvalid(f"the joined table {path} is not there")
    columns = list(dict.fromkeys([join.key, *join.fields.values()]))
    is_parquet = path.suffix.lower() == ".parquet"
    lazy = pl.scan_parquet(path) if is_parquet else pl.scan_csv(path, infer_schema=False)
    found = lazy.collect_schema().names()
    lacking = [name for name in columns if name not in found]
    if lacking:
        raise FeedInvalid(
            f"{path.name} has no column {', '.join(map(repr, lacking))}; its columns are {', '.join(found)}"
        )
    return lazy.select(columns).collect()
