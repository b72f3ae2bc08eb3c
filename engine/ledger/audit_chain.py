"""V13: every chunk's rows and body hash to what its link says, and the links follow one another."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from sqlalchemy import Select, bindparam, func, select

from guerdon.engine.ledger import audit_trail, tables
from guerdon.engine.ledger.audit import Finding
from guerdon.engine.ledger.digest import DIGESTED, Table, add_rows, chain_hash, journal_hash, no_sums
from guerdon.engine.ledger.matrices import pack, sorted_by_key
from guerdon.engine.ledger.posting import LAYOUT, TARGETS
from guerdon.engine.ledger.store import Row

if TYPE_CHECKING:
    from guerdon.engine.ledger.ledger import Ledger

_C = tables.chunk.c
_CHUNKS = (
    select(_C.number, _C.first_seq, _C.last_seq, _C.body, _C.body_hash, _C.digest, _C.journal_hash, _C.chain)
    .where(_C.number > bindparam("after"))
    .order_by(_C.number)
    .limit(1)
)


def _between(name: str, columns: tuple[str, ...]) -> Select[Any]:
    table = tables.metadata.tables[name]
    chosen = select(*(table.c[column] for column in columns))
    return chosen.where(table.c.seq.between(bindparam("low"), bindparam("high"))).order_by(*table.primary_key.columns)


_TOGETHER: Final = 20_000  # seqs that are read at once, or one chunk if it is larger
_BY_SEQ = ("transfer", "award", "refusal")
_NUMBERS = {name: _between(name, LAYOUT[name]) for name in ("event", *_BY_SEQ)}
_TEXTS = _between("event", TARGETS["event"].texts)
_COUNTS = tuple(
    (name, select(func.count(), func.coalesce(func.min(table.c.seq), 0), func.coalesce(func.max(table.c.seq), 0)))
    for name, table in ((name, tables.metadata.tables[name]) for name in DIGESTED)
)


class _Rows:
    """Reads the journals of chunks in their order, many small chunks at a time.

    What an event did when it ended late is in the later chunk.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._store = ledger.store
        resolved, periods = self._store.matrix(_whole("resolved")), self._store.matrix(_whole("tier_period"))
        self._resolved, self._at = resolved, LAYOUT["resolved"].index("at_seq")
        self._ended = resolved[np.argsort(resolved[:, self._at], kind="stable")]
        self._period_seq = LAYOUT["tier_period"].index("seq")
        self._periods = periods[np.argsort(periods[:, self._period_seq], kind="stable")]
        self._last = 0
        self._numbers: dict[str, np.ndarray] = {}
        self._texts: list[Row] = []
        self.read = dict.fromkeys(DIGESTED, 0)

    def journal(self, low: int, high: int) -> dict[str, Table]:
        """The rows of the chunk of these seqs, by table, in key order."""
        if high > self._last:
            self._load(low, max(high, low + _TOGETHER))
        waited = _between_seqs(self._resolved, 0, low, high)
        later = waited[waited[:, self._at] > high][:, 0]
        ended = _between_seqs(self._ended, self._at, low, high)
        earlier = ended[ended[:, 0] < low][:, 0]
        first, last = np.searchsorted(self._numbers["event"][:, 0], [low, high + 1])
        texts, count = self._texts[first:last], len(TARGETS["event"].texts)
        packed = tuple(pack([row[place] for row in texts], len(texts)) for place in range(count))
        found = {"event": Table(LAYOUT["event"], self._numbers["event"][first:last], packed)}
        for name in _BY_SEQ:
            own = _between_seqs(self._numbers[name], 0, low, high)
            more = [self._store.matrix(_NUMBERS[name], low=int(seq), high=int(seq)) for seq in earlier]
            found[name] = Table(LAYOUT[name], _moved(own, later, more, 0, 2))
        own = _between_seqs(self._periods, self._period_seq, low, high)
        more = [_between_seqs(self._periods, self._period_seq, int(seq), int(seq)) for seq in earlier]
        found["tier_period"] = Table(LAYOUT["tier_period"], _moved(own, later, more, self._period_seq, 3))
        found["resolved"] = Table(LAYOUT["resolved"], sorted_by_key(ended, 1))
        for name, table in found.items():
            self.read[name] += len(table.numbers)
        return {name: found[name] for name in DIGESTED}

    def _load(self, low: int, high: int) -> None:
        self._numbers = {name: self._store.matrix(_NUMBERS[name], low=low, high=high) for name in _NUMBERS}
        self._texts = self._store.rows(_TEXTS, low=low, high=high)
        self._last = high


