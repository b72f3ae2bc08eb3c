"""The engines that keep the ledgers of tests, and the examples that hypothesis makes.

Those are the same in every run of the suite; a soak looks for new ones.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import Phase, settings

from . import engines
from .engines import POSTGRESQL, Engine, Server

settings.register_profile("same", derandomize=True, database=None, phases=[Phase.explicit, Phase.generate])
settings.register_profile("new")
settings.load_profile("new" if os.environ.get("GUERDON_SOAK") or os.environ.get("GUERDON_EXAMPLES") else "same")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "only(engine): a test of ledgers whose subject is that engine")
    config.addinivalue_line("markers", "long: on PostgreSQL too only if GUERDON_TEST_ENGINE=postgresql")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "engine" in metafunc.fixturenames:
        metafunc.parametrize("engine", engines.engines_of(metafunc), indirect=True, scope="module")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """The PostgreSQL server of this session."""
    with engines.server() as server:
        yield server


@pytest.fixture(scope="module")
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """The engine on which ``engines.new`` makes ledgers; whoever asks for it runs once on each."""
    server = request.getfixturevalue("postgresql") if request.param == POSTGRESQL else None
    with engines.working_on(Engine(server)) as engine:
        yield engine


@pytest.fixture
def postgresql_url(postgresql: Server) -> str:
    """The URL of an empty ledger in PostgreSQL, for tests of what only PostgreSQL can do."""
    return postgresql.ledger()


@pytest.fixture(autouse=True)
def _swept(request: pytest.FixtureRequest) -> Iterator[None]:
    """Drops the databases that a test made; those of its module's fixtures stay."""
    if "postgresql" in request.fixturenames:
        server = request.getfixturevalue("postgresql")
    else:
        server = request.getfixturevalue("engine").server if "engine" in request.fixturenames else None
    kept = len(server.made) if server else 0
    yield
    if server:
        server.drop(kept)


@pytest.fixture
def ledger_url(engine: Engine, tmp_path: Path) -> str:
    """The URL of an empty ledger that stays when it is closed, on both engines."""
    return engine.ledger_at(tmp_path / "ledger.db")
