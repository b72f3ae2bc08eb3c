"""The changes that a mutation run makes: what is offered, and that it is in place for everybody."""

from __future__ import annotations

from guerdon.rules import reachable
from guerdon.rules.program import Cap, Goal

from .mutants import live, mutants_of, put_in

MODULE = "guerdon.rules.reachable"


def test_every_change_names_a_function_that_is_there() -> None:
    found = list(mutants_of(MODULE))
    assert len(found) > 20
    assert all(live(MODULE, mutant.function) is not None for mutant in found)
    assert len({mutant.place for mutant in found}) == len(found)


def test_a_change_is_in_place_until_it_is_taken_out() -> None:
    cap, goal = Cap("times", 1, "contact", "lifetime"), Goal("visits", 3, "month")
    assert reachable._covers(cap, goal)
    function = live(MODULE, "_covers")
    assert function is not None
    kept = function.__code__
    mutant = next(m for m in mutants_of(MODULE) if m.what == "cap.per != 'contact' → cap.per == 'contact'")
    try:
        put_in(mutant)
        assert not reachable._covers(cap, goal)
    finally:
        function.__code__ = kept
    assert reachable._covers(cap, goal)
