"""``guerdon init`` offers every programme of schemes/, and what it writes passes check and test."""

from __future__ import annotations

from pathlib import Path

import pytest

from guerdon.engine.care.alerts import rules_of
from guerdon.rules import read_programme

from ..cli.door import guerdon
from .desk import ROOT

TEMPLATES = ("starter", "complete-journey", "gift-cards", "certificates")


@pytest.mark.parametrize("name", TEMPLATES)
def test_it_is_written_and_right(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "mine"
    assert guerdon("init", folder, "--template", name).code == 0
    ended = guerdon("check", folder)
    assert (ended.code, "0 errors" in ended.out) == (0, True)
    program = read_programme(folder).program
    assert program is not None
    rules_of(program)
    assert len(list((folder / "cases").glob("*.yaml"))) >= 8


@pytest.mark.parametrize("name", ["gift-cards", "certificates"])
def test_one_case_of_it_passes_where_it_was_written(tmp_path: Path, name: str) -> None:
    guerdon("init", tmp_path / "mine", "--template", name)
    ended = guerdon("test", tmp_path / "mine", "-k", "lost")
    assert (ended.code, ended.out.splitlines()[-1]) == (0, "1 passed, 0 failed")


def test_an_unknown_template_is_told_what_there_is(tmp_path: Path) -> None:
    ended = guerdon("init", tmp_path / "mine", "--template", "cards")
    assert ended.code == 2 and all(name in ended.err for name in TEMPLATES)


def test_every_programme_of_the_package_is_offered(tmp_path: Path) -> None:
    there = {path.parent.name.replace("_", "-") for path in ROOT.glob("schemes/*/business.yaml")}
    told = guerdon("init", tmp_path / "mine", "--template", "?").err
    assert all(name in told for name in there)
