"""A power cut at any moment, and a disk that fails: what was acknowledged is there, and what is there is whole.

SQLite alone: of PostgreSQL's files PostgreSQL takes care.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from guerdon.engine.ledger import Ledger, verify

from ..engines import raw
from ..ledger.small import CHUNKS, Script, filled
from .disk import Done, after_a_power_cut, library, read_notes, surroundings
from .processes import ROOT
from .soak import rounds

pytestmark = [pytest.mark.usefixtures("engine"), pytest.mark.only("sqlite")]
ACKNOWLEDGED = "ledger.db-acknowledged"
POSTER = """
import os, sys
sys.path.insert(0, sys.argv[1])
from guerdon.engine.ledger import Ledger, sqlite
from guerdon.engine.ledger.errors import LedgerError
from tests.ledger.small import CHUNKS, Script

sqlite.CHECKPOINT_PAGES = 20  # so that the log is copied back now and then
url, times = sys.argv[2], int(sys.argv[3])
told = os.open(url.removeprefix("sqlite:///") + "-acknowledged", os.O_WRONLY | os.O_CREAT, 0o600)
try:
    with Ledger.open(url) as ledger:
        script, done = Script(ledger), ledger.last_seq
        for whos in CHUNKS * times:
            chunk = script.purchases(whos)
            if chunk.log["seq"][-1] > done:
                ledger.post(chunk)
                os.pwrite(told, b"%8d" % ledger.last_seq, 0)
except LedgerError as error:
    sys.exit(f"{error.code}: {error}")
"""


def post(url: str, times: int, **how: object) -> subprocess.CompletedProcess[str]:
    """Posts the small ledger, so many times over, as another process; goes on where the ledger stands."""
    told = [sys.executable, "-c", POSTER, str(ROOT), url, str(times)]
    return subprocess.run(told, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120, **how)  # type: ignore[call-overload,no-any-return]


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return library(tmp_path_factory.mktemp("disk"))


def digests(times: int) -> dict[int, str]:
    """The digest of the ledger after each of its chunks, by its last seq."""
    found = {}
    with Ledger.open("sqlite://") as ledger:
        found[0] = ledger.digest()
        script = Script(ledger)
        for whos in CHUNKS * times:
            ledger.post(script.purchases(whos))
            found[ledger.last_seq] = ledger.digest()
    return found


def expect_prefix(url: str, expected: dict[int, str], at_least: int = 0) -> int:
    """The ledger opens and is that of its first chunks; how far it reaches."""
    with Ledger.open(url, create=False) as ledger:
        assert raw(ledger).execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert ledger.digest() == expected[ledger.last_seq]
        assert ledger.last_seq >= at_least
        assert [f for f in verify(ledger).findings if f.check != "V12"] == []
        return ledger.last_seq


def test_a_log_that_breaks_off_anywhere(tmp_path: Path) -> None:
    """SQLite's log of what was written, cut at every 512 bytes: the chunks that it still holds whole."""
    expected = digests(3)
    whole = tmp_path / "whole.db"
    with filled(f"sqlite:///{whole}") as ledger:
        script = Script(ledger)
        for whos in CHUNKS * 3:
            chunk = script.purchases(whos)
            if chunk.log["seq"][-1] > ledger.last_seq:
                ledger.post(chunk)
        shutil.copy(whole, tmp_path / "kept.db")
        log = whole.with_name("whole.db-wal").read_bytes()
    reached = set()
    step = rounds(16_384 + 512, 512)
    for cut in [*range(0, len(log), step), len(log)]:
        for left in tmp_path.glob("cut.db*"):
            left.unlink()
        shutil.copy(tmp_path / "kept.db", tmp_path / "cut.db")
        (tmp_path / "cut.db-wal").write_bytes(log[:cut])
        with Ledger.open(f"sqlite:///{tmp_path / 'cut.db'}") as ledger:  # without its schema it is made anew
            reached.add(ledger.last_seq)
            assert ledger.digest() == expected[ledger.last_seq]
            assert [f for f in verify(ledger).findings if f.check != "V12"] == []
    assert reached == set(expected)


def test_a_power_cut_loses_nothing_that_was_acknowledged(disk: Path, tmp_path: Path) -> None:
    """Of what was not yet made to last, the disk keeps what it likes, in sectors."""
    times = 6
    folder = tmp_path / "running"
    folder.mkdir()
    url = f"sqlite:///{folder / 'ledger.db'}"
    done = post(url, times, env=surroundings(disk, str(folder / "ledger.db"), notes=tmp_path / "notes"))
    assert done.returncode == 0, done.stderr
    notes = read_notes(tmp_path / "notes")
    assert {each.operation for each in notes} >= {"w", "s"}
    expected = digests(times)
    first = next(place for place, each in enumerate(notes) if each.path.endswith(ACKNOWLEDGED))
    reached = set()
    for seed in range(rounds(40, 2_000)):
        chance = random.Random(seed)
        before = notes[: chance.randrange(first, len(notes))]
        place = tmp_path / "after"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        for path, content in after_a_power_cut([each for each in before if not _tells(each)], chance).items():
            (place / Path(path).name).write_bytes(content)
        told = [int(each.data) for each in before if _tells(each)]
        reached.add(expect_prefix(f"sqlite:///{place / 'ledger.db'}", expected, told[-1]))
    assert len(reached) > 5


def _tells(done: Done) -> bool:
    return done.path.endswith(ACKNOWLEDGED)


def test_every_connection_makes_it_last(tmp_path: Path) -> None:
    """There is no ledger whose commits may be lost: nothing sets ``synchronous`` lower."""
    with filled(f"sqlite:///{tmp_path / 'a.db'}") as ledger:
        assert raw(ledger).execute("PRAGMA synchronous").fetchone() == (2,)
        assert raw(ledger).execute("PRAGMA journal_mode").fetchone() == ("wal",)


FAILS = [f"w:{count}" for count in rounds([30, 75], range(0, 200, 9))]
FAILS += [f"s:{count}" for count in rounds([0, 3, 6], range(14))] + [f"r:{c}" for c in rounds([5], range(0, 40, 4))]


@pytest.mark.parametrize("fails", FAILS)
def test_a_disk_that_fails(disk: Path, tmp_path: Path, fails: str) -> None:
    """It is said, nothing goes on as if it had worked, and with a sound disk the same work ends right."""
    times, file = 6, tmp_path / "ledger.db"
    url = f"sqlite:///{file}"
    expected = digests(times)
    failed = post(url, times, env=surroundings(disk, str(file), notes=tmp_path / "notes", fails=fails))
    assert failed.returncode == 1 and "Traceback" not in failed.stderr, failed.stderr
    assert failed.stderr.startswith(("ledger_unwritable: ", "ledger_unreachable: ")), failed.stderr
    noted = read_notes(tmp_path / "notes") if (tmp_path / "notes").exists() else []
    told = [int(each.data) for each in noted if _tells(each)]
    if file.stat().st_size and told:
        expect_prefix(url, expected, told[-1])
    again = post(url, times)
    assert again.returncode == 0, again.stderr
    expect_prefix(url, expected, max(expected))
