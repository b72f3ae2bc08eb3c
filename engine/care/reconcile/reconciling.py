"""The whole of it: both sides spread over baskets by their references, matched basket by basket, summed and written.

A basket holds all lines of its references of both sides, so that each is matched for itself; only one is in memory.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from guerdon.engine.care.reconcile.booked import booked
from guerdon.engine.care.reconcile.extract import COLUMNS, SLICE_ROWS, Extract
from guerdon.engine.care.reconcile.matching import CLASSES, MATCHED, classed
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.report.naming import decimal_of
from guerdon.engine.settle.columns import amount_text
from guerdon.engine.settle.inert import inert_column
from guerdon.rules.program import Program

BASKET_BYTES = 16 << 20  # of an extract, about: a larger one is spread over several
_NO_DAYS = (date.max, date.min)


@dataclass(slots=True)
class Sums:
    """How many lines of a class there are, and what they add up to on either side, minor units."""

    lines: int = 0
    till: int = 0
    ledger: int = 0


@dataclass(slots=True)
class Reconciliation:
    """How an extract compares with the ledger. ``exceptions``: the first of those that don't match, as RESULT.

    ``days``: the local days that the extract covers; the ledger's side is of these days and the extract's merchants.
    """

    digits: int
    days: tuple[date, date] | None
    merchants: list[str]
    sums: dict[str, Sums] = field(default_factory=lambda: {name: Sums() for name in CLASSES})
    exceptions: list[dict[str, Any]] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        """Whether every line is matched."""
        return all(not sums.lines for name, sums in self.sums.items() if name != MATCHED)

    def amount(self, minor: int | None) -> Decimal | None:
        """Minor units as a decimal of the currency."""
        return None if minor is None else decimal_of(minor, self.digits)

    def as_json(self) -> dict[str, Any]:
        """The object that ``reconcile --json`` prints; the classes' differences add up to that of the two sides."""
        classes = {
            name: {
                "lines": sums.lines,
                "till": self.amount(sums.till),
                "ledger": self.amount(sums.ledger),
                "difference": self.amount(sums.till - sums.ledger),
            }
            for name, sums in self.sums.items()
        }
        till, ledger = (sum(getattr(sums, side) for sums in self.sums.values()) for side in ("till", "ledger"))
        exceptions = [
            {**row, "amount": self.amount(row["amount"]), "ledger_amount": self.amount(row["ledger_amount"])}
            for row in self.exceptions
        ]
        return {
            "from": self.days[0].isoformat() if self.days else None,
            "until": self.days[1].isoformat() if self.days else None,
            "merchants": self.merchants,
            "till": self.amount(till),
            "ledger": self.amount(ledger),
            "difference": self.amount(till - ledger),
            "classes": classes,
            "exceptions": exceptions,
        }


def reconcile(
    ledger: Ledger,
    program: Program,
    extract: Extract,
    *,
    out: Path | None = None,
    shown: int = 1000,
    days: tuple[date, date] | None = None,
    baskets: int | None = None,
) -> Reconciliation:
    """Compare an extract with the ledger; ``out``: a CSV file of every line with its class.

    ``days``: both inclusive, instead of those from the extract's first to its last. Memory: a basket of either side.
    ExtractInvalid: the file can't be read.
    """
    business = program.business
    count = baskets or 1 + extract.file.stat().st_size // BASKET_BYTES if extract.file.exists() else 1
    with tempfile.TemporaryDirectory(prefix="guerdon-reconcile-") as folder:
        till, held = Baskets(Path(folder) / "till", count), Baskets(Path(folder) / "ledger", count)
        covered = _fill_till(till, extract.slices(business.time_zone, business.digits))
        span = days or covered.days
        found = Reconciliation(business.digits, span, sorted(covered.merchants))
        for part in booked(ledger, business.time_zone, span) if span else ():
            held.put(part)
        with _Writer(out, business.digits) as writer:
            for number in range(count):
                lines = classed(till.get(number), held.get(number), span or _NO_DAYS, covered.merchants)
                _count(found, lines, writer, shown)
    return found


@dataclass(slots=True)
class _Covered:
    days: tuple[date, date] | None = None
    merchants: set[str] = field(default_factory=set)


def _fill_till(till: Baskets, slices: Iterable[pl.DataFrame]) -> _Covered:
    covered = _Covered()
    for part in slices:
        till.put(part)
        covered.merchants |= set(part["merchant"].unique().to_list())
        first, last = part["day"].min(), part["day"].max()
        if isinstance(first, date) and isinstance(last, date):
            before = covered.days or (first, last)
            covered.days = min(before[0], first), max(before[1], last)
    return covered


def _count(found: Reconciliation, lines: pl.DataFrame, writer: _Writer, shown: int) -> None:
    for name, count, till, held in (
        lines.group_by("class")
        .agg(pl.len(), pl.col("amount").sum(), pl.col("ledger_amount").sum().alias("held"))
        .iter_rows()
    ):
        sums = found.sums[name]
        sums.lines, sums.till, sums.ledger = sums.lines + count, sums.till + till, sums.ledger + held
    room = shown - len(found.exceptions)
    found.exceptions += lines.filter(pl.col("class") != MATCHED).head(max(room, 0)).to_dicts()
    writer.write(lines)


class Baskets:
    """Lines spread over files by a hash of their reference, so that both sides of a reference meet."""

    def __init__(self, folder: Path, count: int) -> None:
        self.folder, self.count = folder, count
        self._parts = [0] * count
        folder.mkdir(parents=True)

    def put(self, lines: pl.DataFrame) -> None:
        """Add lines to their baskets."""
        place = pl.col("reference").hash(seed=11) % self.count
        for (number,), part in lines.with_columns(basket=place.fill_null(0)).group_by("basket"):
            basket = int(str(number))
            part.drop("basket").sort("line").write_parquet(self.folder / f"{basket}-{self._parts[basket]}.parquet")
            self._parts[basket] += 1

    def get(self, number: int) -> pl.DataFrame:
        """The lines of one basket."""
        files = [self.folder / f"{number}-{part}.parquet" for part in range(self._parts[number])]
        return pl.concat([pl.read_parquet(file) for file in files]) if files else pl.DataFrame(schema=COLUMNS)


class _Writer:
    """Writes lines to a CSV file, part by part; a cell that a spreadsheet would compute is made inert."""

    def __init__(self, path: Path | None, digits: int) -> None:
        self.path, self.digits = path, digits
        self._file: Any = None

    def __enter__(self) -> _Writer:
        if self.path is not None:
            self._file = self.path.open("wb")
        return self

    def __exit__(self, *error: object) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, lines: pl.DataFrame) -> None:
        if self._file is None:
            return
        for part in lines.iter_slices(SLICE_ROWS):
            shown = part.with_columns(
                *(amount_text(pl.col(name), self.digits).alias(name) for name in ("amount", "ledger_amount")),
                *(inert_column(name) for name, dtype in part.schema.items() if dtype == pl.String),
            )
            shown.write_csv(self._file, include_header=self._file.tell() == 0)


def exceptions_of(found: Reconciliation) -> Iterator[tuple[Any, ...]]:
    """The exceptions as rows of a table: class, line, key, day and amount on either side."""
    for row in found.exceptions:
        key = " ".join(filter(None, (row["merchant"], row["series"], row["reference"])))
        yield (
            row["class"], row["line"] or "", row["kind"], key, row["day"] or "", found.amount(row["amount"]) or "",
            row["event"] or "", row["ledger_day"] or "", found.amount(row["ledger_amount"]) or "",
        )  # fmt: skip
