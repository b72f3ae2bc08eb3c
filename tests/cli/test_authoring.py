"""init, check, schema and test as a marketer meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .door import guerdon
from .shop import write_shop


@pytest.mark.parametrize("template", ["starter", "complete-journey", "cdnow"])
def test_every_template_passes_check(tmp_path: Path, template: str) -> None:
    ended = guerdon("init", tmp_path / "demo", "--template", template)
    assert ended.code == 0, ended.err
    assert "guerdon check" in ended.out
    checked = guerdon("check", tmp_path / "demo")
    assert (checked.code, checked.out.splitlines()[-1]) == (0, "0 errors, 0 lints")


def test_the_starter_passes_test(tmp_path: Path) -> None:
    guerdon("init", tmp_path / "demo")
    ended = guerdon("test", tmp_path / "demo")
    assert ended.code == 0, ended.out
    assert ended.out.splitlines()[-1].endswith("passed, 0 failed")
    assert not ended.out.startswith("0 passed")


def test_init_writes_over_nothing(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear customer")
    ended = guerdon("init", tmp_path)
    assert ended.code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_check_shows_every_problem_with_its_place(tmp_path: Path) -> None:
    shop = write_shop(tmp_path)
    (shop / "pools.yaml").write_text("pools:\n  - {id: Coffee}\n  - {id: tea, payuot: true}\n")
    ended = guerdon("check", shop)
    assert ended.code == 3
    assert f"{shop}/pools.yaml:2:" in ended.out
    assert f"{shop}/pools.yaml:3:" in ended.out
    assert "payout" in ended.out
    said = json.loads(guerdon("check", shop, "--json").out)
    assert said["errors"] == 2
    assert [(problem["file"], problem["line"]) for problem in said["problems"]] == [
        ("pools.yaml", 2),
        ("pools.yaml", 3),
    ]


def test_schema(tmp_path: Path) -> None:
    said = json.loads(guerdon("schema").out)
    assert "business.schema.json" in said
    ended = guerdon("schema", "--out", tmp_path / "schemas")
    written = sorted(path.name for path in (tmp_path / "schemas").iterdir())
    assert written == sorted(said)
    assert len(ended.out.splitlines()) == len(written)


CASE = """\
case: five per cent
programme: shop
events:
  - {id: p1, type: purchase, contact: ann, time: 2026-03-02 09:00, total: 20.00}
expect:
  awards: [{event: p1, offer: five-percent, amount: AMOUNT}]
"""


def test_a_case_that_fails_says_where_what_and_why(tmp_path: Path) -> None:
    write_shop(tmp_path)
    case = tmp_path / "wrong.yaml"
    case.write_text(CASE.replace("AMOUNT", "1.01"))
    ended = guerdon("test", case)
    assert ended.code == 1
    assert "wrong.yaml:6: five per cent" in ended.out
    assert "expected  {event: p1, offer: five-percent, amount: 1.01}" in ended.out
    assert "amount: 1.00" in ended.out
    assert "5% of 20.00 EUR" in ended.out
    assert ended.out.splitlines()[-1] == "0 passed, 1 failed"


def test_cases_can_be_chosen_by_name(tmp_path: Path) -> None:
    write_shop(tmp_path)
    (tmp_path / "right.yaml").write_text(CASE.replace("AMOUNT", "1.00"))
    (tmp_path / "wrong.yaml").write_text(CASE.replace("AMOUNT", "9.00").replace("five per cent", "nine"))
    assert guerdon("test", tmp_path, "-k", "five").out.splitlines()[-1] == "1 passed, 0 failed"
    said = json.loads(guerdon("test", tmp_path, "--json").out)
    assert (said["passed"], said["failed"]) == (1, 1)


def test_a_case_that_cannot_be_read_fails_with_its_line(tmp_path: Path) -> None:
    write_shop(tmp_path)
    case = tmp_path / "odd.yaml"
    case.write_text(CASE.replace("awards:", "awrads:"))
    ended = guerdon("test", case)
    assert ended.code == 1
    assert "odd.yaml:6" in ended.out
    assert "awards" in ended.out
