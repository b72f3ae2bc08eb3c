"""What the tests of settling share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ..engines import Engine
from .shop import Town


@pytest.fixture
def town(engine: Engine, tmp_path: Path) -> Iterator[Town]:
    """An empty town."""
    town = Town(tmp_path / "town")
    yield town
    town.ledger.close()
