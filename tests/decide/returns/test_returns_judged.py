"""Returns held to the judge, and to the invariants of the ledger they leave."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guerdon.engine.cases.running import run_events
from guerdon.engine.ledger.audit import verify

from ...properties.comparing import differences, engine_says, judged
from ...properties.histories import histories
from ...properties.strategies import programmes

EXAMPLES = int(os.environ.get("GUERDON_EXAMPLES", "20"))
quietly = settings(
    max_examples=EXAMPLES,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
Events = list[dict[str, Any]]
# Two readings of the specification: of a cancelled purchase nothing more comes back because it is cancelled (the
# engine) or because it would be too much (the judge); a refused purchase is unknown at once, or may still come.
READ_TWO_WAYS = {
    ("refused already_cancelled", "refused returns_too_much"),
    ("refused unknown_purchase", "waiting"),
}


def hold(files: dict[str, str], events: Events, way: str, cut: int | None = None) -> None:
    found = differences(engine_says(files, events, way, cut), judged(files, events))
    outcomes = {name: both for name, both in found.pop("outcomes", {}).items() if both not in READ_TWO_WAYS}
    assert not found and not outcomes, f"{found} {outcomes}\n{files}\n" + "\n".join(map(str, events))


@quietly
@given(programmes(), histories(returns=True, members=True))
def test_in_one_batch(files: dict[str, str], events: Events) -> None:
    hold(files, events, "batch")


@quietly
@given(programmes(), histories(late=True, returns=True, members=True), st.integers(1, 13))
def test_late_and_cut_in_two(files: dict[str, str], events: Events, cut: int) -> None:
    hold(files, events, "cut", min(cut, len(events) - 1))


@quietly
@given(programmes(), histories(late=True, returns=True, members=True))
def test_every_way_the_same_ledger(files: dict[str, str], events: Events) -> None:
    told = [dict(event) for event in events]
    assert len({run_events(dict(files), told, way=way, cut=3).digest for way in ("batch", "single", "cut")}) == 1


@quietly
@given(programmes(), histories(late=True, returns=True))
def test_the_ledger_keeps_its_invariants(files: dict[str, str], events: Events) -> None:
    from guerdon.engine.cases.playing import Play
    from guerdon.engine.cases.running import read_program

    program, problems = read_program(None, files)
    assert program is not None, problems
    with Play(program, events, single=False) as play:
        play.feed(len(events))
        report = verify(play.ledger)
        assert report.ok, report.findings
