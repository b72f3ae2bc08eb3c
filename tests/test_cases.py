"""Every case file in every way: as one batch, event by event, and cut in two at every place.

``cases/waiting.txt`` names the acceptance cases of what is not built yet. They are run too, and must fail: once one
passes, its line has to go; ``python -m tests.waiting`` writes the list.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from guerdon.engine.cases.reading import find_cases
from guerdon.engine.cases.running import check_case

ROOT = Path(__file__).parent.parent
CASES = ROOT / "tests" / "cases"
FILES = [
    *find_cases(CASES),
    *(file for scheme in sorted((ROOT / "schemes").glob("*/cases")) for file in find_cases(scheme)),
]
WAITING = {
    line.split("#")[0].strip()
    for line in (CASES / "waiting.txt").read_text().splitlines()
    if line.split("#")[0].strip()
}


def name_of(path: Path) -> str:
    """The path as waiting.txt writes it."""
    return str(path.relative_to(CASES if path.is_relative_to(CASES) else ROOT))


def parameters() -> list[object]:
    """Every case; those that wait are expected to fail."""
    mark = pytest.mark.xfail(reason="waits for a later part", strict=True)
    return [pytest.param(file, id=name_of(file), marks=[mark] if name_of(file) in WAITING else []) for file in FILES]


@pytest.mark.parametrize("path", parameters())
def test_case(path: Path) -> None:
    report = check_case(path)

    assert report is not None
    told = [
        f"{report.display}:{failure.line}: {failure.part} ({failure.ways})\n  expected {failure.expected}\n"
        f"  found    {failure.found}\n{failure.explanation}"
        for failure in report.failures
    ]
    assert not told, "\n".join(told)


def test_what_waits_is_there() -> None:
    assert WAITING - {name_of(file) for file in FILES} == set()
