"""Every folder here holds what is wrong with a programme and the exact text that says so (``expected.txt``).

A folder's files lie over those of ``base``. ``GUERDON_GOLDEN=write pytest tests/wrong`` writes the texts anew.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from guerdon.rules import read_programme
from guerdon.rules.lints import LINT_CODES
from guerdon.rules.problems import ERROR_CODES

HERE = Path(__file__).parent
DOCUMENT = HERE.parent.parent / "docs" / "errors.md"
FOLDERS = sorted(path for path in HERE.iterdir() if path.is_dir() and path.name != "base" and path.name[0] not in "._")


def laid_over_base(folder: Path, into: Path) -> Path:
    shutil.copytree(HERE / "base", into, dirs_exist_ok=True)
    shutil.copytree(folder, into, dirs_exist_ok=True, ignore=shutil.ignore_patterns("expected.txt"))
    return into


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_the_message_is_the_golden_one(folder: Path, tmp_path: Path) -> None:
    reading = read_programme(laid_over_base(folder, tmp_path / "programme"))
    said = "\n".join(problem.shown() for problem in reading.problems) + "\n"

    if os.environ.get("GUERDON_GOLDEN") == "write":
        (folder / "expected.txt").write_text(said, encoding="utf-8")
    assert said == (folder / "expected.txt").read_text(encoding="utf-8")
    assert all(problem.hint for problem in reading.problems)
    assert (reading.program is None) == bool(reading.errors)


def test_the_base_itself_has_no_error(tmp_path: Path) -> None:
    assert read_programme(laid_over_base(HERE / "base", tmp_path / "programme")).errors == ()


def test_every_code_has_a_golden_folder_and_a_paragraph(tmp_path: Path) -> None:
    shown: set[str] = set()
    for folder in FOLDERS:
        shown |= {problem.code for problem in read_programme(laid_over_base(folder, tmp_path / folder.name)).problems}
    assert shown == {*ERROR_CODES, *LINT_CODES}

    headings = {line.strip("# `") for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if line.startswith("#")}
    assert {*ERROR_CODES, *LINT_CODES} <= headings
