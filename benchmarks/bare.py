"""The same rows into the same tables without an engine: what a driver's bulk path needs for them.

The rows of a finished ledger are written again into an empty one, with the same keys, guards, pragmas and chunk bounds,
each table in the order of its key. State (contacts, lots, counters, balances) is written once, as it stands at the
end, where the engine upserts it chunk by chunk: the bare way does less.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import adbc_driver_sqlite.dbapi as adbc
import pyarrow.compute as pc

from guerdon.engine.ledger import tables
from guerdon.engine.ledger.ledger import Ledger

BY_SEQ = ("event", "event_key", "contact_event", "resolved", "transfer", "award", "refusal", "tier_period")
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "cache_size=-65536", "wal_autocheckpoint=4000")

Rows = list[tuple[str, Any]]  # table name → Arrow table, in the order of writing


class Bare(NamedTuple):
    """What one bare write took."""

    seconds: float
    rows: int
    transfers: int


def chunks(ledger: Path) -> Iterator[Rows]:
    """The rows of a ledger by transaction, each table in key order; what has no seq comes with the last."""
    with adbc.connect(f"file:{ledger}?mode=ro", autocommit=True) as connection, connection.cursor() as cursor:

        def read(name: str, where: str = "") -> Any:
            table = tables.metadata.tables[name]
            columns = ", ".join(f'"{column.name}"' for column in table.columns)
            keys = ", ".join(f'"{column.name}"' for column in table.primary_key.columns)
            cursor.execute(f"SELECT {columns} FROM {name} {where} ORDER BY {keys}")
            return cursor.fetch_arrow_table()

        whole = {name: read(name) for name in BY_SEQ}
        seqs = {name: whole[name]["seq"] for name in BY_SEQ}
        bounds = read("chunk")
        count = len(bounds)
        for place in range(count):
            first, last = bounds["first_seq"][place].as_py(), bounds["last_seq"][place].as_py()
            rows: Rows = []
            for name in BY_SEQ:
                inside = pc.and_(pc.greater_equal(seqs[name], first), pc.less_equal(seqs[name], last))
                rows.append((name, whole[name].filter(inside).combine_chunks()))
            rows.append(("chunk", bounds.slice(place, 1)))
            if place == count - 1:
                rest = [table.name for table in tables.metadata.sorted_tables if table.name not in (*BY_SEQ, "chunk")]
                rows += [(name, read(name)) for name in rest]
            yield [(name, table) for name, table in rows if len(table)]


def write(ledger: Path, target: Path, write_chunk: Callable[[Any, Rows], None], connect: Callable[[Path], Any]) -> Bare:
    """Write ``ledger``'s rows into a new ledger ``target``, each chunk a transaction.

    The clock runs while rows are written and committed.
    """
    for old in target.parent.glob(target.name + "*"):
        old.unlink()
    Ledger.open(f"sqlite:///{target}").close()
    seconds, rows, transfers = 0.0, 0, 0
    connection = connect(target)
    for chunk in chunks(ledger):
        started = time.perf_counter()
        write_chunk(connection, chunk)
        seconds += time.perf_counter() - started
        rows += sum(len(table) for _, table in chunk)
        transfers += sum(len(table) for name, table in chunk if name == "transfer")
    started = time.perf_counter()
    connection.close()  # the last checkpoint belongs to the writing
    return Bare(seconds + time.perf_counter() - started, rows, transfers)


def arrow_ingest(ledger: Path, target: Path) -> Bare:
    """By ADBC's Arrow ingest."""

    def connect(path: Path) -> Any:
        connection = adbc.connect(f"file:{path}", autocommit=True)
        with connection.cursor() as cursor:
            for pragma in PRAGMAS:
                cursor.execute(f"PRAGMA {pragma}")
                cursor.fetchall()
        connection.adbc_connection.set_autocommit(False)
        return connection

    def write_chunk(connection: Any, chunk: Rows) -> None:
        with connection.cursor() as cursor:
            for name, table in chunk:
                cursor.adbc_ingest(name, table, mode="append")
        connection.adbc_connection.commit()

    return write(ledger, target, write_chunk, connect)


def executemany(ledger: Path, target: Path) -> Bare:
    """By sqlite3's executemany; turning Arrow into tuples is inside the clock."""

    def connect(path: Path) -> Any:
        connection = sqlite3.connect(path)
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def write_chunk(connection: Any, chunk: Rows) -> None:
        for name, table in chunk:
            columns = ", ".join(f'"{column}"' for column in table.column_names)
            marks = ", ".join("?" * table.num_columns)
            values = zip(*(column.to_pylist() for column in table.columns), strict=True)
            connection.executemany(f"INSERT INTO {name} ({columns}) VALUES ({marks})", values)
        connection.commit()

    return write(ledger, target, write_chunk, connect)


def same(ledger: Path, target: Path) -> bool:
    """Whether both hold as many rows in each table."""
    counts = []
    for path in (ledger, target):
        with sqlite3.connect(path) as connection:
            names = [table.name for table in tables.metadata.sorted_tables]
            counts.append([connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names])
    return counts[0] == counts[1]
