"""The door as such: help without heavy imports, exit codes, errors without tracebacks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from guerdon.engine.cli.failing import CommandFailed, Exit, as_failure
from guerdon.engine.cli.main import _spread
from guerdon.engine.ledger.errors import LedgerBusy

from .door import guerdon

HEAVY = (
    "polars",
    "numba",
    "numpy",
    "pyarrow",
    "sqlalchemy",
    "alembic",
    "pydantic",
    "yaml",
    "durable",
    "babel",
    "structlog",
)
PROBE = f"""
import sys
from guerdon.engine.cli.main import main
try:
    main(["--help"])
except SystemExit as end:
    assert end.code == 0, end.code
print(sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr)
"""


def test_help_imports_nothing_heavy() -> None:
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    for command in (
        "init",
        "check",
        "schema",
        "test",
        "run",
        "tick",
        "explain",
        "wallet",
        "timeline",
        "verify",
        "bench",
    ):
        assert f" {command} " in done.stdout


def test_version() -> None:
    ended = guerdon("--version")
    assert (ended.code, ended.out.split()[0]) == (0, "guerdon")


@pytest.mark.parametrize(
    "words",
    [
        ("nonsense",),
        ("check",),
        ("run", "nowhere", "--nonsense"),
        ("check", "nowhere"),
        ("test", "nowhere"),
        ("tick", "x"),
    ],
)
def test_wrong_use_ends_with_two(words: tuple[str, ...]) -> None:
    ended = guerdon(*words)
    assert ended.code == Exit.USAGE
    assert "Traceback" not in ended.err


def test_a_ledger_that_is_not_there_ends_with_four(tmp_path: Path) -> None:
    ended = guerdon("wallet", "ann", "--ledger", f"sqlite:///{tmp_path / 'none.db'}")
    assert ended.code == Exit.UNREACHABLE
    assert "hint:" in ended.err
    assert "Traceback" not in ended.err


def test_a_file_that_is_no_ledger_ends_with_four(tmp_path: Path) -> None:
    path = tmp_path / "letter.db"
    path.write_text("Dear customer, " * 1000)
    ended = guerdon("verify", "--ledger", f"sqlite:///{path}")
    assert ended.code == Exit.UNREACHABLE
    assert "Traceback" not in ended.err


def test_words_after_events_belong_to_it() -> None:
    assert _spread(["run", "p", "--events", "a", "b", "--ledger", "x", "c"]) == [
        "run", "p", "--events", "a", "--events", "b", "--ledger", "x", "c"
    ]  # fmt: skip


def test_errors_of_the_engine_become_exit_codes() -> None:
    busy = as_failure(LedgerBusy("taken", place="a.db", hint="wait"))
    assert (busy.exit_code, busy.place, busy.hint) == (Exit.UNREACHABLE, "a.db", "wait")
    assert as_failure(FileNotFoundError(2, "No such file", "x.csv")).exit_code == Exit.UNREACHABLE
    own = CommandFailed("no", Exit.USAGE)
    assert as_failure(own) is own


def test_a_fault_of_ours_is_told_without_a_traceback(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("wheels came off")

    monkeypatch.setattr("guerdon.engine.cli.programmes.read", broken)
    ended = guerdon("check", tmp_path)
    assert ended.code == Exit.FINDINGS
    assert "wheels came off" in ended.err
    assert "--debug" in ended.err
    assert "Traceback" not in ended.err
    with pytest.raises(RuntimeError):
        guerdon("check", tmp_path, "--debug")
