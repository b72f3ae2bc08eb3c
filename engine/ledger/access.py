"""Reading and writing what stands beside the ledger for its HTTP door: keys, answers, approvals.

``Rows`` is anything that runs a select and returns its rows: ``Store.rows``, or a connection of one's own
(``beside``). Everything is as committed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy import URL, Connection, Engine, Select, bindparam, create_engine, event, select
from sqlalchemy.exc import DBAPIError

from guerdon.engine.ledger import tables
from guerdon.engine.ledger.access_tables import api_key, approval, request_answer
from guerdon.engine.ledger.errors import LedgerUnreachable
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.ledger.ledger import _parsed as parsed

Rows = Callable[..., Sequence[Any]]
NEVER = 0
BUSY_SECONDS = 5


class ApiKey(NamedTuple):
    """A key of the API. Empty ``merchants`` or ``sources``: any. Instants in µs UTC; 0: never."""

    id: str
    name: str
    role: str
    merchants: tuple[str, ...]
    sources: tuple[str, ...]
    contact: str
    secret_hash: bytes
    created_at: int
    expires_at: int
    revoked_at: int

    def row(self) -> tuple[Any, ...]:
        """It as a row of the table."""
        return self._replace(merchants=json.dumps(self.merchants), sources=json.dumps(self.sources))  # type: ignore[arg-type]


class Answered(NamedTuple):
    """What a request was answered. ``fingerprint``: SHA-256 of the request."""

    fingerprint: bytes
    status: int
    body: bytes


class Approval(NamedTuple):
    """A command that waits for a second person. ``event`` is the event's JSON; ``state``: open, approved, rejected."""

    id: str
    asked_by: str
    asker: str
    event: str
    state: str
    decided_by: str
    asked_at: int
    decided_at: int


_KEY = select(api_key).where(api_key.c.id == bindparam("id"))
_KEYS = select(api_key).order_by(api_key.c.created_at, api_key.c.id)
_ANSWER = select(request_answer.c.fingerprint, request_answer.c.status, request_answer.c.body).where(
    request_answer.c.key_id == bindparam("key_id"), request_answer.c.request_key == bindparam("request_key")
)
_APPROVAL = select(approval).where(approval.c.id == bindparam("id"))
_OPEN = (
    select(approval)
    .where(approval.c.state == "open", approval.c.id > bindparam("after"))
    .order_by(approval.c.id)
    .limit(bindparam("limit"))
)


def find_key(rows: Rows, id: str) -> ApiKey | None:
    """A key by its id; None: there is none."""
    found = rows(_KEY, id=id)
    return _key(found[0]) if found else None


def all_keys(rows: Rows) -> list[ApiKey]:
    """Every key that was ever given, oldest first."""
    return [_key(row) for row in rows(_KEYS)]


def _key(row: Any) -> ApiKey:
    key = ApiKey(*row)
    merchants, sources = (tuple(json.loads(str(text))) for text in (key.merchants, key.sources))
    return key._replace(merchants=merchants, sources=sources, secret_hash=bytes(key.secret_hash))


def find_answer(rows: Rows, key_id: str, request_key: str) -> Answered | None:
    """What a request of that key was answered; None: there was none, or it is forgotten."""
    found = rows(_ANSWER, key_id=key_id, request_key=request_key)
    return Answered(bytes(found[0][0]), int(found[0][1]), bytes(found[0][2])) if found else None


def find_approval(rows: Rows, id: str) -> Approval | None:
    """A pending request by its id; None: there is none."""
    found = rows(_APPROVAL, id=id)
    return Approval(*found[0]) if found else None


def open_approvals(rows: Rows, after: str, limit: int) -> list[Approval]:
    """Requests that wait for a decision, by id, which ascends with the time of asking."""
    return [Approval(*row) for row in rows(_OPEN, after=after, limit=limit)]


# ---- a process that is not the ledger's writer -----------------------------------------------------------------------


class Beside(NamedTuple):
    """A transaction on the tables beside a ledger."""

    connection: Connection

    def rows(self, statement: Select[Any], **parameters: Any) -> Sequence[Any]:
        """The rows of a select."""
        return self.connection.execute(statement, parameters).fetchall()

    def add(self, table: str, rows: Sequence[Sequence[Any]]) -> None:
        """New rows, as tuples in the order of the table's columns."""
        found = tables.metadata.tables[table]
        names = [column.name for column in found.columns]
        if rows:
            self.connection.execute(found.insert(), [dict(zip(names, row, strict=True)) for row in rows])

    def revoke(self, id: str, at: int) -> None:
        """A key is good for nothing from an instant on."""
        self.connection.execute(api_key.update().where(api_key.c.id == id).values(revoked_at=at))


@contextmanager
def beside(url: str) -> Iterator[Beside]:
    """One transaction on the tables beside a ledger, whoever is writing to it; makes the ledger if there is none."""
    try:
        Ledger.open(url, read_only=True).close()
    except LedgerUnreachable:
        Ledger.open(url).close()  # or what keeps it from being one
    place = parsed(url)
    engine = _sqlite(place) if place.get_backend_name() == "sqlite" else create_engine(place)
    try:
        with engine.begin() as connection:
            yield Beside(connection)
    except DBAPIError as error:
        shown = place.render_as_string(hide_password=True)
        raise LedgerUnreachable(str(error.orig), place=shown, hint="try again") from error
    finally:
        engine.dispose()


def _sqlite(place: URL) -> Engine:
    """An engine that takes its turn among writers, and leaves the log of changes to the ledger's writer."""
    engine = create_engine(place, connect_args={"timeout": BUSY_SECONDS, "isolation_level": None})

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA wal_autocheckpoint=0")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def expire_answers(before: int) -> Any:
    """The statement that forgets answers given before an instant (µs UTC)."""
    return request_answer.delete().where(request_answer.c.answered_at < before)


def rows_of(**rows: Sequence[Sequence[Any]]) -> Mapping[str, Sequence[Sequence[Any]]]:
    """Rows by table, as ``Chunk.beside`` takes them; tables without any are left out."""
    return {table: each for table, each in rows.items() if each}
