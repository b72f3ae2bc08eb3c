"""Reading a ledger: events and their journals by what they are known by, balances, open lots, whole tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sqlalchemy import Select, Table, bindparam, func, select

from guerdon.engine import rows
from guerdon.engine.codes import KIND_SHIFT, OWNER_SHIFT, OwnerKind, TransferKind, account_parts
from guerdon.engine.ledger import tables
from guerdon.engine.ledger.matrices import records
from guerdon.engine.ledger.names import KIND_NUMBERS
from guerdon.engine.ledger.store import Store

if TYPE_CHECKING:
    import polars as pl


class LoggedEvent(NamedTuple):
    """One event of the log as it ended. ``waited``: it ended after the event ``resolved_by``, not when it came."""

    seq: int
    time: int
    received_at: int
    contact: int
    content_hi: int
    content_lo: int
    source: int
    merchant: int
    version: int
    transfers: int
    type: int
    outcome: int
    reason: int
    id: str
    series: str
    reference: str
    resolved_by: int

    @property
    def waited(self) -> bool:
        return self.resolved_by != 0


class StoredChunk(NamedTuple):
    """One committed chunk and its events' content."""

    number: int
    first_seq: int
    last_seq: int
    body_format: int
    recorded_at: int
    body: bytes


_E, _R, _T, _B = tables.event.c, tables.resolved.c, tables.transfer.c, tables.balance.c
_EVENTS = (
    select(
        _E.seq, _E.time, _E.received_at, _E.contact, _E.content_hi, _E.content_lo, _E.source, _E.merchant, _E.version,
        func.coalesce(_R.transfers, _E.transfers), _E.type, func.coalesce(_R.outcome, _E.outcome),
        func.coalesce(_R.reason, _E.reason), _E.id, _E.series, _E.reference, func.coalesce(_R.at_seq, 0),
    )
    .select_from(tables.event.outerjoin(tables.resolved, _E.seq == _R.seq))
    .order_by(_E.seq)
)  # fmt: skip
_K = tables.event_key.c
_BY_KEY = select(_K.seq).where(_K.source == bindparam("source"), _K.id == bindparam("id"))
_H = tables.business_key.c
_BY_REFERENCE = select(_H.seq).where(
    _H.merchant == bindparam("merchant"), _H.series == bindparam("series"), _H.reference == bindparam("reference")
)
_OF_CONTACT = select(tables.contact_event.c.seq).where(tables.contact_event.c.contact == bindparam("contact"))
_OF_CONTACT = _OF_CONTACT.order_by("seq")
_BALANCES = select(_B.account, _B.unit, _B.minor).where(_B.account.between(bindparam("low"), bindparam("high")))
_LOTS = select(tables.lot).where(tables.lot.c.contact == bindparam("contact")).order_by("seq", "n")
_C = tables.chunk.c
_CHUNK = select(_C.number, _C.first_seq, _C.last_seq, _C.body_format, _C.recorded_at, _C.body)
_CHUNKS = _CHUNK.where(_C.number > bindparam("after")).order_by(_C.number).limit(16)
_CHUNK_OF = _CHUNK.where(_C.last_seq >= bindparam("seq")).order_by(_C.number).limit(1)
_F, _V = tables.feed_file.c, tables.programme.c
_FILES = select(_F.events, _F.done).where(_F.sha256 == bindparam("sha256"))
_PROGRAMMES = select(_V.number, _V.version, _V.canonical).order_by(_V.number)
_IN_FORCE = select(tables.in_force.c.seq, tables.in_force.c.number).order_by("seq")
_IDENTIFIER = select(tables.identifier.c.contact).where(
    tables.identifier.c.kind == bindparam("kind"), tables.identifier.c.value == bindparam("value")
)
_PAST = select(tables.counter_past).where(tables.counter_past.c.contact == bindparam("contact"))
_PAST = _PAST.order_by("slot", "window")
_OF_SLOT = select(tables.counter).where(tables.counter.c.slot == bindparam("slot")).order_by("contact", "window")
_MOST = select(func.coalesce(func.max(tables.name.c.number), 0)).where(tables.name.c.kind == bindparam("kind"))
_ERASED = select(func.count()).select_from(tables.contact).where(tables.contact.c.erased == 1)
_OF_ERASED = (
    select(func.count())
    .select_from(tables.event.join(tables.contact, tables.event.c.contact == tables.contact.c.number))
    .where(tables.contact.c.erased == 1)
)
_LAST_RUN = select(func.coalesce(func.max(tables.run.c.number), 0))


