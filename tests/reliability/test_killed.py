"""kill -9 of a real run at random instants and at every step of posting: the rerun completes exactly once."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import polars as pl
import pytest

from ..engines import Engine
from .ledgers import content, expect_same, expect_whole
from .processes import chunks_posted, ended, run_words, start, to_the_end, wait_for_chunks
from .soak import rounds
from .town import write_events, write_programme, year

pytestmark = pytest.mark.long

EVENTS = 900
CHUNK_EVENTS = 60
ROUNDS = rounds(3, 50)

# Kills its process at one of the moments between two steps of posting, counted over all chunks.
AT_A_STEP = """
import os, signal
from guerdon.engine.ledger import ledger
left = {count}
def reached(step):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
ledger._nothing = reached
"""


class Town:
    """A folder with the programme, the year's file, and what an undisturbed run makes of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programme = write_programme(folder / "town")
        # twelve unreadable lines: they have no id by which a second telling could be known
        self.file = write_events(folder / "year.jsonl", year(EVENTS, 60), broken=range(40, EVENTS, 120))
        ledger = folder / "undisturbed.db"
        self.answer = to_the_end(self.words(ledger))
        expect_whole(ledger)
        self.chunks = chunks_posted(ledger)
        self.expected: dict[str, pl.DataFrame] = content(ledger)

    def words(self, ledger: Path) -> list[str]:
        return run_words(self.programme, [self.file], ledger, "--chunk-events", CHUNK_EVENTS)

    def expect_completed(self, ledger: Path) -> None:
        to_the_end(self.words(ledger))
        expect_same(content(ledger), self.expected)
        expect_whole(ledger)


@pytest.fixture(scope="module")
def town(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Town:
    return Town(tmp_path_factory.mktemp("town"))


def test_the_year_has_everything_that_can_go_wrong(town: Town) -> None:
    events = town.answer["events"]
    assert min(events[end] for end in ("posted", "ignored", "refused", "parked")) > 0
    assert events["read"] == events["posted"] + events["ignored"] + events["refused"] + events["parked"]
    assert town.chunks > 12
    assert {"repeat", "reference_used", "unknown_merchant", "unreadable"} <= set(town.answer["reasons"])


@pytest.mark.parametrize("attempt", range(ROUNDS))
def test_killed_at_a_random_instant(town: Town, tmp_path: Path, attempt: int) -> None:
    """Now and then while it starts or ends, mostly while it posts: some moments after a chunk drawn by lot."""
    dice = random.Random(attempt)
    ledger = tmp_path / "a.db"
    process = start(town.words(ledger))
    if attempt % 5 == 4:
        time.sleep(dice.uniform(0, 3))
    else:
        wait_for_chunks(process, ledger, dice.randrange(town.chunks))
        time.sleep(dice.uniform(0, 0.03))
    process.kill()
    ended(process)
    if chunks_posted(ledger):
        expect_whole(ledger, ran_to_its_end=False)
    town.expect_completed(ledger)


@pytest.mark.parametrize("attempt", range(rounds(2, 30)))
def test_killed_between_two_steps_of_posting(town: Town, tmp_path: Path, attempt: int) -> None:
    dice = random.Random(attempt)
    ledger = tmp_path / "a.db"
    steps = 13 * town.chunks
    process = start(town.words(ledger), AT_A_STEP.format(count=dice.randint(1, steps)))
    assert ended(process)[0] == -signal.SIGKILL
    if chunks_posted(ledger):
        expect_whole(ledger, ran_to_its_end=False)
    town.expect_completed(ledger)


def test_killed_again_and_again(town: Town, tmp_path: Path) -> None:
    """Each attempt gets a little further; none of them ends."""
    ledger = tmp_path / "a.db"
    for chunk in range(3, town.chunks - 3, max(1, town.chunks // rounds(2, 12))):
        process = start(town.words(ledger))
        wait_for_chunks(process, ledger, chunk)
        process.kill()
        ended(process)
    expect_whole(ledger, ran_to_its_end=False)
    town.expect_completed(ledger)
