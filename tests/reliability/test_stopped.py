"""A run that is told to stop, that finds the ledger taken, or that is told the same again."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

from ..cli.door import guerdon
from ..engines import SQLITE, Engine, at_hand
from .ledgers import content, expect_same, expect_whole
from .processes import chunks_posted, ended, run_words, start, to_the_end, url, wait_for_chunks
from .town import write_events, write_programme, year


class Town:
    """A folder with a programme and a year of events, posted in some thirty chunks."""

    def __init__(self, folder: Path) -> None:
        self.programme = write_programme(folder / "town")
        self.file = write_events(folder / "year.jsonl", year(600, 30))
        self.ledger = folder / "a.db"
        self.words = run_words(self.programme, [self.file], self.ledger, "--chunk-events", 20)


@pytest.fixture
def town(engine: Engine, tmp_path: Path) -> Town:
    return Town(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_told_to_stop(town: Town, tmp_path: Path, number: signal.Signals) -> None:
    process = start(town.words)
    wait_for_chunks(process, town.ledger, 5)
    process.send_signal(number)
    code, out, err = ended(process)
    assert code == 128 + number, err
    assert f"guerdon: stopped by {number.name} [stopped]" in err
    assert "run the same command again" in err
    assert "Traceback" not in out + err
    stopped_at = chunks_posted(town.ledger)
    assert 5 <= stopped_at < 30
    expect_whole(town.ledger, ran_to_its_end=False)
    to_the_end(town.words)
    undisturbed = run_words(town.programme, [town.file], tmp_path / "b.db")
    to_the_end(undisturbed)
    expect_same(content(town.ledger), content(tmp_path / "b.db"))
    expect_whole(town.ledger)


def test_told_to_stop_before_anything_happens(town: Town) -> None:
    process = start(town.words, "import os, signal, threading, guerdon.engine.cli.main\n"
                    "threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM)).start()")  # fmt: skip
    code, out, err = ended(process)
    assert code == 128 + signal.SIGTERM, err
    assert "Traceback" not in out + err


def test_a_second_writer_is_refused(town: Town) -> None:
    """It says who is writing and what helps; readers are let in; the first run is not disturbed."""
    process = start(town.words)
    wait_for_chunks(process, town.ledger, 2)
    process.send_signal(signal.SIGSTOP)
    try:
        for words in (town.words, ["tick", str(town.programme), "--until", "2026-01-01", "--ledger", url(town.ledger)]):
            second = guerdon(*words)
            assert second.code == 4
            who = f" (process {process.pid})" if at_hand().name == SQLITE else ""
            assert f"another process{who} is writing to this ledger [ledger_busy]" in second.err
            assert "hint: wait until it has finished" in second.err
            assert "Traceback" not in second.out + second.err
        assert guerdon("timeline", "c001", "--ledger", url(town.ledger)).code in (0, 1)
        assert guerdon("verify", "--ledger", url(town.ledger)).out
    finally:
        process.send_signal(signal.SIGCONT)
    assert ended(process)[0] == 1  # some events of the year are refused
    expect_whole(town.ledger)


def test_the_same_files_again_post_nothing(town: Town) -> None:
    first = to_the_end(town.words)
    before = content(town.ledger)
    again = guerdon(*town.words)
    assert again.code == 0
    assert f"{town.file}: already processed, nothing of it was posted again" in again.out
    assert re.search(r"^events +0 read, 0 posted", again.out, re.MULTILINE)
    assert first["digest"] in again.out
    copied = town.file.with_name("copy.jsonl")
    copied.write_bytes(town.file.read_bytes())  # a file is what is in it, not what it is called
    assert to_the_end(run_words(town.programme, [copied, town.file], town.ledger))["events"]["read"] == 0
    expect_same(content(town.ledger), before)
    expect_whole(town.ledger)


def test_more_of_the_same_file_posts_only_what_is_new(town: Town, tmp_path: Path) -> None:
    """A feed that appends is another file each time: what it had told before is told again, and ignored."""
    events = year(600, 30)
    begun = write_events(tmp_path / "begun.jsonl", events[:300])
    to_the_end(run_words(town.programme, [begun], town.ledger))
    answer = to_the_end(run_words(town.programme, [town.file], town.ledger))
    assert answer["reasons"]["repeat"] >= 300
    to_the_end(run_words(town.programme, [town.file], tmp_path / "b.db"))
    expect_same(content(town.ledger), content(tmp_path / "b.db"))
    expect_whole(town.ledger)
