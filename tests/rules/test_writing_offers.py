"""Every YAML example of docs/writing-offers.md: files and offers are read, cases are played.

A block that begins with the comment ``# name.yaml`` is that file from there on; a block of list items is ``offers:``;
a case is played with the offers of the block before it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from guerdon.engine.cases.running import check_case
from guerdon.rules import program_from_canonical, read_programme

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "writing-offers.md"
_FILE = re.compile(r"# ([a-z]+\.yaml)\n")


class Example(NamedTuple):
    line: int
    kind: str  # file | offers | case
    text: str
    files: dict[str, str]  # the programme that it stands in


def examples() -> list[Example]:
    found: list[Example] = []
    files: dict[str, str] = {}
    document = DOCUMENT.read_text(encoding="utf-8")
    for block in re.finditer(r"```yaml\n(.*?)```", document, re.DOTALL):
        text = block[1]
        line = document[: block.start()].count("\n") + 2
        if named := _FILE.match(text):
            if named[1] == "business.yaml" and "business.yaml" in files:
                files = {}  # another programme begins
            files = {**files, named[1]: text}
            found.append(Example(line, "file", text, files))
        elif text.startswith("case:"):
            found.append(Example(line, "case", text, found[-1].files))
        else:
            offers = "scheme: {id: everyday}\noffers:\n" + "".join(f"  {each}\n" for each in text.splitlines())
            found.append(Example(line, "offers", text, {**files, "everyday.yaml": offers}))
    return found


EXAMPLES = examples()
READ = [example for example in EXAMPLES if example.kind != "case"]
CASES = [example for example in EXAMPLES if example.kind == "case"]


@pytest.mark.parametrize("example", READ, ids=lambda example: f"line-{example.line}")
def test_an_example_reads_without_an_error(example: Example) -> None:
    reading = read_programme(None, example.files)
    assert [str(error) for error in reading.errors] == []
    assert reading.program is not None
    assert {problem.code for problem in reading.lints} <= {"no-terms", "unused-segment", "unused-pool", "unused-group"}
    assert program_from_canonical(reading.program.canonical) == reading.program


@pytest.mark.parametrize("example", CASES, ids=lambda example: f"line-{example.line}")
def test_a_case_passes(example: Example, tmp_path: Path) -> None:
    for name, text in example.files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    path = tmp_path / "cases" / "case.yaml"
    path.parent.mkdir()
    path.write_text(example.text, encoding="utf-8")

    report = check_case(path)

    assert report is not None
    assert report.failures == ()


def test_every_block_is_one_of_the_kinds() -> None:
    assert len(READ) >= 20
    assert len(CASES) == 3
    assert all(isinstance(yaml.safe_load(example.text), (dict, list)) for example in EXAMPLES)
