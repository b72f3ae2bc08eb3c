"""Catch-up beyond the step: what falls due that only handlers know, in between what the step knows (spec 4, step 4).

A special is a kind of due thing with its rank in the order (due, kind, id): holds that lapse come before the step's own
kinds (pending, expiry, tier window), maturities, birthdays and forfeits after them. ``special_at`` of a contact is the
earliest of them, so that the compiled loop stops in time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from guerdon.engine.rows import FOREVER

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider


class Special(NamedTuple):
    """One kind of due thing.

    ``due(decider, c)``: when the contact's next is due (FOREVER: none). ``happen(decider, seq, c, at)``: it happens;
    afterwards ``due`` must give a later time or FOREVER. ``before``: it comes before the step's kinds of the same time.
    """

    name: str
    before: bool
    due: Callable[[Decider, int], int]
    happen: Callable[[Decider, int, int, int], None]


# In the order of their kinds. Filled by the literal list in ``handling``.
SPECIALS: list[Special] = []


def next_special(decider: Decider, c: int) -> tuple[int, Special | None]:
    """The contact's next special and its time; of one time the first kind."""
    at, found = FOREVER, None
    for special in SPECIALS:
        due = special.due(decider, c)
        if due < at:
            at, found = due, special
    return at, found


def refresh_special(decider: Decider, c: int) -> None:
    """Note anew when the contact's next special is due; call it after whatever may change that."""
    k = decider.state.arrays["s_contact"][c : c + 1]
    k["special_at"] = next_special(decider, c)[0]
    if k["special_at"][0] < k["due_at"][0]:
        k["due_at"] = k["special_at"]
    k["dirty"] = 1


def catch_up_all(decider: Decider, seq: int, c: int, until: int) -> None:
    """Everything due for the contact at or before ``until`` happens, in order."""
    contacts = decider.state.arrays["s_contact"]
    while True:
        at, special = next_special(decider, c)
        if special is None or at > until:
            break
        decider.tick(np.array([c], np.int32), seq, at - 1 if special.before else at)
        special.happen(decider, seq, c, at)
        contacts = decider.state.arrays["s_contact"]
        refresh_special(decider, c)
    contacts["special_at"][c] = next_special(decider, c)[0]
    decider.tick(np.array([c], np.int32), seq, until)
