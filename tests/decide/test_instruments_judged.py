"""Cards, certificates and rewards are held to the judge, to the cent and state, however the log is cut."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guerdon.engine.cases.running import run_events
from tests.judge import Judge
from tests.judge.readouts import Readouts
from tests.properties.comparing import differences, normal, read_judge
from tests.properties.holding import examples

from ..engines import new
from .instrument_histories import FILES, instrument_histories

pytestmark = [pytest.mark.usefixtures("engine"), pytest.mark.long]

quietly = examples(12)
Events = list[dict[str, Any]]


def states(found: dict[str, Any]) -> dict[str, Any]:
    coupons = {who: sorted(map(str, entries)) for who, entries in found["coupons"].items() if entries}
    cards = {name: card["status"] for name, card in found["cards"].items()}
    return {"cards": cards, "certificates": dict(found["certificates"]), "coupons": coupons}


def hold(events: Events, way: str, cut: int) -> None:
    judge = Judge(FILES)
    for event in events:
        judge.feed(event)
    found = run_events(FILES, events, way=way, cut=min(cut, len(events) - 1), url=new()).found
    readouts = Readouts(judge)
    theirs = {name: getattr(readouts, name)() for name in ("cards", "certificates", "coupons")}
    assert not differences(normal(found, events), normal(read_judge(judge), events)), events
    assert states(found) == states(theirs), events


@pytest.mark.parametrize("topic", ["cards", "certificates", "rewards"])
@quietly
@given(data=st.data(), way=st.sampled_from(["batch", "single", "cut"]), cut=st.integers(1, 8))
def test_as_the_judge_says(topic: str, data: st.DataObject, way: str, cut: int) -> None:
    hold(data.draw(instrument_histories(topic)), way, cut)
