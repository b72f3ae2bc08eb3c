"""Desks for the tests of care."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ..engines import Engine
from .desk import CARDS, CERTIFICATES, Desk, programme
from .inbox import inbox as inbox


@pytest.fixture
def shop(engine: Engine, tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path, programme(tmp_path))
    yield desk
    desk.close()


@pytest.fixture
def cards(engine: Engine, tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(made(tmp_path, "cards"), CARDS)
    yield desk
    desk.close()


@pytest.fixture
def certificates(engine: Engine, tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(made(tmp_path, "certificates"), CERTIFICATES)
    yield desk
    desk.close()


def made(folder: Path, name: str) -> Path:
    """A folder in a folder."""
    (folder / name).mkdir()
    return folder / name
