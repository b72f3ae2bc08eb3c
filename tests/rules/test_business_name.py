"""A business and its merchants are called by their names, and by their ids where they have none."""

from __future__ import annotations

import pytest

from guerdon.rules import read_programme


@pytest.mark.parametrize(("said", "name"), [(", name: Corner Grocers", "Corner Grocers"), ("", "corner")])
def test_what_they_are_called(said: str, name: str) -> None:
    files = {
        "business.yaml": f"business: {{id: corner{said}, currency: EUR, time_zone: Europe/Nicosia}}\n"
        f"merchants: [{{id: corner{said}}}]\n",
        "club.yaml": "scheme: {id: club}",
    }
    program = read_programme(None, files).program
    assert program is not None
    assert (program.business.name, program.merchants[0].name) == (name, name)
