"""The tick: what is due up to a time happens to every contact, in the order of their numbers, then to instruments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from guerdon.engine.codes import Outcome
from guerdon.engine.decide import booking
from guerdon.engine.decide.instruments.falling_due import catch_up_instruments
from guerdon.engine.decide.specials import catch_up_all

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider


def tick(decider: Decider, i: int, event: Any) -> None:
    """Catch up every contact that has something due at or before the tick's time."""
    assert decider.batch is not None
    time, seq = int(decider.batch.events["time"][i]), int(decider.batch.events["seq"][i])
    state = decider.state
    stored = decider.store.due_contacts(time)
    if len(stored):
        state.rows(stored[state.row_of[stored] < 0] if int(stored.max()) < len(state.row_of) else stored)
        decider.lay()
    booking.begin(decider.desk, seq, time)
    contacts = state.arrays["s_contact"][: state.count]
    due = np.flatnonzero(contacts["due_at"] <= time)
    rows = due[np.argsort(contacts["number"][due], kind="stable")]
    looked_at = contacts["due_at"][rows]
    start = 0
    for place in np.flatnonzero(contacts["special_at"][rows] <= time).tolist():
        decider.tick(rows[start:place], seq, time)
        catch_up_all(decider, seq, int(rows[place]), time)
        start = place + 1
    decider.tick(rows[start:], seq, time)
    contacts = state.arrays["s_contact"]
    contacts["dirty"][rows[contacts["due_at"][rows] != looked_at]] = 1  # the next time to look is part of the state
    catch_up_instruments(decider, seq, event, time)
    clock = decider.desk.s_shared[decider.desk.s_head[0].tick_slot]
    clock.window = 0
    clock.amount = max(int(clock.amount), time)
    booking.outcome(decider.desk, seq, Outcome.POSTED, 0)
