"""A disk that takes no more: said plainly, whole chunks, and the same command goes on when there is room again."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..engines import Engine
from .ledgers import content, expect_same, expect_whole
from .processes import chunks_posted, ended, run_words, start, to_the_end
from .soak import rounds
from .town import write_events, write_programme, year

pytestmark = [pytest.mark.usefixtures("engine"), pytest.mark.only("sqlite")]  # its files are limited

# No file of this process may grow beyond so many bytes: a write fails as on a full disk.
SMALL_FILES = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, ({0}, resource.RLIM_INFINITY))\n"
# SQLite itself says that its file is full when it has so many pages.
FEW_PAGES = """
from guerdon.engine.ledger import sqlite
set_up = sqlite.SqliteStore._set_up
def small(self, write):
    set_up(self, write)
    self._writer.execute("PRAGMA max_page_count={0}")
sqlite.SqliteStore._set_up = small
"""
KIB = 1024


class Town:
    """A folder with a programme, half a year of events, and what an undisturbed run makes of them."""

    def __init__(self, folder: Path) -> None:
        self.programme = write_programme(folder / "town")
        self.file = write_events(folder / "year.jsonl", year(600, 30))
        to_the_end(self.words(folder / "undisturbed.db"))
        self.expected = content(folder / "undisturbed.db")

    def words(self, ledger: Path) -> list[str]:
        return run_words(self.programme, [self.file], ledger, "--chunk-events", 50)


@pytest.fixture(scope="module")
def town(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Town:
    return Town(tmp_path_factory.mktemp("town"))


LIMITS = [SMALL_FILES.format(size * KIB) for size in rounds([0, 600], [0, 16, 64, *range(200, 2000, 150)])]
LIMITS += [FEW_PAGES.format(pages) for pages in rounds([20, 50], list(range(1, 60, 4)))]


@pytest.mark.parametrize("limit", LIMITS)
def test_a_full_disk(town: Town, tmp_path: Path, limit: str) -> None:
    ledger = tmp_path / "a.db"
    code, out, err = ended(start(town.words(ledger), limit))
    assert code == 4, err
    assert "Traceback" not in out + err
    assert "[ledger_un" in err
    assert "full" in err
    if chunks_posted(ledger):
        expect_whole(ledger, ran_to_its_end=False)
    to_the_end(town.words(ledger))
    expect_same(content(ledger), town.expected)
    expect_whole(ledger)
