"""A ledger, opened: the one object through which everything is posted and read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import bindparam, make_url, select
from sqlalchemy.exc import ArgumentError, OperationalError

from guerdon.engine.codes import EventType
from guerdon.engine.events.code_names import CodeNames
from guerdon.engine.ledger import tables
from guerdon.engine.ledger.chunk import Chunk, Message
from guerdon.engine.ledger.digest import DIGESTED, hex_digest, no_sums
from guerdon.engine.ledger.errors import LedgerUnreachable
from guerdon.engine.ledger.keyring import Keyring
from guerdon.engine.ledger.names import Names
from guerdon.engine.ledger.posting import Head, Posting
from guerdon.engine.ledger.reading import Reading
from guerdon.engine.ledger.records import RecordReading
from guerdon.engine.ledger.schema import bring_up, expect_current
from guerdon.engine.ledger.settlement import SettlementReading
from guerdon.engine.ledger.state import ContactState, StateReading
from guerdon.engine.ledger.store import Store

if TYPE_CHECKING:
    from sqlalchemy import URL, Executable, Select

_NAMES = select(tables.name.c.number, tables.name.c.id).where(tables.name.c.kind == bindparam("kind"))
_NAMES_AFTER = select(tables.name.c.number, tables.name.c.id).where(
    tables.name.c.kind == bindparam("kind"), tables.name.c.number > bindparam("after")
)
_ERASED = (
    select(tables.event.c.seq)
    .where(tables.event.c.seq > bindparam("after"), tables.event.c.type == int(EventType.ERASE))
    .limit(1)
)
_HEAD = (
    select(tables.chunk.c.number, tables.chunk.c.last_seq, tables.chunk.c.chain, tables.chunk.c.digest)
    .order_by(tables.chunk.c.number.desc())
    .limit(1)
)


_OPENING_SECONDS = 60
_TROUBLE = "is its disk full, or may it not be written?"


def _nothing(step: str) -> None:
    """Told of each step of posting; crash tests put their own in its place."""


class Ledger(Reading):
    """A double-entry ledger with its event log and the state of its contacts. Use ``Ledger.open``.

    One process writes to a ledger at a time, or several to a PostgreSQL ledger in turns. One thread at a time posts;
    others may read meanwhile and see what has been committed.
    """

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.reached: Callable[[str], None] = _nothing
        self.outbox: Callable[[Chunk], Sequence[Message]] | None = None  # what subscribers are told of a chunk
        self._reads_only = False
        self._writing = threading.RLock()  # one transaction at a time on the connection that writes
        self.names = Names(lambda kind: self._rows(_NAMES, kind=kind))
        self.keyring = Keyring(store)
        self.records = RecordReading(store)
        self.settlement = SettlementReading(store)
        self._state = StateReading(store)
        self._posting = Posting(store, _head(store), self._tell)

    def _tell(self, step: str) -> None:
        self.reached(step)  # whoever is listening by now

    @classmethod
    def open(cls, url: str, *, create: bool = True, read_only: bool = False, shared: bool = False) -> Ledger:
        """Opens ``sqlite:///file``, ``sqlite://`` (in memory) or ``postgresql+psycopg://…``; a bare path is a file.

        ``create``: makes the ledger if there is none. ``read_only``: takes no writer's lock; reads beside a writer.
        ``shared``: several processes write to a PostgreSQL ledger, each in its turn (``take_turn``).
        LedgerBusy: another process is writing. LedgerUnreachable: bad URL, no ledger, no permission, other schema.
        """
        store = _store(url, create=create and not read_only, write=not read_only, shared=shared)
        try:
            if read_only:
                expect_current(store)
                ledger = cls(store)
                ledger._reads_only = True
                return ledger
            store.take(_OPENING_SECONDS)
            try:
                bring_up(store, create=create)
                ledger = cls(store)
                ledger.keyring.make_secret()
                return ledger
            finally:
                store.give()
        except OperationalError as error:
            store.close()
            raise LedgerUnreachable(str(error.orig), place=store.place, hint=_TROUBLE) from error
        except BaseException:
            store.close()
            raise

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Gives up the connection and the writer's lock."""
        self.store.close()

    @cached_property
    def codes(self) -> CodeNames:
        """The names of codes in this ledger, for doors. May be used from any thread that may read."""
        return CodeNames(self.keyring.secret(), lambda name: self.records.one("card", name) is not None)

    @property
    def place(self) -> str:
        """What messages call this ledger."""
        return self.store.place

    @property
    def last_chunk(self) -> int:
        """The number of the last chunk; 0: none yet."""
        return self._posting.head.number

    @property
    def last_seq(self) -> int:
        """The seq of the last event in the log; 0: none yet."""
        return self._posting.head.last_seq

    def digest(self) -> str:
        """32 hex digits over events, journals and tier history; received times, chunk bounds and order play no part."""
        return hex_digest(self._posting.head.sums)

    def post(self, chunk: Chunk) -> None:
        """Commits a chunk in one transaction with the names given since the last; returns when it is on disk.

        Its seqs must follow ``last_seq``. LedgerConflict: nothing of it was posted.
        """
        if self.outbox is not None:
            chunk.outbox = self.outbox(chunk)
        unwritten, chunk.keys = self.names.unwritten(), self.keyring.unwritten()
        with self._writing, self.store.overwriting(bool(len(chunk.erased))):
            self._posting.post(chunk, unwritten)
        self.names.written(len(unwritten))
        self.keyring.written()
        self.keyring.forget(chunk.erased)

    def take_turn(self, wait_seconds: float) -> bool:
        """Takes the turn to write, and looks where the log ends; whether others have posted since this process did.

        If so, what was read of state before no longer holds. LedgerBusy: no turn within ``wait_seconds``.
        """
        self.store.take(wait_seconds)
        try:
            head = _head(self.store)
            moved = head.number != self._posting.head.number or bool(self.names.unwritten())
            if moved:
                erased = bool(self.store.rows(_ERASED, after=self._posting.head.last_seq))
                self.names.refresh(lambda kind, after: self._rows(_NAMES_AFTER, kind=kind, after=after), erased)
                self.keyring.forget()
                self._posting.head = head
        except BaseException:
            self.store.give()
            raise
        return moved

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Within it all that is read is as it was at one instant; the end of the log too, for one who only reads."""
        with self.store.snapshot():
            if self._reads_only:
                self._posting.head = _head(self.store)
            yield

    def give_turn(self) -> None:
        """Gives the turn back."""
        self.store.give()

    def change(self, *statements: Executable) -> list[int]:
        """Statements on tables beside the log, in one transaction of their own; how many rows each touched."""
        with self._writing, self.store.connect() as connection:
            self.store.begin()
            try:
                counts = [connection.execute(statement).rowcount for statement in statements]
                self.store.commit()
            except BaseException:
                self.store.rollback()
                raise
        return counts

    def _rows(self, statement: Select[Any], **parameters: int) -> list[tuple[int, str]]:
        return [(number, id) for number, id in self.store.rows(statement, **parameters)]

    def load_contacts(self, numbers: np.ndarray) -> ContactState:
        """The state of contacts by number (int64), as committed; one contact costs some 0.1 ms."""
        return self._state.load(np.asarray(numbers, np.int64))

    def due_contacts(self, until: int) -> np.ndarray:
        """Numbers of contacts with something due up to ``until`` (µs UTC), ascending int64."""
        return self._state.due(until)

    def subscribed_contacts(self) -> np.ndarray:
        """Numbers of contacts with a running subscription, ascending int64."""
        return self._state.subscribed()

    def business_counters(self) -> np.ndarray:
        """The counters that belong to no contact (caps per offer, budgets): COUNTER."""
        return self._state.load(np.zeros(1, np.int64)).counters


def _head(store: Store) -> Head:
    found = store.rows(_HEAD)
    if not found:
        return Head(0, 0, bytes(32), no_sums())
    number, last_seq, chain, digest = found[0]
    return Head(number, last_seq, chain, np.frombuffer(digest, "<u8").astype(np.uint64).reshape(len(DIGESTED), 2))


def _store(url: str, *, create: bool, write: bool, shared: bool) -> Store:
    parsed = _parsed(url)
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        from guerdon.engine.ledger.sqlite import SqliteStore

        return SqliteStore(parsed, create=create, write=write)
    if backend == "postgresql":
        from guerdon.engine.ledger.postgresql import PostgresStore

        return PostgresStore(parsed, write=write, shared=shared and write)
    raise LedgerUnreachable(f"no ledger can be kept in {backend}", place=url, hint="use sqlite:///guerdon.db")


def _parsed(url: str) -> URL:
    try:
        return make_url(url if "://" in url else f"sqlite:///{url}")
    except ArgumentError as error:
        raise LedgerUnreachable("this is no URL of a database", place=url, hint="as in sqlite:///guerdon.db") from error
