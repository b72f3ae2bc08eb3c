"""Every acceptance case of wrong rule files: code, file and line, no more and no fewer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from guerdon.rules import read_programme

CASES = Path(__file__).parent.parent / "cases" / "acceptance"
FILES = sorted((CASES / "rule-errors").glob("*.yaml"))


def expected(case: dict[str, Any]) -> list[tuple[str, str, int]]:
    return sorted((error["code"], error["file"], int(error["line"])) for error in case["expect"]["errors"])


def test_there_are_cases() -> None:
    assert len(FILES) >= 20


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_errors_are_those_of_the_case(path: Path) -> None:
    case = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)

    reading = read_programme((path.parent / case["programme"]).resolve(), case["files"])

    assert sorted((error.code, error.file, error.line) for error in reading.errors) == expected(case)
    assert reading.program is None