def _by_seq(table: Table) -> Select[Any]:
    return select(table).where(table.c.seq == bindparam("seq")).order_by("n")


_JOURNAL = {table.name: _by_seq(table) for table in (tables.transfer, tables.award, tables.refusal)}


def _of_offer(table: Table) -> Select[Any]:
    touched = tables.contact_event.c
    return (
        select(table)
        .join(tables.contact_event, touched.seq == table.c.seq)
        .where(touched.contact == bindparam("contact"), table.c.offer == bindparam("offer"))
        .order_by(table.c.seq, table.c.n)
    )


_OF_OFFER = {table.name: _of_offer(table) for table in (tables.award, tables.refusal)}


class Reading:
    """What can be asked of a ledger; everything as committed."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._events_among = _EVENTS.where(store.among(_E.seq, "seqs"))
        self._transfers_among = (
            select(tables.transfer).where(store.among(_T.seq, "seqs")).order_by(_T.seq, _T.n)
        )  # fmt: skip
        self._whole: dict[str, Select[Any]] = {}

    # ---- events

    def events(self, seqs: np.ndarray | list[int]) -> list[LoggedEvent]:
        """The events of these seqs in the order of the log; a seq that isn't there is left out."""
        found = self.store.rows(self._events_among, seqs=self.store.many(np.asarray(seqs, np.int64)))
        return [LoggedEvent(*row) for row in found]

    def event_by_key(self, source: int, id: str) -> int:
        """The seq of the event that owns (source number, id); 0: none."""
        return self._seq(self.store.rows(_BY_KEY, source=source, id=id))

    def event_by_reference(self, merchant: int, series: str, reference: str) -> int:
        """The seq of the event that holds a business key, its texts normalised; 0: none."""
        return self._seq(self.store.rows(_BY_REFERENCE, merchant=merchant, series=series, reference=reference))

    def events_of_contact(self, contact: int) -> np.ndarray:
        """The seqs of the events that name or touch a contact (number), ascending int64."""
        return self.store.few(_OF_CONTACT, contact=contact)[:, 0].copy()

    # ---- journals

    def transfers_of(self, seq: int) -> np.ndarray:
        """The transfers of one event, TRANSFER by n."""
        return self._records(tables.transfer, rows.TRANSFER, self.store.few(_JOURNAL["transfer"], seq=seq))

    def awards_of(self, seq: int) -> np.ndarray:
        """The awards of one event and of what it derived, AWARD by n."""
        return self._records(tables.award, rows.AWARD, self.store.few(_JOURNAL["award"], seq=seq))

    def award(self, seq: int, n: int) -> np.void | None:
        """One award by its id, which is its lot's too; None: there is none."""
        found = self.awards_of(seq)
        for place in np.flatnonzero(found["n"] == n):
            row: np.void = found[place]
            return row
        return None

    def refusals_of(self, seq: int) -> np.ndarray:
        """The refusals of one event and of what it derived, REFUSAL in their order."""
        return self._records(tables.refusal, rows.REFUSAL, self.store.few(_JOURNAL["refusal"], seq=seq))

    def rows_of_offer(self, table: str, contact: int, offer: int) -> np.ndarray:
        """The awards or the refusals (``table``) of an offer among the events of a contact, in the order of the log.

        AWARD of that contact alone; REFUSAL of every event that touches it.
        """
        found = self.store.few(_OF_OFFER[table], contact=contact, offer=offer)
        if table == "refusal":
            return self._records(tables.refusal, rows.REFUSAL, found)
        records = self._records(tables.award, rows.AWARD, found)
        own: np.ndarray = records[records["contact"] == contact]
        return own

    def transfers_of_lot(self, seq: int, n: int) -> np.ndarray:
        """The history of a lot: every transfer that carries its id, in the order of the log.

        Looks through the events of the contact it was awarded to, and of those it was merged into.
        """
        award = self.award(seq, n)
        wanted = [int(award["contact"])] if award is not None else self._contacts_of(self.transfers_of(seq))
        seen: set[int] = set()
        found: list[np.ndarray] = []
        while wanted:
            contact = wanted.pop()
            if contact in seen:
                continue
            seen.add(contact)
            seqs = self.store.many(self.events_of_contact(contact))
            transfers = self._records(
                tables.transfer, rows.TRANSFER, self.store.matrix(self._transfers_among, seqs=seqs)
            )
            mine = transfers[(transfers["lot_seq"] == seq) & (transfers["lot_n"] == n)]
            wanted.extend(self._contacts_of(mine[mine["kind"] == TransferKind.MERGE]))
            found.append(mine)
        every = np.concatenate(found) if found else np.zeros(0, rows.TRANSFER)
        _, places = np.unique(every[["seq", "n"]], return_index=True)
        return every[places]

    def _contacts_of(self, transfers: np.ndarray) -> list[int]:
        owners = {account_parts(int(a))[:2] for side in ("debit", "credit") for a in transfers[side]}
        return sorted(owner for kind, owner in owners if kind == OwnerKind.CONTACT)

    # ---- state

    def balances(self, owner: int = 0, kind: OwnerKind = OwnerKind.CONTACT) -> dict[tuple[int, int], int]:
        """The balances of an owner by (role, unit) in minor units; the business has number 0."""
        low = (int(kind) << KIND_SHIFT) | (owner << OWNER_SHIFT)
        found = self.store.rows(_BALANCES, low=low, high=low + (1 << OWNER_SHIFT) - 1)
        return {(account_parts(account)[2], unit): minor for account, unit, minor in found}

    def open_lots(self, contact: int) -> np.ndarray:
        """The lots of a contact with money left, LOT by id."""
        return self._records(tables.lot, rows.LOT, self.store.few(_LOTS, contact=contact))

    # ---- the log and what is around it

    def chunks(self, after: int = 0) -> Iterator[StoredChunk]:
        """The chunks after one number in their order, bodies included, a few at a time."""
        while found := self.store.rows(_CHUNKS, after=after):
            yield from (StoredChunk(*row) for row in found)
            after = found[-1][0]

    def chunk_of(self, seq: int) -> StoredChunk | None:
        """The chunk that holds an event; None: no such event."""
        found = self.store.rows(_CHUNK_OF, seq=seq)
        return StoredChunk(*found[0]) if found and found[0][1] <= seq else None

    def file_progress(self, sha256: str) -> tuple[int, bool]:
        """How many events of a file are in the ledger, and whether it was read to its end."""
        found = self.store.rows(_FILES, sha256=sha256)
        return (int(found[0][0]), bool(found[0][1])) if found else (0, False)

    def programmes(self) -> dict[int, tuple[str, str]]:
        """The rule versions that ever counted: number → (version, canonical form)."""
        return {number: (version, canonical) for number, version, canonical in self.store.rows(_PROGRAMMES)}

    def in_force(self) -> list[tuple[int, int]]:
        """Since which seq which version (number) counts, in the order of the log."""
        return [(seq, number) for seq, number in self.store.rows(_IN_FORCE)]

    def contact_by_identifier(self, kind: str, value: str) -> int:
        """The contact (number) that registered an identifier; 0: none."""
        return self._seq(self.store.rows(_IDENTIFIER, kind=kind, value=value))

    def past_counters(self, contact: int) -> np.ndarray:
        """The counters of a contact (0: of the business) in windows that left the desk, COUNTER."""
        return self._records(tables.counter_past, rows.COUNTER, self.store.few(_PAST, contact=contact))

    def counters_of_slot(self, slot: int) -> np.ndarray:
        """The counters of that name (slot number) of every contact, in the windows last in use, COUNTER by contact."""
        return self._records(tables.counter, rows.COUNTER, self.store.matrix(_OF_SLOT, slot=slot))

    def max_contact(self) -> int:
        """The highest number of a contact in the ledger; 0: none."""
        return self._seq(self.store.rows(_MOST, kind=KIND_NUMBERS["contact"]))

    def erased_contacts(self) -> int:
        """How many contacts were erased."""
        return self._seq(self.store.rows(_ERASED))

    def events_of_erased(self) -> int:
        """How many events of the log name a contact that was erased."""
        return self._seq(self.store.rows(_OF_ERASED))

    def last_run(self) -> int:
        """The number of the latest run; 0: none yet."""
        return self._seq(self.store.rows(_LAST_RUN))

    def frame(self, table: str, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """A table, or some of its columns, in the order of its key. About a second for two million rows of numbers."""
        from guerdon.engine.ledger.frames import read_frame

        return read_frame(self.store, table, columns)

    @staticmethod
    def _seq(found: list[Any]) -> int:
        return int(found[0][0]) if found else 0

    @staticmethod
    def _records(table: Table, dtype: np.dtype[np.void], matrix: np.ndarray) -> np.ndarray:
        known = set(dtype.names or ())
        places = [(place, column.name) for place, column in enumerate(table.columns) if column.name in known]
        return records(matrix[:, [place for place, _ in places]], [name for _, name in places], dtype)
