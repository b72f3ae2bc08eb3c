"""A chunk becomes rows: one transaction, every table in the order of its key."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from sqlalchemy import Table

from guerdon.engine.ledger import tables
from guerdon.engine.ledger.chunk import Chunk
from guerdon.engine.ledger.digest import DIGESTED, add_rows, chain_hash, journal_hash
from guerdon.engine.ledger.digest import Table as Rows
from guerdon.engine.ledger.errors import LedgerConflict
from guerdon.engine.ledger.gathering import account_sums
from guerdon.engine.ledger.matrices import key_order, matrix, pack, running_number, sorted_by_key
from guerdon.engine.ledger.names import KIND_NUMBERS
from guerdon.engine.ledger.store import ADD, INSERT, REMOVE, UPSERT, Store, Target, target

_FEW: Final = 1_000  # rows below which plain Python groups faster than polars starts


@dataclass(slots=True)
class Head:
    """Where the log ends: number and last seq of the last chunk, its link, and the running sums."""

    number: int
    last_seq: int
    chain: bytes
    sums: np.ndarray


_REPLACED: Final = (
    tables.business_key, tables.contact, tables.lot, tables.counter, tables.counter_past, tables.membership,
    tables.identifier, tables.profile, tables.record, tables.feed_file, tables.run,
)  # fmt: skip


def _targets() -> dict[str, Target]:
    how = dict.fromkeys(_REPLACED, UPSERT) | {tables.balance: ADD}
    found = {table.name: target(table, how.get(table, INSERT)) for table in tables.metadata.sorted_tables}
    for table in (tables.lot, tables.counter, tables.identifier, tables.profile, tables.record):
        found[f"-{table.name}"] = target(table, REMOVE)
    found["-contact_key"] = target(tables.metadata.tables["contact_key"], REMOVE)
    found["=name"] = target(tables.name, UPSERT)
    return found


TARGETS: Final = _targets()
# Number columns in the order of the table; for the record tables their dtype has them all.
LAYOUT: Final = {name: found.numbers for name, found in TARGETS.items()}


def journal(chunk: Chunk) -> dict[str, Rows]:
    """The insert-only rows of a chunk that digests cover, in key order."""
    count = len(chunk.log)
    texts = (pack(chunk.ids, count), pack(chunk.series, count), pack(chunk.references, count))
    return {
        "event": Rows(LAYOUT["event"], matrix(chunk.log, LAYOUT["event"]), texts),
        "transfer": _rows("transfer", chunk.transfers),
        "award": _rows("award", chunk.awards),
        "refusal": _numbered("refusal", chunk.refusals, ("seq",)),
        "tier_period": _numbered("tier_period", chunk.tier_periods, ("contact", "seq")),
        "resolved": _rows("resolved", chunk.resolved, keys=1),
    }


def _rows(name: str, records: np.ndarray, keys: int = 2) -> Rows:
    return Rows(LAYOUT[name], sorted_by_key(matrix(records, LAYOUT[name]), keys))


def _numbered(name: str, records: np.ndarray, keys: tuple[str, ...]) -> Rows:
    """Rows without a number of their own get one within their key, in the order in which they come."""
    if len(records) > 1:
        order = key_order(matrix(records, keys), len(keys))
        records = records if order is None else records[order]
    names = LAYOUT[name]
    numbers = np.empty((len(records), len(names)), np.int64)
    for place, column in enumerate(names):
        numbers[:, place] = running_number(*(records[key] for key in keys)) if column == "n" else records[column]
    return Rows(names, numbers)


class Posting:
    """Posts chunks to one store, one after the other. ``reached`` is told each step, for tests that stop there."""

    def __init__(self, store: Store, head: Head, reached: Callable[[str], None]) -> None:
        self.head = head
        self._store = store
        self._reached = reached
        self._sealer = ThreadPoolExecutor(1, "seal")

    def post(self, chunk: Chunk, unwritten: Sequence[tuple[int, int, str]]) -> Head:
        """Writes the chunk and the names; returns the new head. LedgerConflict: nothing was written."""
        seqs = self._follow(chunk)
        rows = journal(chunk)
        sealing = self._sealer.submit(self._seal, chunk, rows, seqs) if len(chunk.log) >= _FEW else None
        store = self._store
        store.begin()
        try:
            self._reached("begun")
            self._names(chunk, unwritten)
            self._events(chunk, rows)
            self._reached("events")
            for name in DIGESTED[1:]:
                store.put(TARGETS[name], rows[name].numbers, {})
                self._reached(name)
            self._state(chunk)
            self._balances(rows["transfer"].numbers)
            self._reached("state")
            self._feeds(chunk)
            head, chunk_row = sealing.result() if sealing else self._seal(chunk, rows, seqs)
            self._put("chunk", [chunk_row])
            self._reached("committing")
            store.commit()
        except BaseException:
            store.rollback()
            raise
        self.head = head
        self._reached("committed")
        return head

    def _follow(self, chunk: Chunk) -> tuple[int, int]:
        """First and last seq of the chunk; LedgerConflict unless they ascend from the last one in the log."""
        seqs, last = chunk.log["seq"], self.head.last_seq
        if not len(seqs):
            return last + 1, last
        if seqs[0] <= last or (len(seqs) > 1 and not (seqs[1:] > seqs[:-1]).all()):
            raise LedgerConflict(f"seq {seqs[0]}..{seqs[-1]} doesn't follow {last}", place=self._store.place)
        return int(seqs[0]), int(seqs[-1])

    def _seal(self, chunk: Chunk, rows: dict[str, Rows], seqs: tuple[int, int]) -> tuple[Head, tuple[Any, ...]]:
        """The new head and the chunk's row. Runs beside the writing of a large chunk."""
        before = self.head
        sums = before.sums.copy()
        for name, table in rows.items():
            add_rows(sums, name, table)
        hashes = journal_hash(rows), hashlib.sha256(chunk.body).digest()
        link = chain_hash(before.chain, before.number + 1, seqs, *hashes, sums)
        recorded_at = chunk.recorded_at if chunk.recorded_at is not None else time.time_ns() // 1000
        digest = sums.astype("<u8").tobytes()
        row = (before.number + 1, *seqs, chunk.body_format, recorded_at, chunk.body, hashes[1], digest, hashes[0], link)
        return Head(before.number + 1, seqs[1], link, sums), row

    def _names(self, chunk: Chunk, unwritten: Sequence[tuple[int, int, str]]) -> None:
        self._put("name", sorted(unwritten))
        known = {number for (number,) in self._store.rows(_PROGRAMME_NUMBERS)} if chunk.programmes else set()
        for programme in chunk.programmes:
            if programme.number not in known:
                known.add(programme.number)
                self._put("programme", [(programme.number, programme.version, programme.canonical)])
        self._put("in_force", [(programme.seq, programme.number) for programme in chunk.programmes])

    def _events(self, chunk: Chunk, rows: dict[str, Rows]) -> None:
        log = chunk.log
        self._store.put(
            TARGETS["event"], rows["event"].numbers,
            {"id": chunk.ids, "series": chunk.series, "reference": chunk.references},
        )  # fmt: skip
        keyed = np.flatnonzero(log["keyed"])
        sources, seqs = log["source"][keyed], log["seq"][keyed]
        order, ids = _by_text(sources, chunk.ids, keyed)
        numbers = np.stack([sources[order], seqs[order]], axis=1).astype(np.int64)
        self._store.put(TARGETS["event_key"], numbers, {"id": ids})
        named = log["contact"] != 0
        touches = np.empty((int(named.sum()) + len(chunk.touched), 2), np.int64)
        touches[: len(touches) - len(chunk.touched)] = np.stack([log["contact"][named], log["seq"][named]], axis=1)
        touches[len(touches) - len(chunk.touched) :] = matrix(chunk.touched, ("contact", "seq"))
        self._store.put(TARGETS["contact_event"], sorted_by_key(touches, 2), {})

    def _state(self, chunk: Chunk) -> None:
        put = self._store.put
        put(TARGETS["contact"], sorted_by_key(matrix(chunk.contacts, LAYOUT["contact"]), 1), {})
        lots = sorted_by_key(matrix(chunk.lots, LAYOUT["lot"]), 3)
        left = lots[:, LAYOUT["lot"].index("remaining")] > 0
        put(TARGETS["lot"], lots[left], {})
        gone = np.concatenate([lots[~left][:, :3], matrix(chunk.lots_gone, LAYOUT["-lot"])])
        put(TARGETS["-lot"], sorted_by_key(gone, 3), {})
        put(TARGETS["counter"], sorted_by_key(matrix(chunk.counters, LAYOUT["counter"]), 3), {})
        put(TARGETS["-counter"], matrix(chunk.counters_gone, LAYOUT["-counter"]), {})
        put(TARGETS["counter_past"], sorted_by_key(matrix(chunk.counters_past, LAYOUT["counter_past"]), 3), {})
        put(TARGETS["membership"], sorted_by_key(matrix(chunk.memberships, LAYOUT["membership"]), 2), {})

    def _balances(self, transfers: np.ndarray) -> None:
        if len(transfers):
            self._store.put(TARGETS["balance"], account_sums(transfers, _MOVED), {})

    def _feeds(self, chunk: Chunk) -> None:
        keys = chunk.business_keys
        if keys is not None:
            numbers = matrix(keys.rows, LAYOUT["business_key"])
            self._store.put(TARGETS["business_key"], numbers, {"series": keys.series, "reference": keys.references})
        self._put("identifier", [(i.kind, i.value, i.contact) for i in chunk.identifiers if i.contact])
        self._put("-identifier", [(i.kind, i.value) for i in chunk.identifiers if not i.contact])
        self._put("=name", [(KIND_NUMBERS["contact"], number, "") for number in chunk.erased])
        self._put("contact_key", chunk.keys)
        self._put("-contact_key", [(number,) for number in chunk.erased])
        self._put("contact_left", chunk.left)
        profiles = sorted(chunk.profiles.items())
        self._put("profile", [(contact, _json(fields)) for contact, fields in profiles if fields])
        self._put("-profile", [(contact,) for contact, fields in profiles if not fields])
        kept = [r for r in chunk.records if r.fields]
        self._put("record", [(r.kind, r.id, r.contact, r.due_at, _json(r.fields)) for r in kept])
        self._put("-record", [(r.kind, r.id) for r in chunk.records if not r.fields])
        self._put("feed_file", [(f.sha256, f.feed, f.name, f.events, int(f.done)) for f in chunk.files])
        self._put("run", [chunk.run] if chunk.run is not None else [])
        self._put("outbox", chunk.outbox)
        for table, beside in chunk.beside.items():
            self._put(table, beside)

    def _put(self, name: str, rows: Sequence[Sequence[Any]]) -> None:
        """A few rows as tuples in the order of the table's columns (for a removal: of its key)."""
        if not rows:
            return
        found = TARGETS[name]
        columns = _columns(found)
        by_name = {column: [row[place] for row in rows] for place, column in enumerate(columns)}
        numbers = np.array([by_name[n] for n in found.numbers], np.int64).reshape(len(found.numbers), len(rows)).T
        self._store.put(found, numbers, {text: by_name[text] for text in found.texts})


def _json(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _columns(found: Target) -> list[str]:
    table: Table = found.table
    return [column.name for column in table.columns if column.name in found.numbers or column.name in found.texts]


def _by_text(sources: np.ndarray, ids: Any, keyed: np.ndarray) -> tuple[np.ndarray, Any]:
    """The order of (source, id) among the rows ``keyed``, and their ids in it: a random key is fed sorted."""
    if len(keyed) < _FEW:
        chosen = [ids[int(place)] for place in keyed]
        order = sorted(range(len(chosen)), key=lambda place: (int(sources[place]), chosen[place].encode()))
        return np.array(order, np.int64), [chosen[place] for place in order]
    import polars as pl

    series = ids if isinstance(ids, pl.Series) else pl.Series(ids, dtype=pl.String)
    frame = pl.DataFrame({"source": sources, "id": series.gather(keyed), "place": np.arange(len(keyed))})
    frame = frame.sort("source", "id")
    return frame["place"].to_numpy(), frame["id"]


_MOVED: Final = tuple(LAYOUT["transfer"].index(name) for name in ("debit", "credit", "unit", "amount"))
_PROGRAMME_NUMBERS = tables.programme.select().with_only_columns(tables.programme.c.number)
