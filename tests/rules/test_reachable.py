"""Goals that can be reached are told of nothing."""

from __future__ import annotations

import pytest

from guerdon.rules import read_programme

BUSINESS = """\
business: {id: corner, currency: EUR, time_zone: Europe/Nicosia, attributes: {contact: {birth_date: {type: date}}}}
"""


@pytest.mark.parametrize(("visits", "told"), [(1, False), (2, True)])
def test_one_birthday_a_year_can_be_reached_and_two_can_not(visits: int, told: bool) -> None:
    offer = (
        "{id: x, goal: membership, type: birthday, award: {amount: 1.00}, "
        f"goals: {{of: [{{visits: {visits}, per: year}}]}}}}"
    )
    files = {"business.yaml": BUSINESS, "club.yaml": f"scheme: {{id: club}}\noffers: [{offer}]\n"}
    reading = read_programme(None, files)
    assert reading.program is not None, reading.problems
    assert ("never-wins" in {problem.code for problem in reading.problems}) is told
