"""Of an erased contact a value is left that no test tells from the one it told: a replay ends the same."""

from __future__ import annotations

import datetime
import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guerdon.engine.events import body

from .personal import Shop

pytestmark = pytest.mark.usefixtures("engine")

NAMES = st.one_of(st.sampled_from(["Ann", "Bob", "Anouk", "Zoe", "ann", "Jean"]), st.text("Anbkz", max_size=6))
DATES = st.dates(datetime.date(1960, 1, 1), datetime.date(2025, 1, 1))
EXAMPLES = 150 if os.environ.get("GUERDON_SOAK") else 12


def some(fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


ABOUT = some(
    {
        "name": NAMES,
        "size": st.integers(38, 46),
        "score": st.sampled_from(["1.5", "1.6", "0", "-3"]),
        "keen": st.booleans(),
        "since": DATES.map(str),
        "birth_date": DATES.map(str),
    }
)
LINE = st.builds(
    lambda total, attributes: {"sku": "s", "total": f"{total}.00", "attributes": attributes},
    st.integers(1, 9),
    some(
        {
            "engraving": st.sampled_from(["For Ann", "For the cat", "x", "For "]),
            "weight": st.sampled_from(["1.5", "2", "0.3"]),
            "colour": st.sampled_from(["red", "blue"]),
        }
    ),
)
TOLD = st.one_of(
    st.builds(lambda kind, about: {"type": kind, "attributes": about}, st.sampled_from(["register", "update"]), ABOUT),
    st.builds(
        lambda lines, attributes: {"type": "purchase", "lines": lines, "attributes": attributes},
        st.lists(LINE, min_size=1, max_size=3),
        some({"mood": st.sampled_from(["gay", "sad", "mad"]), "guests": st.integers(0, 4), "weather": st.just("wet")}),
    ),
    st.just({"type": "tick"}),
)
CONTACTS = st.sampled_from(["ann", "bob", "cid"])
HISTORY = st.lists(st.tuples(CONTACTS, TOLD), min_size=4, max_size=24)


@pytest.mark.long
@pytest.mark.parametrize("few", [body.FEW, 2])
def test_a_replay_ends_the_same(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "FEW", few)

    @settings(deadline=None, max_examples=EXAMPLES)
    @given(HISTORY, HISTORY, st.sets(CONTACTS, min_size=1), st.booleans(), st.booleans())
    def ends_the_same(first: list[Any], then: list[Any], erased: set[str], together: bool, part: bool) -> None:
        shop = Shop()
        for place, history in ((0, first), (1, then)):
            shop.enter(place)
            for told in [history] if together else [[each] for each in history]:
                shop.tell(*told)
        awards = shop.ledger.frame("award")
        for contact in sorted(erased):
            shop.erase(contact)
        assert shop.ledger.frame("award").head(awards.height).equals(awards)
        shop.enter(2)
        for contact in sorted(erased):
            shop.give_back(contact, part)
        assert shop.findings() == []
        shop.ledger.close()

    ends_the_same()