def _between_seqs(numbers: np.ndarray, column: int, low: int, high: int) -> np.ndarray:
    """The rows whose ``column``, by which they are sorted, is from ``low`` to ``high``."""
    first, last = np.searchsorted(numbers[:, column], [low, high + 1])
    found: np.ndarray = numbers[first:last]
    return found


def _moved(own: np.ndarray, later: np.ndarray, more: list[np.ndarray], column: int, keys: int) -> np.ndarray:
    """A chunk's own rows without those of events that ended later, with those of events that ended in it."""
    if len(later):
        own = own[~np.isin(own[:, column], later)]
    return sorted_by_key(np.concatenate([*more, own]) if more else own, keys)


def _whole(name: str) -> Select[Any]:
    table = tables.metadata.tables[name]
    return select(*(table.c[column] for column in LAYOUT[name])).order_by(*table.primary_key.columns)


def chain(ledger: Ledger) -> Iterator[Finding]:
    """V13: hashes and links of all chunks, no row outside a chunk, rule versions that are what their hash says."""
    rows = _Rows(ledger)
    before, sums, number, last = bytes(32), no_sums(), 0, 0
    while found := ledger.store.rows(_CHUNKS, after=number):
        stored, first, last_seq, body, body_hash, digest, journal, link = found[0]
        where = f"chunk {stored}, seq {first} to {last_seq}"
        if stored != number + 1 or first <= last:
            yield Finding("V13", "its place", where, f"chunk {number + 1} after seq {last}", f"chunk {stored}")
        content = rows.journal(first, last_seq)
        for name in DIGESTED:
            add_rows(sums, name, content[name])
        now = hashlib.sha256(body if isinstance(body, bytes) else str(body).encode()).digest()
        if now != body_hash:
            yield Finding("V13", "SHA-256 of its events' content", where, body_hash.hex(), now.hex())
        if journal_hash(content) != journal:
            yield Finding("V13", "SHA-256 of its rows", where, journal.hex(), journal_hash(content).hex())
        if sums.astype("<u8").tobytes() != digest:
            wrong = _differing(sums, digest)
            yield Finding("V13", f"digest of {wrong}", where, "that of the rows", "another")
            sums = np.frombuffer(digest, "<u8").astype(np.uint64).reshape(len(DIGESTED), 2)
        if chain_hash(before, stored, (first, last_seq), journal, body_hash, sums) != link:
            yield Finding("V13", "link to the chunk before", where, "the hash of both", link.hex())
        before, number, last = link, stored, last_seq
    yield from _strays(ledger, rows.read)
    yield from _versions(ledger)
    yield from _trail(ledger)


def _differing(sums: np.ndarray, digest: bytes) -> str:
    stored = np.frombuffer(digest, "<u8").reshape(len(DIGESTED), 2)
    return ", ".join(name for place, name in enumerate(DIGESTED) if (stored[place] != sums[place]).any())


def _strays(ledger: Ledger, read: dict[str, int]) -> Iterator[Finding]:
    for name, statement in _COUNTS:
        count, low, high = ledger.store.rows(statement)[0]
        if count != read[name]:
            yield Finding("V13", f"rows of {name} in chunks", f"seq {low} to {high}", str(count), str(read[name]))


def _trail(ledger: Ledger) -> Iterator[Finding]:
    """The audit trail of the doors is a chain of its own."""
    for words in audit_trail.broken_links(ledger.store.rows):
        yield Finding("V13", "audit trail", words.partition(" doesn't")[0], "a whole chain", words)


def _versions(ledger: Ledger) -> Iterator[Finding]:
    from guerdon.rules import program_from_canonical

    for number, (version, canonical) in ledger.programmes().items():
        try:
            found = program_from_canonical(canonical).version
        except Exception as error:  # whatever a changed text makes of the compiler, it is a finding
            found = f"a text that is no programme ({type(error).__name__})"
        if found != version:
            yield Finding("V13", "hash of its canonical form", f"programme version {number}", version, found)
