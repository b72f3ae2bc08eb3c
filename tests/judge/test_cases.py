"""The judge alone passes every acceptance case of its scope; what is out of scope is named here with its reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from .cases import case_files, cases_folder, load, run_case

# The judge takes rule files as right: whether they are is the rule language's own business.
CHECKS_RULE_FILES = "expects errors in rule files, which the judge takes as right"
OUT_OF_SCOPE: dict[str, str] = {"terms/own-offer-beyond-the-terms.yaml": CHECKS_RULE_FILES}


def name_of(path: Path) -> str:
    return path.relative_to(cases_folder()).as_posix()


def in_scope(path: Path) -> bool:
    return not name_of(path).startswith("rule-errors/") and name_of(path) not in OUT_OF_SCOPE


@pytest.mark.parametrize("path", [pytest.param(path, id=name_of(path)) for path in case_files() if in_scope(path)])
def test_case(path: Path) -> None:
    assert run_case(path) == []


def test_what_is_out_of_scope_expects_errors_and_nothing_else() -> None:
    for path in case_files():
        if not in_scope(path):
            assert set(load(path).get("expect") or {}) == {"errors"}, name_of(path)
