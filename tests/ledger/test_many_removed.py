"""Thousands of rows that go in one chunk: only they go, on both engines."""

from __future__ import annotations

import numpy as np
import pytest

from guerdon.engine import rows
from guerdon.engine.codes import Outcome
from guerdon.engine.ledger import Chunk, Ledger
from guerdon.engine.ledger.chunk import LOG

from ..engines import new
from .small import records

pytestmark = pytest.mark.usefixtures("engine")


@pytest.mark.parametrize("gone", [100, 900])
def test_of_many_lots_and_counters_the_right_ones_go(gone: int) -> None:
    """Row by row, and by whole columns; what others hold under the same numbers stays."""
    lots, counters = np.zeros(2_000, rows.LOT), np.zeros(2_000, rows.COUNTER)
    lots["seq"], lots["n"], lots["remaining"] = 1, np.arange(1, 2_001), 5
    lots["contact"] = counters["contact"] = 1 + np.arange(2_000) % 2
    counters["slot"], counters["window"], counters["amount"] = 3, np.arange(2_000) // 2, 7
    with Ledger.open(new()) as ledger:
        for seq, more in ((1, {"lots": lots, "counters": counters}), (2, {})):
            log = records(LOG, [{"seq": seq, "outcome": Outcome.POSTED, "source": 1, "keyed": 1}])
            if seq == 2:
                spent = lots[:gone].copy()
                spent["remaining"] = 0
                more = {"lots": spent, "counters_gone": counters[counters["contact"] == 1][:gone]}
            ledger.post(Chunk(log, [f"p{seq}"], b"", **more))
        left = np.concatenate([ledger.open_lots(contact)["n"] for contact in (1, 2)])
        assert sorted(left.tolist()) == list(range(gone + 1, 2_001))
        found = ledger.load_contacts(np.array([1, 2])).counters
        assert sorted(found[found["contact"] == 1]["window"].tolist()) == list(range(gone, 1_000))
        assert len(found[found["contact"] == 2]) == 1_000
