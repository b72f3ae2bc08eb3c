"""One served ledger for a module's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("fastapi", reason="guerdon[api] is not installed")
pytest.importorskip("httpx", reason="httpx is not installed")

from tests.api.served import Served, served


@pytest.fixture(scope="module")
def mall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The mall, served."""
    with served(tmp_path_factory.mktemp("mall")) as it:
        yield it
