"""Reading a folder, texts, and texts over a folder; the version; compiling a kept version again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from guerdon.rules import Program, program_from_canonical, read_programme

PROGRAMMES = sorted((Path(__file__).parent.parent / "cases" / "acceptance" / "programmes").iterdir())
BUSINESS = "business: {id: corner, name: Corner Grocers, currency: EUR, time_zone: Europe/Nicosia}\n"
OFFERS = """\
scheme: {id: everyday}
offers:
  - {id: one, goal: spend, lines: {brand: [Own, Private]}, award: {percent: 5}}
  - {id: two, goal: spend, award: {amount: 2.00}}
"""


def program(**files: str) -> Program:
    texts = {name.replace("_", "."): text for name, text in files.items()}
    reading = read_programme(None, {"business.yaml": BUSINESS, "everyday.yaml": OFFERS, **texts})
    assert reading.program is not None, "\n".join(map(str, reading.problems))
    return reading.program


@pytest.mark.parametrize("folder", PROGRAMMES, ids=lambda path: path.name)
def test_every_programme_of_the_acceptance_cases_reads_and_reads_again(folder: Path) -> None:
    reading = read_programme(folder)
    assert reading.errors == ()
    assert reading.program is not None
    assert program_from_canonical(reading.program.canonical) == reading.program


def test_layout_order_comments_and_written_defaults_do_not_matter() -> None:
    other = """\
# the other way round
offers:
  - award: {amount: "2"}
    goal: spend
    id: two
    state: active
    priority: 100
  - id: one
    goal: spend
    lines:
      brand:
        - Private
        - Own
    award:
      percent: 5.0
      of: lines
scheme:
  id: everyday
  sign_up: auto
"""
    reading = read_programme(None, {"one.yaml": BUSINESS, "deeper/two.yaml": other})
    assert reading.program is not None
    assert reading.program.offers == program().offers
    assert reading.program.version == program().version


@pytest.mark.parametrize(
    ("old", "new"), [("percent: 5", "percent: 6"), ("id: two", "id: three"), ("[Own, Private]", "[Own]")]
)
def test_what_an_offer_says_is_in_the_version(old: str, new: str) -> None:
    assert program(everyday_yaml=OFFERS.replace(old, new)).version != program().version


def test_listed_files_are_in_the_version_and_codes_only_as_hashes() -> None:
    lists = {
        "more_yaml": "segments: [{id: vip, list: vip.csv}]\n",
        "club_yaml": "scheme: {id: club, sign_up: {codes: codes.csv}}\n",
        "codes_csv": "spring-2026\n",
    }
    first = program(**lists, vip_csv="ann\n\nbob\r\n")
    assert first.segments[0].members == ("ann", "bob")
    assert program(**lists, vip_csv="bob\nann\n").version == first.version
    assert program(**lists, vip_csv="ann\n").version != first.version
    assert program(**{**lists, "codes_csv": "summer-2026\n"}, vip_csv="ann\nbob\n").version != first.version
    assert "spring-2026" not in first.canonical
    assert len(first.schemes[0].codes[0]) == 64
    assert program_from_canonical(first.canonical) == first


def test_bank_accounts_feeds_and_cases_are_not_in_the_version() -> None:
    aside = {
        "bank.yaml": "accounts: [{id: bakery-1, name: The Bakery, iban: CY17002001280000001200527600}]\n",
        "events.yaml": "feeds: [{id: tills, grain: line}]\n",
        "cases/a.yaml": "case: not a rule file\n",
    }
    reading = read_programme(None, {"business.yaml": BUSINESS, "everyday.yaml": OFFERS, **aside})
    assert reading.problems == ()
    assert reading.program is not None
    assert reading.program.version == program().version


def test_texts_lie_over_a_folder(tmp_path: Path) -> None:
    (tmp_path / "business.yaml").write_text(BUSINESS)
    (tmp_path / "everyday.yaml").write_text(OFFERS)
    (tmp_path / "vip.csv").write_text("ann\n")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "x.yaml").write_text("not: read\n")
    over = {"everyday.yaml": OFFERS.replace("two", "three"), "more.yaml": "segments: [{id: vip, list: vip.csv}]\n"}

    reading = read_programme(tmp_path, over)

    assert reading.program is not None
    assert [offer.id for offer in reading.program.offers] == ["one", "three"]
    assert reading.program.segments[0].members == ("ann",)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "programme"
    folder.mkdir()
    (tmp_path / "secret.csv").write_text("ann\n")
    (tmp_path / "secret.yaml").write_text(OFFERS)
    (folder / "business.yaml").write_text(BUSINESS + "segments: [{id: vip, list: vip.csv}]\n")
    (folder / "vip.csv").symlink_to(tmp_path / "secret.csv")
    (folder / "everyday.yaml").symlink_to(tmp_path / "secret.yaml")
    assert {(error.code, error.file) for error in read_programme(folder).errors} == {
        ("path-outside", "business.yaml"),
        ("path-outside", "everyday.yaml"),
    }


def test_a_link_to_nowhere_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "business.yaml").write_text(BUSINESS)
    (tmp_path / "lost.yaml").symlink_to(tmp_path / "nowhere")
    (error,) = read_programme(tmp_path).errors
    assert (error.code, error.file) == ("yaml-syntax", "lost.yaml")


def test_a_worth_too_fine_for_a_rate_is_a_problem() -> None:
    unit = "wallet: {unit: {code: PTS, digits: 9, worth: 0.000000001}}"
    (error,) = read_programme(None, {"b.yaml": BUSINESS.replace("}", f", {unit}}}")}).errors
    assert (error.code, error.line) == ("bad-amount", 1)


def test_a_programme_without_a_scheme_has_the_default_one() -> None:
    reading = read_programme(None, {"business.yaml": BUSINESS})
    assert reading.program is not None
    scheme = reading.program.schemes[0]
    assert (scheme.id, scheme.title, scheme.active, scheme.sign_up) == ("corner", "Corner Grocers", False, "auto")
    kinds = sorted(offer.type or "" for offer in reading.program.offers)
    assert kinds == ["discount", "profile", "referral", "sign_up"]
    assert program_from_canonical(reading.program.canonical) == reading.program


def test_a_broken_file_hides_no_problem_of_the_others_and_makes_none() -> None:
    broken = "segments: [{id: vip, contacts: {email_domain: uni.edu}\n"
    offers = OFFERS.replace("award: {amount: 2.00}", "who: {segments: [vip]}, cooldown: soon, award: {amount: 2.00}")
    reading = read_programme(None, {"business.yaml": BUSINESS, "everyday.yaml": offers, "segments.yaml": broken})
    assert [error.code for error in reading.errors] == ["bad-duration", "yaml-syntax"]


def test_no_folder_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError):
        read_programme(tmp_path / "nothing")


def test_importing_the_rules_loads_nothing_heavy() -> None:
    code = "import sys, guerdon.rules; print([m for m in ('pydantic', 'yaml', 'polars') if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
