"""Which offers are said to be always outranked: only those that are, one idea a line."""

from __future__ import annotations

import pytest

from guerdon.rules import read_programme
from guerdon.rules.outranked import always_outranked

_BUSINESS = """\
business:
  id: corner
  currency: EUR
  time_zone: Europe/Nicosia
  resolution: {groups: [{id: basket, mode: best}, {id: turn, mode: first}, {id: both, mode: all}]}
merchants: [{id: bakery, venues: [{id: north}, {id: south}]}]
"""
_BEST = "goal: spend, group: basket"
_TURN = "goal: spend, group: turn"


def outranked(strong: str, weak: str, scheme: str = "") -> bool:
    """Whether the second of two offers is said to be outranked by the first."""
    offers = f"  - {{id: a, {strong}}}\n  - {{id: b, {weak}}}\n"
    files = {"business.yaml": _BUSINESS, "club.yaml": f"scheme: {{id: club{scheme}}}\noffers:\n{offers}"}
    reading = read_programme(None, files)
    assert reading.program is not None, reading.problems
    found = [(offer.id, by.id) for offer, by in always_outranked(reading.program)]
    assert len(found) <= 1
    return ("b", "a") in found


@pytest.mark.parametrize(
    ("strong", "weak", "is_outranked"),
    [
        (f"{_BEST}, award: {{percent: 5}}", f"{_BEST}, award: {{percent: 3}}", True),
        (f"{_BEST}, award: {{percent: 5}}", f"{_BEST}, lines: {{family: X}}, award: {{percent: 5}}", True),
        (f"{_BEST}, lines: {{family: X}}, award: {{percent: 5}}", f"{_BEST}, award: {{percent: 3}}", False),
        (f"{_BEST}, award: {{percent: 5, base: net}}", f"{_BEST}, award: {{percent: 3}}", False),
        (f"{_BEST}, state: inactive, award: {{percent: 5}}", f"{_BEST}, award: {{percent: 3}}", False),
        (f"{_BEST}, award: {{percent: 5}}", f"{_BEST}, state: inactive, award: {{percent: 3}}", False),
        (f"{_BEST}, award: {{percent: 5}}, cooldown: 1d", f"{_BEST}, award: {{percent: 3}}", False),
        (f"{_BEST}, award: {{percent: 5}}", f"{_TURN}, award: {{percent: 3}}", False),
        ("goal: spend, group: both, award: {percent: 5}", "goal: spend, group: both, award: {percent: 3}", False),
        (f"{_BEST}, award: {{amount: 2.00}}", f"{_BEST}, award: {{amount: 1.00}}", True),
        (f"{_BEST}, award: {{amount: 2.00}}", f"{_BEST}, award: {{percent: 1}}", False),
        (f"{_BEST}, priority: 2, award: {{amount: 2.00}}", f"{_BEST}, priority: 1, award: {{amount: 2.00}}", False),
        (f"{_BEST}, priority: 1, award: {{amount: 2.00}}", f"{_BEST}, priority: 2, award: {{amount: 2.00}}", True),
        (f"{_BEST}, at: {{venues: [north]}}, award: {{percent: 5}}", f"{_BEST}, award: {{percent: 3}}", False),
        (
            f"{_BEST}, at: {{venues: [north, south]}}, award: {{percent: 5}}",
            f"{_BEST}, at: {{venues: [south]}}, award: {{percent: 3}}",
            True,
        ),
        (
            f"{_BEST}, event: {{total: {{min: 10.00}}}}, award: {{percent: 5}}",
            f"{_BEST}, event: {{total: {{min: 20.00}}}}, award: {{percent: 3}}",
            True,
        ),
        (
            f"{_BEST}, event: {{total: {{min: 20.00}}}}, award: {{percent: 5}}",
            f"{_BEST}, event: {{total: {{min: 10.00}}}}, award: {{percent: 3}}",
            False,
        ),
        (
            f"{_BEST}, lines: {{family: X}}, needs: {{quantity: 2}}, award: {{percent: 5}}",
            f"{_BEST}, lines: {{family: X}}, needs: {{quantity: 2}}, award: {{percent: 3}}",
            True,
        ),
        (
            f"{_BEST}, lines: {{family: X}}, needs: {{quantity: 2}}, award: {{percent: 5}}",
            f"{_BEST}, lines: {{family: X}}, needs: {{quantity: 3}}, award: {{percent: 3}}",
            False,  # more would do, but only the same needs are taken for it
        ),
        (
            f"{_BEST}, needs: {{quantity: 2}}, award: {{percent: 5, of: event}}",
            f"{_BEST}, lines: {{family: X}}, needs: {{quantity: 2}}, award: {{percent: 3}}",
            False,
        ),
        (
            f"{_BEST}, available: {{from: 2026-01-01}}, award: {{percent: 5}}",
            f"{_BEST}, award: {{percent: 3}}",
            False,
        ),
        (
            f"{_BEST}, available: {{from: 2026-01-01}}, award: {{percent: 5}}",
            f"{_BEST}, available: {{from: 2026-02-01}}, award: {{percent: 3}}",
            True,
        ),
        (f"{_TURN}, priority: 1, award: {{amount: 1.00}}", f"{_TURN}, priority: 2, award: {{amount: 9.00}}", True),
        (f"{_TURN}, priority: 2, award: {{amount: 9.00}}", f"{_TURN}, priority: 1, award: {{percent: 1}}", False),
    ],
)
def test_outranked(strong: str, weak: str, is_outranked: bool) -> None:
    assert outranked(strong, weak) is is_outranked


def test_a_scheme_that_is_not_active_outranks_nothing() -> None:
    pair = (f"{_BEST}, award: {{percent: 5}}", f"{_BEST}, award: {{percent: 3}}")
    assert outranked(*pair)
    assert not outranked(*pair, scheme=", state: inactive")
