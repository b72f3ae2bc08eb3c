"""The step as it is written, uncompiled, decides as the compiled one does: handlers call it, explanations are its."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from guerdon.engine.cases import running
from guerdon.engine.cases.reading import Case, find_cases
from guerdon.engine.decide.decider import Decider
from guerdon.engine.decide.desk_fields import FIELDS

_ROOT = Path(__file__).parents[1] / "cases"
_CASES = sorted(find_cases(_ROOT))


def test_no_field_is_hidden_by_an_attribute_of_numpy() -> None:
    """``record.size`` is the size of the scalar whatever the field of that name holds; compiled it is the field."""
    hidden = {
        f"{name}.{field}"
        for name, (dtype, _) in FIELDS.items()
        for field in np.dtype(dtype).names or ()
        if hasattr(np.void, field)
    }
    assert hidden == set()


@pytest.mark.parametrize("path", _CASES, ids=lambda path: str(path.relative_to(_ROOT).with_suffix("")))
def test_case_without_the_compiler(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = Decider.__init__

    def plain(self: Decider, *rest: object, **named: object) -> None:
        told(self, *rest, **{**named, "plain": True})  # type: ignore[arg-type]

    monkeypatch.setattr(Decider, "__init__", plain)
    monkeypatch.setattr(running, "ways_of", _as_one_batch)
    report = running.check_case(path)
    assert report is None or report.failures == ()


def _as_one_batch(case: Case) -> Iterator[running.Way]:
    yield running.Way(running.BATCH)
