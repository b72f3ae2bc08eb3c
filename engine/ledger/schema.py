"""The schema's version: made whole where there is nothing, migrated where it is older, refused where it is other."""

from __future__ import annotations

from functools import cache

from sqlalchemy import Connection, Dialect, inspect
from sqlalchemy.schema import CreateIndex, CreateTable

from guerdon.engine.ledger import tables
from guerdon.engine.ledger.errors import LedgerUnreachable
from guerdon.engine.ledger.guards import guards
from guerdon.engine.ledger.store import Store

HEAD = "0001"  # the newest migration in migrations/versions
_STAMP = "alembic_version"


def bring_up(store: Store, *, create: bool) -> None:
    """Makes or migrates the schema. A new ledger gets all of it at once, as all migrations would leave it."""
    with store.connect() as connection:
        found = version(connection)
        if found == HEAD:
            return
        if found is None:
            if not create or inspect(connection).get_table_names():
                raise _not_ours(store)
            store.begin()
            make(connection)
            store.commit()
            return
        _expect_known(store, found)
    from guerdon.engine.ledger.migrating import upgrade

    upgrade(store)


def expect_current(store: Store) -> None:
    """LedgerUnreachable unless the schema is the newest."""
    with store.connect() as connection:
        found = version(connection)
    if found is None:
        raise _not_ours(store)
    _expect_known(store, found)
    if found != HEAD:
        raise LedgerUnreachable(
            f"its schema is {found}, this program reads {HEAD}", place=store.place, hint="guerdon run brings it up"
        )


def make(connection: Connection) -> None:
    """All tables, their guards, and the stamp that Alembic would leave."""
    for statement in _statements(connection.dialect.name, connection.dialect):
        connection.exec_driver_sql(statement)


@cache
def _statements(name: str, dialect: Dialect) -> tuple[str, ...]:
    ordered = tables.metadata.sorted_tables
    made = [str(CreateTable(table).compile(dialect=dialect)) for table in ordered]
    for table in ordered:
        made += [str(CreateIndex(index).compile(dialect=dialect)) for index in sorted(table.indexes, key=str)]
    made += guards(name)
    made.append(
        f"CREATE TABLE {_STAMP} (version_num VARCHAR(32) NOT NULL, CONSTRAINT {_STAMP}_pkc PRIMARY KEY (version_num))"
    )
    made.append(f"INSERT INTO {_STAMP} VALUES ('{HEAD}')")
    return tuple(made)


def version(connection: Connection) -> str | None:
    """The migration that the database stands at; None: it holds no ledger."""
    if not connection.dialect.has_table(connection, _STAMP):
        return None
    found = connection.exec_driver_sql(f"SELECT version_num FROM {_STAMP}").scalar()
    return None if found is None else str(found)


def _expect_known(store: Store, found: str) -> None:
    if found > HEAD:
        raise LedgerUnreachable(
            f"its schema {found} is newer than this program's {HEAD}", place=store.place, hint="use a newer guerdon"
        )


def _not_ours(store: Store) -> LedgerUnreachable:
    return LedgerUnreachable("there is no ledger in it", place=store.place, hint="name another database")
