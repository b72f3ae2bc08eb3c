"""Opening: one writer a file, clear errors, the schema made whole or migrated, and guards on what was written."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import make_url

from guerdon.engine.ledger import Ledger, LedgerBusy, LedgerUnreachable
from guerdon.engine.ledger.guards import GUARDED
from guerdon.engine.ledger.migrating import upgrade
from guerdon.engine.ledger.schema import HEAD
from guerdon.engine.ledger.sqlite import SqliteStore
from guerdon.engine.ledger.tables import metadata

from ..engines import SQLITE, at_hand, raw
from .small import filled

pytestmark = pytest.mark.usefixtures("engine")

HOLDER = """
import sys, time
from guerdon.engine.ledger import Ledger
ledger = Ledger.open(sys.argv[1])
print("open", flush=True)
time.sleep(60)
"""


def hold(url: str) -> subprocess.Popen[str]:
    """Another process that has the ledger open for writing."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER, url], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    return process


def test_a_second_writing_process_is_refused_until_the_first_is_gone(ledger_url: str) -> None:
    filled(ledger_url).close()
    process = hold(ledger_url)
    who = rf"process \(process {process.pid}\)" if at_hand().name == SQLITE else "process"
    try:
        with pytest.raises(LedgerBusy, match=f"another {who} is writing"):
            Ledger.open(ledger_url)
        with Ledger.open(ledger_url, read_only=True) as reader:
            assert reader.last_seq == 8
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
    Ledger.open(ledger_url).close()


@pytest.mark.only("sqlite")
def test_a_second_writer_is_refused_through_a_link_too(tmp_path: Path) -> None:
    (tmp_path / "b.db").symlink_to(tmp_path / "a.db")
    with filled(f"sqlite:///{tmp_path / 'a.db'}"), pytest.raises(LedgerBusy):
        Ledger.open(f"sqlite:///{tmp_path / 'b.db'}")


@pytest.mark.only("sqlite")
def test_another_program_that_writes_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guerdon.engine.ledger.sqlite.BUSY_SECONDS", 0)
    path = tmp_path / "a.db"
    with filled(f"sqlite:///{path}") as ledger:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerBusy, match="another program"):
            ledger.store.begin()
        other.close()
        ledger.store.begin()
        ledger.store.rollback()


@pytest.mark.only("sqlite")
@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite:///{folder}/no/such/folder/a.db", "no such folder"),
        ("sqlite:///{folder}", "is a folder"),
        ("sqlite:///{folder}/text.txt", "not a database"),
        ("sqlite:///{folder}/other.db", "no ledger in it"),
        ("sqlite:///{folder}/newer.db", "newer than this program"),
        ("oracle://somewhere/x", "no ledger can be kept"),
        ("sqlite:///{folder}/none.db", "there is no ledger"),
        ("://", "no URL"),
    ],
)
def test_what_cannot_be_opened_is_named(tmp_path: Path, url: str, words: str) -> None:
    (tmp_path / "text.txt").write_text("a shopping list, " * 100)
    other = sqlite3.connect(tmp_path / "other.db")
    other.execute("CREATE TABLE mine(a)")
    other.close()
    filled(f"sqlite:///{tmp_path / 'newer.db'}").close()
    newer = sqlite3.connect(tmp_path / "newer.db")
    newer.execute("UPDATE alembic_version SET version_num = '9999'")
    newer.commit()
    newer.close()
    with pytest.raises(LedgerUnreachable, match=words) as found:
        Ledger.open(url.format(folder=tmp_path), create="none" not in url)
    assert found.value.hint
    assert found.value.place


@pytest.mark.only("sqlite")
@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(LedgerUnreachable):
            Ledger.open(f"sqlite:///{tmp_path / 'a.db'}")
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.only("sqlite")
def test_read_only_opens_nothing_new_and_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnreachable, match="there is no ledger"):
        Ledger.open(f"sqlite:///{tmp_path / 'a.db'}", read_only=True)
    assert list(tmp_path.iterdir()) == []
    filled(f"sqlite:///{tmp_path / 'a.db'}").close()
    with Ledger.open(f"sqlite:///{tmp_path / 'a.db'}", read_only=True) as ledger, pytest.raises(sqlite3.Error):
        assert isinstance(ledger.store, SqliteStore)
        ledger.store._writer.execute("DELETE FROM balance")


@pytest.mark.parametrize("table", GUARDED)
def test_what_was_written_can_be_neither_changed_nor_deleted(table: str) -> None:
    with filled() as ledger:
        connection = raw(ledger)
        columns = list(metadata.tables[table].columns)
        if not connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]:
            values = ("1" if column.type.python_type is int else "'1'" for column in columns)
            connection.execute(f"INSERT INTO {table} VALUES ({', '.join(values)})")
        column = columns[-1].name
        for statement in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
            with pytest.raises(Exception, match="append-only"):
                connection.execute(statement)


@pytest.mark.only("sqlite")
def test_a_new_ledger_is_what_all_migrations_make() -> None:
    def schema(store: SqliteStore) -> dict[str, str]:
        rows = store._writer.execute("SELECT name, coalesce(sql, '') FROM sqlite_master").fetchall()
        return {name: re.sub(r"\s*([(),])\s*", r"\1", re.sub(r"\s+", " ", sql)) for name, sql in rows}

    migrated = SqliteStore(make_url("sqlite://"), create=True, write=True)
    upgrade(migrated)
    made = Ledger.open("sqlite://").store
    assert isinstance(made, SqliteStore)
    assert schema(migrated) == schema(made)
    assert migrated._writer.execute("SELECT version_num FROM alembic_version").fetchall() == [(HEAD,)]


def test_head_is_the_newest_migration() -> None:
    from alembic.script import ScriptDirectory

    from guerdon.engine.ledger.migrating import configuration

    assert ScriptDirectory.from_config(configuration()).get_current_head() == HEAD


@pytest.mark.only("sqlite")
def test_a_migration_that_fails_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    store = SqliteStore(make_url("sqlite://"), create=True, write=True)
    monkeypatch.setattr("guerdon.engine.ledger.guards._sqlite", lambda _: ["CREATE TRIGGER nonsense"])
    with pytest.raises(Exception, match="incomplete input"):
        upgrade(store)
    assert store._writer.execute("SELECT name FROM sqlite_master").fetchall() == []
