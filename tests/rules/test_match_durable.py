"""durable_rules agrees with Python and polars on every tree and row, inside its limits and beyond them."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guerdon.rules.condition import All, Condition, Field, FieldType, NoneOf, Test
from guerdon.rules.match.polars import expression
from guerdon.rules.match.python import Row, compile_test

from .test_match_agreement import TREES, frame, rows

durable = pytest.importorskip("guerdon.rules.match.durable")
TOTAL = Field("event", "total", FieldType.MONEY)


@settings(max_examples=60, deadline=None)
@given(st.lists(TREES, min_size=1, max_size=8), st.lists(rows(), min_size=1, max_size=5))
def test_three_ways_agree(conditions: list[Condition], some: list[Row]) -> None:
    ruleset = durable.compile_tests(conditions)
    plain = [compile_test(condition) for condition in conditions]
    columns = [frame(some).with_columns(met=expression(condition))["met"].to_list() for condition in conditions]
    for place, row in enumerate(some):
        answers = ruleset.answers(row)
        assert answers == [test(row) for test in plain]
        assert answers == [column[place] for column in columns]
    assert ruleset.errors == 0


def test_more_rules_than_a_set_holds_and_than_it_is_given() -> None:
    conditions: list[Condition] = [Test(TOTAL, "at_least", (bound,)) for bound in range(230)]
    ruleset = durable.compile_tests(conditions)
    for total in (-1, 0, 49, 50, 120, 229, 10**12):
        assert ruleset.answers({"total": total}) == [total >= bound for bound in range(230)]
    assert ruleset.errors == 0


def test_many_rows_leave_nothing_behind() -> None:
    ruleset = durable.compile_tests([All((Test(TOTAL, "at_least", (5,)), NoneOf((Test(TOTAL, "above", (9,)),))))])
    met = [ruleset.answers({"total": total % 12})[0] for total in range(6_000)]
    assert met == [5 <= total % 12 <= 9 for total in range(6_000)]
    assert ruleset.errors == 0


def test_an_error_of_it_is_answered_in_python_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    ruleset = durable.compile_tests([Test(TOTAL, "at_least", (5,))])

    def failing(name: str, fact: dict[str, int]) -> None:
        raise Exception("error 303")

    monkeypatch.setattr(ruleset._host, "assert_fact", failing)
    assert [ruleset.answers({"total": total}) for total in (4, 5)] == [[False], [True]]
    assert ruleset.errors == 2


def test_nobody_who_runs_batches_loads_it() -> None:
    script = "import sys, guerdon.engine.pipeline, guerdon.rules.match.durable as d; print('durable' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()
        == "False"
    )
