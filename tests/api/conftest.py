"""Served ledgers for a module's tests."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ..engines import Engine

if TYPE_CHECKING:
    from tests.api.served import Served

# Without guerdon[api] nothing here can be imported.
collect_ignore_glob = [] if all(map(find_spec, ("fastapi", "httpx", "limits"))) else ["test_*.py"]


@pytest.fixture(scope="module")
def mall(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The mall, served."""
    from tests.api.served import served

    with served(tmp_path_factory.mktemp("mall")) as it:
        yield it


@pytest.fixture(scope="module")
def cards(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The gift cards of ``schemes/``, served."""
    from guerdon.rules import read_programme
    from tests.api.served import served

    program = read_programme(Path(__file__).parents[2] / "schemes" / "gift_cards").program
    assert program is not None
    with served(tmp_path_factory.mktemp("cards"), program) as it:
        yield it
