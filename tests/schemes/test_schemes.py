"""The programmes in schemes/: read without a problem, told in a README, and their cases pass in every way."""

from __future__ import annotations

from pathlib import Path

import pytest

from guerdon.engine.cases.reading import find_cases
from guerdon.engine.cases.running import check_case
from guerdon.rules import read_programme

SCHEMES = Path(__file__).resolve().parents[2] / "schemes"
NAMES = sorted(path.parent.name for path in SCHEMES.glob("*/business.yaml"))
CASES = [path for name in NAMES for path in find_cases(SCHEMES / name)]


@pytest.mark.parametrize("name", NAMES)
def test_it_reads_without_a_problem(name: str) -> None:
    reading = read_programme(SCHEMES / name)
    assert [str(problem) for problem in reading.problems] == []
    assert reading.program is not None


@pytest.mark.parametrize("name", NAMES)
def test_it_has_a_readme_and_six_cases(name: str) -> None:
    assert (SCHEMES / name / "README.md").read_text(encoding="utf-8").startswith("# ")
    assert len(list(find_cases(SCHEMES / name))) >= 6


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.parent.name}/{path.stem}")
def test_its_cases_pass(path: Path) -> None:
    report = check_case(path)
    assert report is not None
    assert [failure.as_json() for failure in report.failures] == []


def test_complete_journey_is_what_a_grocer_would_run() -> None:
    program = read_programme(SCHEMES / "complete_journey").program
    assert program is not None
    active = {scheme.id for scheme in program.schemes if scheme.active}
    assert len([offer for offer in program.offers if offer.active and offer.scheme in active]) >= 12
    assert any(terms.budget_minor for terms in program.terms)
    assert len(program.pools) >= 3 and program.tiers is not None
    assert {segment.id for segment in program.segments if segment.members} >= {"spring", "late-summer", "autumn"}


def test_the_starter_has_the_four_offers_and_is_inactive() -> None:
    program = read_programme(SCHEMES / "starter").program
    assert program is not None
    assert [scheme.active for scheme in program.schemes] == [False]
    assert program.schemes[0].id == program.business.id
    assert {offer.type for offer in program.offers} == {"sign_up", "referral", "profile", "discount"}


def test_switched_on_differs_from_the_starter_by_its_state_alone() -> None:
    starter, switched_on = SCHEMES / "starter", SCHEMES / "starter" / "cases" / "switched-on"
    for path in sorted(switched_on.glob("*.yaml")):
        ours = path.read_text(encoding="utf-8").splitlines()
        theirs = (starter / path.name).read_text(encoding="utf-8").splitlines()
        differing = [
            (old.split("#")[0].strip(), new.strip()) for old, new in zip(theirs, ours, strict=True) if old != new
        ]
        expected = [("state: inactive", "state: active")] if path.name == "corner-shop.yaml" else []
        assert differing == expected


def test_the_lists_of_households_are_those_of_the_data() -> None:
    from benchmarks.data import DATA
    from benchmarks.segments import SEGMENTS, lists

    if not (DATA / "complete_journey" / "campaigns.parquet").exists():
        pytest.skip("the data are not here; make data fetches them")
    for name, households in lists().items():
        assert (SEGMENTS / f"{name}.csv").read_text(encoding="ascii").split() == households
