"""What a ledger holds as one number, and the chain that tampering breaks.

A row's hash is two 64-bit lanes over its numbers and texts; a table's digest is the sum of its rows' hashes modulo
2^64, so it depends neither on the order of rows nor on where chunks were cut. Sums can be forged, so each chunk also
carries SHA-256 of its rows and its body, chained to the chunk before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numba
import numpy as np

from guerdon.engine.ledger.matrices import Packed

# Tables in the order in which their sums are stored, with the number columns that are no part of a digest.
DIGESTED: Final = ("event", "transfer", "award", "refusal", "tier_period", "resolved")
LEFT_OUT: Final = {"event": {"received_at"}, "refusal": {"n"}, "tier_period": {"n"}}
NO_TEXTS: Final[tuple[Packed, ...]] = ()

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_A = np.uint64(0xFF51AFD7ED558CCD)
_MIX_B = np.uint64(0xC4CEB9FE1A85EC53)
_SEEDS: Final = {table: np.uint64(0x9E3779B97F4A7C15 * place % 2**64) for place, table in enumerate(DIGESTED, 1)}
_SHIFT = np.uint64(32)
_LATE_SHIFT = np.uint64(29)


class Table(NamedTuple):
    """The rows of one table of a chunk: number columns by name, and texts."""

    names: Sequence[str]
    numbers: np.ndarray  # int64[n, names], rows in key order
    texts: tuple[Packed, ...] = NO_TEXTS


@numba.njit(cache=True, nogil=True)
def _rows(numbers: Any, places: Any, lanes: Any, seed: Any) -> None:
    """Absorbs the columns ``places`` of each row into its two lanes, uint64[n, 2]."""
    for row in range(numbers.shape[0]):
        a = seed
        b = ~seed
        for k in range(places.shape[0]):
            value = np.uint64(numbers[row, places[k]])
            a = (a ^ value) * _MIX_A
            a ^= a >> _SHIFT
            b = (b + value) * _MIX_B
            b ^= b >> _LATE_SHIFT
        lanes[row, 0] = a
        lanes[row, 1] = b


@numba.njit(cache=True, nogil=True)
def _texts(data: Any, offsets: Any, lanes: Any) -> None:
    """Absorbs one text each row: its bytes, eight at a time, then its length."""
    for row in range(lanes.shape[0]):
        a = lanes[row, 0]
        b = lanes[row, 1]
        word = np.uint64(0)
        held = 0
        for place in range(offsets[row], offsets[row + 1]):
            word = (word << np.uint64(8)) | np.uint64(data[place])
            held += 1
            if held == 8:
                a = (a ^ word) * _MIX_A
                a ^= a >> _SHIFT
                b = (b + word) * _MIX_B
                b ^= b >> _LATE_SHIFT
                word = np.uint64(0)
                held = 0
        length = np.uint64(offsets[row + 1] - offsets[row])
        word ^= length << np.uint64(56)
        a = (a ^ word) * _MIX_A
        a ^= a >> _SHIFT
        b = (b + word) * _MIX_B
        b ^= b >> _LATE_SHIFT
        lanes[row, 0] = a
        lanes[row, 1] = b


@numba.njit(cache=True, nogil=True)
def _sum(lanes: Any, total: Any) -> None:
    """Adds the finished lanes of all rows to ``total``, uint64[2]."""
    for row in range(lanes.shape[0]):
        a = lanes[row, 0] + _GOLDEN
        a = (a ^ (a >> np.uint64(30))) * _MIX_B
        total[0] += a ^ (a >> np.uint64(31))
        b = lanes[row, 1] ^ _GOLDEN
        b = (b ^ (b >> np.uint64(33))) * _MIX_A
        total[1] += b ^ (b >> np.uint64(33))


def row_hashes(table: str, rows: Table) -> np.ndarray:
    """The two lanes of each row, uint64[n, 2]."""
    left_out = LEFT_OUT.get(table, set())
    places = np.array([place for place, name in enumerate(rows.names) if name not in left_out], np.int64)
    lanes = np.empty((len(rows.numbers), 2), np.uint64)
    _rows(np.ascontiguousarray(rows.numbers), places, lanes, _SEEDS[table])
    for packed in rows.texts:
        _texts(packed.data, packed.offsets, lanes)
    return lanes


def add_rows(sums: np.ndarray, table: str, rows: Table) -> None:
    """Adds the hashes of rows to the sums of all tables, uint64[tables, 2]."""
    if len(rows.numbers):
        _sum(row_hashes(table, rows), sums[DIGESTED.index(table)])


def no_sums() -> np.ndarray:
    """The sums of an empty ledger."""
    return np.zeros((len(DIGESTED), 2), np.uint64)


def hex_digest(sums: np.ndarray) -> str:
    """The digest that people compare: 32 hex digits."""
    return hashlib.sha256(sums.astype("<u8").tobytes()).hexdigest()[:32]


def journal_hash(tables: dict[str, Table]) -> bytes:
    """SHA-256 over the rows of a chunk, table by table in the order of ``DIGESTED``, rows in key order."""
    hashed = hashlib.sha256()
    for name in DIGESTED:
        rows = tables[name]
        hashed.update(f"{name} {len(rows.numbers)}\n".encode())
        hashed.update(np.ascontiguousarray(rows.numbers, "<i8").data)
        for packed in rows.texts:
            hashed.update((packed.offsets - packed.offsets[0]).astype("<i8").tobytes())
            hashed.update(packed.data[packed.offsets[0] : packed.offsets[-1]].tobytes())
    return hashed.digest()


def chain_hash(
    before: bytes, number: int, seqs: tuple[int, int], journal: bytes, body: bytes, sums: np.ndarray
) -> bytes:
    """The link of a chunk: over its number and bounds, its hashes, its running sums and the link before."""
    head = np.array([number, *seqs], "<i8").tobytes()
    return hashlib.sha256(before + head + journal + body + sums.astype("<u8").tobytes()).digest()
