"""The whole language in one programme: it reads, and what is done to any of its values ends in a located problem."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from guerdon.rules import program_from_canonical, read_programme
from guerdon.rules.document import Path as Steps
from guerdon.rules.program import Validity

FOLDER = Path(__file__).parent / "everything"
FILES = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
YAML_FILES = sorted(name for name in FILES if name.endswith(".yaml"))
ODD: tuple[Any, ...] = ("x", "", "-1", "0", "9" * 30, True, [], {}, ["x"], {"x": "y"}, [[]], None)


def test_it_reads_without_a_problem() -> None:
    reading = read_programme(FOLDER)
    assert [str(problem) for problem in reading.problems] == []
    assert reading.program is not None
    assert program_from_canonical(reading.program.canonical) == reading.program


def test_what_instruments_and_codes_say_is_kept() -> None:
    program = read_programme(FOLDER).program
    assert program is not None
    kinds = [kind for kind, _ in program.instruments]
    assert kinds == ["cards", "rewards", "certificates", "sites", "codes", "codes", "controls", "alerts"]
    unique = json.loads(next(text for kind, text in program.instruments if kind == "codes" and "unique" in text))
    assert [len(number) for number in unique["numbers"]] == [64, 64]
    offer = next(offer for offer in program.offers if offer.id == "own-brand-5")
    assert offer.unlocked_by == ("own-code", "spring-code")
    assert next(offer for offer in program.offers if offer.id == "streak").valid == Validity()


def paths(data: Any, path: Steps = ()) -> Iterator[Steps]:
    if path:
        yield path
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield from paths(value, (*path, key))


def changed(data: Any, path: Steps, value: Any) -> Any:
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(data, dict):
        return {key: changed(inner, rest, value) if key == step else inner for key, inner in data.items()}
    return [changed(inner, rest, value) if at == step else inner for at, inner in enumerate(data)]


@pytest.mark.parametrize("name", YAML_FILES)
def test_an_odd_value_anywhere_is_a_problem_with_a_place_or_another_programme(name: str) -> None:
    data = yaml.load(FILES[name], Loader=yaml.BaseLoader)
    for at, path in enumerate(paths(data)):
        value = ODD[at % len(ODD)]  # each in turn; with all of them at every place it takes minutes
        reading = read_programme(None, {**FILES, name: json.dumps(changed(data, path, value))})
        if reading.program is not None:
            assert program_from_canonical(reading.program.canonical) == reading.program, (path, value)
        for problem in reading.problems:
            assert problem.line >= 1 and problem.column >= 1 and problem.hint, (path, value, problem)


@pytest.mark.parametrize("name", YAML_FILES)
def test_a_misspelt_key_anywhere_is_one_unknown_thing(name: str) -> None:
    data = yaml.load(FILES[name], Loader=yaml.BaseLoader)
    for path in paths(data):
        if isinstance(path[-1], str) and path[0] != "prices":
            text = json.dumps(_renamed(data, path))
            codes = {error.code for error in read_programme(None, {**FILES, name: text}).errors}
            assert codes, path


def _renamed(data: Any, path: Steps) -> Any:
    step, rest = path[0], path[1:]
    if isinstance(data, dict):
        if not rest:
            return {f"{key}x" if key == step else key: value for key, value in data.items()}
        return {key: _renamed(value, rest) if key == step else value for key, value in data.items()}
    return [_renamed(value, rest) if at == step else value for at, value in enumerate(data)]
